"""Orientation: how a camera was held, and what that means for cutting a picture upright.

A picture is cut and scaled as it is stored and turned when it is small; turning all of it first
would cost more time for the same pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from PIL import ExifTags, Image

from annclust.input_geometry import InputGeometry

Window: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom; each as a share, from 0 to 1, of the picture's width or height."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a picture is stored, and what turns it upright.

    Parameters
    ----------
    swaps_axes : bool
        Whether the width of the stored picture is the height of the upright one.
    mirrors_x, mirrors_y : bool
        Whether the stored picture counts its columns or rows from the upright one's far side.
    turn : Image.Transpose or None
        What turns the stored picture upright.
    """

    swaps_axes: bool = False
    mirrors_x: bool = False
    mirrors_y: bool = False
    turn: Image.Transpose | None = None

    def upright_size(self, stored: tuple[int, int]) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return (stored[1], stored[0]) if self.swaps_axes else stored

    def stored_window(self, upright: Window) -> Window:
        """Where a window of the upright picture lies in the stored one."""
        left, top, right, bottom = upright
        if self.swaps_axes:
            left, top, right, bottom = top, left, bottom, right
        if self.mirrors_x:
            left, right = 1 - right, 1 - left
        if self.mirrors_y:
            top, bottom = 1 - bottom, 1 - top
        return left, top, right, bottom

    def turn_upright(self, picture: Image.Image) -> Image.Image:
        """Turn a stored picture, or a piece of one, upright."""
        return picture if self.turn is None else picture.transpose(self.turn)


UPRIGHT = Orientation()

BY_EXIF_VALUE = {
    2: Orientation(mirrors_x=True, turn=Image.Transpose.FLIP_LEFT_RIGHT),
    3: Orientation(mirrors_x=True, mirrors_y=True, turn=Image.Transpose.ROTATE_180),
    4: Orientation(mirrors_y=True, turn=Image.Transpose.FLIP_TOP_BOTTOM),
    5: Orientation(swaps_axes=True, turn=Image.Transpose.TRANSPOSE),
    6: Orientation(swaps_axes=True, mirrors_y=True, turn=Image.Transpose.ROTATE_270),
    7: Orientation(
        swaps_axes=True, mirrors_x=True, mirrors_y=True, turn=Image.Transpose.TRANSVERSE
    ),
    8: Orientation(swaps_axes=True, mirrors_x=True, turn=Image.Transpose.ROTATE_90),
}


def orientation_of(picture: Image.Image, default: Orientation = UPRIGHT) -> Orientation:
    """How a loaded picture is stored, as its EXIF or XMP says; `default` if they do not.

    Asking before loading would make some decoders load it.
    """
    try:
        value = picture.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # damaged EXIF raises anything, and is no reason to give up
        return default
    return BY_EXIF_VALUE.get(value, UPRIGHT) if isinstance(value, int) else default


def central_window(upright: tuple[int, int], geometry: InputGeometry) -> Window:
    """What is seen of an upright picture: the square in its middle, or all of it.

    Rounds as torchvision's ``Resize(short_side)`` and ``CenterCrop(crop)`` do, which embedders
    were trained with: the long side is cut off to whole pixels, a margin of half a pixel goes to
    the even side.

    Parameters
    ----------
    upright : tuple of int
        Width and height of the picture in pixels.
    geometry : InputGeometry
    """
    if geometry.fit != "cover":
        return 0, 0, 1, 1
    width, height = upright
    short = min(width, height)
    scaled = [max(1, geometry.short_side * side // short) for side in upright]
    left, top = (round((side - geometry.crop) / 2) for side in scaled)
    right, bottom = left + geometry.crop, top + geometry.crop
    width, height = scaled
    return left / width, top / height, right / width, bottom / height
