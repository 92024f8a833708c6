"""Sidecars: small files beside photos that other programs keep what was edited in. Pure.

They belong to photos by name: ``IMG_1.CR2.xmp`` to one file, ``IMG_1.xmp`` to all files of that
name. One moves if all of these do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Final

SIDECAR_EXTENSIONS: Final = frozenset(
    {b"xmp", b"aae", b"thm", b"pp3", b"arp", b"dop", b"cos", b"on1"}
)
"""Adobe and darktable, Apple's edits, thumbnails of cameras, RawTherapee, ART, DxO, Capture One,
ON1; what holds photos or films is none."""


def sidecars(names: Iterable[bytes], moving: Collection[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Find the sidecars of one folder that move, and the file that each of them moves with.

    Parameters
    ----------
    names : iterable of bytes
        All names in the folder.
    moving : collection of bytes
        Those that move; none is a sidecar.
    """
    every = sorted(names)
    owners: dict[bytes, list[bytes]] = defaultdict(list)
    for name in every:
        if not _is_sidecar(name):
            owners[name.lower()].append(name)
            owners[_stem(name)].append(name)
    for name in every:
        own = owners.get(_stem(name), []) if _is_sidecar(name) else []
        if own and all(each in moving for each in own):
            yield name, own[0]


def _is_sidecar(name: bytes) -> bool:
    _, dot, extension = name.rpartition(b".")
    return bool(dot) and extension.lower() in SIDECAR_EXTENSIONS


def _stem(name: bytes) -> bytes:
    """A name without its last ending, in lower case."""
    stem, dot, extension = name.rpartition(b".")
    return (stem if dot else extension).lower()
