"""Readers: stores that are open, one for whoever reads at a time.

A connection of SQLite may be used by any thread, but by one at a time. A lock around a single one
would have every thumbnail wait for the longest question; one for each thread would be tied to
threads that come and go. So they are lent: there are as many as were ever needed at once, which the
number of working threads bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from annclust.closing import Closing
from annclust.storage.store import Store


class Readers(Closing):
    """Lends stores to threads.

    Parameters
    ----------
    open_store : callable
        Opens one more.
    """

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open = open_store
        self._idle: list[Store] = []
        self._lock = Lock()
        self._closed = False

    @contextmanager
    def store(self) -> Iterator[Store]:
        """A store that nobody else has."""
        with self._lock:
            lent = self._idle.pop() if self._idle else None
        lent = lent or self._open()
        try:
            yield lent
        finally:
            with self._lock:
                keep = not self._closed
                if keep:
                    self._idle.append(lent)
            if not keep:
                lent.close()

    def close(self) -> None:
        """Let go of all that are not lent; those are closed when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for each in idle:
            each.close()
