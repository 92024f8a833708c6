"""Photos that never were: vectors, layouts and links for the tests of grouping."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from annclust.arrays import Distances, Labels, Neighbors, Vectors, unit_rows
from annclust.embedding.descriptor import DESCRIPTOR_LENGTH, LIGHT, LIGHT_CELLS
from annclust.grouping.background import Background
from annclust.grouping.group_tree import GroupTree
from annclust.grouping.surroundings import Surroundings
from annclust.neighbor_graph import NeighborGraph
from annclust.vector_source import ArrayVectors

LinkRow = tuple[int, int, float, float, bool]
"""Left, right, ratio, height, proven."""


def unit_vectors(n: int, d: int, seed: int = 0) -> Vectors:
    """Directions that have nothing to do with each other."""
    return unit_rows(np.random.default_rng(seed).normal(size=(n, d)))


def lumps(sizes: Sequence[int], d: int, spread: float, seed: int = 0) -> Vectors:
    """Groups of nearly alike unit vectors; groups have nothing to do with each other."""
    rng = np.random.default_rng(seed)
    centers = unit_rows(rng.normal(size=(len(sizes), d)))
    noise = rng.normal(size=(sum(sizes), d)) * spread / np.sqrt(d)
    return unit_rows(np.repeat(centers, sizes, axis=0) + noise)


def descriptors(light: NDArray[np.floating]) -> ArrayVectors:
    """Descriptors of which only the cells of light are known, shape (n, 64) or (n, 8, 8)."""
    rows = np.zeros((len(light), DESCRIPTOR_LENGTH), dtype=np.float32)
    rows[:, LIGHT] = light.reshape(len(light), LIGHT_CELLS**2)
    return ArrayVectors(rows)


def background(photos: Vectors, pages: Vectors) -> Background:
    """Of these."""
    drawn = np.repeat([False, True], [len(photos), len(pages)])
    return Background("test", np.vstack([photos, pages]), drawn)


def around(*scale: float, pages: Sequence[int] = ()) -> Surroundings:
    """Local scales of some photos, of which some are pages."""
    page = np.zeros(len(scale), dtype=np.bool_)
    page[list(pages)] = True
    return Surroundings(np.array(scale, dtype=np.float32), page)


def tree_of(n: int, *links: LinkRow) -> GroupTree:
    """A tree of these links."""
    return GroupTree.from_table(n, np.array(links, dtype=np.float64).reshape(-1, 5))


def complete_lists(n: int) -> NDArray[np.int32]:
    """All others of each of n photos, by number."""
    others = [[other for other in range(n) if other != own] for own in range(n)]
    return np.array(others, dtype=np.int32).reshape(n, max(n - 1, 0))


def lists_of(matrix: Distances) -> tuple[Neighbors, Distances]:
    """Neighbors and ratios of a matrix of all ratios."""
    neighbors = complete_lists(len(matrix))
    return neighbors, np.take_along_axis(matrix, neighbors.astype(np.int64), axis=1)


def same_partition(one: Labels, other: Labels) -> bool:
    """Whether two label the same groups, by whatever numbers."""
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))


@st.composite
def ratio_matrices(draw: st.DrawFn, max_n: int = 12) -> Distances:
    """Ratios of all pairs, no two alike; many pairs have no link."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, missing = draw(st.integers(2, max_n)), draw(st.sampled_from([0.0, 0.3, 0.7, 0.9]))
    upper = np.triu(rng.beta(draw(st.sampled_from([1.0, 3.0])), 1.5, size=(n, n)), 1)
    upper[rng.random((n, n)) < missing] = np.inf
    upper = np.triu(upper, 1)
    matrix = (upper + upper.T).astype(np.float32)
    np.fill_diagonal(matrix, np.inf)
    matrix[matrix >= 1] = np.inf
    return matrix


@st.composite
def group_trees(draw: st.DrawFn, max_n: int = 20) -> GroupTree:
    """Forests whose links ascend, with ties, copies and what joins at round granularities."""
    n = draw(st.integers(1, max_n))
    ends = [(draw(st.integers(0, node - 1)), node) for node in range(1, n) if draw(st.booleans())]
    joins = st.one_of(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, 4.0]), st.floats(1e-3, 6))
    heights = sorted(draw(st.lists(joins, min_size=len(ends), max_size=len(ends))))
    ends = draw(st.permutations(ends))
    rows = [
        (*pair, height / 4, height, draw(st.booleans()))
        for pair, height in zip(ends, heights, strict=True)
    ]
    return tree_of(n, *rows)


def graph_without(graph: NeighborGraph, forgotten: NDArray[np.bool_]) -> NeighborGraph:
    """The graph without some of its edges, which must be the last of each row."""
    return NeighborGraph(
        np.where(forgotten, -1, graph.neighbors),
        np.where(forgotten, np.inf, graph.distances).astype(np.float32),
    )
