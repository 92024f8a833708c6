from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from socket import gaierror
from typing import Any, ClassVar
from uuid import uuid4

import fsspec
import pytest
from blake3 import blake3
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from annclust.errors import UnreadableImageError
from annclust.images.content import UnreadableFileError, read_content
from annclust.images.digest import digest_of
from annclust.images.discovery import FoundFile, SkippedFile, UnlistedFolder, walk
from annclust.images.remote_discovery import walk_url
from annclust.images.remote_files import RemoteError, list_folder, look_at, read_object
from annclust.settings import ScanSettings
from annclust.url_path import UrlPath

USUAL = ScanSettings()
MANY = 1 << 20


@pytest.fixture
def root() -> Iterator[str]:
    """URL of an own folder of the file system in memory."""
    name = f"memory://{uuid4().hex}"
    files = fsspec.filesystem("memory")
    files.makedirs(name)
    yield name
    files.rm(name, recursive=True)


def put(root: str, *names: str, content: bytes = b"12345") -> None:
    for name in names:
        fsspec.filesystem("memory").pipe_file(f"{root}/{name}", content)


class Odd(MemoryFileSystem):
    """A server that says one thing, or breaks in one way."""

    protocol = "odd"
    store: ClassVar[dict[str, Any]] = {}
    told: ClassVar[dict[str, Any]] = {}
    broken: ClassVar[Exception | None] = None
    asked: ClassVar[int] = 0

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        type(self).asked += 1
        if self.broken is not None:
            raise self.broken
        return {"name": path, "type": "file", "size": 5, **self.told}

    def cat_file(self, path: str, start: Any = None, end: Any = None, **_: Any) -> bytes:
        return b"1234567890"[:end]


fsspec.register_implementation("odd", Odd, clobber=True)


@pytest.fixture
def odd() -> Iterator[type[Odd]]:
    """It, as good as new; each test has a server of its own."""
    Odd.told, Odd.broken, Odd.asked = {}, None, 0
    yield Odd
    Odd.told, Odd.broken = {}, None


def server() -> bytes:
    """URL of an object of a server that nobody asked before."""
    return f"odd://{uuid4().hex}/a.jpg".encode()


def test_an_object_is_read_and_known_by_the_digest_of_its_bytes(root: str) -> None:
    put(root, "sub/a b.jpg", content=b"some bytes")
    content = read_content(f"{root}/sub/a b.jpg".encode(), max_bytes=MANY)
    assert content.data == b"some bytes"
    assert content.digest() == blake3(b"some bytes").digest()
    assert digest_of(UrlPath(f"{root}/sub/a b.jpg")) == content.digest()


def test_what_was_read_has_the_state_that_the_list_tells(root: str) -> None:
    put(root, "a.jpg")
    (listed,) = list_folder(root.encode())
    data, modified_ns = read_object(f"{root}/a.jpg".encode(), max_bytes=MANY)
    assert (listed.name, listed.size, listed.modified_ns) == (b"a.jpg", len(data), modified_ns)
    assert modified_ns % 10**9 == 0
    assert abs(modified_ns / 1e9 - datetime.now(UTC).timestamp()) < 60


def test_an_object_of_nothing_is_read_as_nothing(root: str) -> None:
    put(root, "a.jpg", content=b"")
    assert read_object(f"{root}/a.jpg".encode(), max_bytes=MANY)[0] == b""


def test_an_object_may_have_as_many_bytes_as_allowed_and_no_more(root: str) -> None:
    put(root, "a.jpg", content=bytes(1000))
    url = f"{root}/a.jpg".encode()
    assert len(read_content(url, max_bytes=1000).data) == 1000
    with pytest.raises(UnreadableFileError, match="more than the limit") as refused:
        read_content(url, max_bytes=999)
    assert not refused.value.retry


def test_an_object_that_grew_meanwhile_is_read_another_time(odd: type[Odd]) -> None:
    odd.told = {"size": 4}
    with pytest.raises(UnreadableFileError, match="changed while") as refused:
        read_content(server(), max_bytes=MANY)
    assert refused.value.retry


def test_an_object_that_is_not_there_vanished_as_files_do(root: str) -> None:
    with pytest.raises(UnreadableFileError, match="it vanished"):
        read_content(f"{root}/gone.jpg".encode(), max_bytes=MANY)
    with pytest.raises(UnreadableImageError, match="it vanished"):
        digest_of(UrlPath(f"{root}/gone.jpg"))


def test_a_folder_is_no_object(root: str) -> None:
    put(root, "sub/a.jpg")
    assert look_at(f"{root}/sub".encode()).is_folder
    with pytest.raises(UnreadableFileError, match="not an ordinary file"):
        read_content(f"{root}/sub".encode(), max_bytes=MANY)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"LastModified": datetime(2024, 1, 1, 0, 0, 1, 999_999, UTC)}, 1_704_067_201),
        ({"mtime": datetime(2024, 1, 1, 0, 0, 1)}, 1_704_067_201),
        (
            {"last_modified": datetime(2024, 1, 1, 2, 0, 1, tzinfo=timezone(timedelta(hours=2)))},
            1_704_067_201,
        ),
        ({"mtime": 1_704_067_201.7}, 1_704_067_201),
        ({"mtime": "", "created": 7}, 7),
        ({"LastModified": datetime(1960, 1, 1, tzinfo=UTC)}, -315_619_200),
        ({}, 0),
    ],
)
def test_times_are_those_of_the_server_in_whole_seconds(
    odd: type[Odd], told: dict[str, object], seconds: int
) -> None:
    odd.told = told
    assert look_at(server()).modified_ns == seconds * 10**9


class NoCredentialsError(Exception):
    pass


class EndpointConnectionError(Exception):
    def __init__(self) -> None:
        super().__init__("Could not connect to http://me:secret@host")


class ConnectTimeoutError(Exception):
    pass


class ReadTimeoutError(Exception):
    pass


class ConnectionClosedError(Exception):
    pass


class ClientError(Exception):
    def __init__(self, code: str | None) -> None:
        self.response = {"Error": {"Code": code, "Message": "secret"}}
        super().__init__("secret")


def with_cause(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError("secret"), "the server says: access denied"),
        (NoCredentialsError("secret"), "no credentials for it were found"),
        (EndpointConnectionError(), "the server cannot be reached"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "secret"), "the server cannot be reached"),
        (gaierror("secret"), "the server cannot be reached"),
        (ConnectTimeoutError("secret"), "the server cannot be reached"),
        (ReadTimeoutError("secret"), "the server did not answer in time"),
        (ConnectionResetError("secret"), "the connection to the server broke"),
        (ConnectionClosedError("secret"), "the connection to the server broke"),
        (TimeoutError("secret"), "the server did not answer in time"),
        (ClientError("SlowDown"), "the server says: SlowDown"),
        (with_cause(OSError(5, "secret"), ClientError("Busy")), "the server says: Busy"),
        (ClientError(None), "it failed: ClientError"),
        (RuntimeError("secret"), "it failed: RuntimeError"),
    ],
)
def test_whatever_a_server_says_is_a_short_reason_to_try_again(
    odd: type[Odd], error: Exception, reason: str
) -> None:
    odd.broken = error
    with pytest.raises(UnreadableFileError) as refused:
        read_content(server(), max_bytes=MANY)
    assert (refused.value.reason, refused.value.retry) == (reason, True)


def test_a_server_that_cannot_be_reached_is_not_asked_for_each_photo(odd: type[Odd]) -> None:
    url, other = server(), server()
    odd.broken = EndpointConnectionError()
    for _ in range(3):
        with pytest.raises(RemoteError, match="cannot be reached"):
            look_at(url)
    assert odd.asked == 1
    odd.broken = None
    assert look_at(other).size == 5


def test_a_server_that_broke_one_connection_is_asked_for_the_next_photo(odd: type[Odd]) -> None:
    url = server()
    odd.broken = ConnectionResetError()
    with pytest.raises(RemoteError, match="broke"):
        look_at(url)
    odd.broken = None
    assert look_at(url).size == 5


def test_too_little_memory_is_not_the_servers_fault(odd: type[Odd]) -> None:
    odd.broken = MemoryError()
    with pytest.raises(MemoryError):
        look_at(server())


def test_a_scheme_that_nobody_knows_is_told() -> None:
    with pytest.raises(RemoteError, match="no file system goes by nonsense://"):
        look_at(b"nonsense://bucket")


class Lacking(AbstractFileSystem):
    """A file system whose library is not there."""

    protocol = "lacking"

    def __init__(self, *_: Any, **__: Any) -> None:
        raise ImportError("it needs somelibrary", name="somelibrary")


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        (b"gs://bucket/a.jpg", "gs:// needs gcsfs: pip install gcsfs"),
        (b"lacking://bucket/a.jpg", r"lacking:// needs a library that is not installed \(it needs"),
    ],
)
def test_a_library_that_is_missing_is_named(url: bytes, remedy: str) -> None:
    fsspec.register_implementation("lacking", Lacking, clobber=True)
    with pytest.raises(RemoteError, match=remedy):
        look_at(url)


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("s3", r"need fsspec: pip install 'annclust\[remote\]' s3fs$"),
        ("sftp", r"need fsspec: pip install 'annclust\[remote\]'$"),
    ],
)
def test_without_fsspec_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, url: str, remedy: str
) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(RemoteError, match=remedy):
        look_at(f"{url}://{uuid4().hex}/a.jpg".encode())


NAMES = [
    "b.jpg",
    "a.webp",
    "sub/deep/d.HEIC",
    "sub/c.Png",
    "other/e.tif",
    "sub/.hidden.jpg",
    ".thumbnails/a.jpg",
    "@eaDir/a.jpg",
    "sub/#recycle/a.jpg",
    "trip.annclust/a.jpg",
    "notes.txt",
    "film.mov",
    "Ünïcode 写真.jpg",
]


@pytest.mark.parametrize("exclude", [(), ("*.jpg",), ("sub",), ("sub/deep/",), ("sub/*.HEIC",)])
def test_below_a_url_the_same_files_are_found_as_in_a_folder(
    root: str, tmp_path: Path, exclude: tuple[str, ...]
) -> None:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"12345")
    put(root, *NAMES)
    settings = ScanSettings(exclude=exclude)
    remote = list(walk_url(root.encode(), settings))
    local = list(walk(str(tmp_path).encode(), settings))
    assert [(type(f), f.path) for f in remote] == [(type(f), f.path) for f in local]
    for here, there in zip(remote, local, strict=True):
        if isinstance(here, FoundFile) and isinstance(there, FoundFile):
            assert (here.size, here.is_video) == (there.size, there.is_video)
            assert (here.device, here.inode) == (0, 0)


def test_without_an_extension_nothing_is_a_photo_as_nothing_is_opened(root: str) -> None:
    put(root, "photo", content=b"\xff\xd8\xff")
    assert list(walk_url(root.encode(), USUAL)) == [SkippedFile(b"photo")]


def test_a_nested_root_below_a_url_is_not_entered(root: str) -> None:
    put(root, "a.jpg", "sub/b.jpg", "subway/c.jpg")
    found = walk_url(f"{root}/".encode(), USUAL, skip=[f"{root}/sub".encode()])
    assert [each.path for each in found] == [b"a.jpg", b"subway/c.jpg"]


class Disk(LocalFileSystem):
    """Local files as fsspec sees them, which URLs do not lead to: ``file:`` is a plain path."""

    protocol = "disk"

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.removeprefix("disk://here").strip("/")


def test_files_of_a_disk_are_found_and_read_through_fsspec_as_without_it(tmp_path: Path) -> None:
    fsspec.register_implementation("disk", Disk, clobber=True)
    for number, name in enumerate(NAMES):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(number))
    root = f"disk://here{tmp_path}".encode()
    remote = list(walk_url(root, USUAL))
    local = list(walk(str(tmp_path).encode(), USUAL))
    assert [(type(f), f.path) for f in remote] == [(type(f), f.path) for f in local]
    for here, there in zip(remote, local, strict=True):
        if isinstance(here, FoundFile) and isinstance(there, FoundFile):
            assert (here.size, here.modified_ns) == (
                there.size,
                there.modified_ns // 10**9 * 10**9,
            )
            content = read_content(root + b"/" + here.path, max_bytes=MANY)
            assert (content.data, content.modified_ns) == (bytes(here.size), here.modified_ns)


def test_a_folder_that_a_server_does_not_list_is_reported(odd: type[Odd]) -> None:
    url = server().rpartition(b"/")[0]
    assert list(walk_url(url, USUAL)) == [UnlistedFolder(b"", "it is not there")]
