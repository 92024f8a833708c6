"""Folders too deep, files that change while they are looked at, machines short of everything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path

import pytest
from blake3 import blake3

from annclust.arrays import Pixels, Vectors
from annclust.collection import Collection
from annclust.embedding.color_histogram import GEOMETRY, SPEC, ColorHistogram
from annclust.embedding.embedder import EmbedderLoader
from annclust.errors import AnnclustError
from annclust.pipeline.indexing import index_photos
from annclust.pipeline.reports import IndexReport
from annclust.progress import SILENT, Stage
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings
from annclust.storage.store_writer import StoreWriter
from tests.albums import album, save
from tests.stages import Overhears


def digests(collection: Collection) -> dict[Path, str]:
    return {Path(str(r["path"])): str(r["digest"]) for r in collection.photo_table().records}


def reasons(report: IndexReport) -> dict[str, str]:
    return {entry.path.name: entry.reason for entry in report.unreadable}


def annclust(*arguments: object, open_files: int = 1000) -> subprocess.CompletedProcess[str]:
    """Run the command with no more open files than that."""
    shell = ("sh", "-c", 'ulimit -n "$0" && exec "$@"', str(open_files))
    return subprocess.run(
        [*shell, sys.executable, "-m", "annclust", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@contextmanager
def nested_folders(root: Path, name: str, depth: int, every: int = 1) -> Iterator[list[Path]]:
    """Folders in each other, some with a photo; what removes temporary folders would give up."""
    data = save(root / "photo.jpg", 1).read_bytes()
    folder, path = os.open(root, os.O_RDONLY), root
    photos = []
    for level in range(1, depth + 1):
        os.mkdir(name, dir_fd=folder)
        inner = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder, path = inner, path / name
        if level % every == 0:
            photo = os.open("photo.jpg", os.O_CREAT | os.O_WRONLY, dir_fd=folder)
            os.write(photo, data)
            os.close(photo)
            photos.append(path / "photo.jpg")
    os.close(folder)
    try:
        yield photos
    finally:
        subprocess.run(["rm", "-rf", root / name], check=True)


def test_photos_too_deep_for_a_path_are_reported_and_all_others_indexed(
    collection: Collection, tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    with nested_folders(root, "d" * 200, 25) as photos:  # 5,000 bytes; a path may have 4,096
        for _ in range(2):
            report = collection.index([root])
            found = digests(collection)
            reported = [entry.path for entry in report.unreadable]
            assert {entry.reason for entry in report.unreadable} == {"its path is too long"}
            for photo in photos:
                assert (photo in found) != any(photo.is_relative_to(path) for path in reported)
        assert report.images == len(found) >= 18
        assert collection.check().ok


def test_a_thousand_nested_folders_need_few_open_files(tmp_path: Path) -> None:
    with nested_folders(tmp_path / "photos", "d", 1000, every=100) as photos:
        path = tmp_path / "c.annclust"
        done = annclust(
            *("index", tmp_path / "photos", "-c", path, "--embedder", "color-histogram"),
            open_files=40,
        )
        assert (done.returncode, done.stderr) == (0, "")
        with Collection(path, create=False) as collection:
            assert digests(collection).keys() == {tmp_path / "photos" / "photo.jpg", *photos}


def test_names_that_differ_in_case_alone_are_two_photos(
    collection: Collection, photos: Path
) -> None:
    save(photos / "lake.jpg", 40)
    save(photos / "Lake.jpg", 41)
    if len(list(photos.glob("?ake.jpg"))) == 1:
        pytest.skip("this disk takes both for one name")
    assert collection.index([photos]).images == 14
    (photos / "lake.jpg").rename(photos / "aside.jpg")
    (photos / "Lake.jpg").rename(photos / "lake.jpg")
    (photos / "aside.jpg").rename(photos / "Lake.jpg")
    report = collection.index()
    assert (report.moved, report.added, report.removed, report.changed) == (2, 0, 0, 0)


class Meanwhile:
    """Does something when the files were found, and are about to be read."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act

    def stage(
        self, title: str, /, total: int | None = None, *, unit: str = ""
    ) -> AbstractContextManager[Stage]:
        if title == "Decoding":
            self._act()
        return SILENT.stage(title)


def test_a_file_that_changes_after_it_was_found_is_known_as_it_was_read(
    collection: Collection, photos: Path
) -> None:
    path = photos / "burst 0" / "IMG_00.jpg"
    collection.progress = Meanwhile(lambda: save(path, 50))
    collection.index([photos])
    assert digests(collection)[path] == blake3(path.read_bytes()).hexdigest()
    collection.progress = SILENT
    report = collection.index()
    assert (report.images, report.changed, report.added) == (12, 0, 0)


def replace_by_folder(path: Path) -> None:
    path.unlink()
    save(path / "inner.jpg", 60)


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replace_by_link(path: Path) -> None:
    path.rename(path.with_suffix(".bak"))
    path.symlink_to(path.with_suffix(".bak"))


@pytest.mark.parametrize(
    ("replace", "reason"),
    [
        (replace_by_folder, "not an ordinary file"),
        (replace_by_pipe, "not an ordinary file"),
        (replace_by_link, "it is a symbolic link"),
        (Path.unlink, "it vanished"),
    ],
)
@pytest.mark.parametrize("known", [False, True])
def test_a_file_that_turns_into_something_else_before_it_is_read_is_reported(
    collection: Collection, photos: Path, replace: Callable[[Path], None], reason: str, known: bool
) -> None:
    path = photos / "burst 0" / "IMG_00.jpg"
    if known:
        collection.index([photos])
        os.utime(path, ns=(5, 5))
    collection.progress = Meanwhile(lambda: replace(path))
    report = collection.index([photos])
    assert reasons(report) == {"IMG_00.jpg": reason}
    # A known photo is not given up for what was seen in one moment.
    assert (report.images, report.removed) == (12 if known else 11, 0)
    collection.progress = SILENT
    report = collection.index()
    assert (report.unreadable, report.removed) == ((), int(known))
    assert (path in digests(collection)) is False
    assert collection.check().ok


def test_a_file_that_is_written_all_the_time_is_never_taken_for_what_it_is_not(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    path = photos / "burst 0" / "IMG_00.jpg"
    versions = [save(tmp_path / f"{seed}.jpg", seed).read_bytes() for seed in (70, 71, 72)]
    stopped = threading.Event()

    def write() -> None:
        while not stopped.is_set():
            for data in versions[:2]:
                path.write_bytes(data)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            report = collection.index([photos])
            assert (path in digests(collection)) or (path.name in reasons(report))
    finally:
        stopped.set()
        writer.join()
    path.write_bytes(versions[2])
    report = collection.index()
    assert (report.images, report.unreadable) == (12, ())
    assert digests(collection)[path] == blake3(versions[2]).hexdigest()


@pytest.mark.parametrize("files", [8, 10, 12, 13, 15, 17, 20])
def test_few_open_files_are_enough_or_said_in_a_line(
    photos: Path, tmp_path: Path, files: int
) -> None:
    path = tmp_path / "c.annclust"
    command = ("index", photos, "-c", path, "--embedder", "color-histogram", "--threads", "2")
    done = annclust(*command, open_files=files)
    assert done.returncode in (0, 1)
    assert len(done.stderr.splitlines()) == done.returncode, done.stderr
    done = annclust(*command)
    assert (done.returncode, done.stderr) == (0, "")
    with Collection(path, create=False) as collection:
        assert collection.status().images == 12
        assert collection.check().ok


class ScarceMemory(ColorHistogram):
    """Has memory for some batches; remembers how many pictures it embedded."""

    def __init__(self, batches: int) -> None:
        self._left = batches
        self.embedded = 0

    def embed(self, images: Sequence[Pixels], /) -> Vectors:
        self._left -= 1
        if self._left < 0:
            raise MemoryError
        self.embedded += len(images)
        return super().embed(images)


def loader_of(embedder: ColorHistogram) -> Callable[[], EmbedderLoader]:
    return lambda: EmbedderLoader(SPEC, GEOMETRY, lambda: embedder)


def test_a_run_that_is_out_of_memory_says_so_and_the_next_one_goes_on(
    photos: Path, tmp_path: Path
) -> None:
    settings = IndexingSettings(
        decode=DecodeSettings(workers=1), embed=EmbedSettings(batch=2, commit_every=4)
    )
    path = tmp_path / "c.annclust"
    first, second = ScarceMemory(batches=2), ScarceMemory(batches=100)
    with StoreWriter.create(path, SPEC) as store:
        with pytest.raises(AnnclustError, match=r"memory.*the same command goes on") as caught:
            index_photos(store, [photos], loader_of(first), settings)
        assert "\n" not in str(caught.value)
        assert store.catalog.counts()["images"] == 8
        index_photos(store, [photos], loader_of(second), settings)
    assert second.embedded == 12 - 8
    with Collection(path, create=False) as collection:
        assert collection.status().images == 12
        assert collection.check().ok


def _workers() -> list[int]:
    """Decoding workers that this process started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue  # it is gone
        if int(parent) == os.getpid() and b"decode_worker" in command:
            found.append(int(process.name))
    return found


def test_workers_that_are_killed_again_and_again_lose_nothing(
    collection: Collection, tmp_path: Path
) -> None:
    photos = album(tmp_path / "photos", groups=6, shots=10)
    files = count(1)

    def kill_at_every_tenth_file(steps: int) -> None:
        assert steps == 1
        for pid in _workers() if next(files) % 10 == 0 else ():
            os.kill(pid, signal.SIGKILL)

    collection.progress = Overhears("Decoding", kill_at_every_tenth_file)
    report = collection.index([photos])
    assert report.images + len(report.unreadable) == 60
    assert set(reasons(report).values()) <= {"its decoder was killed (SIGKILL)"}
    collection.progress = SILENT
    report = collection.index()
    assert (report.images, report.unreadable, report.removed) == (60, (), 0)
    assert collection.check().ok
