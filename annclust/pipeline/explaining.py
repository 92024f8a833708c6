"""Explaining: why photos are together, and why one is alone, from what is stored.

Whether they are is what the last clustering says; the reasons are those of the stored links, so
both must be of the same photos, choices and decisions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from annclust.arrays import Labels, Nodes, unit_rows
from annclust.errors import GroupsOutOfDateError, UnknownPhotoError
from annclust.grouping.explanation import (
    Link,
    Loneliness,
    Why,
    chain,
    loneliness,
    meeting,
    surest_link,
)
from annclust.grouping.group_tree import EVERYTHING, GroupTree
from annclust.grouping.layout import Layouts
from annclust.grouping.links import Pairs, pair_ratios, plain_ratios
from annclust.pipeline.asked import asked_content
from annclust.pipeline.clusters import is_out_of_date, last_clustering
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
class _Grouped:
    """A collection and its groups of one level, when something is explained.

    Parameters
    ----------
    tree : GroupTree
        With decisions; that of `stored` is without.
    clusters : ndarray of shape (n,), int64
        Group of each node; -1 if none.
    """

    store: Store
    live: LiveVectors
    level: Level
    choices: GroupChoices
    stored: StoredGroups
    tree: GroupTree
    clusters: Labels


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
    paths = [image] if other is None else [image, other]
    digests = [asked_content(store, path) for path in paths]
    with store.catalog.snapshot():
        grouped = _grouped(store, level)
        asked = {
            path: _node(grouped, digest, path) for path, digest in zip(paths, digests, strict=True)
        }
        return _explained(grouped, search, asked, image, other)


def _grouped(store: Store, level: Level | None) -> _Grouped:
    last = last_clustering(store, level)
    asked, live = json.loads(last.settings), live_vectors(store)
    choices = GroupChoices.from_dict(asked) if "granularity" in asked else None
    stored = None
    if choices is not None and not is_out_of_date(store, last):
        stored = stored_groups(store, live, choices.settings)
    if choices is None or stored is None:
        raise GroupsOutOfDateError(store.path, level=last.level)
    tree = with_decisions(store, live, stored.tree)
    clusters = np.full(len(live.rows), -1, dtype=np.int64)
    rows, ids = store.catalog.memberships(last.level)
    clusters[np.searchsorted(live.rows, rows)] = ids
    return _Grouped(store, live, cast(Level, last.level), choices, stored, tree, clusters)


def _node(grouped: _Grouped, digest: bytes, path: Path) -> int:
    content = grouped.store.catalog.content(digest)
    node = None if content is None else grouped.live.node_of_row(content.row)
    if node is None:
        raise UnknownPhotoError(path)
    return node


def _explained(
    grouped: _Grouped,
    search: SearchSettings,
    asked: Mapping[Path, int],
    image: Path,
    other: Path | None,
) -> Explanation:
    node, far = asked[image], None if other is None else asked[other]
    cluster = int(grouped.clusters[node])
    with_it = cluster if far is None else int(grouped.clusters[far])
    together = node == far or (cluster >= 0 and cluster == with_it)
    links = _links(grouped, node, far) if together else ()
    lonely = None if together else _apart(grouped, search, node, far)
    spoken_of = {node, *(end for link in links for end in (link.left, link.right))}
    spoken_of |= {far} if far is not None else set()
    spoken_of |= {lonely.nearest} if lonely is not None else set()
    photos = _photos(grouped, spoken_of)
    return Explanation(
        photo=_named(photos, image, node),
        other=None if other is None or far is None else _named(photos, other, far),
        level=grouped.level,
        cluster=None if cluster < 0 else cluster,
        together=together,
        links=tuple(
            LinkReport(photos[each.left][0], photos[each.right][0], each.ratio, each.height)
            for each in links
        ),
        apart=None if lonely is None else _told(grouped, photos, lonely, node),
    )


def _links(grouped: _Grouped, node: int, far: int | None) -> tuple[Link, ...]:
    """The way from one photo to another one of its group, or the surest link of one."""
    look = grouped.choices.granularity
    if far is None:
        surest = surest_link(grouped.tree, look, node)
        return () if surest is None else (surest,)
    return chain(grouped.tree, look, node, far) or ()


def _apart(
    grouped: _Grouped, search: SearchSettings, node: int, far: int | None
) -> Loneliness | None:
    """Why a photo is not with another one, or with none of its neighbors."""
    if far is not None:
        found = _compared(grouped, node, np.array([far]))
    else:
        graph = stored_graph(grouped.store, grouped.live, search)
        if graph is None:
            raise GroupsOutOfDateError(grouped.store.path, level=grouped.level)
        neighbors = graph.neighbors[node].astype(np.int64)
        neighbors = neighbors[neighbors >= 0]
        if not len(neighbors):
            return None
        found = _compared(grouped, node, neighbors)
    return found.because(_overruling(grouped, node, found))


def _overruling(grouped: _Grouped, node: int, found: Loneliness) -> Why | None:
    """What keeps a photo apart that has nothing to do with how near it is."""
    look = grouped.choices.granularity
    if chain(grouped.tree, look, node, found.nearest) is not None:
        return "few"
    if chain(grouped.stored.tree, look, node, found.nearest) is not None:
        return "said"
    return None if grouped.level == "shots" else "later"


def _compared(grouped: _Grouped, node: int, others: Nodes) -> Loneliness:
    """The surest of some pairs, and what is in its way."""
    store, settings = grouped.store, grouped.choices.settings
    nodes = np.concatenate([[node], others])
    stored = require_sound(store, store.vectors(), grouped.live.rows[nodes].tolist())
    vectors = ArrayVectors(unit_rows(stored))
    around = grouped.stored.around.of(nodes)
    layouts = Layouts.of(vectors) if has_layouts(store.embedder) else None
    settings = replace(settings, times=settings.times and grouped.stored.times_told)
    moments = moments_of(store, grouped.live, settings).chosen(nodes)
    right = np.arange(1, len(nodes))
    distance = np.linalg.norm(vectors.rows[right] - vectors.rows[0], axis=1)
    pairs = Pairs(np.zeros_like(right), right, distance)
    ratios = pair_ratios(pairs, around, layouts, moments, settings.links)
    plain = plain_ratios(pairs, around)
    return loneliness(others, distance, plain, ratios, settings.links.strong)


def _told(
    grouped: _Grouped, photos: Mapping[int, list[Photo]], lonely: Loneliness, node: int
) -> ApartReport:
    ratio = lonely.ratio if np.isfinite(lonely.ratio) else lonely.plain
    return ApartReport(
        nearest=photos[lonely.nearest][0],
        distance=lonely.distance,
        times=ratio / grouped.choices.settings.links.strong,
        granularity=meeting(grouped.tree.up_to(EVERYTHING), node, lonely.nearest),
        why=lonely.why,
    )


def _photos(grouped: _Grouped, nodes: set[int]) -> dict[int, list[Photo]]:
    """The photos of each of some nodes, by id."""
    row_of = {each: int(grouped.live.rows[each]) for each in nodes}
    found: dict[int, list[Photo]] = {row: [] for row in row_of.values()}
    for image in grouped.store.catalog.images_of_rows(row_of.values()):
        found[image.row].append(Photo(image.id, image.full_path))
    return {each: found[row] for each, row in row_of.items()}


def _named(photos: Mapping[int, list[Photo]], path: Path, node: int) -> Photo:
    """The photo that was asked about, of all that show the same."""
    asked = path.absolute()
    return next((photo for photo in photos[node] if photo.path == asked), photos[node][0])
