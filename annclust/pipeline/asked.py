"""Asked: which content somebody means who names a file."""

from __future__ import annotations

import os
from pathlib import Path

from annclust.errors import InputError, UnknownPhotoError, UnreadableImageError
from annclust.images.digest import digest_of
from annclust.storage.store import Store

_SHORTEST = 8
"""Digits of a digest that are taken for one."""


def asked_content(store: Store, path: Path) -> bytes:
    """Digest of the content of a photo of the collection.

    The file may lie anywhere, as long as a photo has its content; where it cannot be read, the
    photo that was there is meant.

    Raises
    ------
    UnreadableImageError
        If the file cannot be read, and is no photo of the collection.
    UnknownPhotoError
        If no photo has that content (any more).
    InputError
        If it belongs to a photo, and is none of its own.
    """
    try:
        digest = digest_of(path)
    except UnreadableImageError:
        known = _digests_at(store, path)
        if not known:
            raise
        return known[0]
    if store.catalog.images_of_digest(digest):
        return digest
    for image, companions in store.catalog.companions().items():
        if path.resolve() in companions:
            (photo,) = store.catalog.images_by_id([image])
            raise InputError(f"{path} goes with {photo.full_path}: name that one.")
    raise UnknownPhotoError(path, changed=bool(_digests_at(store, path)))


def _digests_at(store: Store, path: Path, *, removed: bool = False) -> list[bytes]:
    """Digest of the photo that the collection has in a place, or of all that it once had there."""
    return store.catalog.digests_at(os.fsencode(path.absolute()), removed=removed)


def decided_content(store: Store, named: Path) -> bytes:
    """As `asked_content`, or what lay there or begins like that and something was decided about.

    That is how photos are named that are gone.
    """
    if named.exists():
        return asked_content(store, named)
    beginning = str(named).lower()
    known = {digest for *pair, _ in store.catalog.decisions() for digest in pair}
    meant = [digest for digest in known if digest.hex().startswith(beginning)]
    if len(meant) == 1 and len(beginning) >= _SHORTEST:
        return meant[0]
    gone = known.intersection(_digests_at(store, named, removed=True))
    if len(gone) == 1 and not _digests_at(store, named):
        return gone.pop()
    return asked_content(store, named)
