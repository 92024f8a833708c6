"""Thumbnail files: small pictures that were made once, kept in a folder that may do anything.

The cache only saves time. A file is shown if it is whole (its first bytes say what it is and how
long); else the picture is made again. It is published by rename, so that two processes that make
one at once do no harm, and where nothing can be written it is simply made each time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from annclust.images.picture import THUMBNAIL, is_whole

_FOLDER = "thumbnails"
"""Of thumbnails as they are made now; should that change, they get another folder."""


class ThumbnailFiles:
    """Thumbnails by the digest of what they were made of.

    Parameters
    ----------
    cache : Path
        The user's cache folder; made when something is kept.
    """

    def __init__(self, cache: Path) -> None:
        self._folder = cache / _FOLDER

    def _path(self, digest: bytes) -> Path:
        name = digest.hex()
        return self._folder / name[:2] / f"{name}.webp"

    def read(self, digest: bytes) -> bytes | None:
        """The thumbnail; None if there is none, or what there is is no whole one."""
        try:
            with self._path(digest).open("rb", buffering=0) as file:
                encoded = file.read(THUMBNAIL.most_bytes + 1)
        except OSError:
            return None
        return encoded if is_whole(encoded, THUMBNAIL.form) else None

    def keep(self, digest: bytes, encoded: bytes) -> None:
        """Keep a thumbnail, if the system lets it be written.

        Not forced onto the disk: what a power cut leaves of it is not whole, and is made again.
        """
        with suppress(OSError):
            self._publish(self._path(digest), encoded)

    def _publish(self, path: Path, encoded: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # what is in photos is private
        path.parent.mkdir(exist_ok=True, mode=0o700)
        beside = path.with_name(f"{path.name}.{os.urandom(8).hex()}.part")
        try:
            beside.write_bytes(encoded)
            beside.replace(path)
        except BaseException:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise

    def bytes_used(self) -> int:
        """Bytes of all thumbnails that are kept."""
        total = 0
        for path in self._files():
            with suppress(OSError):  # cleared just now
                total += path.lstat().st_size
        return total

    def clear(self) -> None:
        """Remove all thumbnails; who asks for one afterwards has it made again."""
        for path in self._files():
            with suppress(OSError):
                path.unlink()

    def _files(self) -> Iterator[Path]:
        with suppress(OSError):
            for folder in self._folder.iterdir():
                yield from _files_in(folder)


def _files_in(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if ".webp" in path.suffixes]
    except OSError:
        return []
