"""Life states: everything that a collection holds, and how each change changes it.

The perfect model that a real collection is held against; pure and slow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from living.life_changes import (
    Begin,
    BuildGraph,
    BuildIndex,
    Change,
    Cluster,
    Compact,
    Embed,
    Enter,
    Photo,
    Settle,
)

from annclust.storage.layout import GenerationKind


@dataclass(frozen=True, slots=True)
class Derived:
    """A current generation: its number, the committed rows at that time, and the live ones."""

    number: int
    rows: int
    live: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class State:
    """Everything that a collection holds.

    Parameters
    ----------
    file : int
        Number of the vector file; 0 if there is no collection yet.
    vectors : tuple of int
        Number of the vector in each committed row.
    row_of : mapping of int to int
        Row of each content.
    photos, removed : mapping of int to Photo
        By id.
    derived : mapping of kind to Derived
    clusters, chosen : mapping of int to int
        Cluster of each row, representative of each cluster.
    next_content, next_photo, next_cluster : int
        Numbers that were never given.
    next_generation : mapping of kind to int
    """

    file: int = 0
    vectors: tuple[int, ...] = ()
    row_of: Mapping[int, int] = field(default_factory=dict)
    photos: Mapping[int, Photo] = field(default_factory=dict)
    removed: Mapping[int, Photo] = field(default_factory=dict)
    derived: Mapping[GenerationKind, Derived] = field(default_factory=dict)
    clusters: Mapping[int, int] = field(default_factory=dict)
    chosen: Mapping[int, int] = field(default_factory=dict)
    next_content: int = 0
    next_photo: int = 1
    next_cluster: int = 0
    next_generation: Mapping[GenerationKind, int] = field(default_factory=dict)

    @property
    def live(self) -> tuple[int, ...]:
        """Rows that present photos need, ascending."""
        return tuple(sorted({self.row_of[photo.content] for photo in self.photos.values()}))

    def photos_of(self, cluster: int) -> list[int]:
        """Present photos of a cluster, by id."""
        rows = {row for row, its in self.clusters.items() if its == cluster}
        return sorted(i for i, photo in self.photos.items() if self.row_of[photo.content] in rows)

    def representative(self, cluster: int) -> int:
        """The photo that stands for a cluster: the chosen one, or who stands in for it."""
        chosen = self.chosen[cluster]
        if chosen not in self.removed:
            return chosen
        return next(iter(self.photos_of(cluster)), chosen)

    def is_current(self, kind: GenerationKind) -> bool:
        """Whether index or graph need not be made anew."""
        stored = self.derived.get(kind)
        if stored is None:
            return False
        return stored.rows == len(self.vectors) if kind == "index" else stored.live == self.live


def vector_number(content: int) -> int:
    """Number of a content's vector: every fourth content looks like the one before."""
    return content - (content % 4 == 3)


def group(row: int, state: State) -> int:
    """Group, from 0 to 2, that clustering puts a row into."""
    return state.vectors[row] % 3


def after(state: State, change: Change) -> State:
    """The state that a change leads to."""
    match change:
        case Begin():
            return replace(state, file=1)
        case Embed(contents):
            return _embedded(state, contents)
        case Enter(photos):
            return _entered(state, photos)
        case Settle():
            return _settled(state, change)
        case BuildIndex() | BuildGraph():
            kind: GenerationKind = "index" if isinstance(change, BuildIndex) else "graph"
            return state if state.is_current(kind) else _published(state, kind)
        case Cluster():
            return _clustered(state)
        case Compact():
            return _compacted(state)
        case _:  # changes only how it is written down
            return state


def _embedded(state: State, contents: Sequence[int]) -> State:
    vectors, row_of = list(state.vectors), dict(state.row_of)
    for content in contents:
        number = vector_number(content)
        if number not in vectors:
            vectors.append(number)
        row_of[content] = vectors.index(number)
    following = max(contents) + 1
    return replace(state, vectors=tuple(vectors), row_of=row_of, next_content=following)


def _entered(state: State, photos: Sequence[Photo]) -> State:
    present, removed, number = dict(state.photos), dict(state.removed), state.next_photo
    for photo in photos:
        known = [i for i, gone in sorted(removed.items()) if gone.content == photo.content]
        if known:
            del removed[known[0]]
        present[known[0] if known else number] = photo
        number += not known
    return replace(state, photos=present, removed=removed, next_photo=number)


def _settled(state: State, change: Settle) -> State:
    present, removed = dict(state.photos), dict(state.removed)
    for number in change.gone:
        removed[number] = present.pop(number)
    for number, path in change.moved:
        present[number] = replace(present[number], path=path)
    return replace(state, photos=present, removed=removed)


def _published(state: State, kind: GenerationKind) -> State:
    number = state.next_generation.get(kind, 1)
    return replace(
        state,
        derived={**state.derived, kind: Derived(number, len(state.vectors), state.live)},
        next_generation={**state.next_generation, kind: number + 1},
    )


def _clustered(state: State) -> State:
    clusters = {row: state.next_cluster + group(row, state) for row in state.live}
    state = replace(
        _published(state, "tree"), clusters=clusters, next_cluster=state.next_cluster + 3
    )
    return replace(state, chosen={c: state.photos_of(c)[0] for c in set(clusters.values())})


def _compacted(state: State) -> State:
    """The state without what no present photo needs; rows stay if all of them are needed."""
    if len(state.live) == len(state.vectors):
        shown = {photo.content for photo in state.photos.values()}
        return replace(
            state,
            row_of={content: row for content, row in state.row_of.items() if content in shown},
            removed={},
            chosen={c: state.representative(c) for c in state.chosen},
        )
    new = {row: number for number, row in enumerate(state.live)}
    contents = {photo.content for photo in state.photos.values()}
    clusters = {new[row]: c for row, c in state.clusters.items() if row in new}
    left = set(clusters.values())
    return replace(
        state,
        file=state.file + 1,
        vectors=tuple(state.vectors[row] for row in new),
        row_of={content: new[state.row_of[content]] for content in contents},
        removed={},
        derived={},
        clusters=clusters,
        chosen={c: state.representative(c) for c in state.chosen if c in left},
    )
