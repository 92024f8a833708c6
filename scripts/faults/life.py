"""Life: what happens to a collection, step by step, and what it must hold after each.

Both are pure functions of a seed: whoever finds a collection after a crash can say what it has to
look like, without having seen its life. :mod:`workload` is what does it for real.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import cache

from life_changes import (
    Begin,
    BuildGraph,
    BuildIndex,
    Change,
    Cluster,
    Compact,
    Embed,
    Enter,
    Photo,
    Reopen,
    Settle,
    Shrink,
)
from life_states import State, after

FIRST_STEP = 1
"""The step that makes the collection; before it there is none."""

ROUND: tuple[type[Change], ...] = (
    *(Embed, Enter, Embed, Enter, Embed, Enter, Settle, Settle),
    *(BuildIndex, BuildGraph, Cluster, BuildIndex, BuildGraph, Cluster),
    *(Compact, Shrink, Reopen),
)
"""What happens in a round, in an order that the seed decides."""


class Life:
    """The life of one collection; steps count from 1."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._states = [State()]
        self._changes: list[Change] = []

    def change(self, step: int) -> Change:
        """The change that leads to a step."""
        self._think_as_far_as(step)
        return self._changes[step - 1]

    def state(self, step: int) -> State:
        """What the collection holds after a step."""
        self._think_as_far_as(step)
        return self._states[step]

    def _think_as_far_as(self, last: int) -> None:
        for step in range(len(self._changes) + 1, last + 1):
            state, rng = self._states[-1], random.Random(f"{self.seed} step {step}")
            begun = step > FIRST_STEP
            change = _change(self._kind(step), state, step, rng) if begun else Begin()
            self._changes.append(change)
            self._states.append(after(state, change))

    def _kind(self, step: int) -> type[Change]:
        number, position = divmod(step - FIRST_STEP - 1, len(ROUND))
        return random.Random(f"{self.seed} round {number}").sample(ROUND, len(ROUND))[position]


@cache
def life(seed: int) -> Life:
    """The life of a seed, thought out once."""
    return Life(seed)


def _change(kind: type[Change], state: State, step: int, rng: random.Random) -> Change:
    """A change of a kind; contents come where that is not possible yet."""
    if kind is Enter and state.row_of:
        return _enter(state, step, rng)
    if kind is Settle and len(state.photos) > 1:
        return _settle(state, step, rng)
    if kind in (BuildIndex, BuildGraph) and state.photos:
        # A graph needs a current index, which would be a transaction of its own.
        return BuildGraph() if state.is_current("index") else BuildIndex()
    if kind is Cluster and state.photos:
        return Cluster()
    always: dict[type[Change], Change] = {c: c() for c in (Compact, Shrink, Reopen)}
    return always.get(kind) or _embed(state, rng)


def _embed(state: State, rng: random.Random) -> Embed:
    first = state.next_content
    return Embed(tuple(range(first, first + rng.randint(1, 7))))


def _enter(state: State, step: int, rng: random.Random) -> Enter:
    shown = {photo.content for photo in state.photos.values()}
    contents = {*_some(state.row_of, 2, rng), *_some(state.row_of.keys() - shown, 5, rng)}
    return Enter(tuple(Photo(f"{step}/{content}.jpg", content) for content in sorted(contents)))


def _settle(state: State, step: int, rng: random.Random) -> Settle:
    gone = _some(state.photos, max(2, len(state.photos) // 3), rng)
    moved = _some(state.photos.keys() - set(gone), 3, rng)
    return Settle(gone, tuple((number, f"{step}/moved {number}.jpg") for number in moved))


def _some(numbers: Iterable[int], most: int, rng: random.Random) -> tuple[int, ...]:
    known = sorted(numbers)
    return tuple(rng.sample(known, min(len(known), rng.randint(1, most))))
