"""Decoded image: what comes out of decoding, as bytes between processes and as an array here; or
why nothing does.

A module of its own, without Pillow: the process that embeds never decodes and need not load it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annclust.input_geometry import InputGeometry

if TYPE_CHECKING:
    from annclust.arrays import Pixels


class UndecodableError(Exception):
    """The bytes cannot be turned into a picture.

    Parameters
    ----------
    reason : str
        A few words without a full stop, to be shown beside the file's name.
    retry : bool
        Whether the same bytes may do another time: there was too little memory.
    """

    def __init__(self, reason: str, *, retry: bool = False) -> None:
        self.reason, self.retry = reason, retry
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Square:
    """A decoded picture as plain bytes: what travels between processes.

    Parameters
    ----------
    rgb : bytes or bytearray
        ``crop * crop * 3`` bytes, row by row.
    width, height : int
        Of the whole original picture, upright, in pixels.
    format : str
        Name of the file format.
    """

    rgb: bytes | bytearray
    width: int
    height: int
    format: str


@dataclass(frozen=True, slots=True, eq=False)
class DecodedImage:
    """What an embedder is to see of a picture, and what the picture was.

    Parameters
    ----------
    pixels : ndarray of shape (crop, crop, 3), uint8
        Read-only.
    width, height : int
        Of the whole original picture, upright, in pixels.
    format : str
        Name of the file format.
    """

    pixels: Pixels
    width: int
    height: int
    format: str

    @classmethod
    def from_square(cls, square: Square, geometry: InputGeometry) -> DecodedImage:
        """See the bytes of a square as an array."""
        import numpy as np  # workers never get here, and start faster without it

        shape = geometry.crop, geometry.crop, 3
        pixels = np.frombuffer(square.rgb, dtype=np.uint8).reshape(shape)
        pixels.flags.writeable = False
        return cls(pixels, square.width, square.height, square.format)
