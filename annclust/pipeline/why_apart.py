"""Why apart: what keeps a photo out of the group of another one, or out of any."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from annclust.arrays import Nodes, unit_rows
from annclust.errors import InputError
from annclust.grouping.explanation import Loneliness, Why, loneliness, meeting
from annclust.grouping.group_tree import GroupTree
from annclust.grouping.layout import Layouts
from annclust.grouping.links import Pairs, pair_ratios, plain_ratios
from annclust.pipeline.group_trees import has_layouts, moments_of
from annclust.pipeline.level_groups import LevelGroups
from annclust.pipeline.stored import stored_graph
from annclust.settings import GRANULARITY, SearchSettings
from annclust.storage.verify import require_sound
from annclust.vector_source import ArrayVectors


def why_apart(
    groups: LevelGroups, search: SearchSettings, node: int, far: int | None
) -> Loneliness | None:
    """Say why a photo is not with another one, or with none of its neighbors.

    Parameters
    ----------
    groups : LevelGroups
    search : SearchSettings
    node : int
        Of the photo.
    far : int or None
        Of the other one; whichever neighbor has the surest link, if None.

    Returns
    -------
    Loneliness or None
        None where there is nothing to compare it with.

    Raises
    ------
    InputError
        If the neighbor graph is asked and is not there.
    """
    others = _neighbors(groups, search, node) if far is None else np.array([far])
    if not len(others):
        return None
    found = _compared(groups, node, others)
    return found.because(_overruling(groups, node, found.nearest))


def _neighbors(groups: LevelGroups, search: SearchSettings, node: int) -> Nodes:
    graph = stored_graph(groups.store, groups.live, search)
    if graph is None:
        path = groups.store.path
        raise InputError(
            f"the neighbor graph of {path} is out of date. `annclust index -c {path}` makes it"
            " again."
        )
    neighbors = graph.neighbors[node]
    known: Nodes = neighbors[neighbors >= 0].astype(np.int64)
    return known


def _compared(groups: LevelGroups, node: int, others: Nodes) -> Loneliness:
    """The surest of some pairs, and what is in its way."""
    store, settings = groups.store, groups.choices.settings
    nodes = np.concatenate([[node], others])
    stored = require_sound(store, store.vectors(), groups.live.rows[nodes].tolist())
    vectors = ArrayVectors(unit_rows(stored))
    around = groups.stored.around.of(nodes)
    layouts = Layouts.of(vectors) if has_layouts(store.embedder) else None
    settings = replace(settings, times=settings.times and groups.stored.times_told)
    moments = moments_of(store, groups.live, settings).chosen(nodes)
    right = np.arange(1, len(nodes))
    distance = np.linalg.norm(vectors.rows[right] - vectors.rows[0], axis=1)
    pairs = Pairs(np.zeros_like(right), right, distance)
    ratios = pair_ratios(pairs, around, layouts, moments, settings.links)
    plain = plain_ratios(pairs, around)
    return loneliness(others, distance, plain, ratios, settings.links.strong)


def _overruling(groups: LevelGroups, node: int, nearest: int) -> Why | None:
    """What keeps two photos apart that has nothing to do with how near they are."""
    joined, wished = (_joined_at(tree, node, nearest) for tree in (groups.tree, groups.wished))
    if joined <= groups.look:
        return "few"
    if wished <= groups.look:
        return "said"
    usual = GRANULARITY[groups.level]
    if joined <= usual:
        return "finer"
    return "said" if wished <= usual else None


def _joined_at(tree: GroupTree, node: int, nearest: int) -> float:
    found = meeting(tree, node, nearest)
    return np.inf if found is None else found
