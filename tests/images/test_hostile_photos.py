"""Photos that cost their worker the life, and workers that are killed for other reasons."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
from PIL import Image

from annclust.images.decode_workers import DecodeWorkers
from annclust.memory_plan import MEBIBYTE
from annclust.settings import DecodeSettings
from tests.images.samples import (
    GEOMETRY,
    ONE_WORKER,
    empty_png,
    encode,
    job,
    only,
    png_that_promises,
)
from tests.images.watching import is_at_work, memory_of, peak_memory


class Watch:
    """Looks all the time how much memory all workers have together."""

    def __init__(self, workers: DecodeWorkers) -> None:
        self._workers, self._stopped = workers, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.most = 0

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stopped.wait(0.005):
            self.most = max(self.most, sum(map(memory_of, self._workers.pids)))


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
    with DecodeWorkers(GEOMETRY, ONE_WORKER) as workers:
        with Assassin(workers, signal.SIGSEGV) as assassin:
            results = workers.run([job(endless_photo, 0), job(photo, 1)])
            hostile = next(results)
            assassin.stop()
        assert (hostile.key, hostile.reason) == (0, "its decoder was killed (SIGSEGV)")
        assert (hostile.digest, hostile.retry) == (None, False)
        assert only(results).image is not None


def test_a_worker_killed_from_outside_does_not_condemn_its_file(endless_photo: Path) -> None:
    with DecodeWorkers(GEOMETRY, ONE_WORKER) as workers, Assassin(workers, signal.SIGKILL):
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
                if is_at_work(pid):
                    os.kill(pid, self._weapon)


def test_a_worker_that_stands_still_does_not_condemn_its_file(photo: Path) -> None:
    with DecodeWorkers(GEOMETRY, DecodeSettings(workers=1, timeout=0.5)) as workers:
        results = workers.run(job(photo, key) for key in range(200))
        taken = [next(results)]
        os.kill(workers.pids[0], signal.SIGSTOP)
        taken += results
    failed = [result for result in taken if result.reason is not None]
    assert len(taken) == 200
    assert [(r.reason, r.retry) for r in failed] == [("nothing came back within 1.5 s", True)]


def test_a_file_that_takes_too_much_memory_is_given_up(tmp_path: Path, photo: Path) -> None:
    greedy_photo = tmp_path / "greedy.png"
    greedy_photo.write_bytes(empty_png(10_000, 16_000))
    with DecodeWorkers(GEOMETRY, DecodeSettings(workers=1, memory=150 * MEBIBYTE)) as workers:
        assert only(workers.run([job(photo)])).image is not None
        pids = workers.pids
        greedy, usual = workers.run([job(greedy_photo, 0), job(photo, 1)])
        assert workers.pids == pids  # it is told, not killed
    assert (greedy.reason, greedy.retry) == (
        "decoding this PNG takes more memory than is allowed",
        False,
    )
    assert usual.image is not None


@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "RGBA"])
def test_a_large_picture_that_must_be_converted_is_never_there_twice(
    tmp_path: Path, mode: str
) -> None:
    large = tmp_path / "large"
    large.write_bytes(encode(Image.new(mode, (6000, 4000)), "tif", compression="packbits"))
    with DecodeWorkers(GEOMETRY, ONE_WORKER) as workers:
        image = only(workers.run([job(large)])).image
        bytes_each = 1 if mode in ("1", "P") else 4
        assert peak_memory(workers.pids[0]) < (80 + 24 * bytes_each) * MEBIBYTE
    assert image is not None


def test_a_small_file_that_promises_a_giant_is_refused_by_its_header(
    workers: DecodeWorkers, tmp_path: Path, photo: Path
) -> None:
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png_that_promises(17_000, 17_000))
    assert only(workers.run([job(photo)])).image is not None
    pids, before = workers.pids, peak_memory(workers.pids[0])
    result = only(workers.run([job(bomb)]))
    assert result.reason == "decoding this PNG takes more memory than is allowed"
    assert (workers.pids, result.retry) == (pids, False)
    assert peak_memory(pids[0]) < before + 20 * MEBIBYTE


def test_giants_come_one_at_a_time_and_small_ones_between_them(tmp_path: Path, photo: Path) -> None:
    giant = tmp_path / "giant.png"
    giant.write_bytes(encode(Image.new("RGB", (10_000, 10_000)), "png", compress_level=1))
    jobs = [job((giant, photo, photo)[key % 3], key) for key in range(12)]
    with DecodeWorkers(GEOMETRY, DecodeSettings(workers=3)) as workers, Watch(workers) as watch:
        results = list(workers.run(jobs))
    assert {result.key for result in results if result.image is not None} == set(range(12))
    assert 380 * MEBIBYTE < watch.most < (380 + 3 * 80) * MEBIBYTE


def test_claims_of_a_lone_worker_leave_its_results_in_order(tmp_path: Path, photo: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(encode(Image.new("RGB", (6000, 6000)), "png", compress_level=1))
    with DecodeWorkers(GEOMETRY, ONE_WORKER) as workers:
        results = list(workers.run(job((large, photo, photo)[key % 3], key) for key in range(9)))
    assert [result.key for result in results] == list(range(9))
    assert all(result.image is not None for result in results)


def test_workers_can_be_closed_while_giants_wait_for_each_other(tmp_path: Path) -> None:
    giant = tmp_path / "giant.png"
    giant.write_bytes(encode(Image.new("RGB", (10_000, 10_000)), "png", compress_level=1))
    with DecodeWorkers(GEOMETRY, DecodeSettings(workers=3)) as workers:
        assert next(workers.run(job(giant, key) for key in range(9))).image is not None
    assert workers.pids == ()


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


def test_a_very_long_picture_costs_no_more_memory_than_another(tmp_path: Path) -> None:
    thread = tmp_path / "thread.png"
    # Scaled as a whole, it would have 307 million pixels.
    thread.write_bytes(encode(Image.new("L", (1, 300_000), 99), "png"))
    with DecodeWorkers(GEOMETRY, ONE_WORKER) as workers:
        image = only(workers.run([job(thread)])).image
        assert peak_memory(workers.pids[0]) < 100 * MEBIBYTE
    assert image is not None
    assert (image.pixels == 99).all()
