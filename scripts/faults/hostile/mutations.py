"""Mutations: ways to break an image file, blindly and with knowledge of its format.

Each takes the file, a source of chance, and another file to splice it with; each gives bytes, at
times the same ones. The same chance leads to the same mutant.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from hostile.file_structure import Part, parts, size_fields

from annclust.images.formats import sniff

Mutation = Callable[[bytes, Random, bytes], bytes]

_LARGEST = 2 << 20
"""Bytes of a mutant: a file that is merely large is nothing to be afraid of."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A broken file.

    Parameters
    ----------
    number : int
        It comes back under this number as long as seed, sources and libraries stay the same.
        Below 0: a source as it is, the first one being -1.
    source : str
        The file that it was made from.
    recipe : tuple of str
        What was done to it.
    data : bytes
    """

    number: int
    source: str
    recipe: tuple[str, ...]
    data: bytes

    @property
    def format(self) -> str:
        """What decoding takes it for."""
        return sniff(self.data) or "no image"


def mutant(number: int, seed: int, sources: Sequence[tuple[str, bytes]]) -> Mutant:
    """Make a mutant: the sources take turns, chance decides on the rest."""
    if number < 0:
        return Mutant(number, sources[-1 - number][0], (), sources[-1 - number][1])
    chance = Random(f"{seed} {number}")
    name, data = sources[number % len(sources)]
    recipe = []
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5))):
        (mutation,) = chance.choices(list(MUTATIONS), weights=list(MUTATIONS.values()))
        recipe.append(mutation.__name__)
        data = mutation(data, chance, chance.choice(sources)[1])[:_LARGEST]
    # Most of what is wrong in a PNG is not even looked at if its checksums are wrong, too.
    if data.startswith(b"\x89PNG") and chance.random() < 0.8:
        recipe.append("mend_checksums")
        data = mend_checksums(data)
    return Mutant(number, name, tuple(recipe), data)


def _range(data: bytes, chance: Random) -> tuple[int, int]:
    """A range of bytes, more often a short one."""
    start = chance.randrange(len(data) + 1)
    longest = max(1, int(len(data) * chance.random() ** 4))
    return start, min(len(data), start + chance.randint(1, longest))


def flip_bits(data: bytes, chance: Random, _: bytes) -> bytes:
    """Turn over some bits anywhere."""
    broken = bytearray(data)
    for _time in range(min(len(data), chance.choice((1, 1, 2, 5, 20, 100)))):
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
    return bytes(broken)


def flip_early_bits(data: bytes, chance: Random, other: bytes) -> bytes:
    """The same among the first bytes, where headers are."""
    return flip_bits(data[:256], chance, other) + data[256:]


def overwrite(data: bytes, chance: Random, _: bytes) -> bytes:
    """Write anything over a range."""
    start, end = _range(data, chance)
    return data[:start] + chance.randbytes(end - start) + data[end:]


def clear(data: bytes, chance: Random, _: bytes) -> bytes:
    """Fill a range with zeros, or with ones: what disks and cards return for what they lost."""
    start, end = _range(data, chance)
    return data[:start] + chance.choice((b"\0", b"\xff")) * (end - start) + data[end:]


def truncate(data: bytes, chance: Random, _: bytes) -> bytes:
    """Cut off the end; now and then all but the beginning."""
    return data[: chance.randrange(1 + (len(data) if chance.random() < 0.8 else len(data) // 8))]


def remove(data: bytes, chance: Random, _: bytes) -> bytes:
    """Leave out a range."""
    start, end = _range(data, chance)
    return data[:start] + data[end:]


def repeat(data: bytes, chance: Random, _: bytes) -> bytes:
    """Write a range again, behind itself."""
    start, end = _range(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 2, 30)) + data[end:]


def splice(data: bytes, chance: Random, other: bytes) -> bytes:
    """Put the tail of another file, most often of another format, behind the head of this one."""
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def write_number(data: bytes, chance: Random, _: bytes) -> bytes:
    """Write a number that programs count wrongly over some bytes, in either order."""
    size = chance.choice((1, 2, 4))
    start = chance.randrange(max(1, len(data) - size))
    number = chance.choice(_NUMBERS) & ((1 << 8 * size) - 1)
    order: Literal["little", "big"] = chance.choice(("little", "big"))
    return data[:start] + number.to_bytes(size, order) + data[start + size :]


_SIDES = (0, 1, 2, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_AREAS = ((0xFFFF, 0xFFFF), (0x7FFFFFFF, 0x7FFFFFFF), (0x40000000, 4), (0x10000, 0x10000))
_JUST_ALLOWED = ((16_383, 16_383), (17_300, 17_300), (65_500, 4_500), (4_500, 65_500))
"""Sizes just below 300 million pixels, which is the limit; some formats end at 16383."""


def claim_size(data: bytes, chance: Random, _: bytes) -> bytes:
    """Say of a picture that it is very large, or has no pixels at all."""
    fields = size_fields(data)
    if not fields:
        return data
    width, height = chance.choice(fields)
    sides = width.read(data), height.read(data)
    match chance.randrange(20):
        case 0 | 1:
            sides = chance.choice(_JUST_ALLOWED)
        case few if few < 10:
            sides = chance.choice(_AREAS)
        case few if few < 15:
            sides = chance.choice(_SIDES), sides[1]
        case _:
            sides = sides[0], chance.choice(_SIDES)
    return height.written(width.written(data, sides[0]), sides[1])


def claim_length(data: bytes, chance: Random, _: bytes) -> bytes:
    """Say of a part that it is as long as can be said, or a little longer or shorter than it is."""
    fields = [field for part in parts(data) for field in part.lengths]
    if not fields:
        return data
    field = chance.choice(fields)
    near = field.read(data) + chance.choice((-4, -1, 1, 4, 1000))
    return field.written(data, chance.choice((0xFFFFFFFF, 0xFFFFFFFF, 0x7FFFFFFF, 0, near)))


def _part(data: bytes, chance: Random) -> Part:
    return chance.choice(parts(data))


def remove_part(data: bytes, chance: Random, _: bytes) -> bytes:
    """Leave out a chunk, segment, box, block or entry."""
    part = _part(data, chance)
    return data[: part.start] + data[part.end :]


def repeat_part(data: bytes, chance: Random, _: bytes) -> bytes:
    """Write one again, once or very often."""
    part = _part(data, chance)
    again = data[part.start : part.end] * chance.choice((1, 1, 10, 300))
    return data[: part.end] + again[:_LARGEST] + data[part.end :]


def swap_parts(data: bytes, chance: Random, _: bytes) -> bytes:
    """Let two change places."""
    one, other = sorted((_part(data, chance), _part(data, chance)), key=lambda part: part.start)
    if one.end > other.start:
        return data
    middle = data[one.end : other.start]
    first, second = data[one.start : one.end], data[other.start : other.end]
    return data[: one.start] + second + middle + first + data[other.end :]


def borrow_part(data: bytes, chance: Random, other: bytes) -> bytes:
    """Put a part of another file in the place of one."""
    ours, theirs = _part(data, chance), _part(other, chance)
    return data[: ours.start] + other[theirs.start : theirs.end] + data[ours.end :]


MUTATIONS: dict[Mutation, int] = {
    flip_bits: 16,
    flip_early_bits: 12,
    overwrite: 8,
    clear: 6,
    truncate: 6,
    remove: 4,
    repeat: 4,
    splice: 5,
    write_number: 8,
    claim_size: 8,
    claim_length: 8,
    remove_part: 4,
    repeat_part: 4,
    swap_parts: 4,
    borrow_part: 3,
}
"""All mutations, and how often each is chosen."""


def mend_checksums(data: bytes) -> bytes:
    """Give every chunk of a PNG the checksum that it should have."""
    mended = [
        _mended(data[part.start : part.end]) if part.lengths else data[part.start : part.end]
        for part in parts(data)
    ]
    return b"".join(mended)


def _mended(chunk: bytes) -> bytes:
    body = chunk[4:-4]
    return chunk[:4] + body + zlib.crc32(body).to_bytes(4, "big") if len(chunk) >= 12 else chunk
