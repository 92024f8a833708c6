"""Edges: the neighbor graph of photos as a list of pairs. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annclust.arrays import Distances, Nodes
from annclust.errors import InputError
from annclust.neighbor_graph import NeighborGraph


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityGraph:
    """Edges from photos to their nearest neighbors, photo by photo, nearest first.

    Parameters
    ----------
    photos, neighbors : ndarray of shape (m,), int64
        Ids.
    distances : ndarray of shape (m,), float32
        Euclidean, of unit vectors: from 0 to 2.
    ranks : ndarray of shape (m,), int64
        1 for the nearest neighbor of a photo.
    """

    photos: Nodes
    neighbors: Nodes
    distances: Distances
    ranks: Nodes

    def __len__(self) -> int:
        return len(self.photos)


def similarity_graph(
    graph: NeighborGraph, ids: Nodes, *, k: int | None = None, radius: float | None = None
) -> SimilarityGraph:
    """List the edges of a graph.

    Parameters
    ----------
    graph : NeighborGraph
        Of n photos.
    ids : ndarray of shape (n,), int64
        Of the photos.
    k : int or None
        Neighbors of each, at most those of the graph; all if None.
    radius : float or None
        Largest distance; no limit if None.

    Raises
    ------
    InputError
        If `k` is below 1.
    """
    if k is not None and k < 1:
        raise InputError(f"k must be 1 or more, not {k}.")
    neighbors, distances = graph.neighbors[:, :k], graph.distances[:, :k]
    near = neighbors >= 0
    if radius is not None:
        near &= distances <= radius
    photo, column = np.nonzero(near)
    return SimilarityGraph(ids[photo], ids[neighbors[near]], distances[near], column + 1)
