from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Candidates
from annclust.search.refinement import FORWARD, REVERSE, refined, reverse_lists
from tests.search.samples import clustered, true_distances


def lists(*rows: list[int]) -> Candidates:
    return np.array(rows, dtype=np.int32)


def test_who_has_a_node_in_front_comes_first_in_its_reverse_list() -> None:
    reverse = reverse_lists(lists([1, 2], [2, 0], [0, 1], [0, -1]))
    assert reverse[0, :4].tolist() == [2, 3, 1, -1]
    assert reverse[1, :3].tolist() == [0, 2, -1]
    assert (reverse[3] == -1).all()


@given(st.data())
def test_reverse_lists_hold_only_those_who_know(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 12))
    width = data.draw(st.integers(1, 2 * FORWARD))
    entry = st.integers(-1, n - 1)
    known = lists(
        *data.draw(
            st.lists(st.lists(entry, min_size=width, max_size=width), min_size=n, max_size=n)
        )
    )
    for node, sources in enumerate(reverse_lists(known)):
        true = [s for s in range(n) for entry in known[s, :FORWARD] if entry == node]
        found = [source for source in sources.tolist() if source >= 0]
        assert len(found) == min(len(true), REVERSE)
        assert all(found.count(source) <= true.count(source) for source in found)


def test_a_neighbor_of_a_neighbor_is_found() -> None:
    line = np.arange(5, dtype=np.float32)[:, np.newaxis]
    known = lists([3, 4], [0, 2], [1, 3], [1, 4], [3, 2])
    better = refined(np.arange(5), known, reverse_lists(known), line)
    assert better.tolist() == [[1, 2], [0, 2], [1, 3], [2, 4], [3, 2]]


def test_where_fewer_are_known_the_rest_is_empty() -> None:
    pair = np.array([[0], [1], [9]], dtype=np.float32)
    known = lists([1, -1, -1], [0, -1, -1], [-1, -1, -1])
    better = refined(np.arange(3), known, reverse_lists(known), pair)
    assert better.tolist() == [[1, -1, -1], [0, -1, -1], [-1, -1, -1]]


def test_candidates_only_come_nearer() -> None:
    vectors = clustered(400, 6)
    rng = np.random.default_rng(1)
    drawn = [rng.choice(np.delete(np.arange(400), node), 10, replace=False) for node in range(400)]
    known = np.array(drawn, dtype=np.int32)
    away = true_distances(vectors, vectors)
    mean = np.take_along_axis(away, known.astype(np.int64), 1).mean()
    for _ in range(3):
        known = refined(np.arange(400), known, reverse_lists(known), vectors)
        assert (np.diff(np.take_along_axis(away, known.astype(np.int64), 1)) >= -1e-6).all()
        nearer = np.take_along_axis(away, known.astype(np.int64), 1).mean()
        assert nearer < mean
        mean = nearer
    assert not (known == np.arange(400)[:, np.newaxis]).any()
