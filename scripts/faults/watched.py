"""Watched: work that may hang or crash is done in a process beside, which is then replaced.

Such a process starts from one that has already loaded what takes long to load.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

PROCESSES = multiprocessing.get_context("forkserver")
"""Makes processes that share nothing with this one."""

_HEAVY = (
    *("annclust.collection", "annclust.pipeline.checking", "annclust.pipeline.grouping"),
    *("annclust.pipeline.healing", "annclust.pipeline.indexing", "annclust.pipeline.querying"),
    *("annclust.embedding.color_histogram", "faiss", "hdbscan", "PIL.Image"),
)
PROCESSES.set_forkserver_preload(list(_HEAVY))


class LostError(Exception):
    """The process hung or crashed; the message says which."""


class Watched(Generic[Job, Result]):
    """Does jobs one after another in a process of its own.

    Parameters
    ----------
    work : callable
        Does one job; a function of a module.
    patience : float
        Seconds that a job may take.
    """

    def __init__(self, work: Callable[[Job], Result], patience: float) -> None:
        self._work, self._patience = work, patience
        self._start()

    def _start(self) -> None:
        self._pipe, theirs = PROCESSES.Pipe()
        self._process = PROCESSES.Process(target=_serve, args=(theirs, self._work))
        self._process.start()
        theirs.close()

    def do(self, job: Job) -> Result:
        """Have a job done.

        Raises
        ------
        LostError
            If there was no result; the next job finds a new process.
        """
        try:
            self._pipe.send(job)
            if not self._pipe.poll(self._patience):
                raise LostError(f"no end after {self._patience:.0f} s")
            result: Result = self._pipe.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            code = self._process.exitcode
            self._start()
            raise LostError(f"the process died with {code}") from None
        except LostError:
            self.close()
            self._start()
            raise
        return result

    def close(self) -> None:
        """End the process, whatever it is at."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, work: Callable[[Job], Result]) -> None:
    with suppress(EOFError):
        while True:
            pipe.send(work(pipe.recv()))


def beside(work: Callable[[Job], Result], job: Job, patience: float = 300.0) -> Result:
    """Do one job in a process of its own, which spares this one all that it needs to load."""
    worker = Watched(work, patience)
    try:
        return worker.do(job)
    finally:
        worker.close()
