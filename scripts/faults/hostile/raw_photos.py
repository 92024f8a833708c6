"""Photos as a camera's sensor gives them, written on the spot as DNG (Adobe, version 1.4)."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _SIGNED_RATIONAL = 1, 2, 3, 4, 5, 10
_WIDTHS = {_BYTE: "B", _SHORT: "H", _LONG: "I", _RATIONAL: "I", _SIGNED_RATIONAL: "i"}
_COLOR_FILTERS, _LINEAR = 32803, 34892  # one color a pixel, or the same ones in each
_SRGB_OF_XYZ = (32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570)  # IEC 61966-2-1
_COLOR_MATRIX = tuple(number for one in _SRGB_OF_XYZ for number in (one, 10000))

_Value: TypeAlias = tuple[int, tuple[int, ...] | bytes]
"""A tag's kind and its numbers, or its text."""


def dng(
    picture: Image.Image,
    *,
    preview: bytes | None = None,
    preview_size: tuple[int, int] = (0, 0),
    orientation: int = 1,
    compression: int = 7,
    gray: bool = False,
    damaged: bool = False,
) -> bytes:
    """A raw photo of an upright picture that is stored as its sensor saw it.

    Parameters
    ----------
    picture : Image.Image
        What the sensor saw: RGB.
    preview : bytes or None
        To be the preview.
    preview_size : tuple of int
        Its width and height.
    orientation : int
        As in EXIF: what turns both upright.
    compression : int
        Of the preview: 7 if it is a JPEG, 1 if it is plain pixels.
    gray : bool
        Whether the sensor saw no colors.
    damaged : bool
        Whether what the sensor saw is not where it should be.
    """
    file = io.BytesIO()
    file.write(b"II*\0" + bytes(4))
    mosaic = _linear(picture.convert("L")) if gray else _mosaic(picture)
    sensor: dict[int, _Value] = {
        **_layout(picture.size, file.tell() + (1 << 30) * damaged, mosaic.nbytes),
        254: (_LONG, (0,)),
        258: (_SHORT, (16,)),
        259: (_SHORT, (1,)),
        262: (_SHORT, (_LINEAR if gray else _COLOR_FILTERS,)),
        277: (_SHORT, (1,)),
        33421: (_SHORT, (2, 2)),
        33422: (_BYTE, (0, 1, 1, 2)),
        50717: (_LONG, (65535,)),
    }
    file.write(mosaic.tobytes())
    camera: dict[int, _Value] = {
        271: (_ASCII, b"Pinhole\0"),
        272: (_ASCII, b"One\0"),
        274: (_SHORT, (orientation,)),
        50706: (_BYTE, (1, 4, 0, 0)),
        50708: (_ASCII, b"Pinhole One\0"),
        50721: (_SIGNED_RATIONAL, _COLOR_MATRIX),
        50728: (_RATIONAL, (1, 1) * 3),
    }
    if preview is None:
        first = camera | sensor
    else:
        start = file.tell()
        file.write(preview)
        inner = _write(file, sensor)
        first = camera | {
            **_layout(preview_size, start, len(preview)),
            254: (_LONG, (1,)),
            258: (_SHORT, (8, 8, 8)),
            259: (_SHORT, (compression,)),
            262: (_SHORT, (6 if compression == 7 else 2,)),
            277: (_SHORT, (3,)),
            330: (_LONG, (inner,)),
        }
    place = _write(file, first)
    file.seek(4)
    file.write(struct.pack("<I", place))
    return file.getvalue()


def _mosaic(picture: Image.Image) -> NDArray[np.uint16]:
    """One color a pixel, red, green, green and blue by turns, linear in light."""
    light = _linear(picture.convert("RGB"))
    mosaic = light[:, :, 1].copy()
    mosaic[0::2, 0::2] = light[0::2, 0::2, 0]
    mosaic[1::2, 1::2] = light[1::2, 1::2, 2]
    return mosaic


def _linear(picture: Image.Image) -> NDArray[np.uint16]:
    return ((np.asarray(picture, dtype=np.float64) / 255) ** 2.2 * 65535).astype(np.uint16)


def _layout(size: tuple[int, int], start: int, length: int) -> dict[int, _Value]:
    """Tags of a picture in one strip."""
    width, height = size
    return {
        256: (_LONG, (width,)),
        257: (_LONG, (height,)),
        273: (_LONG, (start,)),
        278: (_LONG, (height,)),
        279: (_LONG, (length,)),
    }


def _write(file: io.BytesIO, tags: Mapping[int, _Value]) -> int:
    """Write a directory of tags at the end of a file; where it begins."""
    entries = []
    for tag, (kind, value) in sorted(tags.items()):
        count = len(value) // (2 if kind in (_RATIONAL, _SIGNED_RATIONAL) else 1)
        data = _packed(kind, value)
        if len(data) > 4:
            file.write(bytes(file.tell() % 2))
            place = file.tell()
            file.write(data)
            data = struct.pack("<I", place)
        entries.append(struct.pack("<HHI", tag, kind, count) + data.ljust(4, b"\0"))
    file.write(bytes(file.tell() % 2))
    start = file.tell()
    file.write(struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4))
    return start


def _packed(kind: int, value: tuple[int, ...] | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    return struct.pack(f"<{len(value)}{_WIDTHS[kind]}", *value)
