from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageFilter

from annclust.images.examination import FOCUS_SIDE
from annclust.purge.candidate import Candidate
from annclust.purge.choosing import choose
from annclust.purge.series import left_alone
from annclust.purge.stacks import moves_through
from tests.images.scenery import scenery
from tests.purge.candidates import SECOND, shot

SIDE = 800
VIEW = scenery(SIDE, SIDE)
BLURRED = [VIEW, *(VIEW.filter(ImageFilter.GaussianBlur(radius)) for radius in (2, 4, 8))]


def focused(at: float, *, left: float = 0.0) -> Image.Image:
    """The view, sharp where the ground is so far away; near is at the bottom, far at the top."""
    picture = Image.new("RGB", VIEW.size)
    for row in range(0, SIDE, 40):
        away = min(3, round(abs(1 - row / SIDE - at - left) * 6))
        picture.paste(BLURRED[away].crop((0, row, SIDE, row + 40)), (0, row))
    return picture


def frames(pictures: Sequence[Image.Image], **written: float) -> list[Candidate]:
    """Photos taken one after another."""
    made = [shot(0.5 * at, picture) for at, picture in enumerate(pictures)]
    return [replace(each, capture=replace(each.capture, **written)) for each in made]


def kinds(photos: list[Candidate]) -> list[tuple[str, tuple[int, ...]]]:
    return [(found.kind, found.places) for found in left_alone(photos)]


@pytest.mark.parametrize("number", [3, 5, 9])
def test_frames_through_which_focus_moves_are_a_stack(number: int) -> None:
    photos = frames([focused(at) for at in np.linspace(0, 1, number)])
    assert kinds(photos) == [("focus stack", tuple(range(number)))]
    (found,) = left_alone(photos)
    assert found.reason == f"a focus stack: {number} frames in focus at different depths"
    assert not choose(photos).of("reject")


def test_focus_may_come_nearer() -> None:
    photos = frames([focused(at) for at in (1, 0.75, 0.5, 0.25, 0)])
    assert kinds(photos) == [("focus stack", (0, 1, 2, 3, 4))]


def test_copies_of_a_frame_are_left_alone_with_its_stack() -> None:
    photos = frames([focused(at) for at in (0, 0.5, 1)])
    assert kinds([*photos, photos[1]]) == [("focus stack", (0, 1, 3, 2))]


def shaken(*radii: float) -> list[Image.Image]:
    return [VIEW.filter(ImageFilter.GaussianBlur(radius)) for radius in radii]


NO_STACKS: dict[str, list[Candidate]] = {
    "two frames": frames([focused(0), focused(1)]),
    "hands that shake": frames(shaken(0, 3, 1, 4, 0.5)),
    "focus that hunts": frames([focused(at) for at in (0, 1, 0, 1, 0)]),
    "one view again and again": frames([VIEW] * 4),
    "other views": frames([scenery(SIDE, SIDE, seed) for seed in range(4)]),
    "frames of minutes": [
        replace(each, capture=replace(each.capture, taken_ns=at * 60 * SECOND))
        for at, each in enumerate(frames([focused(at) for at in (0, 0.5, 1)]))
    ],
    "small pictures": frames([focused(at).resize((300, 300)) for at in (0, 0.5, 1)]),
    "walls": frames([Image.new("RGB", (SIDE, SIDE), (at, at, at)) for at in (90, 91, 92)]),
}


@pytest.mark.parametrize("photos", NO_STACKS.values(), ids=NO_STACKS)
def test_other_frames_are_no_stack(photos: list[Candidate]) -> None:
    assert not [kind for kind, _ in kinds(photos) if kind == "focus stack"]


def test_frames_of_other_exposures_are_no_part_of_a_stack() -> None:
    stack = frames([focused(at) for at in (0, 0.5, 1)], f_number=4.0)
    before = frames(shaken(0, 2), f_number=8.0)
    later = [
        replace(
            each, capture=replace(each.capture, taken_ns=(each.capture.taken_ns or 0) + 2 * SECOND)
        )
        for each in stack
    ]
    assert kinds([*before, *later]) == [("focus stack", (2, 3, 4))]


PLACES = FOCUS_SIDE**2
ENERGIES = arrays.arrays(np.int16, (5, PLACES), elements=st.integers(0, 255))


@given(ENERGIES)
def test_the_order_of_places_says_nothing_and_the_reverse_of_time_as_much(
    energies: np.ndarray[tuple[int, int], np.dtype[np.int16]],
) -> None:
    found = moves_through(energies)
    assert moves_through(energies[::-1]) == found
    assert moves_through(energies[:, ::-1]) == found


def test_focus_moves_through_what_gets_sharp_once_in_places_of_its_own() -> None:
    peaks = np.arange(PLACES) * 5 // PLACES
    energies = (200 - 30 * abs(np.arange(5)[:, np.newaxis] - peaks)).astype(np.int16)
    assert moves_through(energies)
    assert not moves_through(energies[[2, 0, 4, 1, 3]])
