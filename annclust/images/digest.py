"""Digest: the identity of one image file that somebody named, without decoding it."""

from __future__ import annotations

import os
from pathlib import Path

from annclust.errors import UnreadableImageError
from annclust.images.content import UnreadableFileError, read_content
from annclust.settings import GIBIBYTE
from annclust.url_path import UrlPath


def digest_of(path: Path, *, max_bytes: int = GIBIBYTE) -> bytes:
    """BLAKE3 digest of a file's content.

    Parameters
    ----------
    path : Path
        May be a symbolic link, or a URL.
    max_bytes : int
        Larger files are refused.

    Raises
    ------
    UnreadableImageError
    """
    if not isinstance(path, UrlPath):
        _require_file(path)
    try:
        content = read_content(os.fsencode(path), max_bytes=max_bytes, follow_symlinks=True)
    except UnreadableFileError as error:
        raise UnreadableImageError(path, reason=error.reason) from error
    return content.digest()


def _require_file(path: Path) -> None:
    if not path.exists():
        raise UnreadableImageError(path, reason="there is no such file")
    if path.is_dir():
        raise UnreadableImageError(path, reason="this is a folder, not an image")
