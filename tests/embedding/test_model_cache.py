from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annclust.embedding.model_cache import cached_model

MODEL = bytes(range(256)) * 8

rewriting_the_file = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example writes it anew
    deadline=None,  # a busy machine is no failure
)


class Builder:
    """Builds the model, and counts how often."""

    def __init__(self, model: bytes = MODEL) -> None:
        self.model, self.built = model, 0

    def __call__(self) -> bytes:
        self.built += 1
        return self.model


@contextmanager
def files_no_larger_than(limit: int) -> Iterator[None]:
    """The system refuses to write more, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_first_call_builds_and_keeps(tmp_path: Path) -> None:
    path = tmp_path / "models" / "net.onnx"
    assert cached_model(path, Builder()) == MODEL
    assert names(path.parent) == ["net.onnx"]


def test_the_second_call_does_not_build(tmp_path: Path) -> None:
    build = Builder()
    assert [cached_model(tmp_path / "net", build) for _ in range(2)] == [MODEL, MODEL]
    assert build.built == 1


def test_an_empty_network_is_kept_too(tmp_path: Path) -> None:
    build = Builder(b"")
    assert [cached_model(tmp_path / "net", build) for _ in range(2)] == [b"", b""]
    assert build.built == 1


@rewriting_the_file
@given(length=st.integers(0, len(MODEL) + 31))
def test_a_half_written_file_is_built_again(tmp_path: Path, length: int) -> None:
    path = tmp_path / "net"
    cached_model(path, Builder())
    whole = path.read_bytes()
    path.write_bytes(whole[:length])
    assert cached_model(path, Builder()) == MODEL
    assert path.read_bytes() == whole


@rewriting_the_file
@given(place=st.integers(0, len(MODEL) + 31), flip=st.integers(1, 255))
def test_any_damaged_byte_is_noticed(tmp_path: Path, place: int, flip: int) -> None:
    path = tmp_path / "net"
    cached_model(path, Builder())
    content = bytearray(path.read_bytes())
    content[place] ^= flip
    path.write_bytes(content)
    build = Builder()
    assert cached_model(path, build) == MODEL
    assert build.built == 1


def test_two_that_build_at_once_do_no_harm(tmp_path: Path) -> None:
    both_found_nothing = Barrier(2)
    path = tmp_path / "net"

    def build() -> bytes:
        both_found_nothing.wait(timeout=30)
        return MODEL

    with ThreadPoolExecutor(2) as threads:
        models = list(threads.map(lambda _: cached_model(path, build), range(2)))
    assert models == [MODEL, MODEL]
    assert names(tmp_path) == ["net"]
    assert cached_model(path, Builder(b"not needed")) == MODEL


def a_file_stands_where_the_folder_should_be(folder: Path) -> Path:
    (folder / "models").write_text("not a folder")
    return folder / "models" / "net"


def a_folder_stands_where_the_file_should_be(folder: Path) -> Path:
    (folder / "net" / "full").mkdir(parents=True)
    return folder / "net"


def the_folder_is_read_only(folder: Path) -> Path:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    folder.chmod(0o555)
    return folder / "models" / "net"


def the_name_is_too_long(folder: Path) -> Path:
    return folder / ("n" * 300)


@pytest.mark.parametrize(
    "hindrance",
    [
        a_file_stands_where_the_folder_should_be,
        a_folder_stands_where_the_file_should_be,
        the_folder_is_read_only,
        the_name_is_too_long,
    ],
)
def test_where_nothing_can_be_kept_the_network_is_built_each_time(
    tmp_path: Path, hindrance: Callable[[Path], Path]
) -> None:
    path, build = hindrance(tmp_path), Builder()
    assert [cached_model(path, build) for _ in range(2)] == [MODEL, MODEL]
    assert build.built == 2


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    large = Builder(MODEL * 1024)
    with files_no_larger_than(1 << 20):
        assert cached_model(tmp_path / "net", large) == large.model
    assert names(tmp_path) == []


def test_what_the_builder_raises_passes_through(tmp_path: Path) -> None:
    def build() -> bytes:
        raise LookupError("no weights")

    with pytest.raises(LookupError, match="no weights"):
        cached_model(tmp_path / "net", build)
    assert names(tmp_path) == []
