"""Album reading: how an album is made of what is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xxhash

from annclust.arrays import Measures, Nodes
from annclust.grouping.decisions import decided
from annclust.grouping.group_tree import GroupTree
from annclust.pipeline.clusters import changed_since
from annclust.pipeline.group_trees import decisions_of, stored_groups
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.pipeline.made_of import decisions_digest
from annclust.settings import GRANULARITY
from annclust.storage.records import ClusteringRecord
from annclust.storage.store import Store
from annclust.web.album import Album, AlbumState, Links, OutOfDate
from annclust.web.cut import AlbumPhotos


def read_album(store: Store, last: Album | None = None) -> Album:
    """Read the photos and groups of now; `last` itself, if nothing of them has changed since.

    Photos that came since the groups were made stand alone, those that went are in none: while
    groups are out of date, the links of `last` go on.
    """
    with store.catalog.snapshot():
        live = live_vectors(store)
        contents = _contents(store, live)
        state = _state(store, live, contents)
        if last is not None and last.state == state:
            return last
        links = _links(store, live, None if last is None else last.links)
        tree = _no_links() if links is None else _decided(store, links)
        photos = _photos(store, live, contents, links)
        clustering = _clustering(store)
        return Album(
            photos,
            tree,
            links,
            state,
            live=live,
            granularity=_granularity(clustering),
            out_of_date=_out_of_date(store, live, links, clustering),
        )


def with_decisions_of_now(store: Store, album: Album) -> Album:
    """The same photos and links, where nothing but decisions has changed."""
    decided_now = decisions_digest(store)
    if album.state.decisions == decided_now:
        return album
    return Album(
        album.photos,
        album.tree if album.links is None else _decided(store, album.links),
        album.links,
        replace(album.state, decisions=decided_now),
        live=album.live,
        granularity=album.granularity,
        out_of_date=_out_of_date(store, album.live, album.links, _clustering(store)),
    )


def _contents(store: Store, live: LiveVectors) -> Nodes:
    """How the digest of each photo that has a vector begins."""
    ids, _ = store.catalog.sizes()
    return store.catalog.contents()[np.searchsorted(ids, live.photos)]


def _state(store: Store, live: LiveVectors, contents: Nodes) -> AlbumState:
    groups, clustering = store.catalog.generation("groups"), _clustering(store)
    return AlbumState(
        photos=_digest(live.photos, live.rows[live.node_of], contents),
        links=None if groups is None else groups.number,
        decisions=decisions_digest(store),
        clustering=None if clustering is None else clustering.id,
        captures=len(store.catalog.captures().rows),
    )


def _digest(*arrays: Nodes) -> str:
    told = xxhash.xxh3_64()
    for array in arrays:
        told.update(array.tobytes())
        told.update(b"|")
    return told.hexdigest()


def _clustering(store: Store) -> ClusteringRecord | None:
    """The last clustering that was cut from links."""
    found = [each for each in store.catalog.clusterings() if each.level in GRANULARITY]
    return max(found, key=lambda each: each.id, default=None)


def _links(store: Store, live: LiveVectors, last: Links | None) -> Links | None:
    vector_file, generation = store.vector_path.name, store.catalog.generation("groups")
    stored = stored_groups(store, live)
    if stored is not None and generation is not None:
        return Links(stored.tree, live, vector_file, generation.number)
    return last if last is not None and last.vector_file == vector_file else None


def _no_links() -> GroupTree:
    nothing = np.zeros(0)
    nobody = np.zeros(0, dtype=np.int64)
    return GroupTree(0, nobody, nobody, nothing, nothing, np.zeros(0, dtype=np.bool_))


def _decided(store: Store, links: Links) -> GroupTree:
    return decided(links.tree, decisions_of(store, links.live))


def _photos(store: Store, live: LiveVectors, contents: Nodes, links: Links | None) -> AlbumPhotos:
    """The photos that have a vector, with what there is to know of all of them."""
    rows = live.rows[live.node_of]
    node = np.full(len(rows), -1, dtype=np.int64)
    if links is not None and len(links.live.rows):
        node = _places(links.live.rows, rows)
    ids, sizes = store.catalog.sizes()
    return AlbumPhotos(
        live.photos, contents, node, sizes[np.searchsorted(ids, live.photos)], _taken(store, rows)
    )


def _places(among: Nodes, wanted: Nodes) -> Nodes:
    """Where each of some numbers stands among others, ascending; -1 if it does not."""
    places = np.minimum(np.searchsorted(among, wanted), len(among) - 1)
    return np.where(among[places] == wanted, places, -1)


def _taken(store: Store, rows: Nodes) -> Measures:
    known = store.catalog.captures()
    if not len(known.rows):
        return np.full(len(rows), np.nan)
    places = _places(known.rows, rows)
    return np.where(places >= 0, known.taken[places], np.nan)


def _settings(clustering: ClusteringRecord | None) -> Mapping[str, Any]:
    return {} if clustering is None else json.loads(clustering.settings)


def _granularity(clustering: ClusteringRecord | None) -> float:
    return float(_settings(clustering).get("granularity", GRANULARITY["shots"]))


def _out_of_date(
    store: Store, live: LiveVectors, links: Links | None, clustering: ClusteringRecord | None
) -> OutOfDate | None:
    if clustering is None:
        return None
    if links is None or links.live.digest != live.digest:
        return "photos"
    return "decisions" if changed_since(store, clustering, live) == "decisions" else None
