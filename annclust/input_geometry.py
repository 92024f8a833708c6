"""InputGeometry: the other waist. Embedders state it, decoding obeys it.

Neither room knows the other; this one value says which pixels an embedder wants to see.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

Fit = Literal["cover", "squash", "frame"]
"""How a picture becomes what is seen of it: a square is cut out of its middle, its sides are scaled
to one length, or the whole of it is scaled to about the area of a square."""

Resample = Literal["bicubic", "bilinear", "lanczos", "nearest"]
"""How pixels are scaled. The first three are antialiased; "nearest" takes for each pixel the one
that lies nearest if corners lie on corners, as Turi Create does."""

Size: TypeAlias = tuple[int, int]
"""Width and height, in pixels."""

FRAME_STEP: Final = 32
"""Sides of whole frames are multiples of it: what convolutional networks halve five times."""

_LONGEST_FRAME = 4.0
"""Pictures that are more times as long as wide are squashed to that."""


@dataclass(frozen=True, slots=True)
class InputGeometry:
    """Scale a picture, then cut a square from the centre; or scale the whole of it.

    Parameters
    ----------
    short_side : int
        Length in pixels to which the shorter side is scaled.
    crop : int
        Side in pixels of the square that is cut from the centre; at most `short_side`.
    fit : {"cover", "squash", "frame"}
        Whether the sides keep their ratio, or both become `short_side`, which is `crop` then; or
        nothing is cut, and the picture gets about the area of a square of `crop`, which is
        `short_side` then: sides that are multiples of 32, which changes their ratio by up to 15 %,
        of pictures that are longer than 4 to 1 by more.
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
        if self.fit != "cover" and self.crop != self.short_side:
            raise ValueError(f"a whole picture is seen, not {self.crop} pixels of it")
        if self.fit == "frame" and (self.crop % FRAME_STEP or self.resample == "nearest"):
            raise ValueError(f"whole frames are filtered, to multiples of {FRAME_STEP} pixels")

    @classmethod
    def squash(cls, side: int, resample: Resample = "bicubic") -> InputGeometry:
        """The whole picture, both of whose sides become `side`."""
        return cls(side, side, "squash", resample)

    @classmethod
    def frame(cls, side: int) -> InputGeometry:
        """The whole picture, with about as many pixels as a square of `side`."""
        return cls(side, side, "frame")

    def size_of(self, upright: Size) -> Size:
        """Width and height of what is seen of a picture of that size."""
        if self.fit != "frame":
            return self.crop, self.crop
        short, long = sorted(upright)
        stretch = math.sqrt(min(long / short, _LONGEST_FRAME))
        longer, shorter = (
            FRAME_STEP * max(1, round(side / FRAME_STEP))
            for side in (self.crop * stretch, self.crop / stretch)
        )
        return (longer, shorter) if upright[0] > upright[1] else (shorter, longer)

    def allows(self, size: Size) -> bool:
        """Whether something of that size may be what is seen of a picture."""
        if self.fit != "frame":
            return size == (self.crop, self.crop)
        longest, shortest = self.size_of((round(_LONGEST_FRAME), 1))
        fits = all(side % FRAME_STEP == 0 and shortest <= side <= longest for side in size)
        return fits and size[0] * size[1] <= self.most_pixels

    @property
    def most_pixels(self) -> int:
        """How many pixels are seen of a picture at most."""
        if self.fit != "frame":
            return self.crop**2
        # A side is rounded up by half a step at most, and both are 2.5 times `crop` together.
        half = FRAME_STEP // 2
        return self.crop**2 + half * 5 * self.crop // 2 + half**2

    def __str__(self) -> str:
        if self.fit != "frame":
            return f"({self.crop}, {self.crop}, 3)"
        return f"(rows, columns, 3), multiples of {FRAME_STEP} with about {self.crop}² pixels"
