"""Descent: photos go where neighbors pull them and all others push them, until they rest.

Step 3 of a map; see :mod:`annclust.photo_map.drawing` for the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annclust.parallel import one_thread_in_blas
from annclust.photo_map.affinities import Affinities
from annclust.photo_map.attraction import attraction
from annclust.photo_map.places import Places
from annclust.photo_map.repulsion import Repulsion
from annclust.progress import NO_STAGE, Stage

_GRAVITY = 0.2
"""Pull towards the middle: a group that nothing ties to the rest comes to rest where the pull is as
strong as what pushes it out, 1.5 times (.2 ** -1/4) the average distance from the middle, which is
about the rim. While a map is smaller than the kernel is wide there is next to none."""

_FEW = 10_000
"""Steps of so few photos are over before threads have begun."""

_PRESSURE = 1.05
"""Repulsion counts a little more than in t-SNE: where all photos are neighbors of each other and
equally far, it would be best to have them all in one place."""

_LEAST_TOTAL = 1e-9

_LONGEST_STEP = 5.0
_LEAST_GAIN, _GROWTH, _DECAY = 0.01, 0.2, 0.8
"""Each coordinate has a gain, which grows while it goes one way and shrinks where it turns around
(Jacobs 1988, as in every t-SNE)."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Some steps of one kind.

    Parameters
    ----------
    steps : int
    exaggeration : float
        How many times as strong attraction is as in the end.
    momentum : float
        Share of a step that goes on in the next one.
    """

    steps: int
    exaggeration: float = 1.0
    momentum: float = 0.8


FROM_AFAR = (Phase(60, exaggeration=12.0, momentum=0.5), Phase(400))
"""First groups gather, then they unfold. 12 is the usual exaggeration and n / exaggeration the
usual length of steps (Belkina et al. 2019, Nature Communications 10); of a spectral start 60 steps
are enough."""

NEARBY = (Phase(100, momentum=0.5),)
"""From remembered places: newcomers settle, the others make room. 150 steps of momentum .8 move
photos twice as far, and keep no more neighbors together."""


def steps_of(phases: Sequence[Phase]) -> int:
    """Number of all steps."""
    return sum(phase.steps for phase in phases)


def descend(
    affinities: Affinities,
    start: Places,
    phases: Sequence[Phase],
    *,
    threads: int = 1,
    stage: Stage = NO_STAGE,
) -> Places:
    """Go down the gradient of t-SNE's loss, with a little gravity.

    Parameters
    ----------
    affinities : Affinities
        Of n nodes, 2 at least.
    start : ndarray of shape (n, 2), float32
    phases : sequence of Phase
    threads : int
        Makes no difference to the result.
    stage : Stage
        Told of every step.

    Returns
    -------
    ndarray of shape (n, 2), float32
        Around 0.
    """
    walkers = _Walkers(affinities, start, threads)
    with one_thread_in_blas():
        for phase in phases:
            for _ in range(phase.steps):
                walkers.step(phase)
                stage.advance()
    return walkers.places


class _Walkers:
    """All photos on their way."""

    def __init__(self, affinities: Affinities, start: Places, threads: int) -> None:
        self.places: Places = start - start.mean(axis=0)
        self._affinities, self._threads = affinities, threads if len(start) > _FEW else 1
        self._repulsion = Repulsion(threads=self._threads)
        self._going = np.zeros_like(start)
        self._gains = np.ones_like(start)

    def step(self, phase: Phase) -> None:
        """Let every photo go one step."""
        force = self._force(phase.exaggeration) / np.float32(phase.exaggeration)
        onward = force * self._going > 0
        grown, shrunk = self._gains + np.float32(_GROWTH), self._gains * np.float32(_DECAY)
        self._gains = np.maximum(np.where(onward, grown, shrunk), np.float32(_LEAST_GAIN))
        self._going = _shortened(np.float32(phase.momentum) * self._going + self._gains * force)
        self.places = self.places + self._going
        self.places -= self.places.mean(axis=0)

    def _force(self, exaggeration: float) -> Places:
        n, places = len(self.places), self.places
        total, pushed = self._repulsion.between(places)
        share = n / max(total, _LEAST_TOTAL)
        extent = float((places**2).sum(axis=1).mean(dtype=np.float64))
        gravity = _GRAVITY * n * share * extent**2 / (1 + extent) ** 4
        pulled = attraction(self._affinities, places, threads=self._threads)
        pulled *= np.float32(exaggeration)
        pushed *= np.float32(_PRESSURE * share)
        force: Places = pulled + pushed - np.float32(gravity) * places
        return force


def _shortened(steps: Places) -> Places:
    """Steps of at most a certain length: from far too near, repulsion flings photos away."""
    length = np.sqrt((steps**2).sum(axis=1, keepdims=True))
    shortened: Places = steps * np.minimum(1, _LONGEST_STEP / np.maximum(length, _LONGEST_STEP))
    return shortened
