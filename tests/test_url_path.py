from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from annclust.choices import path_of
from annclust.errors import UsageError
from annclust.url_path import UrlPath, is_url, named_path, path_at

URL = "s3://bucket/trip 2024/a.jpg"


@pytest.mark.parametrize(
    "way",
    [
        UrlPath(URL),
        UrlPath("s3://bucket") / "trip 2024" / "a.jpg",
        UrlPath("s3://bucket/").joinpath("trip 2024/a.jpg"),
        UrlPath("s3://bucket/trip 2024/b.jpg").with_name("a.jpg"),
        UrlPath(URL + "/c.jpg").parent,
        pickle.loads(pickle.dumps(UrlPath(URL))),
        UrlPath(UrlPath(URL)),
        UrlPath(URL).absolute(),
        UrlPath(URL).resolve(),
        UrlPath(URL).expanduser(),
    ],
)
def test_a_url_keeps_its_slashes_whatever_is_done_with_it(way: Path) -> None:
    assert isinstance(way, UrlPath)
    assert str(way) == os.fspath(way) == URL
    assert os.fsencode(way) == bytes(way) == URL.encode()
    assert way == UrlPath(URL)
    assert hash(way) == hash(UrlPath(URL))
    assert repr(way) == f"UrlPath({URL!r})"


def test_a_url_is_absolute_and_names_what_a_path_names() -> None:
    url = UrlPath(URL)
    assert url.is_absolute()
    assert (url.name, url.stem, url.suffix) == ("a.jpg", "a", ".jpg")
    assert str(url.relative_to(UrlPath("s3://bucket/trip 2024"))).endswith("a.jpg")


def test_to_the_local_disk_a_url_is_a_file_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = UrlPath("s3://bucket/a.jpg")
    assert not url.exists()
    assert not url.is_file()
    assert not url.is_dir()
    for look in (url.stat, url.lstat, url.read_bytes, url.mkdir):
        with pytest.raises(FileNotFoundError):
            look()
    with pytest.raises(FileNotFoundError):
        url.mkdir(parents=True, exist_ok=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["s3://b/x", "gs://b", "memory://b/x", "S3://b", "abfs://me@host/x", "my+fs.2-x://b"]
)
def test_what_has_a_scheme_is_a_url(text: str) -> None:
    assert is_url(text.encode())
    assert isinstance(path_at(text), UrlPath)
    assert isinstance(named_path(text), UrlPath)


@pytest.mark.parametrize("text", ["/s3://b", "s3:/b", "C://x", "a b://c", "photos", "~", "s3:", ""])
def test_what_has_none_is_a_path(text: str) -> None:
    assert not is_url(text.encode())
    assert type(path_at(text)) is type(Path())
    assert type(named_path(text)) is type(Path())


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("s3://bucket/photos/", "s3://bucket/photos"),
        ("S3://Bucket/Photos", "s3://Bucket/Photos"),
        ("memory:///photos", "memory://photos"),
        ("s3://bucket/~me/%41", "s3://bucket/~me/%41"),
        ("file:///home/me/My%20Photos", "/home/me/My Photos"),
        ("FILE://localhost/home/me", "/home/me"),
        ("local:///home/me", "/home/me"),
        ("file:///%FF.jpg", "/\udcff.jpg"),
    ],
)
def test_a_url_is_stored_in_one_way_and_that_of_a_file_as_its_path(typed: str, stored: str) -> None:
    assert str(path_of(typed)) == stored
    assert path_of(path_of(typed)) == path_of(typed)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("s3://", "names no bucket"),
        ("s3:///photos", "names no bucket"),
        ("memory://", "names no bucket"),
        ("file://elsewhere/photos", "of this machine"),
        ("file://", "of this machine"),
        ("az://me:secret@host/photos", "no password"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_and_no_password_repeated(
    typed: str, why: str
) -> None:
    with pytest.raises(UsageError, match=why) as refused:
        path_of(typed)
    assert "secret" not in str(refused.value)


def test_bytes_are_no_path() -> None:
    with pytest.raises(UsageError, match="name a file by"):
        path_of(b"s3://bucket")  # type: ignore[arg-type]
