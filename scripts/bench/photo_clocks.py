"""Photo clocks: times as the files of labelled photos may tell them, true and false ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np
from numpy.random import Generator

from annclust.arrays import Measures
from annclust.grouping.moments import Moments


class Labelled(Protocol):
    """Photos of which it is known what belongs together."""

    @property
    def groups(self) -> np.ndarray:
        """Group of each photo, shape (n,), str; "" stands alone."""
        ...

    @property
    def subjects(self) -> np.ndarray:
        """What each photo shows, shape (n,), str."""
        ...


Clock: TypeAlias = Callable[[Labelled, Generator], Moments]


def at(taken: Measures) -> Moments:
    """Taken then, nobody knows where."""
    nowhere = np.full(len(taken), np.nan)
    return Moments(taken, nowhere, nowhere)


def shots_in_any_order(*pause: float) -> Clock:
    """Groups in bursts of frames up to 3 s apart, and so long a pause before each other photo."""
    return lambda photos, rng: at(_album(photos.groups, rng, pause))


def outings_of(photos: Labelled, rng: Generator) -> Moments:
    """Photos of a subject up to five minutes apart, and hours between subjects."""
    shown = np.unique(photos.subjects, return_inverse=True)[1]
    order = np.lexsort((rng.random(len(shown)), shown))
    pauses = rng.uniform(1, 300, len(shown))
    begins = np.flatnonzero(np.diff(shown[order], prepend=-1))
    pauses[begins] = 3600 * rng.uniform(1, 24, len(begins))
    taken = np.empty(len(shown))
    taken[order] = np.cumsum(pauses)
    return at(taken)


def half_lost(photos: Labelled, rng: Generator) -> Moments:
    taken = _album(photos.groups, rng, (60, 3600))
    return at(np.where(rng.random(len(taken)) < 0.5, np.nan, taken))


def somebody_elses(photos: Labelled, rng: Generator) -> Moments:
    """Each photo has the time of another one."""
    return at(rng.permutation(_album(photos.groups, rng, (60, 3600))))


def standing_still(photos: Labelled, _: Generator) -> Moments:
    return at(np.zeros(len(photos.groups)))


def _album(groups: np.ndarray, rng: Generator, pause: tuple[float, ...]) -> Measures:
    taken, now = np.full(len(groups), np.nan), 0.0
    shots = [np.flatnonzero(groups == group) for group in np.unique(groups[groups != ""])]
    shots += [np.array([place]) for place in np.flatnonzero(groups == "")]
    for place in rng.permutation(len(shots)):
        now += rng.uniform(*pause)
        for photo in shots[place]:
            taken[photo] = now
            now += rng.uniform(0.2, 3)
    return taken


CLOCKS: dict[str, Clock] = {
    "none": lambda photos, _: Moments.unknown(len(photos.groups)),
    "an outing for each subject": outings_of,
    "up to an hour between shots of anything": shots_in_any_order(60, 3600),
    "1 to 5 min between shots of anything": shots_in_any_order(60, 300),
    "5 to 9 s between shots of anything": shots_in_any_order(5, 9),
    "half of them lost": half_lost,
    "those of other photos": somebody_elses,
    "a clock that stands still": standing_still,
}
