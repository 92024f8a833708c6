"""Maps: where all photos are in two dimensions, stored, and drawn again when photos came or went.

Drawing needs the graph. What is drawn again begins with the places that are stored, so that one
finds one's way about it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import xxhash

from annclust.arrays import Nodes
from annclust.memory_plan import require_memory
from annclust.photo_map.frame import Framed, told_apart
from annclust.photo_map.map_memory import map_memory
from annclust.photo_map.places import Places
from annclust.pipeline.derived import refresh_graph
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.pipeline.stored import graph_basis, stored_graph
from annclust.progress import SILENT, Progress
from annclust.settings import SearchSettings
from annclust.storage.generation_writer import array_writer
from annclust.storage.generations import load_array
from annclust.storage.records import Generation
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter

_REVISION = 1
"""Of how maps are drawn: what was drawn in another way is drawn again."""


@dataclass(frozen=True, slots=True, eq=False)
class PhotoMap:
    """Where photos are on the map.

    Parameters
    ----------
    ids : ndarray of shape (m,), int64
        Of the photos, ascending.
    places : ndarray of shape (m, 2), float32
        From 0 to 1, the aspect as it was drawn; no two photos in one place.
    stale : bool
        Whether photos came or went since it was drawn: those that came are not on it.
    """

    ids: Nodes
    places: Places
    stale: bool

    @property
    def digest(self) -> str:
        """Tells whether it is another map by now."""
        return xxhash.xxh3_64_hexdigest(self.ids.tobytes() + self.places.tobytes())


@dataclass(frozen=True, slots=True, eq=False)
class _StoredMap:
    """Vector rows, shape (n,), ascending, and where they are, shape (n, 2)."""

    rows: Nodes
    framed: Framed

    def over(self, live: LiveVectors) -> Framed:
        """Where the nodes of live vectors are; NaN of those that are not on the map."""
        known = np.full((len(live.rows), 2), np.nan, dtype=np.float32)
        _, here, there = np.intersect1d(
            live.rows, self.rows, assume_unique=True, return_indices=True
        )
        known[here] = self.framed.places[there]
        return Framed(known, self.framed.unit)


def stored_map(store: Store) -> PhotoMap | None:
    """The map as it was drawn last, of the photos that are still there; None if there is none."""
    with store.catalog.snapshot():
        live, found = live_vectors(store), store.catalog.generation("map")
        stored = _stored(store)
    if found is None or stored is None:
        return None
    return _of_photos(stored, live, stale=not _is_over(found, live))


def _stored(store: Store, basis: str | None = None) -> _StoredMap | None:
    def load(generation: Generation) -> _StoredMap:
        rows, places = (
            np.array(load_array(store.path, generation, f"{part}.npy"))
            for part in ("rows", "places")
        )
        return _StoredMap(rows, Framed(places, json.loads(generation.spec)["unit"]))

    return store.load_generation("map", load, basis=basis)


def _is_over(found: Generation, live: LiveVectors) -> bool:
    return found.basis.startswith(f"rows={live.digest} ") and found.basis.endswith(_made())


def _made() -> str:
    return f" drawn={_REVISION}"


def _of_photos(stored: _StoredMap, live: LiveVectors, *, stale: bool) -> PhotoMap:
    """Exact copies lie beside their twins."""
    places = stored.over(live).places[live.node_of]
    known = ~np.isnan(places[:, 0])
    return PhotoMap(live.photos[known], told_apart(places[known]), stale)


def refresh_map(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> PhotoMap:
    """Give the map of all present photos, drawn again if it is out of date.

    Index and graph are brought up to date only if it is. Photos that were on the map before stay
    about where they were.

    Raises
    ------
    InputError
        If it takes more memory than the settings allow.
    """
    live = live_vectors(store)
    basis = graph_basis(store, live, settings) + _made()
    stored = _stored(store, basis)
    if stored is None:
        stored = _drawn(store, live, basis, settings, progress)
    return _of_photos(stored, live, stale=False)


def _drawn(
    store: StoreWriter,
    live: LiveVectors,
    basis: str,
    settings: SearchSettings,
    progress: Progress,
) -> _StoredMap:
    # Whoever only looks at a map must not wait for what drawing needs.
    from annclust.photo_map.drawing import draw_map

    before = _stored(store)
    graph = stored_graph(store, live, settings)  # with less memory, as it opens no index
    if graph is None:
        graph = refresh_graph(store, live, settings, progress)
    require_memory(settings.memory, map_memory(graph.n, graph.k), f"a map of {graph.n:,} contents")
    framed = draw_map(
        graph,
        None if before is None else before.over(live),
        seed=settings.seed,
        threads=settings.threads,
        progress=progress,
    )
    drawn = _StoredMap(live.rows, framed)
    _publish(store, drawn, basis)
    return drawn


def _publish(store: StoreWriter, drawn: _StoredMap, basis: str) -> None:
    arrays = {"rows": array_writer(drawn.rows), "places": array_writer(drawn.framed.places)}
    store.publish(
        "map",
        {f"{name}.npy": write for name, write in arrays.items()},
        basis=basis,
        spec={"vectors": len(drawn.rows), "unit": drawn.framed.unit},
    )


@contextmanager
def keeping_map(store: StoreWriter) -> Iterator[None]:
    """Let rows get new numbers: the places of the same photos, in the same order, stay."""
    found, before, stored = store.catalog.generation("map"), live_vectors(store), _stored(store)
    yield
    if found is None or stored is None or store.catalog.generation("map") is not None:
        return
    known = stored.over(before)
    there = ~np.isnan(known.places[:, 0])
    rows = live_vectors(store).rows[there]
    if len(rows):
        kept = _StoredMap(rows, Framed(known.places[there], known.unit))
        made_of = found.basis.partition(" ")[2]
        digest = LiveVectors(rows, rows, rows).digest
        _publish(store, kept, f"rows={digest} {made_of}")
