"""InputGeometry: the other waist. Embedders state it, decoding obeys it.

Neither room knows the other; this one value says which pixels an embedder wants to see.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InputGeometry:
    """Scale the short side, then cut a square from the centre.

    Parameters
    ----------
    short_side : int
        Length in pixels to which the shorter side is scaled (bicubic, antialiased).
    crop : int
        Side in pixels of the square that is cut from the centre; at most `short_side`.
    """

    short_side: int
    crop: int

    def __post_init__(self) -> None:
        if not 0 < self.crop <= self.short_side:
            raise ValueError(f"need 0 < crop <= short_side, not {self.crop}, {self.short_side}")
