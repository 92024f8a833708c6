"""Six drawn images for the reference vectors, the same on every machine: whole numbers only.

Used by scripts/reference_vectors.py, which stores what torch makes of them, and by the test that
compares the embedder with that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 224


def reference_images() -> NDArray[np.uint8]:
    """Gradient, disc, stripes, patches, noise, black: shape (6, 224, 224, 3)."""
    y, x = np.mgrid[:SIDE, :SIDE]
    colors = np.random.default_rng(2024)
    gradient = np.stack([x, y, (x + y) // 2], axis=-1)
    inside = (y - 100) ** 2 + (x - 130) ** 2 < 70**2
    disc = np.where(inside[..., np.newaxis], [220, 60, 30], [40, 90, 160])
    stripes = np.stack([(x // 9 % 2) * 255, (y // 23 % 2) * 180, (x + y) // 31 % 3 * 100], axis=-1)
    patches = np.kron(colors.integers(0, 256, (14, 14, 3)), np.ones((16, 16, 1), dtype=np.int64))
    noise = colors.integers(0, 256, (SIDE, SIDE, 3))
    black = np.zeros((SIDE, SIDE, 3), dtype=np.int64)
    return np.stack([gradient, disc, stripes, patches, noise, black]).astype(np.uint8)
