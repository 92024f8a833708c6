"""InputGeometry: the other waist. Embedders state it, decoding obeys it.

Neither room knows the other; this one value says which pixels an embedder wants to see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Fit = Literal["cover", "squash"]
"""How a picture becomes a square: its middle is cut out, or its sides are scaled to one length."""

Resample = Literal["bicubic", "bilinear", "lanczos", "nearest"]
"""How pixels are scaled. The first three are antialiased; "nearest" takes for each pixel the one
that lies nearest if corners lie on corners, as Turi Create does."""


@dataclass(frozen=True, slots=True)
class InputGeometry:
    """Scale a picture, then cut a square from the centre.

    Parameters
    ----------
    short_side : int
        Length in pixels to which the shorter side is scaled.
    crop : int
        Side in pixels of the square that is cut from the centre; at most `short_side`.
    fit : {"cover", "squash"}
        Whether the sides keep their ratio, or both become `short_side`, which is `crop` then.
    resample : {"bicubic", "bilinear", "lanczos", "nearest"}
        The filter.
    """

    short_side: int
    crop: int
    fit: Fit = "cover"
    resample: Resample = "bicubic"

    def __post_init__(self) -> None:
        if not 0 < self.crop <= self.short_side:
            raise ValueError(f"need 0 < crop <= short_side, not {self.crop}, {self.short_side}")
        if self.fit not in get_args(Fit) or self.resample not in get_args(Resample):
            raise ValueError(f"no such fit or filter: {self.fit!r}, {self.resample!r}")
        if self.fit == "squash" and self.crop != self.short_side:
            raise ValueError(f"a squashed picture is seen whole, not {self.crop} pixels of it")

    @classmethod
    def squash(cls, side: int, resample: Resample = "bicubic") -> InputGeometry:
        """The whole picture, both of whose sides become `side`."""
        return cls(side, side, "squash", resample)
