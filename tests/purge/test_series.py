from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from annclust.images.capture import Capture, capture_of
from annclust.images.examination import Bars
from annclust.purge.candidate import Candidate
from annclust.purge.series import LeftAlone, left_alone
from annclust.purge.shifts import shift_between
from tests.images.scenery import examined, scenery
from tests.purge.candidates import photo, shot

VIEW = scenery(1600, 600)


def kinds(photos: list[Candidate]) -> list[tuple[str, tuple[int, ...]]]:
    return [(each.kind, each.places) for each in left_alone(photos)]


# Exposure brackets


def by_bias(*biases: float, every: float = 0.3) -> list[Candidate]:
    return [shot(every * at, exposure_bias=float(bias)) for at, bias in enumerate(biases)]


@pytest.mark.parametrize(
    "biases", [(0, -2, 2), (-0.3, 0, 0.3), (0, -0.7, 0.7, -1.3, 1.3), (-1, 0, 1, 2, 3, 4, 5)]
)
def test_frames_whose_bias_steps_are_a_bracket(biases: tuple[float, ...]) -> None:
    assert kinds(by_bias(*biases)) == [("bracket", tuple(range(len(biases))))]


def test_a_bracket_says_what_it_is() -> None:
    assert left_alone(by_bias(0, -2, 2)) == (
        LeftAlone((0, 1, 2), "bracket", "an exposure bracket: 3 exposures over 4.0 stops"),
    )


def test_a_burst_behind_a_bracket_is_no_part_of_it() -> None:
    burst = [shot(3 + at / 2, exposure_bias=0.0) for at in range(30)]
    found = left_alone([*by_bias(0, -1, 1, every=1.0), *burst])
    assert [(each.kind, each.places) for each in found] == [("bracket", (0, 1, 2, 3, 4))]


def test_a_time_that_cannot_be_bridges_no_hours() -> None:
    endless = shot(0, exposure_seconds=65_535.0, exposure_bias=0.0)
    others = [shot(3600 * at, exposure_bias=bias) for at, bias in ((1, -1.0), (2, 1.0))]
    assert kinds([endless, *others]) == []


def test_brackets_one_after_another_are_left_alone_together() -> None:
    assert kinds(by_bias(0, -1, 1, 0, -1, 1)) == [("bracket", (0, 1, 2, 3, 4, 5))]
    apart = [*by_bias(0, -1, 1), *(shot(30 + at, exposure_bias=at - 1.0) for at in range(3))]
    assert kinds(apart) == [("bracket", (0, 1, 2)), ("bracket", (3, 4, 5))]


@pytest.mark.parametrize("biases", [(0, -1, 0, 1), (0, 0, -1, 1), (0, -1, 1, 0.1), (0.1, 0, -1, 1)])
def test_an_ordinary_shot_beside_a_bracket_is_left_alone_with_it(
    biases: tuple[float, ...],
) -> None:
    found = left_alone(by_bias(*biases))
    assert [each.places for each in found] == [(0, 1, 2, 3)]
    assert found[0].reason.endswith("over 2.0 stops, among 4 photos of the same seconds")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_copies_of_a_frame_are_left_alone_with_its_bracket(place: int) -> None:
    frames = by_bias(0, -1, 1)
    smaller = replace(frames[place].examination, width=1600, height=1200)
    copies = [frames[place], replace(frames[place], examination=smaller, size=300_000)]
    bare = replace(frames[place], capture=Capture(taken_ns=frames[place].capture.taken_ns))
    found = left_alone([*frames, *copies, bare])
    assert [(each.kind, sorted(each.places)) for each in found] == [("bracket", list(range(6)))]


def test_a_bracket_of_which_the_aperture_changed_is_seen_by_its_bias() -> None:
    frames = [shot(at, exposure_bias=at - 1.0, f_number=4.0 + at) for at in range(3)]
    assert kinds(frames) == [("bracket", (0, 1, 2))]


def exposed(at: float, seconds: float, *, middle: float | None = None, **capture: Any) -> Candidate:
    """A frame of one scene, as bright as it was exposed long, if nothing else is said."""
    frame = shot(at, exposure_seconds=seconds, **capture)
    bright = 1 - math.exp(-5 * seconds**0.4) if middle is None else middle
    return replace(frame, examination=replace(frame.examination, middle=bright))


def test_a_bracket_through_a_lens_without_contacts_is_seen_by_its_shutter() -> None:
    frames = [exposed(at, 4.0**at / 250, f_number=None) for at in range(3)]
    assert kinds(frames) == [("bracket", (0, 1, 2))]


def test_a_bracket_at_night_is_seen_though_exposures_take_long() -> None:
    frames = [
        exposed(at, seconds, middle=middle)
        for at, seconds, middle in ((0, 2.0, 0.1), (5, 8.0, 0.2), (24, 30.0, 0.4), (86, 120.0, 0.7))
    ]
    assert kinds(frames) == [("bracket", (0, 1, 2, 3))]


def test_a_bracket_in_manual_mode_is_seen_by_its_shutter() -> None:
    frames = [
        exposed(at, seconds, exposure_bias=0.0)
        for at, seconds in enumerate((1 / 60, 1 / 250, 1 / 15))
    ]
    assert kinds(frames) == [("bracket", (0, 1, 2))]


def test_places_are_by_time_and_others_are_left_out() -> None:
    frames = [*by_bias(0, -1, 1)[::-1], shot(100, exposure_bias=2.0), photo()]
    assert kinds(frames) == [("bracket", (2, 1, 0))]


@pytest.mark.parametrize(
    "frames",
    [
        by_bias(0, 0, 0, 0),
        by_bias(0, -1),
        by_bias(0, -1, 1, every=10),
        by_bias(0, 0.1, 0.2, 0.3),
        [exposed(at / 5, 1 / (100 + 5 * at)) for at in range(6)],
        [exposed(at / 5, 1 / each) for at, each in enumerate((1000, 1250, 1600, 1250, 1000))],
        [exposed(2 * at, 2.0**-at, middle=0.5 - at % 2 / 50) for at in range(5)],
        [shot(at, exposure_seconds=0.01, f_number=4.0 + at) for at in range(3)],
        [shot(at, exposure_seconds=2.0**-at, iso=100 * 2**at) for at in range(4)],
        [shot(at) for at in range(4)],
        [photo(), photo(), photo()],
    ],
    ids=[
        "a burst of one bias",
        "two frames",
        "frames at leisure",
        "steps too small",
        "exposure that follows the light",
        "exposure that follows the light by thirds",
        "exposure that follows the light by stops",
        "another aperture each",
        "automatic sensitivity",
        "no exposure written",
        "nothing written",
    ],
)
def test_other_frames_are_no_bracket(frames: list[Candidate]) -> None:
    assert kinds(frames) == []


@given(st.lists(st.floats(-0.13, 0.13), min_size=3, max_size=8))
def test_drift_below_a_third_of_a_stop_is_no_bracket(drift: list[float]) -> None:
    frames = [
        shot(at / 10, exposure_seconds=0.01 * 2**stops, exposure_bias=0.0)
        for at, stops in enumerate(drift)
    ]
    assert kinds(frames) == []


def test_a_bracket_is_read_from_exif() -> None:
    written = [
        capture_of({0x9003: "2024:05:01 10:00:00", 0x9291: f"{at}0", 0x9204: bias}, {})
        for at, bias in enumerate((0.0, -1.0, 1.0))
    ]
    seen = photo().examination
    assert kinds([Candidate(seen, 1, "JPEG", each) for each in written]) == [("bracket", (0, 1, 2))]


# Panoramas


def frames_at(*corners: tuple[int, int], every: float = 2.0) -> list[Candidate]:
    """Frames of 480 by 320 pixels of one view."""
    return [
        shot(every * at, VIEW.crop((x, y, x + 480, y + 320))) for at, (x, y) in enumerate(corners)
    ]


@pytest.mark.parametrize("stride", [90, 160, 210])
def test_frames_that_move_on_steadily_are_of_a_panorama(stride: int) -> None:
    frames = frames_at(*((stride * at, 100 + 5 * (at % 2)) for at in range(4)))
    assert kinds(frames) == [("panorama frames", (0, 1, 2, 3))]


def test_a_panorama_may_go_left_or_up() -> None:
    assert kinds(frames_at((700, 60), (540, 60), (380, 60)))
    assert kinds(frames_at((300, 260), (300, 160), (300, 60)))


def test_a_person_in_every_frame_does_not_hide_a_panorama() -> None:
    frames = []
    for at in range(3):
        frame = VIEW.crop((150 * at, 100, 150 * at + 480, 420))
        frame.paste((200, 30, 30), (60 + 30 * at, 200, 90 + 30 * at, 300))
        frames.append(shot(2 * at, frame))
    assert kinds(frames) == [("panorama frames", (0, 1, 2))]


@given(st.lists(st.tuples(st.integers(-15, 15), st.integers(-15, 15)), min_size=3, max_size=6))
def test_hands_that_shake_make_no_panorama(shake: list[tuple[int, int]]) -> None:
    assert kinds(frames_at(*((400 + x, 100 + y) for x, y in shake), every=0.2)) == []


@pytest.mark.parametrize(
    "corners",
    [
        [(0, 100), (160, 100)],
        [(300, 100), (460, 100), (300, 100), (460, 100)],
        [(0, 0), (160, 0), (160, 120), (0, 120)],
    ],
    ids=["two frames", "to and fro", "around a corner"],
)
def test_other_moves_are_no_panorama(corners: list[tuple[int, int]]) -> None:
    assert kinds(frames_at(*corners)) == []


def test_frames_without_a_time_are_no_panorama() -> None:
    timed = frames_at((0, 0), (160, 0), (320, 0))
    assert kinds(timed)
    assert kinds([replace(each, capture=Capture()) for each in timed]) == []


@pytest.mark.parametrize("place", [0, 1, 2])
def test_copies_of_a_frame_are_left_alone_with_its_panorama(place: int) -> None:
    frames = frames_at((0, 100), (160, 100), (320, 100))
    smaller = replace(frames[place].examination, width=240, height=160)
    copy = replace(frames[place], examination=smaller, size=30_000)
    found = left_alone([*frames, frames[place], copy])
    assert [(each.kind, sorted(each.places)) for each in found] == [
        ("panorama frames", [0, 1, 2, 3, 4])
    ]
    assert found[0].reason.startswith("3 frames of a panorama")
    assert found[0].reason.endswith("with copies 5 photos")


def test_rows_of_a_panorama_that_turn_a_corner_are_left_alone_once() -> None:
    corners = [(0, 0), (160, 0), (320, 0), (320, 100), (320, 200)]
    assert kinds(frames_at(*corners)) == [("panorama frames", (0, 1, 2, 3, 4))]


@pytest.mark.parametrize("seconds", [(0, 1, 1, 2), (0, 0, 1, 2), (0, 1, 2, 2), (0, 0, 1, 1)])
def test_frames_of_one_whole_second_are_put_in_order_by_what_they_show(
    seconds: tuple[int, ...],
) -> None:
    frames = [
        shot(second, VIEW.crop((150 * at, 100, 150 * at + 480, 420)))
        for at, second in enumerate(seconds)
    ]
    for order in permutations(range(4)):
        found = left_alone([frames[at] for at in order])
        assert [sorted(order[place] for place in each.places) for each in found] == [[0, 1, 2, 3]]


def test_strangers_are_no_panorama() -> None:
    assert kinds([shot(at, scenery(480, 320, seed=at)) for at in range(5)]) == []


def test_a_finished_panorama_is_left_alone_beside_its_frames() -> None:
    frames = frames_at((0, 100), (160, 100), (320, 100))
    found = left_alone([*frames, shot(60, VIEW.crop((0, 100, 800, 400)))])
    assert [(each.kind, each.places) for each in found] == [
        ("panorama", (3,)),
        ("panorama frames", (0, 1, 2)),
    ]
    assert found[0].reason == (
        "a panorama: 2.7 times as wide as high, beside ordinary frames of a part"
    )


def test_a_tall_panorama_is_left_alone_beside_its_frames() -> None:
    tall = VIEW.rotate(90, expand=True)
    whole = shot(60, tall.crop((100, 0, 400, 900)))
    found = left_alone([whole, *(shot(at, tall.crop((80, y, 400, y + 480))) for at, y in PARTS)])
    assert (found[0].kind, found[0].places) == ("panorama", (0,))
    assert "3.0 times as high as wide" in found[0].reason


PARTS = ((0, 0), (20, 200), (40, 400))


def test_what_is_wide_is_no_panorama_of_anything_else() -> None:
    wide, strip = VIEW.crop((0, 100, 800, 400)), VIEW.crop((0, 100, 800, 200))
    assert kinds([shot(0, wide), shot(60, scenery(480, 320, seed=3))]) == []
    assert kinds([shot(0, strip), shot(60, VIEW.crop((160, 0, 640, 320)))]) == []
    telephone = VIEW.crop((0, 0, 1100, 500))
    assert kinds([shot(0, telephone), shot(60, VIEW.crop((200, 0, 866, 500)))]) == []


def test_a_screenshot_of_a_photo_is_no_panorama() -> None:
    ordinary = photo(3000, 4000)
    barred = photo(1170, 2532, bars=Bars(top=0.2, bottom=0.2))
    assert kinds([ordinary, barred, photo(1170, 2532)]) == []
    assert kinds([photo(1000, 750), photo(1170, 2532, bars=Bars(top=0.2, bottom=0.2))]) == []


MIXED = [
    *by_bias(0, -1, 1, every=0.0),
    *frames_at((0, 100), (160, 100), (320, 100), every=100.0),
    *(shot(60 + 2 * at, VIEW.crop((160 * at, 0, 160 * at + 480, 320))) for at in range(3)),
    photo(8000, 3000, thumbnail=examined(VIEW.crop((0, 100, 800, 400))).thumbnail),
    photo(),
]


@given(st.permutations([*range(len(MIXED)), 0, 4, 7]))
def test_what_is_left_alone_does_not_depend_on_how_photos_come(order: list[int]) -> None:
    photos = [MIXED[at] for at in order]
    found = {
        (each.kind, each.reason, tuple(sorted(repr(photos[place]) for place in each.places)))
        for each in left_alone(photos)
    }
    assert {kind for kind, *_ in found} == {"bracket", "panorama", "panorama frames"}
    straight = [MIXED[at] for at in sorted(order)]
    assert found == {
        (each.kind, each.reason, tuple(sorted(repr(straight[place]) for place in each.places)))
        for each in left_alone(straight)
    }
    places = [place for each in left_alone(photos) for place in each.places]
    assert len(places) == len(set(places))


def test_copies_of_a_panorama_are_copies() -> None:
    assert kinds([photo(8000, 2000), photo(4000, 1000)]) == []


def test_nothing_of_nothing_is_left_alone() -> None:
    assert left_alone([]) == ()


# Shifts


@given(st.integers(-170, 170), st.integers(-60, 60))
def test_a_shift_is_found(across: int, down: int) -> None:
    one, other = (
        examined(VIEW.crop((500 + x, 140 + y, 980 + x, 460 + y)))
        for x, y in ((0, 0), (across, down))
    )
    assert shift_between(one, other) == pytest.approx((across / 480, down / 320), abs=0.04)


def test_even_pictures_have_no_shift() -> None:
    black = examined(Image.fromarray(np.zeros((40, 40, 3), np.uint8)))
    assert shift_between(black, black) is None
