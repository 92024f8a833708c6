"""Worker process: one decoding worker as its parent sees it.

A worker is a new interpreter rather than a fork: it inherits no locks, no threads and no open
files, and needs nothing from the user's program. In particular that program's main module is not
run again, as `multiprocessing` would do: a plain script, or one that comes through standard input,
may use annclust without ``if __name__ == "__main__"``. Without numpy it starts in 60 ms
(docs/benchmarks.md), so that restarting one after a hostile file costs little.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from annclust.errors import AnnclustError
from annclust.frames import ProtocolError, read_exactly
from annclust.images.wish import VIEW, Wish
from annclust.images.worker_protocol import (
    READY,
    Answer,
    Request,
    WorkerOrders,
)

_START_PATIENCE = 60.0
"""Seconds that a worker may take to start: disks can be slow, and machines busy."""

_BOOT = (
    "import sys; sys.path[:] = sys.argv[1:]; import annclust.images.decode_worker as w; w.serve()"
)

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""For libraries that would take as many as there are processors: there is a worker for each."""

_LONGEST_WAIT = 1.0  # seconds

_END_PATIENCE = 1.0
"""Seconds that a worker may still be there after it hung up: usually it hung up by dying."""

MISBEHAVED = 1
"""Exit status of a worker that did not keep to the protocol."""


class WorkerGoneError(Exception):
    """The worker ended, or misbehaved and was ended.

    Parameters
    ----------
    exit_status : int
        Negative if a signal killed it.
    """

    def __init__(self, exit_status: int) -> None:
        self.exit_status = exit_status
        super().__init__(exit_status)

    @property
    def reason(self) -> str:
        """What to tell about the file that it was working on."""
        if self.exit_status < 0:
            return f"its decoder was killed ({signal.Signals(-self.exit_status).name})"
        return "its decoder crashed"

    @property
    def out_of_time(self) -> bool:
        """Whether the worker used up the processor time that one file may take."""
        return self.exit_status == -signal.SIGPROF

    @property
    def from_outside(self) -> bool:
        """Whether rather somebody else ended the worker than the file."""
        return self.exit_status in (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGHUP)


class WorkerProcess:
    """A worker that was started; `close` it.

    Parameters
    ----------
    orders : WorkerOrders

    Raises
    ------
    AnnclustError
        If the system refuses to start a process.
    """

    def __init__(self, orders: WorkerOrders) -> None:
        self._geometry = orders.geometry
        try:
            self._channel, self._process = _start_interpreter()
        except OSError as error:
            raise AnnclustError(
                f"no process can be started to decode: {error.strerror or error}."
            ) from error
        self._patience = 0.0
        self._send(orders.pack())

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Wait until it has started.

        Raises
        ------
        TimeoutError
        WorkerGoneError
        """
        if self.receive(_START_PATIENCE) != READY:
            self.kill()
            raise WorkerGoneError(MISBEHAVED)

    def send(self, request: Request) -> None:
        """Ask for a file; should the worker be gone, `receive` will tell."""
        self._send(request.pack())

    def _send(self, frame: bytes) -> None:
        try:
            self._channel.settimeout(_START_PATIENCE)
            self._channel.sendall(frame)
        except OSError:  # a broken pipe, or a stopped worker: `receive` will tell
            self._process.kill()

    def receive(self, patience: float, wish: Wish = VIEW) -> Answer:
        """Wait for the answer to the oldest request that has none yet.

        Parameters
        ----------
        patience : float
            Seconds to wait. Time during which this process was stopped (Ctrl-Z) does not count.
        wish : Wish
            That of the request.

        Raises
        ------
        TimeoutError
            If none came in time; the worker is of no use any more.
        WorkerGoneError
            If the worker ended.
        """
        self._patience = patience
        try:
            return Answer.receive(self._read_exactly, self._geometry, wish)
        except TimeoutError:
            raise
        except (EOFError, OSError):
            raise WorkerGoneError(self._exit_status()) from None
        except ProtocolError:
            self.kill()
            raise WorkerGoneError(MISBEHAVED) from None

    def _exit_status(self) -> int:
        """What a worker that hung up ended with; it is ended if it lives on."""
        try:
            return self._process.wait(_END_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            return MISBEHAVED

    def _read_exactly(self, count: int) -> bytearray:
        return read_exactly(count, self._read_some)

    def _read_some(self, into: memoryview) -> int:
        while self._patience > 0:
            wait = min(self._patience, _LONGEST_WAIT)
            self._channel.settimeout(wait)
            started = time.monotonic()
            try:
                count = self._channel.recv_into(into)
            except TimeoutError:
                # However much later it is: maybe this process and the worker were stopped.
                self._patience -= wait
                continue
            self._patience -= min(time.monotonic() - started, wait)
            return count
        raise TimeoutError

    def kill(self) -> int:
        """End it at once; gives its exit status."""
        self._process.kill()
        return self._process.wait()

    def close(self) -> None:
        """End it and let go of what belongs to it."""
        self.kill()
        self._channel.close()


def _start_interpreter() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start a worker; gives our end of the channel, and the process."""
    # The worker shall find the same modules, also after a change of the working directory.
    search_path = [str(Path(entry).absolute()) for entry in sys.path]
    command = [sys.executable, "-W", "ignore", "-c", _BOOT, *search_path]
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=os.environ | _ONE_THREAD,
            )
        except BaseException:
            ours.close()
            raise
    return ours, process
