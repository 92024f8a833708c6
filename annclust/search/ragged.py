"""Ragged lists: rows of unlike length as one table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Nodes


def padded_entries(starts: Nodes, counts: Nodes) -> tuple[Nodes, NDArray[np.bool_]]:
    """Rows of unlike length as one table: which entry of a flat array each cell is.

    Parameters
    ----------
    starts, counts : ndarray of shape (m,), int64
        First entry of each row, and its length.

    Returns
    -------
    entry : ndarray of shape (m, most), int64
        Of some other cell, where there is none.
    known : ndarray of shape (m, most), bool
        Whether there is one.
    """
    columns = np.arange(int(counts.max(initial=0)))
    known = columns < counts[:, np.newaxis]
    return np.where(known, starts[:, np.newaxis] + columns, 0), known


def padded_lists(row: Nodes, value: Nodes, m: int) -> Nodes:
    """What each of m rows has: shape (m, most), -1 behind the last.

    Parameters
    ----------
    row, value : ndarray of shape (p,), int64
        Pairs, by row.
    m : int
    """
    counts = np.bincount(row, minlength=m)
    entry, known = padded_entries(np.cumsum(counts) - counts, counts)
    return np.where(known, np.append(value, -1)[entry], -1)
