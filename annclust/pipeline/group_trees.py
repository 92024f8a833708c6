"""Group trees: the links that make shots, scenes and themes, stored, so that they can be cut again.

Making them needs the graph and the vectors; cutting them needs neither. So another level or
granularity is a matter of what is stored, until photos come or go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import numpy as np
import xxhash
from numpy.typing import NDArray

from annclust.arrays import Distances
from annclust.embedding.efficientnet_lite0 import EXACT_SPEC, SPEC
from annclust.embedding.embedder import EmbedderSpec
from annclust.errors import Changed
from annclust.grouping.background import Background, no_background, shipped_background
from annclust.grouping.chain import group_photos
from annclust.grouping.decisions import Decisions, decided, pairs_of
from annclust.grouping.group_memory import group_memory
from annclust.grouping.group_tree import GroupTree
from annclust.grouping.moments import Moments
from annclust.grouping.surroundings import Surroundings
from annclust.memory_plan import require_memory
from annclust.pipeline.derived import refresh_graph
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.pipeline.stored import graph_basis, graph_recall
from annclust.progress import SILENT, Progress
from annclust.settings import GroupSettings, SearchSettings
from annclust.storage.generation_writer import array_writer
from annclust.storage.generations import load_array
from annclust.storage.records import Generation
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.vector_source import SelectedVectors

_REVISION = 2
"""Of how groups are made: what was made in another way is made anew."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredGroups:
    """A group tree, what it was made of, and how far it can be trusted.

    Parameters
    ----------
    tree : GroupTree
        Of n contents; decisions are not in it.
    around : Surroundings
    recall : float
        Share of the true neighbors that the graph has, as it was measured.
    times_told : bool
        Whether times and places in the files brought photos of shots closer.
    """

    tree: GroupTree
    around: Surroundings
    recall: float
    times_told: bool


def has_layouts(embedder: EmbedderSpec) -> bool:
    """Whether vectors are those of the default embedder, in whichever edition."""
    return embedder.matches(SPEC) or embedder.matches(EXACT_SPEC)


def background_of(embedder: EmbedderSpec) -> Background:
    """Unrelated pictures as an embedder sees them; none unless it is the default one."""
    return shipped_background() if has_layouts(embedder) else no_background(embedder.dimension)


def moments_of(store: Store, live: LiveVectors, settings: GroupSettings) -> Moments:
    """When and where each live content was taken, if that counts."""
    if not settings.times:
        return Moments.unknown(len(live.rows))
    known = store.catalog.captures()
    place = np.searchsorted(live.rows, known.rows)
    taken, latitude, longitude = (np.full(len(live.rows), np.nan) for _ in range(3))
    taken[place], latitude[place] = known.taken, known.latitude
    longitude[place] = known.longitude
    return Moments(taken, latitude, longitude)


def _made_with(store: Store, moments: Moments, settings: GroupSettings) -> str:
    """What groups depend on besides the graph."""
    choices = xxhash.xxh3_64_hexdigest(json.dumps(_choices(settings)).encode())
    background = background_of(store.embedder).name
    return f"choices={choices} background={background} times={moments.digest} made={_REVISION}"


def _choices(settings: GroupSettings) -> dict[str, object]:
    """The choices that the tree depends on: what is shown of it may be chosen later."""
    told = asdict(settings)
    del told["min_cluster_size"]
    return told


def stored_groups(
    store: Store, live: LiveVectors, settings: GroupSettings | None = None
) -> StoredGroups | None:
    """The stored groups, if they are over live vectors and made as they would be now.

    Without settings, any choices will do.
    """
    found = store.catalog.generation("groups")
    if found is None or not _fits(found, store, live, settings):
        return None
    return store.load_generation("groups", lambda it: _loaded(store, it), basis=found.basis)


def lacking(store: Store, live: LiveVectors, settings: GroupSettings | None = None) -> Changed:
    """Why there are no such stored groups."""
    found = store.catalog.generation("groups")
    if found is None or _fits(found, store, live, settings):  # the latter is damaged
        return "dropped"
    return "choices" if found.basis.startswith(f"rows={live.digest} ") else "photos"


def _fits(
    found: Generation, store: Store, live: LiveVectors, settings: GroupSettings | None
) -> bool:
    made_with = f"made={_REVISION}"
    if settings is not None:
        made_with = _made_with(store, moments_of(store, live, settings), settings)
    return found.basis.startswith(f"rows={live.digest} ") and found.basis.endswith(f" {made_with}")


def _loaded(store: Store, generation: Generation) -> StoredGroups:
    told = json.loads(generation.spec)
    links, scale, page = (
        np.asarray(load_array(store.path, generation, f"{part}.npy"))
        for part in ("links", "scale", "page")
    )
    tree = GroupTree.from_table(told["vectors"], links)
    around = Surroundings.measured(scale, page)
    return StoredGroups(tree, around, told["recall"], told["times_told"])


def refresh_groups(
    store: StoreWriter,
    live: LiveVectors,
    settings: GroupSettings,
    search: SearchSettings,
    progress: Progress = SILENT,
) -> StoredGroups:
    """Give the groups over all live vectors, made anew if they are out of date.

    Index and graph are brought up to date only if they are.
    """
    moments = moments_of(store, live, settings)
    basis = f"{graph_basis(store, live, search)} {_made_with(store, moments, settings)}"
    stored = store.load_generation("groups", lambda found: _loaded(store, found), basis=basis)
    if stored is not None:
        return stored
    graph = refresh_graph(store, live, search, progress)
    needed = group_memory(graph.n, graph.k, store.embedder.dimension)
    require_memory(search.memory, needed, f"grouping {graph.n:,} contents")
    made = group_photos(
        graph,
        SelectedVectors(store.sound_vectors(), live.rows),
        background_of(store.embedder),
        moments,
        settings,
        has_layouts=has_layouts(store.embedder),
        threads=search.threads,
        progress=progress,
    )
    found = StoredGroups(made.tree, made.around, graph_recall(store), made.times_told)
    _publish(store, found, basis)
    return found


@contextmanager
def keeping_groups(store: StoreWriter) -> Iterator[None]:
    """Let rows get new numbers: the links between the same photos, in the same order, stay."""
    found, live = store.catalog.generation("groups"), live_vectors(store)
    stored = stored_groups(store, live)
    yield
    if found is not None and stored is not None and store.catalog.generation("groups") is None:
        made_of = found.basis.partition(" ")[2]
        _publish(store, stored, f"rows={live_vectors(store).digest} {made_of}")


def _publish(store: StoreWriter, found: StoredGroups, basis: str) -> None:
    arrays: dict[str, NDArray[np.float64] | Distances | NDArray[np.bool_]] = {
        "links": found.tree.table,
        "scale": found.around.scale,
        "page": found.around.page,
    }
    store.publish(
        "groups",
        {f"{name}.npy": array_writer(array) for name, array in arrays.items()},
        basis=basis,
        spec={
            "vectors": found.tree.n,
            "recall": found.recall,
            "times_told": found.times_told,
        },
    )


def with_decisions(store: Store, live: LiveVectors, tree: GroupTree) -> GroupTree:
    """The tree in which a person's decisions hold."""
    return decided(tree, decisions_of(store, live))


def decisions_of(store: Store, live: LiveVectors) -> Decisions:
    """What a person decided about photos that are there, by node."""
    known = store.catalog.decisions()
    rows = store.catalog.rows_of({digest for *pair, _ in known for digest in pair})
    pairs: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    for first, second, alike in known:
        one, other = (
            live.node_of_row(rows[end]) if end in rows else None for end in (first, second)
        )
        if one is not None and other is not None and one != other:
            pairs[alike].append((one, other))
    return Decisions(pairs_of(pairs[True]), pairs_of(pairs[False]))
