"""Explaining: why photos are together, and why one is alone, from what is stored."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from annclust.arrays import Nodes, unit_rows
from annclust.errors import NothingClusteredError, UnknownPhotoError
from annclust.grouping.explanation import Link, Loneliness, chain, loneliness, surest_link
from annclust.grouping.group_tree import GroupTree
from annclust.grouping.layout import Layouts
from annclust.grouping.links import Pairs, pair_ratios, plain_ratios
from annclust.grouping.moments import Moments
from annclust.grouping.surroundings import Surroundings
from annclust.images.digest import digest_of
from annclust.pipeline.clusters import last_clustering
from annclust.pipeline.group_trees import (
    StoredGroups,
    has_layouts,
    moments_of,
    stored_groups,
    with_decisions,
)
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.pipeline.photo_groups import GroupChoices
from annclust.pipeline.reports import ApartReport, Explanation, LinkReport, Photo
from annclust.pipeline.stored import stored_graph
from annclust.settings import Level, SearchSettings
from annclust.storage.store import Store
from annclust.storage.verify import require_sound
from annclust.vector_source import ArrayVectors


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What is known of a collection when something is explained."""

    store: Store
    live: LiveVectors
    level: Level
    choices: GroupChoices
    stored: StoredGroups
    tree: GroupTree


def explain(
    store: Store,
    search: SearchSettings,
    image: Path,
    other: Path | None = None,
    level: Level | None = None,
) -> Explanation:
    """Say why a photo is with another one, or with any; or why not.

    Parameters
    ----------
    store : Store
    search : SearchSettings
    image, other : Path
        Files whose contents the collection has.
    level : {"shots", "scenes", "themes"} or None
        That of the last clustering if None.

    Raises
    ------
    NothingClusteredError
        If that level was never clustered, or photos came or went since.
    UnknownPhotoError
        If the collection does not have a file's content.
    """
    digests = [digest_of(each) for each in (image, other) if each is not None]
    with store.catalog.snapshot():
        known = _known(store, level)
        nodes = [
            _node(known, digest, path)
            for digest, path in zip(digests, (image, other), strict=False)
        ]
        return _explained(known, search, nodes[0], *nodes[1:])


def _known(store: Store, level: Level | None) -> _Known:
    last = last_clustering(store, level)
    asked, live = json.loads(last.settings), live_vectors(store)
    stored = None
    if "granularity" in asked and asked["vectors"] == live.digest:
        choices = GroupChoices.from_dict(asked)
        stored = stored_groups(store, live, choices.settings)
    if stored is None:
        raise NothingClusteredError(store.path, level=level)
    tree = with_decisions(store, live, stored.tree)
    return _Known(store, live, cast(Level, last.level), choices, stored, tree)


def _node(known: _Known, digest: bytes, path: Path | None) -> int:
    content = known.store.catalog.content(digest)
    if content is not None:
        node = known.live.node_of_row(content.row)
        if node is not None:
            return node
    raise UnknownPhotoError(path or Path())


def _explained(
    known: _Known, search: SearchSettings, node: int, other: int | None = None
) -> Explanation:
    look = known.choices.granularity
    links: tuple[Link, ...] | None
    if other is None:
        surest = surest_link(known.tree, look, node)
        links = None if surest is None else (surest,)
    else:
        links = chain(known.tree, look, node, other)
    lonely = _apart(known, search, node, other) if links is None else None
    if lonely is not None and chain(known.stored.tree, look, node, lonely.nearest) is not None:
        lonely = replace(lonely, why="said")
    photos = _photos(known, node, other, links or (), lonely)
    return Explanation(
        photo=photos[node],
        other=None if other is None else photos[other],
        level=known.level,
        cluster=_cluster_of(known, node),
        together=links is not None,
        links=tuple(
            LinkReport(photos[each.left], photos[each.right], each.ratio, each.height)
            for each in links or ()
        ),
        apart=_told(known, photos, lonely),
    )


def _told(known: _Known, photos: dict[int, Photo], lonely: Loneliness | None) -> ApartReport | None:
    if lonely is None:
        return None
    ratio = lonely.ratio if np.isfinite(lonely.ratio) else lonely.plain
    times = ratio / known.choices.settings.links.strong
    return ApartReport(photos[lonely.nearest], lonely.distance, times, lonely.why)


def _apart(
    known: _Known, search: SearchSettings, node: int, other: int | None
) -> Loneliness | None:
    """Why a node is not with another one, or with none of its neighbors."""
    if other is None:
        graph = stored_graph(known.store, known.live, search)
        if graph is None:
            raise NothingClusteredError(known.store.path, level=known.level)
        neighbors = graph.neighbors[node].astype(np.int64)
        others = neighbors[neighbors >= 0]
    else:
        others = np.array([other])
    return _compared(known, node, others) if len(others) else None


def _compared(known: _Known, node: int, others: Nodes) -> Loneliness:
    """The surest of some pairs, and what is in its way."""
    store, settings = known.store, known.choices.settings
    nodes = np.concatenate([[node], others])
    stored = require_sound(store, store.vectors(), known.live.rows[nodes].tolist())
    vectors = ArrayVectors(unit_rows(stored))
    around = Surroundings(known.stored.around.scale[nodes], known.stored.around.page[nodes])
    layouts = Layouts.of(vectors) if has_layouts(store.embedder) else None
    moments = Moments.unknown(len(nodes))
    if settings.times:
        moments = moments_of(store, known.live).chosen(nodes)
    right = np.arange(1, len(nodes))
    distance = np.linalg.norm(vectors.rows[right] - vectors.rows[0], axis=1)
    pairs = Pairs(np.zeros_like(right), right, distance)
    ratios = pair_ratios(pairs, around, layouts, moments, settings.links)
    plain = plain_ratios(pairs, around)
    return loneliness(others, distance, plain, ratios, settings.links.strong)


def _photos(
    known: _Known,
    node: int,
    other: int | None,
    links: tuple[Link, ...],
    lonely: Loneliness | None,
) -> dict[int, Photo]:
    """The first photo of each node that is spoken of."""
    nodes = {node, *(end for link in links for end in (link.left, link.right))}
    nodes |= set() if other is None else {other}
    nodes |= set() if lonely is None else {lonely.nearest}
    row_of = {each: int(known.live.rows[each]) for each in nodes}
    found: dict[int, Photo] = {}
    for image in known.store.catalog.images_of_rows(row_of.values()):
        found.setdefault(image.row, Photo(image.id, image.full_path))
    return {each: found[row] for each, row in row_of.items()}


def _cluster_of(known: _Known, node: int) -> int | None:
    rows, clusters = known.store.catalog.memberships(known.level)
    place = np.flatnonzero(rows == known.live.rows[node])
    return int(clusters[place[0]]) if len(place) else None
