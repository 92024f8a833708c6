"""Damage: the ways in which a file can come to hold something else, or nothing at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from numpy.random import Generator

Way = Callable[[Path, Generator, Sequence[Path]], None]
"""Damages a file; the last argument are files whose content might get into its place."""

_BLOCKS = (512, 4_096)
"""Bytes that disks and file systems lose at a time."""
_RUN = 4_096
_NEAR = 64


def _position(rng: Generator, size: int) -> int:
    """Anywhere, or where structures begin and end: those are few, but much depends on them."""
    match rng.integers(4):
        case 0:
            place = int(rng.integers(min(size, 100)))
        case 1:
            block = _BLOCKS[rng.integers(len(_BLOCKS))]
            edge = block * int(rng.integers(size // block + 1))
            place = edge + int(rng.integers(-_NEAR, _NEAR))
        case _:
            place = int(rng.integers(size))
    return min(max(place, 0), size - 1)


def _flip(path: Path, rng: Generator, bits: int) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(bits):
        content[_position(rng, len(content))] ^= 1 << int(rng.integers(8))
    path.write_bytes(content)


def _flip_one(path: Path, rng: Generator, _others: Sequence[Path]) -> None:
    _flip(path, rng, 1)


def _flip_several(path: Path, rng: Generator, _others: Sequence[Path]) -> None:
    _flip(path, rng, int(rng.integers(2, 17)))


def _overwrite(path: Path, rng: Generator, _others: Sequence[Path]) -> None:
    content = bytearray(path.read_bytes())
    start = _position(rng, len(content))
    run = min(int(rng.integers(1, _RUN + 1)), len(content) - start)
    content[start : start + run] = rng.bytes(run)
    path.write_bytes(content)


def _cut(path: Path, rng: Generator, _others: Sequence[Path]) -> None:
    os.truncate(path, int(rng.integers(path.stat().st_size)))


def _cut_at_a_block(path: Path, rng: Generator, _others: Sequence[Path]) -> None:
    block = _BLOCKS[rng.integers(len(_BLOCKS))]
    os.truncate(path, block * int(rng.integers(-(-path.stat().st_size // block))))


def _empty(path: Path, _rng: Generator, _others: Sequence[Path]) -> None:
    os.truncate(path, 0)


def _zero_the_end(path: Path, rng: Generator, _others: Sequence[Path]) -> None:
    size = path.stat().st_size
    os.truncate(path, int(rng.integers(size)))
    os.truncate(path, size)


def _append_zeros(path: Path, rng: Generator, _others: Sequence[Path]) -> None:
    os.truncate(path, path.stat().st_size + int(rng.integers(1, 3 * _RUN)))


def _append_garbage(path: Path, rng: Generator, _others: Sequence[Path]) -> None:
    with path.open("ab") as file:
        file.write(rng.bytes(int(rng.integers(1, 3 * _RUN))))


def _remove(path: Path, _rng: Generator, _others: Sequence[Path]) -> None:
    path.unlink()


def _swap(path: Path, rng: Generator, others: Sequence[Path]) -> None:
    path.write_bytes(others[int(rng.integers(len(others)))].read_bytes())


def _directory(path: Path, _rng: Generator, _others: Sequence[Path]) -> None:
    path.unlink()
    path.mkdir()


def _link_to_nowhere(path: Path, _rng: Generator, _others: Sequence[Path]) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _link_to_itself(path: Path, _rng: Generator, _others: Sequence[Path]) -> None:
    # Nobody can read it, not even who may read everything.
    path.unlink()
    path.symlink_to(path.name)


def _pipe(path: Path, _rng: Generator, _others: Sequence[Path]) -> None:
    path.unlink()
    os.mkfifo(path)


SWAPPED = "content of another"

WAYS: dict[str, Way] = {
    "bit flipped": _flip_one,
    "bits flipped": _flip_several,
    "garbage inside": _overwrite,
    "cut": _cut,
    "cut at a block": _cut_at_a_block,
    "emptied": _empty,
    "end zeroed": _zero_the_end,
    "zeros appended": _append_zeros,
    "garbage appended": _append_garbage,
    "missing": _remove,
    SWAPPED: _swap,
    "a directory": _directory,
    "a link to nowhere": _link_to_nowhere,
    "a link to itself": _link_to_itself,
    "a pipe": _pipe,
}


def content(path: Path) -> bytes | None:
    """What a file holds; None where there is no file to read."""
    return path.read_bytes() if path.is_file() else None
