"""Stacks: frames of one view that are in focus at different depths, made to be put together. Pure.

Serves :mod:`series`. From one frame of a stack to the next, focus moves on: every place of the
picture gets sharper up to one frame, and less sharp from there on, and it is not the same frame for
all of them. Hands that shake blur all places of a frame alike, and what moves gets sharp and
unsharp again and again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from annclust.purge.candidate import Candidate
from annclust.purge.runs import SECOND, runs
from annclust.purge.views import likeness, view_of

_FEWEST: Final = 3
"""Frames: near, middle and far are a stack of a landscape."""

_GAP_NS: Final = 10 * SECOND
"""Time to turn the lens by hand, on a tripod."""

_OCTAVE: Final = 16
"""Steps of `Examination.focus` between an energy and its double."""

_LEAST: Final = round(4.7 * _OCTAVE)
"""Energy of edges, 25 of squared brightness, without which a place holds sky or walls."""

_SWING: Final = round(1.5 * _OCTAVE)
"""How much sharper a place is when it is in focus: frames of a burst differ by a third of that."""

_TOLERANCE: Final = _OCTAVE // 4
"""What noise does to a place that is as sharp as before."""

_SWINGING: Final = 0.5
"""Of the places with detail, so many get in and out of focus."""

_STEADY: Final = 0.8
"""Of those, so many do so once."""

_OWN: Final = 0.05
"""Of the places with detail, a frame that belongs to a stack shows so many best."""

_SAME_VIEW: Final = 0.9
"""Correlation of thumbnails: focus hardly changes them, hands that move do."""

Energies: TypeAlias = NDArray[np.int16]
"""How much detail each place of each frame has: shape (frames, places)."""


def stacks(photos: Sequence[Candidate], places: Sequence[int]) -> Iterator[list[int]]:
    """Focus stacks among photos in the order of time."""
    for run in runs(photos, places, gap=_GAP_NS):
        for _, alike in groupby(run, key=lambda place: _made_alike(photos[place])):
            frames = list(alike)
            if _is_stack([photos[place] for place in frames]):
                yield frames


def _made_alike(photo: Candidate) -> tuple[object, ...]:
    """What is the same for all frames of a stack."""
    written, seen = photo.capture, photo.examination
    exposure = (written.exposure_seconds, written.f_number, written.iso)
    return *exposure, seen.width, seen.height, bool(seen.focus)


def _is_stack(frames: Sequence[Candidate]) -> bool:
    if len(frames) < _FEWEST or not frames[0].examination.focus:
        return False
    views = [view_of(frame.examination.thumbnail) for frame in frames]
    if any(likeness(views[0], view) < _SAME_VIEW for view in views[1:]):
        return False
    maps = [np.frombuffer(frame.examination.focus, np.uint8) for frame in frames]
    return moves_through(np.stack(maps).astype(np.int16))


def moves_through(energies: Energies) -> bool:
    """Whether focus moves through a view, from its first frame to its last one."""
    telling = energies[:, energies.max(axis=0) >= _LEAST]
    swinging = telling[:, np.ptp(telling, axis=0) >= _SWING]
    if swinging.shape[1] < _SWINGING * telling.shape[1] or not swinging.shape[1]:
        return False
    once = swinging[:, _rises_and_falls_once(swinging)]
    if once.shape[1] < _STEADY * swinging.shape[1]:
        return False
    best = np.bincount(once.argmax(axis=0), minlength=len(energies))
    return int(np.count_nonzero(best >= _OWN * telling.shape[1])) >= _FEWEST


def _rises_and_falls_once(energies: Energies) -> NDArray[np.bool_]:
    """Which places get sharper up to one frame, and less sharp from there on."""
    before = np.maximum.accumulate(energies, axis=0)
    after = np.maximum.accumulate(energies[::-1], axis=0)[::-1]
    # Nothing lies lower than something before it and something after it.
    valley = np.minimum(before, after) - energies
    return np.asarray(valley.max(axis=0) <= _TOLERANCE)
