"""URL path: where photos lie that are no files of this machine, in the shape of a path.

Photos go by paths everywhere; those in object storage go by URLs (``s3://bucket/photos``). Here is
told which text is one, without asking anybody: who reads behind URLs is
:mod:`annclust.images.remote_files`.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path, PosixPath
from typing import Self

from annclust.errors import UsageError

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
"""A scheme of two letters or more, as RFC 3986 has it, and what comes behind."""

_URL_BYTES = re.compile(_URL.pattern.encode(), re.DOTALL)
_OF_THIS_MACHINE = ("file", "local")
_WITHOUT_SERVER = "memory"
_ONE_NAME = {"s3a": "s3", "gcs": "gs", "abfss": "abfs"}
"""Other names of a storage: two of one place would be two places."""

_ODD = ("ftp", "ftps", "sftp", "ssh", "http", "https", "zip", "tar")
"""What fsspec reads in ways that do not do here: folders that cannot be listed look empty, or names
with ``?`` lose what comes behind it."""


def is_url(path: bytes) -> bool:
    """Whether a path is a URL; no absolute path of this machine is one."""
    return _URL_BYTES.match(path) is not None


class UrlPath(PosixPath):
    """A URL that can stand where paths stand, and keeps both of its slashes.

    To whoever opens, lists or looks at it as a local file it is a file that is not there.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return super().__str__().replace(":/", "://", 1)

    def is_absolute(self) -> bool:
        """Always: it does not depend on where one is."""
        return True

    def absolute(self) -> Self:
        """Itself."""
        return self

    def resolve(self, strict: bool = False) -> Self:
        """Itself: there are no links."""
        return self

    def expanduser(self) -> Self:
        """Itself: a tilde is a part of a name."""
        return self

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """Raise FileNotFoundError, rather than make a folder called ``s3:`` on the disk."""
        self.stat()

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Raise FileNotFoundError."""
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self))


def path_at(text: str, *below: str) -> Path:
    """The path that a text of the catalog or of a plan stands for, and what lies below it."""
    is_local = text.startswith("/") or _URL.match(text) is None
    return Path(text, *below) if is_local else UrlPath(text, *below)


def named_path(named: str | os.PathLike[str]) -> Path:
    """The path that a person means, be it a URL or not; ``file:`` URLs are plain local paths.

    Raises
    ------
    UsageError
        If a URL names no server, one that cannot be, or holds a password.
    TypeError
        If it is no path, or one of bytes.
    """
    if isinstance(named, UrlPath):
        return named
    text = os.fspath(named)
    found = _URL.fullmatch(text)
    if found is None:
        return Path(named)
    scheme, rest = found[1].lower(), found[2]
    scheme = _ONE_NAME.get(scheme, scheme)
    if scheme in _OF_THIS_MACHINE:
        return _local_path(rest)
    if scheme in _ODD:
        raise UsageError(
            f"photos cannot be read behind {scheme}://. Object storage can (docs/remote.md), and"
            " what is mounted as a folder."
        )
    server = rest.lstrip("/") if scheme == _WITHOUT_SERVER else rest
    _refuse_odd(scheme, server.partition("/")[0])
    return UrlPath(f"{scheme}://{server}")


def _local_path(rest: str) -> Path:
    from urllib.parse import unquote

    host, slash, path = rest.partition("/")
    if host not in ("", "localhost") or not slash:
        raise UsageError("a file: URL names a folder of this machine: file:///home/me/Photos.")
    return Path("/" + unquote(path, errors="surrogateescape"))


def _refuse_odd(scheme: str, server: str) -> None:
    if not server:
        raise UsageError(f"{scheme}:// names no bucket or server, as {scheme}://NAME/photos does.")
    user, at, _ = server.rpartition("@")
    if at and ":" in user:
        raise UsageError(
            f"a URL is stored and shown, so there must be no password in it ({scheme}://…@…). Give"
            " it in the way that the library for this storage has: docs/remote.md."
        )
