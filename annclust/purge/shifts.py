"""Shifts: by how much one frame shows the scene of another from further on. Pure.

Phase correlation proposes, the part that both frames show decides: correlation alone has a peak in
any two pictures.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from annclust.images.examination import THUMBNAIL_SIDE, Examination
from annclust.purge.views import view_of

_SILENT: Final = 1e-9
"""Power below which a frequency tells no phase: what computing leaves of none."""

Shift: TypeAlias = tuple[float, float]
"""Shares of width and height by which the view moved, to the right and down."""

_PEAKS: Final = 16
"""Proposals that are tried: the true one is among them, if frames overlap by a half."""

_OVERLAP: Final = 0.25
"""Share of the frame that both must show: less than photographers leave, and less proves little."""

_ALIKE: Final = 0.8
"""Correlation of what both show. Parallax and the light keep it below 1; strangers stay below
.5."""


def shift_between(one: Examination, other: Examination) -> Shift | None:
    """How the view moved from one frame to another; None if they show no common part.

    References
    ----------
    .. [1] Kuglin, Hines (1975), The phase correlation image alignment method.
    """
    return _shift(one.thumbnail, other.thumbnail)


@lru_cache(maxsize=1024)
def _shift(one: bytes, other: bytes) -> Shift | None:
    """Shift of two thumbnails; kept, as frames of one second are tried in every order."""
    first, second = view_of(one), view_of(other)
    moves = _proposals(first, second)
    likeness = [_likeness(first, second, move) for move in moves]
    best = int(np.argmax(likeness))
    if likeness[best] < _ALIKE:
        return None
    across, down = moves[best]
    return across / THUMBNAIL_SIDE, down / THUMBNAIL_SIDE


def _proposals(first: NDArray[np.float64], second: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Moves to the right and down, of all that a peak may stand for, as it counts around."""
    window = np.outer(np.hanning(THUMBNAIL_SIDE + 2)[1:-1], np.hanning(THUMBNAIL_SIDE + 2)[1:-1])
    one, other = (np.fft.fft2((view - view.mean()) * window) for view in (first, second))
    cross = one * np.conj(other)
    surface = np.fft.ifft2(cross / np.maximum(np.abs(cross), _SILENT)).real
    peaks = np.argsort(-surface, axis=None, kind="stable")[:_PEAKS]
    rows, columns = np.unravel_index(peaks, surface.shape)
    return [(0, 0)] + [
        (across, down)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        for down in (row, row - THUMBNAIL_SIDE)
        for across in (column, column - THUMBNAIL_SIDE)
    ]


def _likeness(
    first: NDArray[np.float64], second: NDArray[np.float64], move: tuple[int, int]
) -> float:
    """Correlation of what two frames show in common, if the view moved so."""
    (left, across), (top, down) = ((max(0, m), THUMBNAIL_SIDE - abs(m)) for m in move)
    if across * down < _OVERLAP * THUMBNAIL_SIDE**2:
        return -1.0
    left_of_other, top_of_other = max(0, -move[0]), max(0, -move[1])
    one = first[top : top + down, left : left + across]
    other = second[top_of_other : top_of_other + down, left_of_other : left_of_other + across]
    one, other = one - one.mean(), other - other.mean()
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float((one * other).sum()) / lengths if lengths else -1.0
