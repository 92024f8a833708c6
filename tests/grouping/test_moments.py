"""Moments: what counts as one, and that what is unknown never does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.grouping.moments import Moments

NAN = float("nan")
PARIS, LONDON = (48.8566, 2.3522), (51.5074, -0.1278)


def moments(*rows: tuple[float, float, float]) -> Moments:
    """Seconds, latitude, longitude of each photo."""
    taken, latitude, longitude = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return Moments(taken, latitude, longitude)


def at(*seconds: float) -> Moments:
    """Photos that tell their time and no place."""
    return moments(*((second, NAN, NAN) for second in seconds))


def are_together(of: Moments, seconds: float) -> bool:
    """Whether the first two photos are."""
    return bool(of.together(np.array([0]), np.array([1]), seconds)[0])


def meters_apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    of = moments((0, *one), (0, *other))
    return float(of._meters(np.array([0]), np.array([1]))[0])


def test_what_was_taken_within_so_many_seconds_is_together() -> None:
    assert are_together(at(100, 110), 10)
    assert are_together(at(110, 100), 10)
    assert not are_together(at(100, 110.1), 10)


def test_what_was_taken_far_apart_is_not_whatever_the_clocks_say() -> None:
    assert not are_together(moments((0, *PARIS), (0, *LONDON)), 10)
    assert are_together(moments((0, *PARIS), (0, PARIS[0] + 0.008, PARIS[1])), 10)
    assert not are_together(moments((0, *PARIS), (0, PARIS[0] + 0.010, PARIS[1])), 10)


def test_one_place_alone_says_nothing() -> None:
    assert are_together(moments((0, *PARIS), (0, NAN, NAN)), 10)
    assert are_together(moments((0, *PARIS), (0, PARIS[0], NAN)), 10)


def test_an_unknown_time_is_never_together_with_another() -> None:
    assert not are_together(at(NAN, 0), 1e9)
    assert not are_together(moments((NAN, *PARIS), (NAN, *PARIS)), 1e9)
    assert not are_together(Moments.unknown(2), 1e9)


def test_paris_is_344_kilometers_from_london() -> None:
    assert meters_apart(PARIS, LONDON) == pytest.approx(343_500, abs=500)


def test_the_date_line_and_the_poles_are_no_borders() -> None:
    assert meters_apart((10, 179.999), (10, -179.999)) < 300
    assert meters_apart((90, 0), (90, 120)) < 1
    assert meters_apart((0, 0), (0, 180)) == pytest.approx(np.pi * 6_371_000)


def test_photos_follow_each_other_by_their_clocks() -> None:
    before, after = at(50, NAN, 0, 70, 20, NAN).in_turn(25)
    assert list(zip(before.tolist(), after.tolist(), strict=True)) == [(2, 4), (0, 3)]


def test_of_no_photo_and_of_one_nothing_follows() -> None:
    for few in (Moments.unknown(0), at(3)):
        assert [end.tolist() for end in few.in_turn(10)] == [[], []]


def test_what_is_far_away_does_not_follow() -> None:
    before, _ = moments((0, *PARIS), (1, *LONDON)).in_turn(10)
    assert before.tolist() == []


def test_the_digest_tells_what_is_known() -> None:
    known = moments((5, *PARIS), (6, NAN, NAN))
    assert known.digest == moments((5, *PARIS), (6, NAN, NAN)).digest
    others = [
        moments((5, *PARIS)),
        moments((6, NAN, NAN), (5, *PARIS)),
        moments((5, *PARIS), (7, NAN, NAN)),
        moments((5, *PARIS), (6, 0, NAN)),
        moments((5, *LONDON), (6, NAN, NAN)),
        moments((NAN, *PARIS), (6, NAN, NAN)),
    ]
    assert len({known.digest, *(other.digest for other in others)}) == 7


TIMES = st.lists(st.one_of(st.just(NAN), st.integers(0, 50).map(float)), max_size=12)


@given(times=TIMES, seconds=st.floats(0, 30))
def test_photos_in_turn_are_together_with_no_other_between(
    times: list[float], seconds: float
) -> None:
    before, after = at(*times).in_turn(seconds)
    known = sorted(time for time in times if time == time)
    gaps = np.diff(known)
    assert len(before) == int((gaps <= seconds).sum())
    for one, other in zip(before.tolist(), after.tolist(), strict=True):
        assert 0 <= times[other] - times[one] <= seconds
        assert not any(times[one] < time < times[other] for time in known)


PLACES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(one=PLACES, other=PLACES)
def test_distances_are_those_of_points_on_a_sphere(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    def point(place: tuple[float, float]) -> np.ndarray:
        north, east = np.radians(place)
        return np.array([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])

    straight = np.linalg.norm(point(one) - point(other))
    expected = 2 * 6_371_000 * np.arcsin(min(straight / 2, 1))
    assert meters_apart(one, other) == pytest.approx(expected, abs=1)
