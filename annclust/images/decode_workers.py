"""Decode workers: files are read and decoded in processes that may die without harm.

The last step of this room: jobs go in, results come out in any order, and one hostile file costs
one result with a reason. Each worker has a lane (:mod:`decode_lane`), which keeps it busy while the
caller is away with a batch.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from annclust.errors import AnnclustError, UnreadableImageError
from annclust.images.decode_lane import DecodeLane, Lanes, Run, Task
from annclust.images.decoded_image import DecodedImage
from annclust.images.memory_budget import MemoryBudget
from annclust.images.read_jobs import ReadJob, ReadResult
from annclust.images.worker_protocol import WorkerOrders
from annclust.input_geometry import InputGeometry
from annclust.memory_plan import MEBIBYTE
from annclust.settings import DecodeSettings

__all__ = ["DecodeWorkers", "ReadJob", "ReadResult", "image_reader"]

_AHEAD_PER_WORKER = 16
"""Files that are on their way for each worker: at 5 ms each, as long as embedding a batch takes."""

_AHEAD_BYTES = 128 * MEBIBYTE
"""Pixels that may wait for the caller, in total."""

_FOR_LARGE_PICTURES, _FOR_EACH_WORKER = 768 * MEBIBYTE, 128 * MEBIBYTE
"""Memory that large pictures may take at a time, over all workers: two of 48 million pixels from a
phone, or one that is larger, alone. Where many work, what keeps them from waiting."""

_UNASKED = 128 * MEBIBYTE
"""Memory that all workers together may take without asking; each has its part of it."""

_PATIENCE = 3
"""Seconds by the clock for each second of processor time that a file may take: reading takes time
as well, and the processor has other things to do."""


_LOOK_EVERY = 1.0
"""Seconds after which who waits for a result looks whether the workers are there still."""


class DecodeWorkers:
    """Processes that read and decode; a context manager.

    They start in the background when it is entered, so that the caller can load its model
    meanwhile, and are killed when it is left.

    Parameters
    ----------
    geometry : InputGeometry
        Which pixels the embedder wants to see.
    settings : DecodeSettings
    follow_symlinks : bool
        Whether the path of a job may be a symbolic link.
    memory : MemoryBudget or None
        Shared with others, if there are any: by default as `memory_for_large_pictures` says.
    """

    def __init__(
        self,
        geometry: InputGeometry,
        settings: DecodeSettings,
        *,
        follow_symlinks: bool = False,
        memory: MemoryBudget | None = None,
    ) -> None:
        orders = worker_orders(geometry, settings, follow_symlinks=follow_symlinks)
        memory = memory or memory_for_large_pictures(settings)
        self._lanes = Lanes(max(1, settings.workers), memory)
        self._members = [
            DecodeLane(self._lanes, orders, patience=_PATIENCE * settings.timeout)
            for _ in range(self._lanes.count)
        ]
        self._ahead = _files_ahead(geometry, len(self._members))

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that are there now; they change when workers die."""
        pids = (lane.pid for lane in self._members)
        return tuple(pid for pid in pids if pid is not None)

    def __enter__(self) -> Self:
        try:
            for lane in self._members:
                lane.start()
        except AnnclustError:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._lanes.closing = True
        for _ in self._members:
            self._lanes.tasks.put(None)
        for lane in self._members:
            lane.interrupt()
        for lane in self._members:
            lane.join()

    def run(self, jobs: Iterable[ReadJob]) -> Iterator[ReadResult]:
        """Do the jobs; one result each, in any order.

        Jobs are taken from the iterable in the caller's thread and only so far ahead that no worker
        waits: what an earlier result taught can still enter a later job's ``known``. A caller may
        stop at any result.

        Raises
        ------
        AnnclustError
            If no worker can be started.
        """
        source = iter(jobs)
        run = Run(SimpleQueue())
        waiting = 0
        try:
            while True:
                self._refuse_if_closed()
                for job in islice(source, self._ahead - waiting):
                    self._lanes.tasks.put(Task(job, run))
                    waiting += 1
                if not waiting:
                    return
                result = self._next(run)
                waiting -= 1
                if isinstance(result, Exception):
                    raise result
                yield result
        finally:
            run.abandoned = True

    def _refuse_if_closed(self) -> None:
        if self._lanes.closing:
            raise RuntimeError("these workers were closed while there was work to do")

    def _next(self, run: Run) -> ReadResult | Exception:
        """Wait for a result; not for ever if another thread closes the workers."""
        while True:
            try:
                return run.results.get(timeout=_LOOK_EVERY)
            except Empty:
                self._refuse_if_closed()


def worker_orders(
    geometry: InputGeometry, settings: DecodeSettings, *, follow_symlinks: bool
) -> WorkerOrders:
    """What each worker is told; `settings.timeout` is of its processor time, not of the clock."""
    return WorkerOrders(
        geometry=geometry,
        max_pixels=settings.max_pixels,
        memory=settings.memory,
        largest=settings.memory if settings.pictures is None else settings.pictures,
        unasked=_UNASKED // max(1, settings.workers),
        cpu_seconds=settings.timeout,
        follow_symlinks=follow_symlinks,
    )


def memory_for_large_pictures(settings: DecodeSettings) -> MemoryBudget:
    """What all workers may take for large pictures at a time."""
    if settings.pictures is not None:
        return MemoryBudget(settings.pictures)
    return MemoryBudget(max(_FOR_LARGE_PICTURES, settings.workers * _FOR_EACH_WORKER))


def _files_ahead(geometry: InputGeometry, workers: int) -> int:
    """How many files may be on their way at a time, decoded or not."""
    bytes_each = geometry.most_pixels * 3
    return max(2 * workers, min((2 + workers) * _AHEAD_PER_WORKER, _AHEAD_BYTES // bytes_each))


@contextmanager
def image_reader(
    geometry: InputGeometry, settings: DecodeSettings
) -> Iterator[Callable[[Path], DecodedImage]]:
    """Give what decodes one image, in a worker as well.

    The worker starts while the caller does something else, like loading its model.

    Parameters
    ----------
    geometry : InputGeometry
    settings : DecodeSettings

    Yields
    ------
    callable
        Takes a path, which may be a symbolic link: somebody named it. Raises
        UnreadableImageError.
    """
    alone = replace(settings, workers=1)
    with DecodeWorkers(geometry, alone, follow_symlinks=True) as workers:
        yield lambda path: read_image(workers, path)


def read_image(workers: DecodeWorkers, path: Path) -> DecodedImage:
    """What an embedder is to see of one image.

    Raises
    ------
    UnreadableImageError
        If it cannot be read or decoded.
    """
    (result,) = workers.run([ReadJob(0, os.fsencode(path.absolute()))])
    if result.image is None:
        raise UnreadableImageError(path, reason=result.reason or "nothing could be read")
    return result.image
