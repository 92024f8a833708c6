from __future__ import annotations

import numpy as np
import pytest

from annclust.photo_map.frame import Framed, drawn_in, laid_over, told_apart, wide

HOUSE = np.array([[0, 0], [4, 0], [4, 2], [2, 3], [0, 2]], dtype=np.float32)


def turned(angle: float, scale: float = 1, shift: float = 0) -> np.ndarray:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (scale * HOUSE @ turn + shift).astype(np.float32)


def test_a_frame_keeps_the_aspect_and_says_its_unit() -> None:
    framed = Framed.of(HOUSE)
    assert framed.unit == 4
    assert framed.places.min(axis=0).tolist() == [0, 0.125]
    assert framed.places.max(axis=0).tolist() == [1, 0.875]
    assert framed.places * 4 - [0, 0.5] == pytest.approx(HOUSE)


def test_photos_in_one_place_are_in_the_middle() -> None:
    assert Framed.of(np.ones((3, 2), np.float32)).places.tolist() == [[0.5, 0.5]] * 3
    assert Framed.of(np.ones((0, 2), np.float32)).places.shape == (0, 2)


@pytest.mark.parametrize("angle", [0.3, 1.2, 2.5, 4.0])
def test_a_map_is_turned_until_it_is_wide(angle: float) -> None:
    spread = wide(turned(angle)).std(axis=0)
    assert spread[0] > spread[1]
    assert wide(turned(angle)).std(axis=0) == pytest.approx(wide(HOUSE).std(axis=0), abs=1e-5)


def test_a_map_is_laid_over_the_one_before() -> None:
    known = HOUSE.copy()
    known[2] = np.nan
    found = laid_over(turned(2, scale=3, shift=7), known)
    assert found == pytest.approx(HOUSE, abs=1e-5)
    mirrored = turned(1) * np.array([-1, 1], np.float32)
    assert laid_over(mirrored, known) == pytest.approx(HOUSE, abs=1e-5)


def test_what_lies_far_outside_is_brought_near_the_rim_in_its_order() -> None:
    rest = np.random.default_rng(0).uniform(-1, 1, (995, 2)).astype(np.float32)
    outside = np.array([[9, 0], [0, 3], [-25, 0], [0, -90], [40, 40]], dtype=np.float32)
    places = np.concatenate([rest, outside])
    brought, middle = drawn_in(places), np.median(places, axis=0)
    assert (brought[:900] == rest[:900]).mean() > 0.97
    distances = np.linalg.norm(brought[995:] - middle, axis=1)
    assert distances.argsort().tolist() == np.linalg.norm(outside - middle, axis=1).argsort().tolist()
    assert distances.max() < 1.2 * np.linalg.norm(rest, axis=1).max()
    assert drawn_in(HOUSE[:1]).tolist() == HOUSE[:1].tolist()


def test_photos_in_one_place_are_told_apart_and_stay_about_there() -> None:
    places = np.array([[0.5, 0.5]] * 50 + [[0, 1]] * 3 + [[0.2, 0.9]], dtype=np.float32)
    moved = told_apart(places)
    away = np.linalg.norm(moved[:50, np.newaxis] - moved[:50], axis=2)
    assert away[~np.eye(50, dtype=bool)].min() > 1e-4
    assert np.linalg.norm(moved - places, axis=1).max() < 0.002
    assert moved[[0, 50, 53]].tolist() == places[[0, 50, 53]].tolist()
    assert moved.min() >= 0
    assert moved.max() <= 1
    assert told_apart(places[:0]).shape == (0, 2)
