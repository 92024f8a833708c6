from __future__ import annotations

import numpy as np
import pytest

from annclust.arrays import unit_rows


def test_rows_get_length_1_and_keep_their_direction() -> None:
    rows = unit_rows(np.array([[3.0, 4.0], [0.0, -2.0]]))
    assert rows.dtype == np.float32
    assert rows.tolist() == pytest.approx(np.array([[0.6, 0.8], [0.0, -1.0]]))


def test_a_row_of_zeros_stays_as_it_is() -> None:
    assert unit_rows(np.zeros((1, 3))).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_damaged_row_becomes_zeros_and_harms_no_other(value: float) -> None:
    rows = unit_rows(np.array([[1.0, 0.0], [value, 1.0]], dtype=np.float16))
    assert rows.tolist() == [[1, 0], [0, 0]]


def test_the_given_array_is_not_touched() -> None:
    given = np.array([[3.0, 4.0]], dtype=np.float32)
    unit_rows(given)
    assert given.tolist() == [[3, 4]]
