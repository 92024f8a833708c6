"""The neighbor graph as pairs of photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annclust.collection import Collection
from annclust.errors import InputError
from annclust.neighbor_graph import NeighborGraph
from annclust.pipeline.edges import similarity_graph

GRAPH = NeighborGraph(
    np.array([[1, 2], [0, 2], [1, -1]], dtype=np.int32),
    np.array([[0.1, 0.5], [0.1, 0.4], [0.4, np.inf]], dtype=np.float32),
)
IDS = np.array([7, 8, 11])


def edges(k: int | None = None, radius: float | None = None) -> list[tuple[int, int, int]]:
    found = similarity_graph(GRAPH, IDS, k=k, radius=radius)
    assert len(found) == len(found.distances)
    columns = found.photos.tolist(), found.neighbors.tolist(), found.ranks.tolist()
    return list(zip(*columns, strict=True))


def test_edges_go_from_photo_to_photo_nearest_first() -> None:
    assert edges() == [(7, 8, 1), (7, 11, 2), (8, 7, 1), (8, 11, 2), (11, 8, 1)]


def test_fewer_neighbors_and_a_radius_leave_fewer_edges() -> None:
    assert edges(k=1) == [(7, 8, 1), (8, 7, 1), (11, 8, 1)]
    assert edges(radius=0.1) == [(7, 8, 1), (8, 7, 1)]
    assert edges(radius=0) == []
    assert edges(k=99) == edges()


def test_no_neighbors_at_all_are_not_asked_for() -> None:
    with pytest.raises(InputError, match="k must be 1 or more, not 0"):
        edges(k=0)


def test_a_collection_gives_the_edges_of_its_photos(collection: Collection, photos: Path) -> None:
    collection.index(photos)
    graph = collection.similarity_graph(k=3)
    assert len(graph) == 12 * 3
    assert sorted(set(graph.photos.tolist())) == collection.photo_ids()
    first = graph.photos == graph.photos[0]
    assert graph.ranks[first].tolist() == [1, 2, 3]
    assert (np.diff(graph.distances[first]) >= 0).all()
    match = collection.similar(photos / "burst 0" / "IMG_00.jpg", 2)[1]
    assert (graph.photos == match.id).any()
