"""Scenes: small pictures, of which those of one scene are alike and those of two are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

EMBEDDER = "color-histogram"
"""Tells them apart, and needs no model."""

_CELLS = (6, 8, 3)
_GRAIN = 8


def photograph(path: Path, scene: int, take: int) -> None:
    """Save a picture that differs little from the other takes of its scene."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = np.random.default_rng(scene).integers(20, 236, _CELLS)
    grain = np.random.default_rng([scene, take]).integers(-_GRAIN, _GRAIN + 1, _CELLS)
    Image.fromarray((cells + grain).astype(np.uint8)).resize((96, 72)).save(path, "PNG")
