from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from annclust.images.worker_process import WorkerGoneError, WorkerProcess
from annclust.images.worker_protocol import Request, WorkerOrders
from annclust.settings import GIBIBYTE
from tests.images.samples import GEOMETRY, encode, endless_jpeg, landscape, seen

ORDERS = WorkerOrders(
    short_side=GEOMETRY.short_side,
    crop=GEOMETRY.crop,
    max_pixels=10**8,
    memory=GIBIBYTE,
    cpu_seconds=60,
    follow_symlinks=False,
)
PATIENCE = 60


@pytest.fixture
def worker() -> Iterator[WorkerProcess]:
    with closing(WorkerProcess(ORDERS)) as started:
        started.wait_until_ready()
        yield started


def save(folder: Path, data: bytes) -> Request:
    path = folder / "photo.jpg"
    path.write_bytes(data)
    return Request(os.fsencode(path))


def test_a_worker_answers_what_it_is_asked(worker: WorkerProcess, tmp_path: Path) -> None:
    data = encode(landscape(), "jpg")
    worker.send(save(tmp_path, data))
    square = worker.receive(PATIENCE).square
    assert square is not None
    assert square.rgb == seen(data).pixels.tobytes()


def test_requests_may_wait_in_line(worker: WorkerProcess, tmp_path: Path) -> None:
    worker.send(save(tmp_path, encode(landscape(), "jpg")))
    worker.send(Request(b"/nowhere"))
    assert [worker.receive(PATIENCE).reason for _ in range(2)] == [None, "it vanished"]


def test_an_answer_that_does_not_come_in_time_is_a_timeout(
    worker: WorkerProcess, tmp_path: Path
) -> None:
    worker.send(save(tmp_path, endless_jpeg()))
    with pytest.raises(TimeoutError):
        worker.receive(0.1)


@pytest.mark.parametrize(
    ("weapon", "from_outside", "reason"),
    [
        (signal.SIGKILL, True, "its decoder was killed (SIGKILL)"),
        (signal.SIGABRT, False, "its decoder was killed (SIGABRT)"),
    ],
)
def test_a_dead_worker_tells_what_it_died_of(
    worker: WorkerProcess, weapon: signal.Signals, from_outside: bool, reason: str
) -> None:
    os.kill(worker.pid, weapon)
    with pytest.raises(WorkerGoneError) as caught:
        worker.receive(PATIENCE)
    worker.send(Request(b"/nowhere"))  # which does no harm
    assert (caught.value.from_outside, caught.value.reason) == (from_outside, reason)


def test_a_worker_that_nobody_watches_ends_itself(tmp_path: Path) -> None:
    with closing(WorkerProcess(replace(ORDERS, cpu_seconds=0.1))) as worker:
        worker.wait_until_ready()
        worker.send(save(tmp_path, endless_jpeg()))
        with pytest.raises(WorkerGoneError) as caught:
            worker.receive(PATIENCE)
    assert caught.value.reason == "it takes too long to decode"


def test_a_worker_leaves_no_core_dump_and_writes_nowhere(worker: WorkerProcess) -> None:
    limits = Path(f"/proc/{worker.pid}/limits").read_text().splitlines()
    (core,) = (line.split() for line in limits if line.startswith("Max core file size"))
    (memory,) = (line.split() for line in limits if line.startswith("Max address space"))
    assert core[4:6] == ["0", "0"]
    assert memory[3:5] == [str(GIBIBYTE)] * 2
    streams = Path(f"/proc/{worker.pid}/fd")
    assert {str((streams / name).readlink()) for name in "012"} == {os.devnull}


def test_a_worker_starts_without_numpy(worker: WorkerProcess) -> None:
    mapped = Path(f"/proc/{worker.pid}/maps").read_text()
    assert "_imaging" in mapped
    assert "numpy" not in mapped
