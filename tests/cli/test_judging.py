from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.cli.judging import coarse_enough
from annclust.collection import Collection
from tests.albums import save, with_remark
from tests.cli.test_commands import collection_over, document, run


@pytest.fixture
def grouped(tmp_path: Path, photos: Path) -> Path:
    save(photos / "alone.jpg", 50)
    path = collection_over(photos, tmp_path / "trip.annclust")
    with Collection(path) as collection:
        collection.cluster()
    return path


def shots(photos: Path) -> tuple[Path, Path]:
    return photos / "burst 0" / "IMG_00.jpg", photos / "burst 0" / "IMG_01.jpg"


def test_a_chain_is_shown_link_by_link(grouped: Path, photos: Path) -> None:
    first, other = shots(photos)
    told = run("explain", first, other, "-c", grouped).stdout
    assert "are both in group 0 of shots" in told
    assert re.search(r"IMG_01.jpg: ratio 0\.\d\d \(unrelated photos begin at 1\)$", told, re.M)
    found = document("explain", first, other, "-c", grouped)
    assert (found["together"], found["apart"], found["level"]) == (True, None, "shots")
    assert found["links"][0]["left"]["path"] == str(first)


def test_a_photo_that_is_alone_is_told_why(grouped: Path, photos: Path) -> None:
    told = run("explain", photos / "alone.jpg", "-c", grouped).stdout
    assert "is alone" in told
    assert "times as far as photos of one shot may be" in told
    found = document("explain", photos / "alone.jpg", "-c", grouped)
    assert (found["together"], found["cluster"], found["other"]) == (False, None, None)
    assert found["apart"]["times"] > 1


def test_copies_and_lonely_photos_are_told_in_words(tmp_path: Path) -> None:
    photos, path = tmp_path / "photos", tmp_path / "c"
    only = save(photos / "only.jpg", 1)
    for command in (("index", photos, "--embedder", "color-histogram"), ("cluster",)):
        run(*command, "-c", path)
    assert "nothing to compare it with" in run("explain", only, "-c", path).stdout
    (photos / "copy.jpg").write_bytes(only.read_bytes())
    run("index", "-c", path)
    run("cluster", "-c", path)
    told = run("explain", only, photos / "copy.jpg", "-c", path).stdout
    assert "exact copies show one and the same content" in told
    remarked = with_remark(only, photos / "remarked.jpg")
    run("index", "-c", path)
    run("cluster", "-c", path)
    told = run("explain", only, remarked, "-c", path).stdout
    assert "the embedder sees no difference between them" in told
    assert "exact copies" not in told
    told = run("explain", remarked, "-c", path).stdout
    assert "remarked.jpg is in group 0 of shots:\n  the embedder sees no difference" in told
    refused = run("decide", "apart", only, remarked, "-c", path)
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "so they cannot be held apart" in refused.stderr
    assert document("decide", "-c", path) == []


def test_the_look_that_is_advised_is_coarse_enough(grouped: Path, photos: Path) -> None:
    alone = [save(photos / f"alone {seed}.jpg", seed) for seed in range(51, 60)]
    with Collection(grouped) as collection:
        collection.index()
        collection.cluster()
        apart = {photo: collection.explain(photo).apart for photo in alone}
    photo, found = next(
        (photo, found)
        for photo, found in apart.items()
        if found and found.granularity and round(found.granularity, 2) < found.granularity
    )
    told = run("explain", photo, "-c", grouped).stdout
    (advised,) = re.findall(r"--granularity (\S+) joins them", told)
    run("cluster", "--granularity", advised, "-c", grouped)
    assert document("explain", photo, found.nearest.path, "-c", grouped)["together"]


@given(granularity=st.floats(0, 4))
def test_a_granularity_is_rounded_up(granularity: float) -> None:
    told = float(coarse_enough(granularity))
    assert granularity <= told < granularity + 0.010001


@pytest.mark.parametrize(("granularity", "told"), [(1.1, "1.10"), (0.354, "0.36"), (0.358, "0.36")])
def test_but_not_without_need(granularity: float, told: str) -> None:
    assert coarse_enough(granularity) == told


def test_a_look_from_infinitely_far_is_refused_in_a_line(grouped: Path) -> None:
    done = run("cluster", "--granularity", "inf", "-c", grouped)
    assert done.returncode == 2
    assert done.stderr == "annclust: granularity must be a number from 0 on, not inf.\n"


def test_density_is_not_explained(grouped: Path, photos: Path) -> None:
    run("cluster", "--level", "density", "-c", grouped)
    done = run("explain", shots(photos)[0], "-c", grouped)
    assert done.returncode == 1
    assert done.stderr.endswith("Use --level shots, scenes or themes.\n")
    assert run("explain", shots(photos)[0], "-c", grouped, "--level", "density").returncode == 2


def test_a_finer_look_is_no_reason_to_be_far(grouped: Path, photos: Path) -> None:
    run("cluster", "--granularity", "0.05", "-c", grouped)
    told = run("explain", *shots(photos), "-c", grouped).stdout
    assert "they would be together, had the look not been finer than that of shots" in told


def test_decisions_are_made_listed_and_explained(grouped: Path, photos: Path) -> None:
    first, other = shots(photos)
    assert run("decide", "-c", grouped).stdout == "nothing was said about any photos\n"
    made = run("decide", "apart", first, other, "-c", grouped)
    assert "are not the same shot" in made.stdout
    assert made.stderr == "groups follow with the next annclust cluster\n"
    listed = run("clusters", "-c", grouped)
    assert "something was decided since these groups were made" in listed.stderr
    run("cluster", "-c", grouped)
    told = run("explain", first, other, "-c", grouped).stdout
    assert "had you not said" in told
    run("decide", "together", first, photos / "alone.jpg", "-c", grouped)
    run("cluster", "-c", grouped)
    assert "as you said" in run("explain", photos / "alone.jpg", "-c", grouped).stdout
    said = document("decide", "-c", grouped)
    assert sorted(each["together"] for each in said) == [False, True]
    assert document("decide", "forget", first, other, "-c", grouped)[0]["together"]


def test_a_contradiction_is_told_in_a_line(grouped: Path, photos: Path) -> None:
    a, b, c = (photos / f"burst {group}" / f"IMG_{group}0.jpg" for group in range(3))
    d = photos / "alone.jpg"
    run("decide", "together", a, b, c, d, "-c", grouped)
    made = run("decide", "apart", b, c, "-c", grouped)
    line, _ = made.stderr.splitlines()
    assert line in [
        f"what was said contradicts itself; this prevails: {one} and {other} are not the same shot"
        for one, other in ((b, c), (c, b))
    ]
    assert "(and 1 more)" in run("decide", "apart", b, d, "-c", grouped).stderr
    assert len(run("decide", "forget", b, c, "-c", grouped).stderr.splitlines()) == 1


def test_forgetting_what_nobody_said_claims_nothing(grouped: Path, photos: Path) -> None:
    first, other = shots(photos)
    third = photos / "alone.jpg"
    run("decide", "apart", first, other, "-c", grouped)
    done = run("decide", "forget", first, other, third, "-c", grouped)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"{first} and {other} are grouped as if nothing had been said",
        f"{first} and {third}: nothing was said about them",
    ]
    assert done.stderr == "groups follow with the next annclust cluster\n"
    done = run("decide", "forget", first, other, "-c", grouped)
    assert done.stdout == f"{first} and {other}: nothing was said about them\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_photos_that_are_gone_are_listed_by_their_last_place(grouped: Path, photos: Path) -> None:
    first, other = shots(photos)
    run("decide", "apart", other, first, "-c", grouped)
    first.unlink()
    run("index", "-c", grouped)
    said = f"{first} (gone) and {other} are not the same shot\n"
    assert run("decide", "-c", grouped).stdout == said
    run("compact", "-c", grouped)
    assert run("decide", "-c", grouped).stdout.startswith(f"{other} and a photo that is gone (")


def test_a_decision_names_two_photos(grouped: Path, photos: Path) -> None:
    done = run("decide", "apart", shots(photos)[0], "-c", grouped)
    assert done.returncode == 2
    assert done.stderr == "annclust: name a photo, and at least one other.\n"
    assert run("decide", "apart", "-c", grouped).stderr == done.stderr
    done = run("explain", Path(__file__), "-c", grouped)
    assert done.returncode == 1
    assert "is not in this collection" in done.stderr
    assert run("decide", "maybe", "-c", grouped).returncode == 2
