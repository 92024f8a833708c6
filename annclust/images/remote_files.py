"""Remote files: what lies behind URLs, listed folder by folder and read object by object.

The only module that knows fsspec, which is loaded when the first URL is met, and with it the
library for that storage (s3fs, gcsfs). Nothing is remembered of what a server said, but that it
could not be reached: then it is not asked again for a while, as each time costs seconds.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from socket import gaierror
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_T = TypeVar("_T")

_LIBRARIES: Final = {
    **dict.fromkeys(("s3", "s3a"), "s3fs"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("az", "abfs", "abfss"), "adlfs"),
}
_TIMES: Final = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")
"""Where file systems say when something was changed, the surest one first."""

_OUT_OF_REACH: Final = frozenset(
    {
        *("EndpointConnectionError", "ConnectTimeoutError"),  # botocore
        *("ClientConnectorError", "ClientConnectorDNSError", "ConnectionTimeoutError"),  # aiohttp
    }
)
"""What libraries raise where no connection came about at all."""

_SECOND_NS: Final = 10**9
_AWAY_FOR: Final = 60.0
"""Seconds for which a server that could not be reached is not asked again. Libraries try for up to
ten seconds; a thousand photos that wait behind each other would take hours to be given up."""


class RemoteError(Exception):
    """What was asked of a server cannot be had.

    Parameters
    ----------
    reason : str
        A few words without a full stop; no server's own words, which may tell too much.
    gone : bool
        Whether the server says that there is no such thing.
    retry : bool
        Whether it may work another time.
    away : bool
        Whether the server could not be reached.
    """

    def __init__(
        self, reason: str, *, gone: bool = False, retry: bool = True, away: bool = False
    ) -> None:
        self.reason, self.gone, self.retry, self.away = reason, gone, retry, away
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class RemoteEntry:
    """Something in a folder of a server.

    Parameters
    ----------
    name : bytes
    size : int
        In bytes.
    modified_ns : int
        Time of change, in whole seconds, as nanoseconds; 0 if the server does not say. Servers
        tell fractions in lists and none of a single object.
    is_folder : bool
    """

    name: bytes
    size: int
    modified_ns: int
    is_folder: bool


def list_folder(url: bytes) -> list[RemoteEntry]:
    """The files and folders in a folder, by name; without what stands for the folder itself.

    Raises
    ------
    RemoteError
    """

    def listed(files: AbstractFileSystem, path: str) -> list[RemoteEntry]:
        start = path.rstrip("/") + "/"
        found = ((each["name"].removeprefix(start), each) for each in files.ls(path, detail=True))
        entries = [_entry(name, each) for name, each in found if _is_of_use(name, each)]
        return sorted(entries, key=lambda entry: entry.name)

    return _asked(url, listed)


def look_at(url: bytes) -> RemoteEntry:
    """What a URL stands for.

    Raises
    ------
    RemoteError
    """
    name = url.rpartition(b"/")[2]
    return _asked(url, lambda files, path: _entry(os.fsdecode(name), files.info(path)))


def read_object(url: bytes, *, max_bytes: int) -> tuple[bytes, int]:
    """The bytes of one object, and when it was changed (as `RemoteEntry` has it).

    Raises
    ------
    RemoteError
        Also if it has more than `max_bytes`, or was written meanwhile.
    """
    found = look_at(url)
    if found.is_folder:
        raise RemoteError("not an ordinary file")
    if found.size > max_bytes:
        excess = f"{found.size / 1e6:.0f} MB are more than the limit of {max_bytes / 1e6:.0f}"
        raise RemoteError(excess, retry=False)
    # No server gives a part of nothing; one byte more than allowed shows what grew meanwhile.
    end = max_bytes + 1

    def read(files: AbstractFileSystem, path: str) -> bytes:
        data: bytes = files.cat_file(path, start=0, end=end)
        return data

    data = _asked(url, read) if found.size else b""
    if len(data) != found.size:
        raise RemoteError("it changed while it was read")
    return data, found.modified_ns


def _is_of_use(name: str, told: Mapping[str, Any]) -> bool:
    """Whether it is a file or folder with a name: stores know keys that no path can say."""
    is_name = "/" not in name and name not in ("", ".", "..")
    return is_name and told["type"] in ("file", "directory")


def _entry(name: str, told: Mapping[str, Any]) -> RemoteEntry:
    is_folder = told["type"] == "directory"
    if told["size"] is None and not is_folder:
        raise RemoteError("the server does not tell its size")
    return RemoteEntry(os.fsencode(name), int(told["size"] or 0), _modified_ns(told), is_folder)


def _modified_ns(told: Mapping[str, Any]) -> int:
    for name in _TIMES:
        when = told.get(name)
        if isinstance(when, datetime):
            aware = when if when.tzinfo else when.replace(tzinfo=UTC)
            since = aware - datetime.fromtimestamp(0, UTC)
            return since // timedelta(seconds=1) * _SECOND_NS
        if isinstance(when, int | float):
            return int(when) * _SECOND_NS
    return 0


def _asked(url: bytes, ask: Callable[[AbstractFileSystem, str], _T]) -> _T:
    """Ask the file system that a URL is of; gives it the path that it knows the place by."""
    text = os.fsdecode(url)
    scheme, _, rest = text.partition("://")
    server = f"{scheme}://{rest.partition('/')[0]}"
    _refuse_away(server)
    was_asked = False
    try:
        files = _file_system(server)
        was_asked = True
        return ask(files, files._strip_protocol(text))
    except (MemoryError, RemoteError):
        raise
    except Exception as error:  # whatever these libraries raise
        told = _explained(error, scheme)
        if told.gone and not was_asked:
            told = RemoteError("the library for it lacks a file, of credentials maybe")
        if told.away:
            _AWAY[server] = time.monotonic() + _AWAY_FOR, told.reason
        raise told from error


_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{1,63}")
_AWAY: dict[str, tuple[float, str]] = {}


def _refuse_away(server: str) -> None:
    until, reason = _AWAY.get(server, (0.0, ""))
    if time.monotonic() < until:
        raise RemoteError(reason, away=True)
    _AWAY.pop(server, None)


@lru_cache(maxsize=16)
def _file_system(server: str) -> AbstractFileSystem:
    """The file system of a server or bucket: one connection pool, and no memory of lists."""
    from fsspec.core import url_to_fs

    files: AbstractFileSystem
    files, _ = url_to_fs(server, use_listings_cache=False, skip_instance_cache=True)
    return files


def _explained(error: Exception, scheme: str) -> RemoteError:
    """Say in a few words why a server gave nothing."""
    kind = type(error).__name__
    if isinstance(error, ImportError):
        return RemoteError(_lacking(error, scheme))
    if isinstance(error, ValueError) and str(error).startswith("Protocol not known"):
        return RemoteError(f"no file system goes by {scheme}://", retry=False)
    if isinstance(error, FileNotFoundError):
        return RemoteError("it is not there", gone=True)
    if isinstance(error, PermissionError):
        return RemoteError("the server says: access denied")
    if "Credentials" in kind:
        return RemoteError("no credentials for it were found")
    code = _code(error)
    words = f"it failed: {kind}" if code is None else f"the server says: {code}"
    return _line_trouble(error, kind) or RemoteError(words)


def _line_trouble(error: Exception, kind: str) -> RemoteError | None:
    """What went wrong on the way to a server."""
    if isinstance(error, ConnectionRefusedError | gaierror) or kind in _OUT_OF_REACH:
        return RemoteError("the server cannot be reached", away=True)
    if isinstance(error, TimeoutError) or "Timeout" in kind:
        return RemoteError("the server did not answer in time")
    if isinstance(error, ConnectionError) or "Connection" in kind:
        return RemoteError("the connection to the server broke")
    return None


def _lacking(error: ImportError, scheme: str) -> str:
    if error.name and error.name.partition(".")[0] == "fsspec":
        more = _LIBRARIES.get(scheme)
        too = f" {more}" if more else ""
        return f"photos behind URLs need fsspec: pip install 'annclust[remote]'{too}"
    library = _LIBRARIES.get(scheme)
    if library is None:
        return f"{scheme}:// needs a library that is not installed ({error})"
    return f"{scheme}:// needs {library}: pip install {library}"


def _code(error: Exception) -> str | None:
    """The short name that a server gave an error, as SlowDown is one."""
    for each in (error, error.__cause__):
        response = getattr(each, "response", None)
        if isinstance(response, dict):
            code = response.get("Error", {}).get("Code")
            return code if isinstance(code, str) and _CODE.fullmatch(code) else None
    return None
