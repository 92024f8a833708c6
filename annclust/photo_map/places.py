"""Places: where photos are on a map."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Places: TypeAlias = NDArray[np.float32]
"""Coordinates, shape (n, 2); NaN where a photo has no place yet."""
