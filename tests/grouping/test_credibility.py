"""Whether times are believed: true clocks, and those that say nothing."""

from __future__ import annotations

import numpy as np
import pytest

from annclust.arrays import Measures
from annclust.grouping.credibility import times_tell
from annclust.grouping.moments import Moments
from annclust.neighbor_graph import NeighborGraph
from annclust.settings import LinkSettings

LINKS = LinkSettings()
PAIRS = 200
LEFT = np.arange(2 * PAIRS)
"""Photos in pairs that are surely the same; each has a second neighbor that is unrelated."""
GRAPH = NeighborGraph(
    np.column_stack([LEFT ^ 1, (LEFT + 2) % (2 * PAIRS)]).astype(np.int32),
    np.tile(np.array([0.2, 1.1], np.float32), (2 * PAIRS, 1)),
)
RATIOS = np.tile(np.array([0.2, np.inf], np.float32), (2 * PAIRS, 1))
TRUE = np.repeat(np.arange(PAIRS) * 60.0, 2) + np.tile([0, 1], PAIRS)


def at(taken: Measures) -> Moments:
    nowhere = np.full(len(taken), np.nan)
    return Moments(taken, nowhere, nowhere)


def told(taken: Measures, seconds: float = 10, closer: float = 0.95) -> bool:
    return times_tell(at(taken), GRAPH, RATIOS, LINKS, seconds=seconds, closer=closer)


def test_true_times_tell() -> None:
    assert told(TRUE)
    assert told(np.where(np.random.default_rng(0).random(2 * PAIRS) < 0.5, np.nan, TRUE))


def test_times_of_other_photos_a_clock_that_stands_still_and_none_do_not() -> None:
    assert not told(np.random.default_rng(0).permutation(TRUE))
    assert not told(np.zeros(2 * PAIRS))
    assert not told(np.full(2 * PAIRS, np.nan))


def test_what_unrelated_photos_share_as_often_tells_nothing() -> None:
    assert told(TRUE, seconds=40)
    assert not told(TRUE, seconds=62)


@pytest.mark.parametrize(("every", "tells"), [(8, True), (3, False)])
def test_it_must_be_as_many_times_as_often_as_unrelated_photos_are_let_in(
    every: int, tells: bool
) -> None:
    # 0.95 ** -30 is 4.7: of unrelated neighbors, one in five may be of one moment, and no more
    pair = np.arange(PAIRS)
    taken = np.repeat(np.where(pair % every == every - 1, pair - 1, pair) * 60.0, 2)
    assert told(taken) == tells
    assert told(taken, closer=0.99)


def test_a_few_photos_may_be_enough() -> None:
    others = np.array([[1, 2], [0, 2], [0, 1]], np.int32)
    three = NeighborGraph(others, np.ones((3, 2), np.float32))
    near = np.array([[0.1, 2], [0.1, 2], [2, 2]], np.float32)

    def tell(ratios: np.ndarray, closer: float) -> bool:
        taken = at(np.array([0.0, 1, 99]))
        return times_tell(taken, three, ratios, LINKS, seconds=10, closer=closer)

    assert tell(near, 0.97)
    assert not tell(near, 0.9)
    assert not tell(np.full_like(near, 2), 0.97)  # nothing is surely the same


def test_of_many_photos_some_are_asked() -> None:
    n = 140_000
    one = np.ones((n, 1), np.float32)
    graph = NeighborGraph((np.arange(n) ^ 1)[:, np.newaxis].astype(np.int32), one)
    alike = np.arange(n) < n // 2
    taken = np.where(alike, np.arange(n) // 2, np.arange(n)) * 60.0
    for ratios, tells in ((0.1 * one, False), (np.where(alike, 0.1, 1)[:, np.newaxis], True)):
        found = times_tell(
            at(taken), graph, ratios.astype(np.float32), LINKS, seconds=10, closer=0.95
        )
        assert found == tells
