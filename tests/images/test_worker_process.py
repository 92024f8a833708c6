from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from annclust.images.decoded_image import View
from annclust.images.worker_process import WorkerGoneError, WorkerProcess
from annclust.images.worker_protocol import Answer, Request, WorkerOrders
from annclust.settings import GIBIBYTE
from tests.images.samples import GEOMETRY, encode, landscape, seen
from tests.images.watching import promptly

ORDERS = WorkerOrders(
    geometry=GEOMETRY,
    max_pixels=10**8,
    memory=GIBIBYTE,
    largest=GIBIBYTE,
    unasked=1 << 27,
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
    view = worker.receive(PATIENCE).made
    assert isinstance(view, View)
    assert view.rgb == seen(data).pixels.tobytes()


def test_requests_may_wait_in_line(worker: WorkerProcess, tmp_path: Path) -> None:
    worker.send(save(tmp_path, encode(landscape(), "jpg")))
    worker.send(Request(b"/nowhere"))
    assert [worker.receive(PATIENCE).reason for _ in range(2)] == [None, "it vanished"]


def test_an_answer_that_does_not_come_in_time_is_a_timeout(
    worker: WorkerProcess, endless_photo: Path
) -> None:
    worker.send(Request(os.fsencode(endless_photo)))
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


def test_a_worker_ends_itself_when_its_processor_time_is_used_up(endless_photo: Path) -> None:
    with closing(WorkerProcess(replace(ORDERS, cpu_seconds=0.1))) as worker:
        worker.wait_until_ready()
        worker.send(Request(os.fsencode(endless_photo)))
        with pytest.raises(WorkerGoneError) as caught:
            worker.receive(PATIENCE)
    assert (caught.value.out_of_time, caught.value.from_outside) == (True, False)


def start_instead(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> WorkerProcess:
    """Start something else than a worker, with the channel as its standard input."""
    program = folder / "impostor"
    program.write_text(f"#!{sys.executable} -S\n{text}\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    return WorkerProcess(ORDERS)


@pytest.mark.parametrize(
    "text",
    [
        "import os, signal; os.close(0); signal.pause()",
        "import os, signal; os.write(0, bytes(100)); signal.pause()",
        "raise SystemExit(1)",
    ],
    ids=["hangs up and lives on", "talks nonsense", "ends"],
)
def test_a_worker_that_misbehaves_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    with closing(start_instead(monkeypatch, tmp_path, text)) as impostor:
        with pytest.raises(WorkerGoneError) as caught:
            promptly(impostor.wait_until_ready)
        assert not Path(f"/proc/{impostor.pid}").exists()
    assert (caught.value.reason, caught.value.from_outside) == ("its decoder crashed", False)


def test_a_worker_that_answers_before_it_is_asked_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = f"import os, signal; os.write(0, {Answer(reason='hello').pack()!r}); signal.pause()"
    with closing(start_instead(monkeypatch, tmp_path, text)) as impostor:
        with pytest.raises(WorkerGoneError):
            promptly(impostor.wait_until_ready)
        assert not Path(f"/proc/{impostor.pid}").exists()


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
