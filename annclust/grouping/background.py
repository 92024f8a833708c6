"""Background: unrelated pictures, so that even a handful of photos has something to stand out from.

They ship as vectors of the default embedder (scripts/background_vectors.py makes them): photos of
many subjects, and drawn pages and screens, which resemble each other more than photos do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Vectors, unit_rows

BACKGROUND_FILE: Final = Path(__file__).with_name("efficientnet_lite0_background.npz")


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Vectors of unrelated pictures.

    Parameters
    ----------
    name : str
        Tells it from others.
    vectors : ndarray of shape (b, d), float32
        Unit rows.
    drawn : ndarray of shape (b,), bool
        Which are pages and screens rather than photos.
    """

    name: str
    vectors: Vectors
    drawn: NDArray[np.bool_]

    @property
    def photos(self) -> Vectors:
        """Those that are photos."""
        return self.vectors[~self.drawn]

    @property
    def pages(self) -> Vectors:
        """Those that are pages and screens."""
        return self.vectors[self.drawn]


def no_background(dimension: int) -> Background:
    """For embedders that have none."""
    return Background("none", np.zeros((0, dimension), np.float32), np.zeros(0, np.bool_))


@cache
def shipped_background() -> Background:
    """That of the default embedder, read once."""
    with np.load(BACKGROUND_FILE, allow_pickle=False) as stored:
        vectors, drawn = unit_rows(stored["vectors"]), stored["drawn"]
        return Background(str(stored["name"]), vectors, drawn)
