"""What tests do to watch processes, and to fail instead of waiting for ever."""

from __future__ import annotations

import os
import re
import select
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds after which something that takes no time will not come any more."""


def promptly(act: Callable[[], T]) -> T:
    """Do something in a thread; fails the test if it does not come to an end."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(act())
        except Exception as error:
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return outcome.result(PATIENCE)


def eventually(look: Callable[[], T]) -> T:
    """Look until there is something to see; fails the test if nothing appears."""
    gone_on = threading.Event()
    timer = threading.Timer(PATIENCE, gone_on.set)
    timer.start()
    try:
        while not (seen := look()):
            assert not gone_on.wait(0.001), "nothing appeared"
        return seen
    finally:
        timer.cancel()


def wait_for_end(pid: int) -> None:
    """Wait until a process is gone; fails the test if it stays."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended, _, _ = select.select([process], [], [], PATIENCE)
        assert ended, f"process {pid} goes on"
    finally:
        os.close(process)


def peak_memory(pid: int) -> int:
    """Most bytes that a process ever had in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def memory_of(pid: int) -> int:
    """Bytes that a process has in memory now; 0 if it is gone."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def is_at_work(pid: int) -> bool:
    """Whether a worker has used more processor time than it takes to start."""
    try:
        nanoseconds = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except OSError:
        return False  # it is gone
    return nanoseconds > 600_000_000
