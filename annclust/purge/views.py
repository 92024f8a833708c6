"""Views: what the thumbnails of photos show, and how alike two of them are. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from annclust.images.examination import THUMBNAIL_SIDE, Examination

SAME: Final = 0.98
"""Correlation of thumbnails. A crop by a tenth shifts edges by more than a pixel of them; scaling
and compressing leave them where they are."""


def view_of(thumbnail: bytes) -> NDArray[np.float64]:
    """Brightness of a thumbnail, shape (32, 32)."""
    view = np.frombuffer(thumbnail, np.uint8).astype(np.float64)
    return view.reshape(THUMBNAIL_SIDE, THUMBNAIL_SIDE)


def show_the_same(one: Examination, other: Examination) -> bool:
    """Whether two photos show the same, and all of it: not if one was cropped."""
    return (
        one.thumbnail == other.thumbnail
        or likeness(view_of(one.thumbnail), view_of(other.thumbnail)) >= SAME
    )


def likeness(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Correlation of two views."""
    return float(correlations(one[np.newaxis], other[np.newaxis])[0, 0])


def correlations(some: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation of each of some views, of one shape, with each of others, shape (n, m)."""
    one, other = _standardized(some), _standardized(others)
    return np.asarray(one @ other.T)


def averages(start: float, share: float, number: int) -> NDArray[np.float64]:
    """Weights that make so many lines of a part of a view's 32, shape (number, 32).

    Parameters
    ----------
    start, share : float
        Where the part begins, and how much of the view it takes. What lies beyond counts nothing.
    number : int
        Lines that are made of it.
    """
    edges = (start + np.arange(number + 1) * share / number) * THUMBNAIL_SIDE
    begin, end = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    line = np.arange(THUMBNAIL_SIDE)
    overlap = np.clip(np.minimum(end, line + 1) - np.maximum(begin, line), 0, None)
    return np.asarray(overlap / (end - begin))


def _standardized(views: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of mean 0 and length 1; even pictures are like nothing."""
    rows = views.reshape(len(views), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1))
