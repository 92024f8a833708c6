"""Albums that never were, and what a patient person would say of them."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import strategies as st

from annclust.grouping.group_tree import GroupTree
from annclust.web.cut import AlbumPhotos
from annclust.web.notes import STATES, Notes
from tests.grouping.samples import group_trees

GRANULARITIES = st.floats(0, 3.5) | st.sampled_from([0.0, 1.0, 2.0, 3.0, 3.5])


@st.composite
def albums(draw: st.DrawFn) -> tuple[AlbumPhotos, GroupTree]:
    """Photos of which some share a node of a tree, and some are on none."""
    tree = draw(group_trees())
    m = draw(st.integers(0, 12))
    node = draw(st.lists(st.integers(-1, tree.n - 1), min_size=m, max_size=m))
    ids = np.cumsum(draw(st.lists(st.integers(1, 3), min_size=m, max_size=m)))
    taken = st.sampled_from([np.nan, 0.0, 1.0, 2.0])
    return AlbumPhotos(
        ids.astype(np.int64),
        np.arange(m),
        np.array(node, dtype=np.int64),
        np.array(draw(st.lists(st.integers(0, 9), min_size=m, max_size=m)), dtype=np.int64),
        np.array(draw(st.lists(taken, min_size=m, max_size=m)), dtype=np.float64),
    ), tree


@st.composite
def notes_on(draw: st.DrawFn, photos: AlbumPhotos) -> Notes:
    """Any marks and states."""
    m = len(photos.ids)

    def some(most: int) -> list[int]:
        return draw(st.lists(st.integers(0, most), min_size=m, max_size=m))

    mark, state = (np.array(some(2), dtype=np.int8) for _ in range(2))
    return Notes(mark, state, np.array(some(1), dtype=np.int64), np.array(some(1), dtype=np.bool_))


def slow_groups(photos: AlbumPhotos, tree: GroupTree, granularity: float) -> list[list[int]]:
    """Places of photos that hang together, photo by photo and link by link; ascending."""
    group = list(range(tree.n))
    for left, right, height in zip(tree.left, tree.right, tree.height, strict=True):
        if height <= granularity:
            kept, gone = group[left], group[right]
            group = [kept if each == gone else each for each in group]
    found = defaultdict(list)
    for place, node in enumerate(photos.node.tolist()):
        if node >= 0:
            found[group[node]].append(place)
    return sorted(members for members in found.values() if len(members) > 1)


def slow_state(notes: Notes, members: list[int]) -> str:
    """What became of a group: what all of its photos agree in."""
    told = {(int(notes.state[place]), int(notes.lead[place])) for place in members}
    return STATES[told.pop()[0]] if len(told) == 1 else "open"
