"""Made once: what several threads ask for at a time is made by one of them, and kept meanwhile."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future


class MadeOnce:
    """Bytes by key; the ones that were asked for last stay, as many as there is room for.

    Parameters
    ----------
    room : int
        Bytes that may be kept. What is larger alone is given, and not kept.
    """

    def __init__(self, room: int) -> None:
        self._room, self._used = room, 0
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._underway: dict[Hashable, Future[bytes]] = {}
        self._lock = threading.Lock()

    @property
    def bytes_used(self) -> int:
        """Bytes that are kept."""
        return self._used

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """What is kept under a key, or is made now.

        Of several threads that ask meanwhile, the first one makes it; all of them get what it
        returns, or raises.
        """
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
            underway = self._underway.get(key)
            if underway is None:
                mine = self._underway[key] = Future()
        return underway.result() if underway is not None else self._make(key, make, mine)

    def _make(self, key: Hashable, make: Callable[[], bytes], mine: Future[bytes]) -> bytes:
        try:
            made = make()
        except BaseException as error:
            with self._lock:
                del self._underway[key]
            mine.set_exception(error)
            raise
        with self._lock:
            del self._underway[key]
            self._keep(key, made)
        mine.set_result(made)
        return made

    def _keep(self, key: Hashable, made: bytes) -> None:
        if len(made) > self._room:
            return
        self._kept[key] = made
        self._used += len(made)
        while self._used > self._room:
            _, oldest = self._kept.popitem(last=False)
            self._used -= len(oldest)
