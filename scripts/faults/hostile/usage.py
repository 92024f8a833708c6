"""Usage: what processes take of the machine's memory and of its processors."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

_PAUSE = 0.02  # seconds
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Bytes that a process has in memory, shared ones in full; 0 if it is gone."""
    return _field(Path(f"/proc/{pid}/statm"), 1) * _PAGE


def processor_seconds(pid: int) -> float:
    """Time that all threads of a process worked, 0 if it is gone."""
    stat = Path(f"/proc/{pid}/stat")
    return (_field(stat, 13) + _field(stat, 14)) / _TICKS


def _field(path: Path, position: int) -> int:
    try:
        return int(path.read_bytes().split()[position])
    except (OSError, IndexError, ValueError):
        return 0


class MemoryWatch:
    """A thread that looks at the memory of this process and of others all the time.

    Parameters
    ----------
    others : callable
        Gives the process ids of the others; 0 for one that is not there.
    notice : callable
        Called with the bytes of each of the others, and of all together with this process.
    """

    def __init__(
        self,
        others: Callable[[], Iterable[int]],
        notice: Callable[[list[int], int], None],
    ) -> None:
        self._others, self._notice = others, notice
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_PAUSE):
            each = [resident(pid) for pid in self._others()]
            self._notice(each, sum(each) + resident(os.getpid()))
