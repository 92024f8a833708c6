"""Small images: valid files of every format that annclust reads, a few kilobytes each.

What mutants are made from. Kinds that Pillow does not write (interlaced and deep PNG, run-length
BMP, tiled TIFF, PSD) are written here by hand.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from hostile.raw_photos import dng
from numpy.typing import NDArray
from PIL import Image
from pillow_heif import register_heif_opener

_WIDTH, _HEIGHT = 64, 48

_Samples = NDArray[np.uint8]


def small_images() -> dict[str, bytes]:
    """The bytes of all files, by names that say what they are. The same on every call."""
    register_heif_opener()  # to write HEIC files
    color, gray = _picture(), _picture().convert("L")
    return dict(
        (
            *_jpegs(color, gray),
            *_pngs(color, gray),
            *_palettes_and_bitmaps(color, gray),
            *_tiffs(color, gray),
            *_modern(color, gray),
            *_by_hand(color, gray),
            *_raw_photos(color),
        )
    )


def _picture() -> Image.Image:
    """Slopes with a little noise, so that compressed data are neither trivial nor large."""
    y, x = np.mgrid[:_HEIGHT, :_WIDTH]
    slopes = np.stack([x * 255 // (_WIDTH - 1), y * 255 // (_HEIGHT - 1), (x + y) * 2], axis=-1)
    noise = np.random.default_rng(0).integers(-8, 9, slopes.shape)
    return Image.fromarray(np.clip(slopes + noise, 0, 255).astype(np.uint8))


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera"
    return exif


def _frames(picture: Image.Image) -> dict[str, object]:
    """Options that save two more frames."""
    more = [picture.rotate(180), picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    return {"save_all": True, "append_images": more}


def _with_alpha(picture: Image.Image) -> Image.Image:
    layered = picture.convert("RGBA")
    layered.putalpha(Image.linear_gradient("L").resize(picture.size))
    return layered


def _jpegs(color: Image.Image, gray: Image.Image) -> Iterator[tuple[str, bytes]]:
    yield "jpeg baseline", _saved(color, "JPEG", quality=80)
    yield "jpeg progressive", _saved(color, "JPEG", quality=80, progressive=True)
    yield "jpeg full color", _saved(color, "JPEG", quality=95, subsampling=0, optimize=True)
    yield "jpeg gray", _saved(gray, "JPEG")
    yield "jpeg cmyk", _saved(color.convert("CMYK"), "JPEG")
    yield "jpeg turned", _saved(color, "JPEG", exif=_turned(6), comment=b"a comment")
    yield "jpeg restarts", _saved(color, "JPEG", restart_marker_blocks=2)
    yield "jpeg multi-picture", _saved(color, "MPO", **_frames(color))


def _pngs(color: Image.Image, gray: Image.Image) -> Iterator[tuple[str, bytes]]:
    yield "png color", _saved(color, "PNG", exif=_turned(3))
    yield "png alpha", _saved(_with_alpha(color), "PNG", dpi=(72, 72))
    yield "png gray", _saved(gray, "PNG")
    yield "png gray alpha", _saved(_with_alpha(gray).convert("LA"), "PNG")
    yield "png bits", _saved(gray.convert("1"), "PNG")
    yield "png palette", _saved(color.quantize(16), "PNG", transparency=3)
    yield "png deep gray", _saved(_deep(gray), "PNG")
    yield "png animated", _saved(color, "PNG", **_frames(color))


def _deep(gray: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)


def _palettes_and_bitmaps(color: Image.Image, gray: Image.Image) -> Iterator[tuple[str, bytes]]:
    yield "gif", _saved(color, "GIF")
    yield "gif animated", _saved(color, "GIF", duration=40, loop=0, **_frames(color))
    yield "gif transparent", _saved(color.quantize(8), "GIF", transparency=2, interlace=0)
    for kind in ("BMP", "DIB"):
        yield f"{kind.lower()} color", _saved(color, kind)
        yield f"{kind.lower()} palette", _saved(color.quantize(16), kind)
        yield f"{kind.lower()} alpha", _saved(_with_alpha(color), kind)
    yield "bmp bits", _saved(gray.convert("1"), "BMP")
    yield "ico png", _saved(color, "ICO", sizes=[(16, 16), (32, 32)])
    yield "ico bitmap", _saved(_with_alpha(color), "ICO", sizes=[(24, 24)], bitmap_format="bmp")


def _tiffs(color: Image.Image, gray: Image.Image) -> Iterator[tuple[str, bytes]]:
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield f"tiff {compression}", _saved(color, "TIFF", compression=compression)
    yield "tiff fax", _saved(gray.convert("1"), "TIFF", compression="group4")
    yield "tiff alpha", _saved(_with_alpha(color), "TIFF", compression="tiff_lzw")
    yield "tiff palette", _saved(color.quantize(16), "TIFF")
    yield "tiff cmyk", _saved(color.convert("CMYK"), "TIFF", compression="packbits")
    yield "tiff lab", _saved(_lab(color), "TIFF")
    yield "tiff deep gray", _saved(_deep(gray), "TIFF", compression="tiff_adobe_deflate")
    yield "tiff float", _saved(gray.convert("F"), "TIFF")
    yield "tiff turned", _saved(color, "TIFF", exif=_turned(8))
    yield "tiff pages", _saved(gray, "TIFF", **_frames(gray))
    yield "tiff big", _saved(gray, "TIFF", big_tiff=True)


def _lab(color: Image.Image) -> Image.Image:
    return Image.merge("LAB", color.split())


def _modern(color: Image.Image, gray: Image.Image) -> Iterator[tuple[str, bytes]]:
    layered = _with_alpha(color)
    yield "webp lossy", _saved(color, "WEBP", quality=80)
    yield "webp lossless", _saved(color, "WEBP", lossless=True)
    yield "webp alpha", _saved(layered, "WEBP", quality=60, exif=_turned(5))
    yield "webp animated", _saved(color, "WEBP", **_frames(color))
    yield "jp2", _saved(color, "JPEG2000")
    yield "jp2 alpha", _saved(layered, "JPEG2000", quality_layers=[20, 5])
    yield "jp2 codestream", _saved(gray, "JPEG2000", no_jp2=True, tile_size=(32, 32))
    yield "avif", _saved(color, "AVIF", quality=70, exif=_turned(6))
    yield "avif alpha", _saved(layered, "AVIF", quality=70, subsampling="4:4:4")
    yield "avif animated", _undated(_saved(color, "AVIF", **_frames(color)))
    yield "heic", _saved(color, "HEIF", quality=70, exif=_turned(6))
    yield "heic alpha", _saved(layered, "HEIF", quality=70)
    yield "heic gray", _saved(gray, "HEIF", quality=70)
    yield "heic pictures", _saved(color, "HEIF", **_frames(color))


def _raw_photos(color: Image.Image) -> Iterator[tuple[str, bytes]]:
    preview = _saved(color.resize((320, 240)), "JPEG", quality=70)
    yield "dng", dng(color, preview=preview, preview_size=(320, 240), orientation=6)
    yield "dng alone", dng(color)


def _undated(sequence: bytes) -> bytes:
    """A sequence of pictures without the time at which it was made: it shall be the same always."""
    start = sequence.index(b"mvhd") + 8
    now = sequence[start : start + 8]
    return sequence.replace(now, bytes(8))


def _by_hand(color: Image.Image, gray: Image.Image) -> Iterator[tuple[str, bytes]]:
    rgb, levels = np.asarray(color), np.asarray(gray)
    deep = (rgb.astype(">u2") * 257).view(np.uint8)
    yield "png deep color", png(_WIDTH, _HEIGHT, _rows(deep), depth=16)
    yield "png interlaced", png(_WIDTH, _HEIGHT, _interlaced(rgb), interlaced=True)
    yield "bmp run-length", _run_length_bmp(levels // 16 * 16)
    yield "tiff tiles", _tiled_tiff(levels)
    yield "psd", _psd(rgb)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, rows: bytes, *, depth: int = 8, interlaced: bool = False) -> bytes:
    """A PNG in color, of rows that already have their filter bytes."""
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, interlaced)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in chunks)


def _rows(samples: _Samples) -> bytes:
    """Rows behind filter bytes that say "as it is"."""
    return b"".join(b"\0" + row.tobytes() for row in samples)


def _interlaced(samples: _Samples) -> bytes:
    """The seven passes of Adam7 (PNG specification, 8.2)."""
    starts_and_steps = (
        *((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4)),
        *((2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)),
    )
    return b"".join(_rows(samples[y::down, x::right]) for y, x, down, right in starts_and_steps)


def _run_length_bmp(levels: _Samples) -> bytes:
    """A bitmap of 8 bits in runs (RLE8), from the lowest row up."""
    rows = b"".join(_runs(row) + b"\0\0" for row in levels[::-1]) + b"\0\1"
    palette = b"".join(bytes((level, level, level, 0)) for level in range(256))
    start = 14 + 40 + len(palette)
    info = struct.pack(
        "<IiiHHIIiiII", 40, levels.shape[1], levels.shape[0], 1, 8, 1, len(rows), 0, 0, 256, 0
    )
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + palette + rows


def _runs(row: _Samples) -> bytes:
    ends = np.flatnonzero(np.diff(row, append=-1 - int(row[-1]))) + 1
    lengths = np.diff(ends, prepend=0)
    return b"".join(bytes((n, row[end - 1])) for n, end in zip(lengths, ends, strict=True))


def _tiled_tiff(levels: _Samples) -> bytes:
    """Gray tiles of 32 x 32, uncompressed (TIFF 6.0, section 15)."""
    padded = np.pad(levels, ((0, -levels.shape[0] % 32), (0, -levels.shape[1] % 32)))
    tiles = [
        padded[y : y + 32, x : x + 32].tobytes()
        for y in range(0, padded.shape[0], 32)
        for x in range(0, padded.shape[1], 32)
    ]
    count, body = len(tiles), b"".join(tiles)
    offsets, sizes = 8 + len(body), 8 + len(body) + 4 * count
    tags = (
        *((256, levels.shape[1], 1), (257, levels.shape[0], 1), (258, 8, 1), (259, 1, 1)),
        *((262, 1, 1), (277, 1, 1), (322, 32, 1), (323, 32, 1)),
        *((324, offsets, count), (325, sizes, count)),
    )
    arrays = struct.pack(f"<{2 * count}I", *range(8, 8 + len(body), 1024), *[1024] * count)
    entries = b"".join(struct.pack("<HHII", tag, 4, n, value) for tag, value, n in tags)
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", offsets + len(arrays)) + body + arrays + directory


def _psd(rgb: _Samples) -> bytes:
    """A flat document: header, three empty sections, three uncompressed planes."""
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, rgb.shape[0], rgb.shape[1], 8, 3)
    return header + bytes(12) + b"\0\0" + rgb.transpose(2, 0, 1).tobytes()
