"""Inspection: is a collection that was left at any moment as it was acknowledged?

It must be exactly what its life says of the last acknowledged step, or of the one that was being
taken; a reader must see no promise broken and believe no wrong file; and a writer must be able to
go on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from living.life import Life, life
from living.life_states import Derived, State, group
from operations import COLLECTION
from workload import LEVEL, SEARCH, SPEC, Living, digest, vector

from annclust.arrays import unit_rows
from annclust.pipeline.stored import stored_index
from annclust.storage import layout
from annclust.storage.generations import load_array
from annclust.storage.layout import GenerationKind
from annclust.storage.records import Generation
from annclust.storage.store import Store
from annclust.storage.vector_file import HEADER_SIZE
from annclust.storage.verify import verify

_TOLERANCE = 1e-2
"""Of a distance that is found in float16 and computed anew in float32."""

_OTHERS = {layout.CATALOG, f"{layout.CATALOG}-wal", f"{layout.CATALOG}-shm", layout.WRITER_LOCK}

Facts = Mapping[str, object]
"""What can be asked of a collection, by a name for people."""


@dataclass(slots=True)
class Inspection:
    """What was found: every violation, and the step that the collection is at in the end."""

    step: int
    violations: list[str] = field(default_factory=list)

    def add(self, found: Iterator[str], when: str = "") -> None:
        """Note violations."""
        self.violations += [f"{when}{violation}" for violation in found]


def inspect(folder: Path, seed: int, acknowledged: int) -> Inspection:
    """Look at a collection as a reader, then go on with its life for a round, and look again."""
    found = Inspection(acknowledged)
    try:
        _inspect(folder, life(seed), found)
    except Exception as error:  # a broken collection may bring about any
        found.violations.append(f"{type(error).__name__}: {error}")
    return found


def violations(folder: Path, seed: int, acknowledged: int) -> Iterator[str]:
    """Everything that is not as promised, with the last step that was acknowledged."""
    yield from inspect(folder, seed, acknowledged).violations


def _inspect(folder: Path, lived: Life, found: Inspection) -> None:
    path = folder / COLLECTION
    if Store.exists(path):
        with Store(path) as store:
            found.add(_broken_promises(store))
            found.step, differences = _place_in_life(store, lived, found.step)
            found.add(iter(differences))
            found.add(deceptions(store, lived.state(found.step)))
    elif found.step:
        found.violations.append("the collection is gone")
    if not found.violations:
        _go_on(folder, lived, found)


def _broken_promises(store: Store) -> Iterator[str]:
    for problem in verify(store):
        yield f"{problem.invariant}: {problem.message}"


def _place_in_life(store: Store, lived: Life, acknowledged: int) -> tuple[int, list[str]]:
    """The step that a collection is at, and how it differs from what it must be there."""
    seen = _seen(store, lived.state(acknowledged + 1))
    for step in (acknowledged, acknowledged + 1):
        if step and seen == _expected(lived.state(step)):
            return step, []
    expected = _expected(lived.state(max(acknowledged, 1)))
    names = [name for name in expected if expected[name] != seen[name]]
    return acknowledged, [f"neither the state acknowledged nor the next: {', '.join(names)}"]


def _expected(state: State) -> Facts:
    photos = {
        number: (os.fsencode(photo.path), digest(photo.content), state.row_of[photo.content])
        for number, photo in state.photos.items()
    }
    exported = {}
    for number, photo in state.photos.items():
        cluster = state.clusters.get(state.row_of[photo.content])
        stands = cluster is not None and state.representative(cluster) == number
        exported[number] = (cluster, stands)
    return {
        "vector file": layout.vector_file(state.file),
        "vectors": stored_bytes(state.vectors),
        "photos": photos,
        "removed photos": len(state.removed),
        "contents": {digest(content): row for content, row in state.row_of.items()},
        "number of contents": len(state.row_of),
        "clusters": exported,
        "members": dict(state.clusters),
        "next cluster": state.next_cluster,
        "generations": {kind: (d.number, d.rows) for kind, d in state.derived.items()},
        "next generations": [state.next_generation.get(kind, 1) for kind in layout.KINDS],
    }


def _seen(store: Store, state: State) -> Facts:
    catalog = store.catalog
    images = [image for root in catalog.roots() for image in catalog.images_under(root.id)]
    counts = catalog.counts()
    digests = [digest(content) for content in range(state.next_content)]
    rows, clusters = catalog.memberships(LEVEL)
    current = [catalog.generation(kind) for kind in layout.KINDS]
    return {
        "vector file": store.vector_path.name,
        "vectors": store.vectors().stored.tobytes(),
        "photos": {i.id: (i.path, i.digest, i.row) for i in images},
        "removed photos": counts["removed"],
        "contents": {d: c.row for d in digests if (c := catalog.content(d))},
        "number of contents": counts["contents"],
        "clusters": {e.id: (e.cluster, e.representative) for e in catalog.export(LEVEL)},
        "members": dict(zip(rows.tolist(), clusters.tolist(), strict=True)),
        "next cluster": catalog.next_cluster(LEVEL),
        "generations": {g.kind: (g.number, g.rows) for g in current if g},
        "next generations": [catalog.next_generation(kind) for kind in layout.KINDS],
    }


def stored_bytes(numbers: tuple[int, ...]) -> bytes:
    """Some vectors as the vector file holds them."""
    return b"".join(vector(number).astype("<f2").tobytes() for number in numbers)


def deceptions(store: Store, state: State) -> Iterator[str]:
    """Derived files that a reader believes although they do not hold what was derived."""
    for kind, derived in state.derived.items():
        if DECEIVES[kind](store, state, derived):
            yield f"a reader believes a wrong {kind}"


def _index_deceives(store: Store, state: State, derived: Derived) -> bool:
    index = stored_index(store, SEARCH)
    if index is None:
        return False
    if index.rows != derived.rows:
        return True
    queries = np.stack([vector(number) for number in state.vectors[: derived.rows]])
    distances, rows = index.search(queries, 1)
    # No two vectors are equal, so each must find itself.
    itself = np.array_equal(rows[:, 0], np.arange(derived.rows))
    return not (itself and np.abs(distances[:, 0]).max() < _TOLERANCE)


def _arrays(store: Store, kind: GenerationKind, *parts: str) -> list[np.ndarray] | None:
    def load(generation: Generation) -> list[np.ndarray]:
        return [np.array(load_array(store.path, generation, f"{part}.npy")) for part in parts]

    return store.load_generation(kind, load)


def _graph_deceives(store: Store, state: State, derived: Derived) -> bool:
    arrays = _arrays(store, "graph", "rows", "neighbors", "distances")
    if arrays is None:
        return False
    rows, neighbors, distances = arrays
    if tuple(rows.tolist()) != derived.live or neighbors.shape != distances.shape:
        return True
    if len(neighbors) != len(rows) or ((neighbors < 0) | (neighbors >= len(rows))).any():
        return True
    stored = np.stack([vector(state.vectors[row]) for row in rows.tolist()]).astype("<f2")
    vectors = unit_rows(stored)
    true = np.linalg.norm(vectors[:, np.newaxis] - vectors[neighbors], axis=2)
    return not np.allclose(true, distances, atol=_TOLERANCE)


def _tree_deceives(store: Store, state: State, derived: Derived) -> bool:
    arrays = _arrays(store, "tree", "rows", "groups")
    if arrays is None:
        return False
    rows, groups = (tuple(array.tolist()) for array in arrays)
    return rows != derived.live or groups != tuple(group(row, state) for row in derived.live)


DECEIVES: Mapping[GenerationKind, Callable[[Store, State, Derived], bool]] = {
    "index": _index_deceives,
    "graph": _graph_deceives,
    "tree": _tree_deceives,
}
"""By every kind that a life makes, whether what a reader is given is not what it should be."""


def _go_on(folder: Path, lived: Life, found: Inspection) -> None:
    living = Living(folder, lived.seed, found.step)
    try:
        if found.step:
            found.add(_left_behind(living), "once a writer has come, ")
        living.go_on_for_a_round()
        found.step = living.step
        found.add(_broken_promises(living.store), "after another round, ")
        found.add(_left_behind(living), "after another round, ")
        expected = lived.state(found.step)
        if _seen(living.store, expected) != _expected(expected):
            found.violations.append("another round does not lead where it should")
    finally:
        living.close()


def _left_behind(living: Living) -> Iterator[str]:
    """What an interrupted writer left, and the next one should have taken away."""
    store = living.store
    rows = store.catalog.rows()
    size = HEADER_SIZE + rows * SPEC.dimension * 2
    if store.vector_path.stat().st_size != size:
        yield f"the vector file has {store.vector_path.stat().st_size} bytes instead of {size}"
    listed = {*store.catalog.derived_names(), store.vector_path.name, *_OTHERS}
    there = {path.name for path in store.path.iterdir()}
    if there - listed:
        yield f"files are left that mean nothing: {', '.join(sorted(there - listed))}"
