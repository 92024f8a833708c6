"""Rereading: contents are read once more, from the first of their files that is what it was.

Serves :mod:`captures`, :mod:`examinations` and :mod:`html_export`. Files are read whole, as only
the digest of all bytes says that they are what they were; another content is not decoded.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from annclust.images.decode_workers import DecodeWorkers, ReadJob, ReadResult
from annclust.images.wish import Wish
from annclust.input_geometry import InputGeometry
from annclust.settings import DecodeSettings
from annclust.storage.records import ImageRecord

NO_VIEW: Final = InputGeometry(short_side=1, crop=1)
"""For workers of whom nobody asks views."""


def rereading_workers(settings: DecodeSettings) -> DecodeWorkers:
    """Workers to read known contents, of which nobody asks for views; a context manager."""
    # A link was followed when the photo was embedded, or else it is none.
    return DecodeWorkers(NO_VIEW, settings, follow_symlinks=True)


def by_content(photos: Iterable[ImageRecord]) -> dict[bytes, list[ImageRecord]]:
    """Photos by digest, each content in the order in which it came first."""
    copies: dict[bytes, list[ImageRecord]] = defaultdict(list)
    for photo in photos:
        copies[photo.digest].append(photo)
    return dict(copies)


def reread(
    workers: DecodeWorkers,
    copies: Mapping[bytes, Sequence[ImageRecord]],
    wish: Wish | None = None,
) -> Iterator[tuple[bytes, ReadResult]]:
    """Read contents, in any order; the next file of one only if the first cannot be read.

    Parameters
    ----------
    workers : DecodeWorkers
    copies : mapping of bytes to sequence of ImageRecord
        Photos of each content.
    wish : Wish or None
        What is to be made of it; if None, nothing is decoded, and it is only told how the photo
        was taken.

    Yields
    ------
    tuple
        A digest, and what the first file gave that was of use; if none was, the last one. That is
        seen by `was_read`.
    """
    while copies:
        asked = [photos[0] for photos in copies.values()]
        left: dict[bytes, Sequence[ImageRecord]] = {}
        for result in workers.run(_jobs(asked, wish)):
            digest = asked[result.key].digest
            others = copies[digest][1:]
            if others and not was_read(result, digest):
                left[digest] = others
            else:
                yield digest, result
        copies = left


def was_read(result: ReadResult, digest: bytes) -> bool:
    """Whether a file had that content, and what was wished could be made of it."""
    return result.digest == digest and result.reason is None


def why_not(result: ReadResult, digest: bytes) -> str:
    """Why nothing came of a content: a few words without a full stop."""
    if result.reason is None and not was_read(result, digest):
        return "it changed since it was indexed"
    return result.reason or "nothing could be made of it"


def _jobs(photos: Iterable[ImageRecord], wish: Wish | None) -> Iterator[ReadJob]:
    for key, photo in enumerate(photos):
        path, digest = os.fsencode(photo.full_path), photo.digest
        if wish is None:
            yield ReadJob(key, path, frozenset((digest,)), only=digest)
        else:
            yield ReadJob(key, path, wish=wish, only=digest)
