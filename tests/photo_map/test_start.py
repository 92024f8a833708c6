from __future__ import annotations

import numpy as np

from annclust.photo_map.affinities import affinities
from annclust.photo_map.remembered_start import remembered_start
from annclust.photo_map.spectral_start import spectral_start
from tests.clustering.graphs import graph_of, line
from tests.photo_map.graphs import cliques


def test_a_chain_begins_in_its_order() -> None:
    chain = affinities(graph_of(line(*range(40)), 4))
    along = spectral_start(chain, seed=0)[:, 0]
    assert np.abs(np.corrcoef(along, np.arange(40))[0, 1]) > 0.9


def test_pieces_of_a_graph_begin_together_each_in_its_own_place() -> None:
    start = spectral_start(affinities(cliques(20, 20, 20)), seed=0).reshape(3, 20, 2)
    within = start.std(axis=1).max()
    centers = start.mean(axis=1)
    nearest = min(np.linalg.norm(centers[a] - centers[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    assert nearest > 10 * within


def test_no_two_begin_in_one_place() -> None:
    for start in (
        spectral_start(affinities(cliques(30)), seed=0),
        spectral_start(affinities(cliques(1, 1, 1)), seed=0),
        remembered_start(affinities(cliques(30)), _known(30, 1), seed=0),
    ):
        assert np.isfinite(start).all()
        assert len(np.unique(start, axis=0)) == len(start)


def _known(n: int, count: int) -> np.ndarray:
    known = np.full((n, 2), np.nan, dtype=np.float32)
    known[:count] = np.arange(2 * count).reshape(count, 2)
    return known


def test_known_places_stay_and_newcomers_begin_beside_their_neighbors() -> None:
    chain = affinities(graph_of(line(0, 1, 2, 3, 4, 5), 2))
    start = remembered_start(chain, _known(6, 3), seed=0)
    assert start[:3].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert (np.abs(start[3:] - [4, 5]).max(axis=1) < 2).all()


def test_who_knows_nobody_begins_around_the_middle() -> None:
    start = remembered_start(affinities(cliques(3, 3)), _known(6, 3), seed=0)
    assert np.abs(start[3:] - [2, 3]).max() < 10
