from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3

import annclust
from annclust.errors import UnreadableImageError
from annclust.images.decode_workers import (
    DecodeWorkers,
    ReadJob,
    ReadResult,
    image_reader,
)
from annclust.images.digest import digest_of
from annclust.settings import MEBIBYTE, DecodeSettings
from tests.images.samples import GEOMETRY, empty_png, encode, endless_jpeg, landscape, seen

ONE = DecodeSettings(workers=1)
PHOTO = encode(landscape(), "jpg")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(PHOTO)
    return path


@pytest.fixture(scope="module")
def endless_photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Takes so long to decode that there is time to do something to its worker."""
    path = tmp_path_factory.mktemp("endless") / "endless.jpg"
    path.write_bytes(endless_jpeg())
    return path


@pytest.fixture(scope="module")
def workers() -> Iterator[DecodeWorkers]:
    with DecodeWorkers(GEOMETRY, ONE) as running:
        yield running


def job(path: Path, key: int = 0, known: Iterable[bytes] = ()) -> ReadJob:
    return ReadJob(key, os.fsencode(path), frozenset(known))


def only(results: Iterator[ReadResult]) -> ReadResult:
    (result,) = results
    return result


def wait_for_end(pid: int) -> None:
    """Wait until a process is gone; fails the test if it stays."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended, _, _ = select.select([process], [], [], 30)
        assert ended, f"process {pid} goes on"
    finally:
        os.close(process)


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
    with DecodeWorkers(GEOMETRY, ONE, follow_symlinks=True) as workers:
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
        with DecodeWorkers(GEOMETRY, ONE) as workers:
            pids = workers.pids
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_results_of_closed_workers_are_not_waited_for(photo: Path) -> None:
    with DecodeWorkers(GEOMETRY, ONE) as workers:
        results = workers.run(job(photo, key) for key in range(1000))
        next(results)
    with pytest.raises(RuntimeError, match="closed"):
        list(results)


def test_closing_does_not_wait_for_a_slow_file(endless_photo: Path, photo: Path) -> None:
    with DecodeWorkers(GEOMETRY, DecodeSettings(workers=2)) as workers:
        first = next(workers.run([job(endless_photo, 0), job(photo, 1)]))
    assert first.key == 1  # the slow one was at work when the workers were killed


def test_workers_killed_in_the_middle_cost_nothing(photo: Path) -> None:
    with DecodeWorkers(GEOMETRY, DecodeSettings(workers=2)) as workers:
        keys: list[int] = []
        killed: tuple[int, ...] = ()
        for result in workers.run(job(photo, key) for key in range(400)):
            keys.append(result.key)
            assert result.image is not None
            if len(keys) == 100:
                killed = workers.pids
                for pid in killed:
                    os.kill(pid, signal.SIGKILL)
    assert sorted(keys) == list(range(400))
    assert killed


def test_a_file_that_kills_its_worker_every_time_costs_one_result(
    endless_photo: Path, photo: Path
) -> None:
    with DecodeWorkers(GEOMETRY, ONE) as workers:
        with Assassin(workers, signal.SIGSEGV) as assassin:
            results = workers.run([job(endless_photo, 0), job(photo, 1)])
            hostile = next(results)
            assassin.stop()
        assert (hostile.key, hostile.reason) == (0, "its decoder was killed (SIGSEGV)")
        assert (hostile.digest, hostile.retry) == (None, False)
        assert only(results).image is not None


def test_a_worker_killed_from_outside_does_not_condemn_its_file(endless_photo: Path) -> None:
    with DecodeWorkers(GEOMETRY, ONE) as workers, Assassin(workers, signal.SIGKILL):
        result = next(workers.run([job(endless_photo)]))
    assert (result.reason, result.retry) == ("its decoder was killed (SIGKILL)", True)


class Assassin:
    """Kills every worker as soon as it is at work: it then has used up some processor time."""

    def __init__(self, workers: DecodeWorkers, weapon: signal.Signals) -> None:
        self._workers, self._weapon = workers, weapon
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._lurk)

    def __enter__(self) -> Assassin:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _lurk(self) -> None:
        while not self._stopped.wait(0.01):
            for pid in self._workers.pids:
                if _busy_for(pid) > 0.6:
                    os.kill(pid, self._weapon)


def _busy_for(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0


def test_a_worker_that_stands_still_is_given_up(photo: Path) -> None:
    with DecodeWorkers(GEOMETRY, DecodeSettings(workers=1, timeout=1)) as workers:
        results = workers.run(job(photo, key) for key in range(200))
        taken = [next(results)]
        os.kill(workers.pids[0], signal.SIGSTOP)
        taken += results
    failed = [result for result in taken if result.reason is not None]
    assert len(taken) == 200
    assert [(r.reason, r.retry) for r in failed] == [("it takes longer than 1 s to decode", False)]


def test_a_file_that_takes_too_long_is_given_up(endless_photo: Path, photo: Path) -> None:
    with DecodeWorkers(GEOMETRY, DecodeSettings(workers=1, timeout=0.2)) as workers:
        slow, usual = workers.run([job(endless_photo, 0), job(photo, 1)])
    assert (slow.reason, slow.retry) == ("it takes longer than 0.2 s to decode", False)
    assert usual.image is not None


def test_a_file_that_takes_too_much_memory_is_given_up(tmp_path: Path, photo: Path) -> None:
    greedy_photo = tmp_path / "greedy.png"
    greedy_photo.write_bytes(empty_png(10_000, 16_000))
    with DecodeWorkers(GEOMETRY, DecodeSettings(workers=1, memory=150 * MEBIBYTE)) as workers:
        pids = workers.pids
        greedy, usual = workers.run([job(greedy_photo, 0), job(photo, 1)])
        assert not pids or workers.pids == pids  # it is told, not killed
    assert (greedy.reason, greedy.retry) == (
        "decoding this PNG takes more memory than is allowed",
        False,
    )
    assert usual.image is not None


def test_a_file_larger_than_half_of_the_memory_is_not_even_read(
    workers: DecodeWorkers, tmp_path: Path
) -> None:
    huge = tmp_path / "huge.jpg"
    huge.touch()
    os.truncate(huge, 1 << 40)
    result = only(workers.run([job(huge)]))
    assert (result.reason, result.retry) == (
        "1099512 MB are more than the limit of 1074",
        False,
    )


@pytest.mark.parametrize(
    ("interpreter", "complaint"), [("/bin/false", "do not start"), ("/nowhere", "can be started")]
)
def test_workers_that_cannot_start_are_an_error_not_unreadable_files(
    monkeypatch: pytest.MonkeyPatch, photo: Path, interpreter: str, complaint: str
) -> None:
    monkeypatch.setattr(sys, "executable", interpreter)
    with (
        DecodeWorkers(GEOMETRY, ONE) as workers,
        pytest.raises(annclust.AnnclustError, match=complaint),
    ):
        list(workers.run([job(photo)]))


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
    with pytest.raises(UnreadableImageError, match="no such file"):
        digest_of(tmp_path / "gone.jpg")


SCRIPT = """
import os, sys
from pathlib import Path
from annclust.images.decode_workers import DecodeWorkers, ReadJob
from annclust.input_geometry import InputGeometry
from annclust.settings import DecodeSettings

print("main module runs", flush=True)
jobs = [ReadJob(key, os.fsencode({photo!r})) for key in range(20)]
with DecodeWorkers(InputGeometry(32, 28), DecodeSettings(workers=2)) as workers:
    decoded = 0
    for result in workers.run(jobs):
        decoded += result.image is not None
    print(decoded, *workers.pids, flush=True)
    {last}
"""


def script(photo: Path, last: str = "") -> str:
    return SCRIPT.format(photo=str(photo), last=last)


def environment() -> dict[str, str]:
    """Lets a script find the package under test, wherever it lies."""
    return {**os.environ, "PYTHONPATH": str(Path(annclust.__file__).parents[1])}


@pytest.mark.parametrize("through_stdin", [False, True])
def test_a_plain_script_without_a_main_guard_runs_once(
    photo: Path, tmp_path: Path, through_stdin: bool
) -> None:
    plain = tmp_path / "plain.py"
    plain.write_text(script(photo))
    command = [sys.executable, "-W", "error", "-" if through_stdin else str(plain)]
    with plain.open() as text:
        done = subprocess.run(
            command, stdin=text, capture_output=True, text=True, env=environment(), check=False
        )
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert (first, second.split()[0]) == ("main module runs", "20")


@pytest.mark.parametrize("whole_group", [False, True])
def test_no_worker_outlives_a_killed_program(photo: Path, whole_group: bool) -> None:
    command = [sys.executable, "-c", script(photo, last="sys.stdin.read()")]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    ) as program:
        assert program.stdout is not None
        program.stdout.readline()
        pids = [int(pid) for pid in program.stdout.readline().split()[1:]]
        (os.killpg if whole_group else os.kill)(program.pid, signal.SIGKILL)
    assert len(pids) == 2
    for pid in pids:
        wait_for_end(pid)


def test_ctrl_c_ends_the_program_not_first_its_workers(photo: Path) -> None:
    last = "import signal; signal.sigwait({signal.SIGINT}); print(len(list(workers.run(jobs))))"
    text = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})"
    with subprocess.Popen(
        [sys.executable, "-c", text + script(photo, last)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        pids = program.stdout.readline().split()[1:]
        os.killpg(program.pid, signal.SIGINT)
        assert program.stdout.read().split() == ["20"]
        assert program.stderr.read() == ""
    assert len(pids) == 2
