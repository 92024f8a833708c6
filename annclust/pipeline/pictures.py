"""Pictures: what a person sees of photos, made in workers and kept for the next look.

For whoever shows many photos to many requests at once, as a web page does: thread-safe, and what
several ask for at a time is made once. Thumbnails stay in the user's cache folder; they and larger
pictures in memory as long as there is room. No other content is shown than the one in the catalog,
whatever lies in its place by now.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from annclust.closing import Closing
from annclust.errors import PhotoGoneError, UnknownPhotoError, UnreadableImageError
from annclust.images.content import VANISHED
from annclust.images.decode_workers import DecodeWorkers, ReadJob, ReadResult
from annclust.images.picture import FULL, LARGE, THUMBNAIL, PictureWish
from annclust.images.thumbnail_files import ThumbnailFiles
from annclust.memory_plan import MEBIBYTE
from annclust.pipeline.made_once import MadeOnce
from annclust.pipeline.rereading import NO_VIEW
from annclust.settings import DecodeSettings
from annclust.storage.records import ImageRecord

_WORKERS = 2
"""Who looks at photos waits for one page of them; more would stand idle most of the time."""

_IN_MEMORY = 64 * MEBIBYTE
"""Bytes of pictures: a hundred large ones, which are those of some groups."""

_State: TypeAlias = tuple[int, int]
"""Size and time of change: what tells a file that was changed from one that was not."""


class Pictures(Closing):
    """Makes pictures of photos; a context manager.

    Its workers start in the background when it is made.

    Parameters
    ----------
    settings : DecodeSettings
    cache : Path
        Folder for thumbnails.
    """

    def __init__(self, settings: DecodeSettings, cache: Path) -> None:
        few = replace(settings, workers=min(settings.workers, _WORKERS))
        # A link was followed when the photo was embedded, or else it is none.
        self._workers = DecodeWorkers(NO_VIEW, few, follow_symlinks=True)
        self._workers.__enter__()
        self._thumbnails = ThumbnailFiles(cache)
        self._made = MadeOnce(_IN_MEMORY)

    def close(self) -> None:
        """End the workers; who waits for a picture gets an error."""
        self._workers.__exit__(None, None, None)

    def thumbnail(self, photo: ImageRecord) -> bytes:
        """A WebP whose longest side has 320 pixels at most.

        If the photo is away, as on a disk that is not plugged in, the one that was kept.

        Raises
        ------
        PhotoGoneError
            If its file is not there.
        UnknownPhotoError
            If its file has another content than the catalog says.
        UnreadableImageError
            If it cannot be read or decoded.
        """
        return self._picture(photo, THUMBNAIL)

    def picture(self, photo: ImageRecord, *, full: bool = False) -> bytes:
        """A WebP of 2,048 pixels at most; if `full`, a JPEG of all pixels up to 6,000 a side.

        Raises
        ------
        PhotoGoneError, UnknownPhotoError, UnreadableImageError
            As from `thumbnail`.
        """
        return self._picture(photo, FULL if full else LARGE)

    def _picture(self, photo: ImageRecord, wish: PictureWish) -> bytes:
        state = _state_of(photo)
        make = partial(self._make, photo, wish)
        if wish == THUMBNAIL and state == _indexed_state(photo):
            make = partial(self._make_thumbnail, photo)
        return self._made.get((photo.digest, wish, state), make)

    def _make_thumbnail(self, photo: ImageRecord) -> bytes:
        """Look it up, or make and keep it."""
        kept = self._thumbnails.read(photo.digest)
        if kept is None:
            kept = self._make(photo, THUMBNAIL)
            self._thumbnails.keep(photo.digest, kept)
        return kept

    def _make(self, photo: ImageRecord, wish: PictureWish) -> bytes:
        path, digest = photo.full_path, photo.digest
        (result,) = self._workers.run([ReadJob(0, os.fsencode(path), wish=wish, only=digest)])
        if result.picture is None:
            raise _error(photo, result)
        return bytes(result.picture.encoded)


def _indexed_state(photo: ImageRecord) -> _State:
    return photo.size, photo.modified_ns


def _state_of(photo: ImageRecord) -> _State:
    """The state of a photo's file; if it cannot be looked at, what it was."""
    try:
        found = photo.full_path.stat()
    except OSError:
        return _indexed_state(photo)
    return found.st_size, found.st_mtime_ns


def _error(photo: ImageRecord, result: ReadResult) -> Exception:
    """Why there is no picture of a photo."""
    path = photo.full_path
    if result.reason == VANISHED:
        return PhotoGoneError(path)
    if result.reason is None and result.digest != photo.digest:
        return UnknownPhotoError(path, changed=True)
    return UnreadableImageError(path, reason=result.reason or "nothing could be read")
