"""Frame: a map turned, laid over the one before, scaled to the unit square; no two in one place.

Step 4 of a map; see :mod:`annclust.photo_map.drawing` for the chain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annclust.photo_map.places import Places

_APART = 2.0**-12
"""Distance of photos in one place: a tenth of that of 100,000 photos that are spread evenly."""

_GOLDEN_ANGLE = float(np.pi * (3 - 5**0.5))


@dataclass(frozen=True, slots=True, eq=False)
class Framed:
    """A map in the unit square.

    Parameters
    ----------
    places : ndarray of shape (n, 2), float32
        From 0 to 1; the longer side is 1 long, the shorter one lies in the middle.
    unit : float
        Length of the longer side before it was scaled.
    """

    places: Places
    unit: float

    @classmethod
    def of(cls, places: Places) -> Framed:
        """Scale a map; its aspect stays."""
        if not len(places):
            return cls(places, 1.0)
        low, high = places.min(axis=0), places.max(axis=0)
        unit = float((high - low).max()) or 1.0
        scaled = (places - (low + high) / 2) / np.float32(unit) + np.float32(0.5)
        return cls(np.clip(scaled, 0, 1, dtype=np.float32), unit)


def told_apart(places: Places) -> Places:
    """Move what lies in one place onto a small spiral around it, so that each photo can be hit.

    That is sunflower seeds' (Vogel 1979): the first stays, the others are equally dense.

    Parameters
    ----------
    places : ndarray of shape (n, 2), float32
        From 0 to 1.

    Returns
    -------
    ndarray of shape (n, 2), float32
        From 0 to 1.
    """
    cells = np.rint(places / np.float32(_APART)).astype(np.int64)
    cell = np.unique(cells[:, 0] << 32 | cells[:, 1], return_inverse=True)[1]
    order = np.argsort(cell, kind="stable")
    first = np.searchsorted(cell[order], cell[order])
    seed = np.arange(len(places)) - first
    radius, angle = _APART * np.sqrt(seed), _GOLDEN_ANGLE * seed
    moved = places.copy()
    moved[order] += np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    within: Places = np.clip(moved, 0, 1, dtype=np.float32)
    return within


_RIM = 0.99
"""Share of the photos within the rim of a map."""

_BEYOND = 0.15
"""How far beyond the rim a photo comes to lie at most, as a share of the rim's distance."""


def drawn_in(places: Places) -> Places:
    """Bring the few photos that lie far outside near the rim, in the order of their distances.

    A group that nothing ties to the rest may drift to twice as far as all others, which would leave
    most of a screen empty.

    Parameters
    ----------
    places : ndarray of shape (n, 2), float32

    Returns
    -------
    ndarray of shape (n, 2), float32
        Those within the rim are where they were.
    """
    middle = np.median(places, axis=0)
    from_middle = places - middle
    distance = np.hypot(from_middle[:, 0], from_middle[:, 1])
    rim = np.quantile(distance, _RIM)
    beyond = rim / np.maximum(distance, np.finfo(np.float32).tiny)
    factor = np.where(distance > rim, beyond * (1 + _BEYOND * (1 - beyond)), 1)
    brought: Places = (middle + from_middle * factor[:, np.newaxis]).astype(np.float32)
    return np.where((distance > rim)[:, np.newaxis], brought, places)


def wide(places: Places) -> Places:
    """Turn a map so that it is widest along the first axis, as screens are."""
    centered = (places - places.mean(axis=0)).astype(np.float64)
    _, axes = np.linalg.eigh(centered.T @ centered)
    across = axes[:, 1]
    across = across * (1 if across[0] >= 0 else -1)  # by the smaller angle
    turn = np.array([[across[0], -across[1]], [across[1], across[0]]])
    turned: Places = (centered @ turn).astype(np.float32)
    return turned


def laid_over(places: Places, known: Places) -> Places:
    """Turn, mirror, scale and shift a map so that photos come to lie where they were.

    Least squares (Gower 1975, Psychometrika 40).

    Parameters
    ----------
    places : ndarray of shape (n, 2), float32
    known : ndarray of shape (n, 2), float32
        Where the photos were; NaN of those that were nowhere. Photos are in two places at least.

    Returns
    -------
    ndarray of shape (n, 2), float32
    """
    there = ~np.isnan(known[:, 0])
    before, now = known[there].astype(np.float64), places[there].astype(np.float64)
    from_middle = now - now.mean(axis=0)
    left, sizes, right = np.linalg.svd(from_middle.T @ (before - before.mean(axis=0)))
    scale = sizes.sum() / (from_middle**2).sum()
    laid = scale * (places - now.mean(axis=0)) @ (left @ right) + before.mean(axis=0)
    over: Places = laid.astype(np.float32)
    return over
