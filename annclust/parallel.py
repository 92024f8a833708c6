"""Parallel: work in blocks on several threads, with a result that does not depend on how many.

A block is computed by one thread, in libraries that are held to one thread meanwhile (their
rounding differs with the number). NumPy, SciPy and FAISS let other threads run while they compute.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

from threadpoolctl import threadpool_limits

Part = TypeVar("Part")
Result = TypeVar("Result")

_AHEAD = 1
"""Parts that wait beyond those under way: enough to keep every thread busy, few in memory."""


def map_parts(
    function: Callable[[Part], Result], parts: Iterable[Part], threads: int
) -> Iterator[Result]:
    """Results of a pure function, in the order of the parts; as `map`, on several threads.

    Parameters
    ----------
    function : callable
        Writes to nothing that another part reads.
    parts : iterable
    threads : int

    Raises
    ------
    Exception
        What `function` raises; parts that are not under way then are left out.
    """
    with one_thread_in_blas():
        if threads == 1:
            yield from map(function, parts)
            return
        pool = ThreadPoolExecutor(threads, thread_name_prefix="annclust")
        try:
            yield from _in_order(pool, function, parts, threads + _AHEAD)
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def one_thread_in_blas() -> Iterator[None]:
    """Hold matrix products of the whole process to one thread, until the last one leaves.

    Threads take turns in the interpreter more often meanwhile.
    """
    _limit.enter()
    try:
        yield
    finally:
        _limit.leave()


_SWITCHED = 1e-4
"""Seconds after which a thread that waits for the interpreter gets it: between short calls into
NumPy the usual 5 ms are long (100,000 vectors joined on two cores: 2.3 and 1.9 s)."""


class _Limit:
    """Set by the first who enters, lifted by the last who leaves, whoever that is."""

    def __init__(self) -> None:
        self._lock, self._inside, self._usual = Lock(), 0, sys.getswitchinterval()
        self._set: threadpool_limits | None = None

    def enter(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._set = threadpool_limits(1, "blas")
                self._usual = sys.getswitchinterval()
                sys.setswitchinterval(min(self._usual, _SWITCHED))

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and self._set is not None:
                self._set.restore_original_limits()
                sys.setswitchinterval(self._usual)


_limit = _Limit()


def _in_order(
    pool: ThreadPoolExecutor,
    function: Callable[[Part], Result],
    parts: Iterable[Part],
    most: int,
) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    for part in parts:
        waiting.append(pool.submit(function, part))
        if len(waiting) > most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
