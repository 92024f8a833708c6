"""Layouts: what exposure does not change, and every way to turn a picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from annclust.grouping.layout import Layouts
from tests.grouping.samples import descriptors

Light = NDArray[np.float64]

ROUNDING = 2e-3  # patterns are float16


def light(n: int, seed: int = 0) -> Light:
    return np.random.default_rng(seed).normal(size=(n, 8, 8))


def agreement(left: Light, right: Light) -> float:
    layouts = Layouts.of(descriptors(np.stack([left, right])))
    return float(layouts.agreement(np.array([0]), np.array([1]))[0])


def turned_agreement(left: Light, right: Light) -> float:
    layouts = Layouts.of(descriptors(np.stack([left, right])))
    return float(layouts.turned_agreement(np.array([0]), np.array([1]))[0])


def turns(picture: Light) -> list[Light]:
    """The seven ways to turn or mirror it."""
    ways = [np.rot90(way, quarter) for way in (picture, picture.T) for quarter in range(4)]
    return ways[1:]


def test_a_picture_agrees_with_itself_and_not_with_its_negative() -> None:
    (picture,) = light(1)
    assert agreement(picture, picture) == pytest.approx(1, abs=ROUNDING)
    assert agreement(picture, -picture) == pytest.approx(-1, abs=ROUNDING)


def test_a_flat_picture_agrees_with_nothing() -> None:
    flat, (picture,) = np.full((8, 8), 0.3), light(1)
    assert agreement(flat, flat) == 0
    assert agreement(flat, picture) == 0
    assert turned_agreement(flat, flat) == 0


def test_only_the_cells_of_light_count() -> None:
    source = descriptors(np.repeat(light(1), 2, axis=0))
    source.rows[1, :1000] = 5
    source.rows[1, -32:] = 7
    layouts = Layouts.of(source)
    assert layouts.agreement(np.array([0]), np.array([1])) == pytest.approx(1, abs=ROUNDING)


@pytest.mark.parametrize("way", range(7))
def test_each_way_to_turn_a_picture_is_found(way: int) -> None:
    (picture,) = light(1)
    turned = turns(picture)[way]
    assert turned_agreement(picture, turned) == pytest.approx(1, abs=ROUNDING)
    assert turned_agreement(turned, picture) == pytest.approx(1, abs=ROUNDING)
    assert agreement(picture, turned) < 0.5


def test_a_picture_as_it_is_does_not_count_as_turned() -> None:
    (picture,) = light(1)
    assert turned_agreement(picture, picture) < 0.5


def test_no_pairs_have_no_agreement() -> None:
    layouts, none = Layouts.of(descriptors(light(2))), np.zeros(0, dtype=np.int64)
    assert layouts.agreement(none, none).shape == (0,)
    assert layouts.turned_agreement(none, none).shape == (0,)


def test_no_photos_have_no_layouts() -> None:
    assert Layouts.of(descriptors(light(0))).patterns.shape == (0, 64)


@given(seed=st.integers(0, 2**32 - 1), contrast=st.floats(0.05, 20), exposure=st.floats(-5, 5))
def test_exposure_and_contrast_make_no_difference(
    seed: int, contrast: float, exposure: float
) -> None:
    picture, other = light(2, seed)
    plain, changed = agreement(picture, other), agreement(contrast * picture + exposure, other)
    assert changed == pytest.approx(plain, abs=ROUNDING)


@given(seed=st.integers(0, 2**32 - 1))
def test_it_is_the_correlation_of_the_cells(seed: int) -> None:
    picture, other = light(2, seed)

    def correlation(of: Light) -> float:
        return float(np.corrcoef(of.ravel(), other.ravel())[0, 1])

    assert agreement(picture, other) == pytest.approx(correlation(picture), abs=ROUNDING)
    best = max(correlation(way) for way in turns(picture))
    assert turned_agreement(picture, other) == pytest.approx(best, abs=ROUNDING)


def test_many_photos_are_read_in_blocks() -> None:
    n = 16_384 + 3
    cells = np.tile(light(1).reshape(1, 64), (n, 1)).astype(np.float32)
    cells[-1] *= -1
    layouts = Layouts.of(Repeated(cells))
    ends = np.array([0, 16_383, 16_384, n - 1])
    found = layouts.agreement(np.zeros(4, dtype=np.int64), ends)
    assert found == pytest.approx([1, 1, 1, -1], abs=ROUNDING)


class Repeated:
    """Descriptors made as they are read: all of them would fill 100 MB."""

    def __init__(self, cells: NDArray[np.float32]) -> None:
        self._cells = cells

    @property
    def shape(self) -> tuple[int, int]:
        return len(self._cells), 1600

    def block(self, first: int, last: int, /) -> NDArray[np.float32]:
        return descriptors(self._cells[first:last]).rows

    def take(self, rows: NDArray[np.int64], /) -> NDArray[np.float32]:
        return descriptors(self._cells[rows]).rows

    def longest(self) -> float:
        return 1.0
