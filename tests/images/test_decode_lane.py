from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest

from annclust.images.decode_lane import DecodeLane, Lanes, Run, Task
from annclust.images.decode_workers import worker_orders
from annclust.images.memory_budget import MemoryBudget
from annclust.images.read_jobs import ReadResult
from annclust.images.wish import VIEW, Wish
from annclust.images.worker_process import WorkerProcess
from annclust.images.worker_protocol import Answer
from annclust.settings import DecodeSettings
from tests.images.samples import GEOMETRY, job

NO_LIMIT = 600.0


@contextmanager
def lane_at_work(
    *photos: Path, timeout: float, patience: float
) -> Iterator[SimpleQueue[ReadResult | Exception]]:
    """One lane on its own, so that both of its clocks can be set."""
    lanes, run = Lanes(1, MemoryBudget(1 << 30)), Run(SimpleQueue())
    for key, photo in enumerate(photos):
        lanes.tasks.put(Task(job(photo, key), run))
    orders = worker_orders(GEOMETRY, DecodeSettings(timeout=timeout), follow_symlinks=False)
    lane = DecodeLane(lanes, orders, patience=patience)
    lane.start()
    try:
        yield run.results
    finally:
        lanes.closing = True
        lanes.tasks.put(None)
        lane.interrupt()
        lane.join()


def results_of(*photos: Path, timeout: float, patience: float) -> list[ReadResult]:
    with lane_at_work(*photos, timeout=timeout, patience=patience) as results:
        return [result for _ in photos if isinstance(result := results.get(), ReadResult)]


def test_a_file_that_uses_up_its_processor_time_is_given_up_for_good(
    endless_photo: Path, photo: Path
) -> None:
    slow, usual = results_of(endless_photo, photo, timeout=0.2, patience=NO_LIMIT)
    assert (slow.reason, slow.retry) == ("it takes longer than 0.2 s to decode", False)
    assert usual.image is not None


def test_a_file_that_only_takes_long_by_the_clock_may_do_better_another_time(
    endless_photo: Path, photo: Path
) -> None:
    slow, _ = results_of(endless_photo, photo, timeout=NO_LIMIT, patience=0.3)
    assert (slow.reason, slow.retry) == ("nothing came back within 0.3 s", True)


def test_the_timeout_of_the_settings_is_of_processor_time() -> None:
    orders = worker_orders(GEOMETRY, DecodeSettings(timeout=7), follow_symlinks=False)
    assert orders.cpu_seconds == 7


def test_a_worker_that_claims_memory_twice_is_replaced(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience, claims = 77.0, [Answer(claim=1)] * 4  # twice for each of two attempts
    receive = WorkerProcess.receive

    def greedy(worker: WorkerProcess, seconds: float, wish: Wish = VIEW) -> Answer:
        return claims.pop() if claims and seconds == patience else receive(worker, seconds, wish)

    monkeypatch.setattr(WorkerProcess, "receive", greedy)
    first, second = results_of(photo, photo, timeout=NO_LIMIT, patience=patience)
    assert (first.image, first.reason, first.retry) == (None, "its decoder crashed", False)
    assert second.image is not None
