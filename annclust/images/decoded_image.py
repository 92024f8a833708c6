"""Decoded image: what comes out of decoding, as bytes between processes and as an array here; or
why nothing does.

A module of its own, without Pillow: the process that embeds never decodes and need not load it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
class View:
    """What an embedder is to see of a picture, as plain bytes: what travels between processes.

    Parameters
    ----------
    rgb : bytes or bytearray
        ``columns * rows * 3`` bytes, row by row.
    columns, rows : int
        Width and height of these pixels.
    width, height : int
        Of the whole original picture, upright, in pixels.
    format : str
        Name of the file format.
    """

    rgb: bytes | bytearray
    columns: int
    rows: int
    width: int
    height: int
    format: str


@dataclass(frozen=True, slots=True, eq=False)
class DecodedImage:
    """What an embedder is to see of a picture, and what the picture was.

    Parameters
    ----------
    pixels : ndarray of shape (rows, columns, 3), uint8
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
    def from_view(cls, view: View) -> DecodedImage:
        """See bytes as an array."""
        import numpy as np  # workers never get here, and start faster without it

        pixels = np.frombuffer(view.rgb, dtype=np.uint8).reshape(view.rows, view.columns, 3)
        pixels.flags.writeable = False
        return cls(pixels, view.width, view.height, view.format)
