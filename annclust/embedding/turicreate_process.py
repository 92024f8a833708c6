"""Turi Create process: a worker under Python 3.8 as its parent sees it.

It is started by ``uv run --script``, which makes the worker's environment at its first use, or with
an interpreter that has Turi Create already.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from typing import IO

from annclust.embedding.turicreate_models import WORKER
from annclust.errors import EmbeddingError
from annclust.frames import Head, ProtocolError, pack, read_exactly, receive

_START_PATIENCE = 3600.0
"""Seconds until it is ready: the first time its environment, 2 GB, is downloaded."""

_ANSWER_PATIENCE = 300.0
_END_PATIENCE = 2.0
_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
_LAST_WORDS = 4_096  # bytes of what it printed

_NOT_FOR_IT = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV")


class TuriCreateGoneError(Exception):
    """The worker ended, or does not answer and was ended.

    Parameters
    ----------
    reason : str
        A few words, and its own last ones.
    from_outside : bool
        Whether rather somebody else ended it than what it was working on.
    """

    def __init__(self, reason: str, *, from_outside: bool) -> None:
        self.reason, self.from_outside = reason, from_outside
        super().__init__(reason)


class RefusedError(Exception):
    """The worker could not do what it was asked; it goes on."""


class TuriCreateProcess:
    """A worker that has started: it said so in its `greeting`.

    Parameters
    ----------
    orders : Head
        What it is told first.

    Raises
    ------
    EmbeddingError
        If there is no Python for it, or it does not start; says what to do.
    RefusedError
        If it cannot do what it is told.
    """

    def __init__(self, orders: Head) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        try:
            self._channel, self._process = _started(self._said)
        except EmbeddingError:
            self._said.close()
            raise
        self._end = weakref.finalize(self, _end, self._channel, self._process, self._said)
        self.send(orders)
        try:
            self.greeting = self.receive(_START_PATIENCE)[0]
        except TuriCreateGoneError as error:
            self.close()
            raise EmbeddingError(f"Turi Create does not start: {error}. {_HOW_TO}") from error
        except RefusedError:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def send(self, head: Head, body: bytes = b"") -> None:
        """Send a frame; should it be gone, `receive` will tell."""
        try:
            self._channel.settimeout(_ANSWER_PATIENCE)
            self._channel.sendall(pack(head, body))
        except OSError:  # it is gone, or does not read
            _kill(self._process)

    def receive(self, patience: float | None = None) -> tuple[Head, bytes]:
        """Wait for the next frame.

        Parameters
        ----------
        patience : float or None
            Seconds to wait; what an answer may take if None.

        Raises
        ------
        TuriCreateGoneError
        RefusedError
        """
        patience = _ANSWER_PATIENCE if patience is None else patience
        deadline = time.monotonic() + patience
        try:
            head, body = receive(lambda count: self._read(count, deadline), max_body=1 << 30)
        except (EOFError, OSError, ProtocolError, TimeoutError) as error:
            raise self._gone(error) from None
        if "refused" in head:
            raise RefusedError(" ".join(str(head["refused"]).split())[:200])
        return head, bytes(body)

    def _read(self, count: int, deadline: float) -> bytearray:
        def read_some(into: memoryview) -> int:
            self._channel.settimeout(max(deadline - time.monotonic(), 1e-3))
            return self._channel.recv_into(into)

        return read_exactly(count, read_some)

    def _gone(self, error: Exception) -> TuriCreateGoneError:
        if isinstance(error, TimeoutError):
            _kill(self._process)
        try:
            status = self._process.wait(_END_PATIENCE)
        except subprocess.TimeoutExpired:
            _kill(self._process)
            status = self._process.wait()
        if isinstance(error, TimeoutError):
            return TuriCreateGoneError("its process did not answer", from_outside=True)
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        outside = -status in _FROM_OUTSIDE or status - 128 in _FROM_OUTSIDE  # as uv gives it
        words = self._last_words()
        return TuriCreateGoneError(
            f"its process {how}{f' ({words})' if words else ''}", from_outside=outside
        )

    def _last_words(self) -> str:
        """The last line that it printed."""
        size = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(size - _LAST_WORDS, 0))
        lines = self._said.read().decode(errors="replace").splitlines()
        said = [line.strip() for line in lines if line.strip()]
        return "".join(c for c in said[-1] if c.isprintable())[:200] if said else ""

    def close(self) -> None:
        """End it."""
        self._end()


_HOW_TO = (
    "It runs under Python 3.8 alone: install uv, which finds or gets one (pip install"
    " 'annclust[turicreate]'), or set ANNCLUST_TURICREATE_PYTHON to an interpreter that has"
    " turicreate 6.4.1, tensorflow 2.13 and numpy below 1.24."
)


def _started(said: IO[bytes]) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start a worker; gives our end of the channel, and the process."""
    command = _command()
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=said,
                env=_environment(os.environ),
                start_new_session=True,  # Ctrl-C is for this process, which lets it finish
            )
        except OSError as error:
            ours.close()
            raise EmbeddingError(
                f"Turi Create does not start: {error.strerror or error}. {_HOW_TO}"
            ) from error
    return ours, process


def _command() -> list[str]:
    interpreter = os.environ.get("ANNCLUST_TURICREATE_PYTHON")
    if interpreter:
        return [interpreter, str(WORKER)]
    uv = shutil.which("uv") or _installed_uv()
    if uv is None:
        raise EmbeddingError(f"Turi Create cannot be started. {_HOW_TO}")
    return [uv, "run", "--quiet", "--no-project", "--script", str(WORKER)]


def _installed_uv() -> str | None:
    """Where the package uv put its program, if it is installed."""
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return None


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in ours.items() if name not in _NOT_FOR_IT}
    # On the processor, as vectors are the same on every machine then.
    return kept | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def _end(channel: socket.socket, process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    channel.close()
    try:
        process.wait(_END_PATIENCE)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.wait()
    said.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process, and what uv started for it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
