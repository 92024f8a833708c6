"""Representatives: the densest member of each cluster."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annclust.clustering.representative import representatives


def test_the_member_that_stays_for_longest_stands_for_its_cluster() -> None:
    labels = np.array([1, 0, -1, 1, 0, 1])
    left_at = np.array([2.0, 1.0, 9.0, 5.0, 3.0, 4.0])
    assert representatives(labels, left_at).tolist() == [4, 3]


def test_of_equals_it_is_the_first() -> None:
    assert representatives(np.array([0, 0, 0]), np.array([1.0, np.inf, np.inf])).tolist() == [1]


def test_noise_has_none() -> None:
    assert representatives(np.array([-1, -1]), np.ones(2)).tolist() == []
    assert representatives(np.zeros(0, np.int64), np.ones(0)).tolist() == []


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1))
def test_no_member_stays_longer(members: list[tuple[int, int]]) -> None:
    labels = np.unique([label for label, _ in members], return_inverse=True)[1]
    left_at = np.array([float(depth) for _, depth in members])
    for cluster, chosen in enumerate(representatives(labels, left_at).tolist()):
        assert labels[chosen] == cluster
        assert left_at[chosen] == left_at[labels == cluster].max()
