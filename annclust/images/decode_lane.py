"""Decode lane: one thread that keeps one worker process fed, watches it and replaces it.

A worker always has its next request before it answers the last one, so that it never waits for
this process, which may be busy embedding. The thread itself sleeps nearly all of the time.
"""

from __future__ import annotations

import signal
import threading
from collections import deque
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from annclust.errors import AnnclustError
from annclust.images.decoded_image import DecodedImage, View
from annclust.images.examination import Examination
from annclust.images.memory_budget import MemoryBudget
from annclust.images.picture import Picture
from annclust.images.read_jobs import ReadJob, ReadResult
from annclust.images.wish import Wish
from annclust.images.worker_process import MISBEHAVED, WorkerGoneError, WorkerProcess
from annclust.images.worker_protocol import GRANT, Answer, Request, WorkerOrders

_DEPTH = 2
"""Requests that a worker has at a time: one at work, one at hand."""

_ATTEMPTS = 2
"""A file whose worker died is tried again: maybe the worker was killed for no fault of the file."""

_START_ATTEMPTS = 5


@dataclass(slots=True, eq=False)
class Run:
    """One call of `DecodeWorkers.run`: where results go, and whether anybody still wants them."""

    results: SimpleQueue[ReadResult | Exception]
    abandoned: bool = False


@dataclass(slots=True, eq=False)
class Task:
    """A job on its way."""

    job: ReadJob
    run: Run
    attempts: int = 0

    def request(self) -> Request:
        """What to ask a worker."""
        job = self.job
        return Request(job.path, job.known, job.wish, job.only)


@dataclass(slots=True, eq=False)
class Lanes:
    """What all lanes share.

    Parameters
    ----------
    count : int
        How many lanes there are.
    memory : MemoryBudget
        What large pictures may take at a time.
    tasks : SimpleQueue
        What is to be done; None tells one lane to end.
    closing : bool
        Whether all lanes are to end.
    """

    count: int
    memory: MemoryBudget
    tasks: SimpleQueue[Task | None] = field(default_factory=SimpleQueue)
    closing: bool = False

    @property
    def has_plenty(self) -> bool:
        """Whether a lane may take more than it can do at once, without another going idle."""
        return self.tasks.qsize() >= self.count


class DecodeLane:
    """A thread and its worker.

    Parameters
    ----------
    lanes : Lanes
    orders : WorkerOrders
    patience : float
        Seconds that one file may take by the clock. One that takes longer is not blamed: the
        disk may stall, the worker be stopped. What really is slow to decode uses up
        ``orders.cpu_seconds`` first.
    """

    def __init__(self, lanes: Lanes, orders: WorkerOrders, *, patience: float) -> None:
        self._lanes, self._orders, self._patience = lanes, orders, patience
        self._worker: WorkerProcess | None = None
        self._in_flight: deque[Task] = deque()
        self._thread = threading.Thread(target=self._live, name="decode-lane", daemon=True)

    @property
    def pid(self) -> int | None:
        """Process id of the worker, if there is one now."""
        worker = self._worker
        return None if worker is None else worker.pid

    def start(self) -> None:
        """Start the thread, which starts the worker; raises AnnclustError if there can be none."""
        try:
            self._thread.start()
        except RuntimeError as error:
            raise AnnclustError(f"no thread can be started to decode: {error}.") from error

    def interrupt(self) -> None:
        """Kill the worker, whatever it is doing."""
        worker = self._worker
        if worker is not None:
            worker.kill()

    def join(self) -> None:
        """Wait for the thread to end, if it was started."""
        if self._thread.ident is not None:
            self._thread.join()

    def _live(self) -> None:
        # New processes inherit this: a Ctrl-C must not hit them before they know how to ignore it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._warm_up()
            while not self._lanes.closing and self._refill():
                self._advance()
        except Exception as error:  # out of memory, say
            self._answer_all_with(error)
        finally:
            self._replace_worker(None)

    def _warm_up(self) -> None:
        try:
            self._ready_worker()
        except AnnclustError:
            return  # the first task will say so

    def _answer_all_with(self, error: Exception) -> None:
        """Give whoever waits for this lane, now or later, an error instead of nothing at all."""
        while self._in_flight:
            self._finish(error)
        while (task := self._lanes.tasks.get()) is not None:
            task.run.results.put(error)

    def _refill(self) -> bool:
        """Take tasks until the worker has enough to do; False if there will be none any more."""
        while not self._in_flight or (len(self._in_flight) < _DEPTH and self._lanes.has_plenty):
            try:
                task = self._lanes.tasks.get(block=not self._in_flight)
            except Empty:
                break
            if task is None:
                return False
            if not task.run.abandoned:
                self._in_flight.append(task)
                if self._worker is not None:
                    self._worker.send(task.request())
        return True

    def _advance(self) -> None:
        """Bring the oldest task one step further."""
        task = self._in_flight[0]
        try:
            result = self._result(task)
        except Exception as error:
            self._finish(error)
        else:
            if result is not None:
                self._finish(result)

    def _finish(self, result: ReadResult | Exception) -> None:
        self._in_flight.popleft().run.results.put(result)

    def _result(self, task: Task) -> ReadResult | None:
        """Wait for a task's result; None if its worker died and it is to be tried again."""
        try:
            answer = self._next_answer(task.job.wish)
        except TimeoutError:
            self._replace_worker(None)
            reason = f"nothing came back within {self._patience:g} s"
            return ReadResult(task.job.key, reason=reason, retry=True)
        except WorkerGoneError as error:
            self._replace_worker(None)
            return self._verdict(task, error)
        return self._as_result(task, answer)

    def _next_answer(self, wish: Wish) -> Answer:
        """What the worker says; if it claims memory, it gets it when there is some."""
        worker = self._ready_worker()
        answer = worker.receive(self._patience, wish)
        if answer.claim:
            with self._lanes.memory.share(answer.claim):
                worker.send(GRANT)
                try:
                    answer = worker.receive(self._patience, wish)
                    if answer.claim:  # once is enough
                        worker.kill()
                        raise WorkerGoneError(MISBEHAVED)
                except (TimeoutError, WorkerGoneError):
                    self._replace_worker(None)  # before somebody else gets its memory
                    raise
        return answer

    def _verdict(self, task: Task, error: WorkerGoneError) -> ReadResult | None:
        """What the end of a worker says of its file; None if the file is to be tried again."""
        if error.out_of_time:  # and would be the next time
            reason = f"it takes longer than {self._orders.cpu_seconds:g} s to decode"
            return ReadResult(task.job.key, reason=reason)
        task.attempts += 1
        if task.attempts < _ATTEMPTS:
            return None
        return ReadResult(task.job.key, reason=error.reason, retry=error.from_outside)

    def _as_result(self, task: Task, answer: Answer) -> ReadResult:
        made = answer.made
        return ReadResult(
            task.job.key,
            answer.digest,
            answer.size,
            answer.modified_ns,
            DecodedImage.from_view(made) if isinstance(made, View) else None,
            answer.reason,
            answer.retry,
            answer.capture,
            made if isinstance(made, Picture) else None,
            made if isinstance(made, Examination) else None,
        )

    def _ready_worker(self) -> WorkerProcess:
        """The worker; a new one that was asked for everything in flight, if there was none.

        Raises
        ------
        AnnclustError
            If none can be started.
        """
        attempts = 0
        while self._worker is None:
            if attempts == _START_ATTEMPTS or self._lanes.closing:
                raise AnnclustError(
                    "the processes that decode images do not start."
                    " Is there enough memory, and may this user start more processes?"
                )
            attempts += 1
            self._start_worker()
        return self._worker

    def _start_worker(self) -> None:
        worker = WorkerProcess(self._orders)
        self._replace_worker(worker)
        if self._lanes.closing:  # `interrupt` may have come just before there was this worker
            worker.kill()
        try:
            worker.wait_until_ready()
        except (TimeoutError, WorkerGoneError):
            self._replace_worker(None)
            return
        for task in self._in_flight:
            worker.send(task.request())

    def _replace_worker(self, worker: WorkerProcess | None) -> None:
        former, self._worker = self._worker, worker
        if former is not None:
            former.close()
