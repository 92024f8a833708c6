"""53 odd, broken and hostile files, each with what is expected of it."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import numpy as np
import pytest

from annclust.arrays import Pixels
from annclust.images.decode_workers import DecodeWorkers, ReadJob, ReadResult
from annclust.images.discovery import FoundFile, walk
from annclust.input_geometry import InputGeometry
from annclust.memory_plan import MEBIBYTE
from annclust.settings import DecodeSettings, ScanSettings
from tests.images.samples import difference
from tests.images.watching import peak_memory

GEOMETRY = InputGeometry(short_side=256, crop=224)
EITHER = re.compile(r"decode or |decode by content or |report unreadable or decode default")
"""Expectations that both a picture and a report satisfy."""


@pytest.fixture(scope="module")
def expectations(shared_photos: Path) -> dict[str, str]:
    with (shared_photos / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "odd"]
    return {Path(row["path"]).name: row["expected"] for row in rows}


@pytest.fixture(scope="module")
def odd(shared_photos: Path) -> dict[str, ReadResult]:
    """What became of each file; the peak memory of the only worker is bounded."""
    folder = shared_photos / "odd"
    names = sorted(entry.name for entry in folder.iterdir())
    jobs = [ReadJob(key, os.fsencode(folder / name)) for key, name in enumerate(names)]
    with DecodeWorkers(GEOMETRY, DecodeSettings(workers=1)) as workers:
        results = list(workers.run(jobs))
        assert peak_memory(workers.pids[0]) < 200 * MEBIBYTE
    return {names[result.key]: result for result in results}


def pixels(result: ReadResult) -> Pixels:
    assert result.image is not None
    return result.image.pixels


def test_every_file_does_what_is_expected_of_it(
    odd: dict[str, ReadResult], expectations: dict[str, str]
) -> None:
    assert len(odd) == len(expectations) == 53
    surprises = []
    for name, result in odd.items():
        outcome = "decode" if result.image is not None else "report"
        if not EITHER.match(expectations[name]) and not expectations[name].startswith(outcome):
            surprises.append((name, expectations[name], result.reason))
    assert surprises == []


def test_every_file_without_a_picture_has_a_reason_that_will_not_pass(
    odd: dict[str, ReadResult],
) -> None:
    for result in odd.values():
        assert (result.image is None) == bool(result.reason)
        assert not result.retry
        assert result.digest is not None


def test_reasons_say_what_is_wrong(odd: dict[str, ReadResult]) -> None:
    expected = {
        "empty.jpg": "empty file",
        "text-named.jpg": "not an image",
        "circle.svg": "unsupported format (SVG)",
        "truncated.jpg": "truncated JPEG",
        "truncated.heic": "truncated HEIF",
        "truncated.png": "truncated PNG",
        "65536-uint32-limit.png": "65536 × 65536 pixels are more than"  # noqa: RUF001
        " the limit of 300 million",
    }
    assert {name: odd[name].reason for name in expected} == expected


def test_all_candidates_are_discovered(shared_photos: Path, odd: dict[str, ReadResult]) -> None:
    findings = walk(os.fsencode(shared_photos / "odd"), ScanSettings())
    found = {os.fsdecode(finding.path) for finding in findings if isinstance(finding, FoundFile)}
    assert found == set(odd)


def test_turned_photos_are_upright(odd: dict[str, ReadResult]) -> None:
    five, six = odd["hopper_orientation_5.jpg"], odd["hopper_orientation_6.webp"]
    upright = odd["hopper.psd"]  # the same portrait, not turned
    assert difference(pixels(five), pixels(six)) < 6
    assert difference(pixels(five), pixels(upright)) < 6


def test_one_photo_under_several_names_is_one_content(odd: dict[str, ReadResult]) -> None:
    copies = [odd[name] for name in ("UPPER.JPG", "no_extension", "Ünïcode näme 写真 #1 %20.jpg")]
    assert len({copy.digest for copy in copies}) == 1
    np.testing.assert_array_equal(pixels(odd["tail-garbage.jpg"]), pixels(copies[0]))


def test_ink_is_not_inverted(odd: dict[str, ReadResult]) -> None:
    # A park in spring: sky behind the trees above, dark letters on black in the other one.
    park = pixels(odd["Channel_digital_image_CMYK_color_no_profile.jpg"])
    assert park[..., 1].mean() > park[..., 0].mean()  # more green than red
    letters = pixels(odd["pil_sample_cmyk.jpg"])
    assert np.median(letters) < 30


def test_deep_pictures_keep_their_levels(odd: dict[str, ReadResult]) -> None:
    for name in ("16-bit-grey-alpha.png", "tbgn2c16.png", "tiff_16bit_RGB.tiff"):
        assert np.ptp(pixels(odd[name])) > 15
        assert 0 < pixels(odd[name]).mean() < 255


def test_what_is_transparent_is_white(odd: dict[str, ReadResult]) -> None:
    assert (pixels(odd["full-transparent.png"]) == 255).all()
    assert (pixels(odd["p_trns_single.png"])[112, 112] == 255).all()


def test_animations_of_two_formats_begin_alike(odd: dict[str, ReadResult]) -> None:
    gif, webp = odd["rotating-squares.gif"], odd["rotating-squares.webp"]
    assert difference(pixels(gif), pixels(webp)) < 8
