from __future__ import annotations

import os
import resource
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3

import annclust
from annclust.errors import UnreadableImageError
from annclust.images.decode_workers import DecodeWorkers, ReadJob, image_reader
from annclust.images.digest import digest_of
from annclust.memory_plan import MEBIBYTE
from annclust.settings import DecodeSettings
from tests.images.samples import GEOMETRY, ONE_WORKER, PHOTO, empty_png, job, only, seen
from tests.images.watching import eventually, is_at_work, promptly


def test_a_photo_comes_back_as_decoded_in_this_process(workers: DecodeWorkers, photo: Path) -> None:
    result = only(workers.run([job(photo, key=7)]))
    expected = seen(PHOTO)
    assert (result.key, result.reason, result.retry) == (7, None, False)
    assert result.digest == blake3(PHOTO).digest()
    assert (result.size, result.modified_ns) == (len(PHOTO), photo.stat().st_mtime_ns)
    assert result.image is not None
    np.testing.assert_array_equal(result.image.pixels, expected.pixels)
    assert (result.image.width, result.image.height, result.image.format) == (96, 64, "JPEG")


def test_every_job_gets_its_own_result(workers: DecodeWorkers, tmp_path: Path) -> None:
    paths = [tmp_path / f"{gray}.png" for gray in range(100)]
    for gray, path in enumerate(paths):
        path.write_bytes(empty_png(8, 8) if gray % 2 else b"no image")
    results = list(workers.run(job(path, key) for key, path in enumerate(paths)))
    assert sorted(result.key for result in results) == list(range(100))
    assert all((result.image is not None) == bool(result.key % 2) for result in results)


def test_nothing_to_do_is_done_at_once(workers: DecodeWorkers) -> None:
    assert list(workers.run([])) == []


def test_a_known_content_is_not_decoded(workers: DecodeWorkers, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(PHOTO[:100])
    digest = blake3(PHOTO[:100]).digest()
    result = only(workers.run([job(broken, known=[digest, bytes(32)])]))
    assert (result.digest, result.image, result.reason) == (digest, None, None)


def test_what_an_earlier_result_taught_reaches_later_jobs(
    workers: DecodeWorkers, photo: Path
) -> None:
    known: set[bytes] = set()
    decoded = 0
    for result in workers.run(job(photo, key, known) for key in range(300)):
        decoded += result.image is not None
        known |= {result.digest or b""}
    assert 0 < decoded <= 100  # no more than were on their way when the first result came


def test_causes_in_the_content_are_told_from_causes_outside(
    workers: DecodeWorkers, tmp_path: Path
) -> None:
    (tmp_path / "text.jpg").write_bytes(b"text")
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "link.jpg").symlink_to("text.jpg")
    names = ["text.jpg", "pipe.jpg", "link.jpg", "gone.jpg"]
    results = sorted(
        workers.run(job(tmp_path / name, key) for key, name in enumerate(names)),
        key=lambda result: result.key,
    )
    assert [(result.reason, result.retry) for result in results] == [
        ("not an image", False),
        ("not an ordinary file", True),
        ("it is a symbolic link", True),
        ("it vanished", True),
    ]
    assert results[0].digest == blake3(b"text").digest()
    assert results[1].digest is None


def test_links_are_followed_when_asked(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "link.jpg").symlink_to(photo)
    with DecodeWorkers(GEOMETRY, ONE_WORKER, follow_symlinks=True) as workers:
        assert only(workers.run([job(tmp_path / "link.jpg")])).image is not None


def test_a_caller_may_stop_at_any_result_and_come_again(
    workers: DecodeWorkers, photo: Path
) -> None:
    for _ in range(3):
        for result in workers.run(job(photo, key) for key in range(1000)):
            assert result.image is not None
            break
    assert [r.key for r in workers.run([job(photo, 5)])] == [5]


def test_an_error_of_the_caller_leaves_no_process_behind(photo: Path) -> None:
    pids: tuple[int, ...] = ()

    def embed_badly() -> None:
        nonlocal pids
        with DecodeWorkers(GEOMETRY, DecodeSettings(workers=2)) as workers:
            for _ in workers.run(job(photo, key) for key in range(1000)):
                pids = workers.pids
                raise ValueError("embedding failed")

    with pytest.raises(ValueError, match="embedding failed"):
        embed_badly()
    assert pids
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_workers_that_had_nothing_to_do_leave_nothing_behind() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with DecodeWorkers(GEOMETRY, ONE_WORKER) as workers:
            pids = eventually(lambda: workers.pids)
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_results_of_closed_workers_are_not_waited_for(photo: Path) -> None:
    with DecodeWorkers(GEOMETRY, ONE_WORKER) as workers:
        results = workers.run(job(photo, key) for key in range(1000))
        next(results)
    with pytest.raises(RuntimeError, match="closed"):
        list(results)


def test_closing_does_not_wait_for_a_slow_file(endless_photo: Path, photo: Path) -> None:
    with ExitStack() as stack:
        patient = DecodeSettings(workers=2, timeout=600)
        workers = stack.enter_context(DecodeWorkers(GEOMETRY, patient))
        first = next(workers.run([job(endless_photo, 0), job(photo, 1)]))
        assert first.key == 1
        assert eventually(lambda: any(map(is_at_work, workers.pids)))
        promptly(stack.pop_all().close)


@pytest.mark.parametrize(
    ("interpreter", "complaint"), [("/bin/false", "do not start"), ("/nowhere", "can be started")]
)
def test_workers_that_cannot_start_are_an_error_not_unreadable_files(
    monkeypatch: pytest.MonkeyPatch, photo: Path, interpreter: str, complaint: str
) -> None:
    monkeypatch.setattr(sys, "executable", interpreter)
    with (
        DecodeWorkers(GEOMETRY, ONE_WORKER) as workers,
        pytest.raises(annclust.AnnclustError, match=complaint),
    ):
        list(workers.run([job(photo)]))


def test_too_many_open_files_are_an_error_not_a_wait_for_ever(photo: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with DecodeWorkers(GEOMETRY, DecodeSettings(workers=2)) as workers:
        eventually(lambda: len(workers.pids) == 2)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
        try:
            for pid in workers.pids:
                os.kill(pid, signal.SIGKILL)
            with pytest.raises(annclust.AnnclustError, match="Too many open files"):
                promptly(lambda: list(workers.run(job(photo, key) for key in range(100))))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        assert only(workers.run([job(photo)])).image is not None


def test_whatever_goes_wrong_in_a_lane_is_told_to_all_who_wait_for_it() -> None:
    with DecodeWorkers(GEOMETRY, ONE_WORKER) as workers:
        eventually(lambda: workers.pids)
        for _ in range(2):
            no_bytes = ReadJob(0, "photo.jpg")  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                promptly(lambda: list(workers.run([no_bytes])))  # noqa: B023


def test_too_little_memory_for_any_file_is_an_error(photo: Path) -> None:
    with (
        DecodeWorkers(GEOMETRY, DecodeSettings(workers=1, memory=MEBIBYTE)) as workers,
        pytest.raises(annclust.AnnclustError, match="enough memory"),
    ):
        list(workers.run([job(photo)]))


def test_one_image_can_be_read_alone(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "link.jpg").symlink_to(photo)
    with image_reader(GEOMETRY, DecodeSettings()) as read:
        image = read(tmp_path / "link.jpg")
    np.testing.assert_array_equal(image.pixels, seen(PHOTO).pixels)
    assert digest_of(tmp_path / "link.jpg") == blake3(PHOTO).digest()


def test_one_image_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_bytes(b"text")
    with (
        image_reader(GEOMETRY, DecodeSettings()) as read,
        pytest.raises(UnreadableImageError, match="not an image"),
    ):
        read(tmp_path / "text.jpg")


@pytest.mark.parametrize(
    ("path", "reason"),
    [("gone.jpg", "no such file"), (".", "a folder"), ("/proc/self/mem", "input/output error")],
)
def test_without_bytes_there_is_no_digest(tmp_path: Path, path: str, reason: str) -> None:
    with pytest.raises(UnreadableImageError, match=reason):
        digest_of(tmp_path / path)


def test_a_machine_that_gives_no_more_threads_is_an_error_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start, started = threading.Thread.start, []

    def start_one(thread: threading.Thread) -> None:
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start_one)
        with (
            pytest.raises(annclust.AnnclustError, match="can't start new thread"),
            DecodeWorkers(GEOMETRY, DecodeSettings(workers=3)),
        ):
            pass
    assert len(started) == 1
    assert not started[0].is_alive()
