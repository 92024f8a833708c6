"""Jobs: long work, one at a time, that a page watches and may stop."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock, Thread
from typing import Any, Final, Literal, TypeAlias

from annclust.closing import Closing
from annclust.errors import AnnclustError
from annclust.progress import Progress, Stage, StoppedError
from annclust.web.shown import shown_error

JobState = Literal["running", "done", "failed", "stopped"]
Result: TypeAlias = Mapping[str, Any]
Work: TypeAlias = Callable[[Progress], Result]

_KEPT: Final = 20
"""Jobs that are over, and can still be asked about."""

_log = logging.getLogger(__name__)


class JobRunningError(Exception):
    """Another job is running."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"annclust is busy ({kind}); wait until that is done, or stop it.")


@dataclass(frozen=True, slots=True)
class Job:
    """A job at one moment.

    Parameters
    ----------
    id : int
    kind : str
    state : {"running", "done", "failed", "stopped"}
    stage : str
        What it does.
    done : int
    total : int or None
        Steps of the stage; None if unknown.
    result : mapping or None
        What came of it, once it is done.
    error : str or None
        Why it failed.
    """

    id: int
    kind: str
    state: JobState = "running"
    stage: str = ""
    done: int = 0
    total: int | None = None
    result: Result | None = None
    error: str | None = None


class Jobs(Closing):
    """Runs jobs, each in a thread."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[int, Job] = OrderedDict()
        self._current: int | None = None
        self._thread: Thread | None = None
        self._stopping = False
        self._lock = Lock()

    def close(self) -> None:
        """Stop what is running, at its next safe place, and wait for that."""
        with self._lock:
            self._stopping = True
            thread = self._thread
        if thread is not None:
            thread.join()

    def start(self, kind: str, work: Work) -> Job:
        """Start a job.

        Raises
        ------
        JobRunningError
            If another one is running.
        """
        with self._lock:
            current = self._jobs.get(self._current or 0)
            if current is not None and current.state == "running":
                raise JobRunningError(current.kind)
            job = Job(1 + max(self._jobs, default=0), kind)
            self._jobs[job.id], self._current, self._stopping = job, job.id, False
            while len(self._jobs) > _KEPT:
                self._jobs.popitem(last=False)
            self._thread = Thread(target=self._run, args=(work,), name=f"annclust {kind}")
            self._thread.start()
        return job

    @property
    def current(self) -> Job | None:
        """What is running, or ended last; None if nothing ever ran."""
        with self._lock:
            return None if self._current is None else self._jobs[self._current]

    def find(self, number: int) -> Job | None:
        """One of the last jobs."""
        with self._lock:
            return self._jobs.get(number)

    def stop(self, number: int) -> None:
        """Ask a job to stop, if it is running."""
        with self._lock:
            if number == self._current:
                self._stopping = True

    def _run(self, work: Work) -> None:
        try:
            result = work(_JobProgress(self))
            self.note(state="done", result=result)
        except StoppedError:
            self.note(state="stopped")
        except AnnclustError as error:
            self.note(state="failed", error=shown_error(error))
        except Exception:
            _log.exception("a job failed")
            self.note(state="failed", error="Something went wrong in annclust; see its terminal.")

    def note(self, **told: Any) -> None:
        """Say something else of the job that is running."""
        with self._lock:
            if self._current is not None:
                self._jobs[self._current] = replace(self._jobs[self._current], **told)

    def advance(self, steps: int) -> None:
        """Say that more steps are done; StoppedError if that was the last one."""
        with self._lock:
            if self._current is not None:
                job = self._jobs[self._current]
                self._jobs[self._current] = replace(job, done=job.done + steps)
        self.check()

    def check(self) -> None:
        """Raise StoppedError if the job was asked to stop: once, as what follows tidies up."""
        with self._lock:
            stop, self._stopping = self._stopping, False
        if stop:
            raise StoppedError


class _JobProgress:
    """Progress that a page sees."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    @contextmanager
    def stage(self, title: str, /, total: int | None = None, *, unit: str = "") -> Iterator[Stage]:
        """Open a stage, or stop the job."""
        self._jobs.check()
        self._jobs.note(stage=title, done=0, total=total)
        yield _JobStage(self._jobs)


class _JobStage:
    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def advance(self, steps: int = 1, /) -> None:
        """Report steps, or stop the job."""
        self._jobs.advance(steps)

    def expect(self, total: int, /) -> None:
        """Report how many there will be."""
        self._jobs.note(total=total)
