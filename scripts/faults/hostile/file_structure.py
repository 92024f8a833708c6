"""File structure: the parts that image files consist of, and where their sizes are written.

Only for those who want to break them: whatever is read here may be broken already, so nothing is
believed, and a file that makes no sense has one part and no fields.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from annclust.images.formats import sniff


@dataclass(frozen=True, slots=True)
class Field:
    """A number in a file: where it begins, and how `struct` calls its kind."""

    offset: int
    kind: str

    def read(self, data: bytes) -> int:
        """The number; 0 if the file ends before it does."""
        return _number(data, self.offset, self.kind)

    def written(self, data: bytes, value: int) -> bytes:
        """The file with another number, of which as many bits are taken as fit."""
        size = struct.calcsize(self.kind)
        if self.offset < 0 or self.offset + size > len(data):
            return data
        number = struct.pack(self.kind, value & ((1 << 8 * size) - 1))
        return data[: self.offset] + number + data[self.offset + size :]


def _number(data: bytes, offset: int, kind: str) -> int:
    part = data[offset : offset + struct.calcsize(kind)]
    return int(struct.unpack(kind, part)[0]) if len(part) == struct.calcsize(kind) else 0


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk, segment, box, block or entry, and the fields in it that say how long something is.

    Parameters
    ----------
    start, end : int
        In bytes from the start of the file.
    lengths : tuple of Field
    """

    start: int
    end: int
    lengths: tuple[Field, ...] = ()


def parts(data: bytes) -> list[Part]:
    """The parts of a file, in order; one after another they are the whole file."""
    found = [Part(0, 0)]
    for part in _PARTS.get(sniff(data) or "", _whole)(data):
        start, end = found[-1].end, min(part.end, len(data))
        if end <= start:
            break
        if part.start > start:
            found.append(Part(start, part.start))
        found.append(Part(part.start, end, part.lengths))
    return [*found[1:], Part(found[-1].end, len(data))]


def _whole(data: bytes) -> Iterator[Part]:
    yield Part(0, len(data))


def _png(data: bytes) -> Iterator[Part]:
    start = 8
    while start < len(data):
        end = start + 12 + _number(data, start, ">I")
        yield Part(start, end, (Field(start, ">I"),))
        start = end


_JPEG_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")


def _jpeg(data: bytes) -> Iterator[Part]:
    """Segments; the compressed data belong to the one that announces them."""
    start = 2
    while found := _JPEG_MARKER.search(data, start):
        start = found.start()
        after = start + 2 + _number(data, start + 2, ">H")
        following = _JPEG_MARKER.search(data, after)
        start_of_next = following.start() if following else len(data)
        yield Part(start, start_of_next, (Field(start + 2, ">H"),))
        start = start_of_next


def _riff(data: bytes) -> Iterator[Part]:
    yield Part(0, 12, (Field(4, "<I"),))
    start = 12
    while start < len(data):
        size = _number(data, start + 4, "<I")
        end = start + 8 + size + size % 2
        yield Part(start, end, (Field(start + 4, "<I"),))
        start = end


_HEADERS_OF_CONTAINERS = {
    **dict.fromkeys((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"iprp", b"ipco", b"jp2h"), 8),
    b"meta": 12,
    b"stsd": 16,
}
"""Boxes that hold boxes, and how many bytes stand before these."""


def _boxes(data: bytes) -> Iterator[Part]:
    """Boxes of ISO media; of one that holds others, the beginning is a part of its own."""
    start = 0
    while start < len(data):
        size = _number(data, start, ">I")
        within = _HEADERS_OF_CONTAINERS.get(data[start + 4 : start + 8])
        end = start + within if within else start + max(8, size) if size else len(data)
        yield Part(start, end, (Field(start, ">I"),))
        start = end


def _codestream(data: bytes) -> Iterator[Part]:
    """Marker segments of JPEG 2000, as far as the first tile's data."""
    start = 2
    while 0xFF4F < _number(data, start, ">H") != 0xFF93:
        end = start + 2 + _number(data, start + 2, ">H")
        yield Part(start, end, (Field(start + 2, ">H"),))
        start = end


def _jpeg_2000(data: bytes) -> Iterator[Part]:
    return _codestream(data) if data.startswith(b"\xff\x4f") else _boxes(data)


def _tiff(data: bytes) -> Iterator[Part]:
    """The entries of the first directory."""
    for start, order, is_big in _tiff_entries(data):
        kind, value = ("Q", 12) if is_big else ("I", 8)
        lengths = Field(start + 4, order + kind), Field(start + value, order + kind)
        yield Part(start, start + (20 if is_big else 12), lengths)


def _tiff_entries(data: bytes) -> Iterator[tuple[int, str, bool]]:
    """Where the entries are, the order of bytes, and whether offsets have 64 bits (BigTIFF)."""
    order = "<" if data.startswith(b"II") else ">"
    is_big = _number(data, 2, f"{order}H") == 43
    directory = _number(data, 8, f"{order}Q") if is_big else _number(data, 4, f"{order}I")
    first, size = (8, 20) if is_big else (2, 12)
    count = _number(data, directory, f"{order}Q" if is_big else f"{order}H")
    for position in range(min(count, 100)):
        yield directory + first + size * position, order, is_big


def _gif(data: bytes) -> Iterator[Part]:
    start = 13 + _color_table(data[10:11])
    yield Part(0, start)
    while start < len(data):
        if data[start : start + 1] == b"\x2c":
            first = start + 11 + _color_table(data[start + 9 : start + 10])
        else:
            first = start + 2
        end = first
        while size := _number(data, end, "B"):
            end += 1 + size
        yield Part(start, end + 1, (Field(first, "B"),))
        start = end + 1


def _color_table(flags: bytes) -> int:
    """Bytes of the color table that flags announce."""
    return 3 * 2 ** (1 + (flags[0] & 7)) if flags and flags[0] & 0x80 else 0


def _bitmap(data: bytes) -> Iterator[Part]:
    """File header, header with palette, pixels."""
    before = 14 if data.startswith(b"BM") else 0
    header = before + _number(data, before, "<I")
    if before:
        yield Part(0, before, (Field(2, "<I"), Field(10, "<I")))
    yield Part(before, header, tuple(Field(before + at, "<I") for at in (0, 20, 32)))


def _icon(data: bytes) -> Iterator[Part]:
    yield Part(0, 6, (Field(4, "<H"),))
    for start in range(6, 6 + 16 * min(_number(data, 4, "<H"), 50), 16):
        yield Part(start, start + 16, (Field(start + 8, "<I"), Field(start + 12, "<I")))


def _document(data: bytes) -> Iterator[Part]:
    """Header and three sections of a PSD; what follows are the pixels."""
    yield Part(0, 26)
    start = 26
    for _ in range(3):
        end = start + 4 + _number(data, start, ">I")
        yield Part(start, end, (Field(start, ">I"),))
        start = end


_PARTS: dict[str, Callable[[bytes], Iterator[Part]]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "GIF": _gif,
    "WebP": _riff,
    "TIFF": _tiff,
    "BMP": _bitmap,
    "DIB": _bitmap,
    "JPEG 2000": _jpeg_2000,
    "AVIF": _boxes,
    "HEIF": _boxes,
    "ICO": _icon,
    "PSD": _document,
}

_PAIRS_BEHIND: tuple[tuple[bytes, int, str], ...] = (
    (rb"IHDR", 4, ">I"),
    (rb"fcTL", 8, ">I"),
    (rb"ispe", 8, ">I"),
    (rb"ihdr", 4, ">I"),
    (rb"\xff\x51\0[\x29-\xff]", 6, ">I"),
    (rb"\xff\x51\0[\x29-\xff]", 22, ">I"),
    (rb"VP8 .{4}.{3}\x9d\x01\x2a", 14, "<H"),
    (rb"\xff[\xc0-\xc2]\0[\x0b\x11\x14]\x08", 5, ">H"),
)
"""Patterns behind which width and height are written (or height and width), how far, and how."""

_PAIRS_AT: dict[str, tuple[tuple[int, int, str], ...]] = {
    "GIF": ((6, 8, "<H"),),
    "BMP": ((18, 22, "<I"),),
    "DIB": ((4, 8, "<I"),),
    "PSD": ((14, 18, ">I"),),
    "ICO": ((6, 7, "B"),),
    "WebP": ((24, 27, "<I"), (21, 21, "<I")),
}
"""Where a format has width and height; WebP's are of 24 and 14 bits, so that more is overwritten.
"""

_TIFF_SIZES = {256, 257, 277, 278, 322, 323}


def size_fields(data: bytes) -> list[tuple[Field, Field]]:
    """Where width and height of the picture are written; in a file of many sizes, all of them."""
    pairs = [(Field(x, k), Field(y, k)) for x, y, k in _PAIRS_AT.get(sniff(data) or "", ())]
    for mark, distance, kind in _PAIRS_BEHIND:
        size = struct.calcsize(kind)
        starts = (found.start() + distance for found in re.finditer(mark, data, re.DOTALL))
        pairs += [(Field(at, kind), Field(at + size, kind)) for at in starts]
    if sniff(data) == "TIFF":
        pairs += _tiff_sizes(data)
    if data.startswith(b"GIF"):
        pairs += _gif_frames(data)
    return pairs


def _tiff_sizes(data: bytes) -> Iterator[tuple[Field, Field]]:
    """Neighbors among the numbers that say how large picture, strips and tiles are."""
    fields = [
        Field(start + (12 if is_big else 8), f"{order}{_tiff_kind(data, start, order)}")
        for start, order, is_big in _tiff_entries(data)
        if _number(data, start, f"{order}H") in _TIFF_SIZES
    ]
    return pairwise(fields)


def _tiff_kind(data: bytes, entry: int, order: str) -> str:
    return "H" if _number(data, entry + 2, f"{order}H") == 3 else "I"


def _gif_frames(data: bytes) -> Iterator[tuple[Field, Field]]:
    for part in parts(data):
        if data[part.start : part.start + 1] == b"\x2c":
            yield Field(part.start + 5, "<H"), Field(part.start + 7, "<H")
