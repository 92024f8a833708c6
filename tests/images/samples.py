"""Pictures made on the spot."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from annclust.arrays import Pixels
from annclust.images.decoded_image import DecodedImage, UndecodableError
from annclust.images.decoding import decode
from annclust.images.read_jobs import ReadJob, ReadResult
from annclust.input_geometry import InputGeometry
from annclust.settings import DecodeSettings

register_heif_opener()  # to write HEIC files

GEOMETRY = InputGeometry(short_side=32, crop=28)
ENOUGH_PIXELS = 10_000_000
ONE_WORKER = DecodeSettings(workers=1)

ENCODINGS: dict[str, tuple[str, dict[str, object]]] = {
    "jpg": ("JPEG", {"quality": 90}),
    "progressive.jpg": ("JPEG", {"quality": 90, "progressive": True}),
    "png": ("PNG", {}),
    "gif": ("GIF", {}),
    "webp": ("WEBP", {"quality": 90}),
    "lossless.webp": ("WEBP", {"lossless": True}),
    "tif": ("TIFF", {}),
    "lzw.tif": ("TIFF", {"compression": "tiff_lzw"}),
    "bmp": ("BMP", {}),
    "dib": ("DIB", {}),
    "jp2": ("JPEG2000", {}),
    "avif": ("AVIF", {"quality": 90}),
    "heic": ("HEIF", {"quality": 90}),
    "ico": ("ICO", {}),
}


# From EXIF 2.32, 4.6.4 A: what was done to the upright picture before it was stored.
STORED_BY = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def as_stored(picture: Image.Image, orientation: int) -> Image.Image:
    """An upright picture as a camera stores it with that orientation."""
    turn = STORED_BY[orientation]
    return picture if turn is None else picture.transpose(turn)


def encode(picture: Image.Image, extension: str, **options: object) -> bytes:
    """The bytes of a file."""
    kind, usual = ENCODINGS[extension]
    file = io.BytesIO()
    picture.save(file, kind, **usual | options)
    return file.getvalue()


def landscape(width: int = 96, height: int = 64) -> Image.Image:
    """A smooth picture in which no two corners look alike."""
    y, x = np.mgrid[:height, :width]
    red, green = x * 255 // (width - 1), y * 255 // (height - 1)
    blue = np.full_like(red, 60)
    return Image.fromarray(np.stack([red, green, blue], axis=-1).astype(np.uint8))


PHOTO = encode(landscape(), "jpg")


def job(path: Path, key: int = 0, known: Iterable[bytes] = ()) -> ReadJob:
    return ReadJob(key, os.fsencode(path), frozenset(known))


def only(results: Iterator[ReadResult]) -> ReadResult:
    (result,) = results
    return result


def seen(data: bytes, geometry: InputGeometry = GEOMETRY) -> DecodedImage:
    return decode(data, geometry, max_pixels=ENOUGH_PIXELS)


def reason_against(data: bytes, *, max_pixels: int = ENOUGH_PIXELS) -> str:
    """Why a file cannot be decoded."""
    with pytest.raises(UndecodableError) as caught:
        decode(data, GEOMETRY, max_pixels=max_pixels)
    return caught.value.reason


def difference(one: Pixels, other: Pixels) -> float:
    """Mean absolute difference, of 255."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def empty_png(width: int, height: int) -> bytes:
    """A small file that claims, and decodes to, a black picture of that size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(width + 1)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def png_that_promises(width: int, height: int) -> bytes:
    """A small file that claims a colored picture of that size, and has nothing behind it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def endless_jpeg() -> bytes:
    """A small progressive JPEG that takes very long: its last scan comes again and again."""
    data = encode(Image.new("L", (4000, 4000), 99), "progressive.jpg")
    start, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    return data[:start] + data[start:end] * 20_000 + data[end:]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
