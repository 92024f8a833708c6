"""The writer lock: one process writes to a collection, any number read.

The system releases the lock when its holder dies, however it dies; the text in the file only tells
a second writer whom to wait for.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from filelock import FileLock, Timeout

from annclust.errors import CollectionLockedError
from annclust.storage.durable import storage_errors
from annclust.storage.layout import WRITER_LOCK


class WriterLock:
    """Held from construction until `release`.

    Raises
    ------
    CollectionLockedError
        If another process (or another object of this one) holds it.
    StorageError
        If the system refuses.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / WRITER_LOCK
        self._lock = FileLock(self._path, blocking=False)
        with storage_errors(self._path):
            try:
                self._lock.acquire()
            except Timeout as error:
                raise CollectionLockedError(directory, holder=self._holder()) from error
            try:
                self._path.write_text(f"process {os.getpid()} on {socket.gethostname()}\n")
            except BaseException:
                self.release()
                raise

    def _holder(self) -> str:
        return self._path.read_text(errors="replace").strip() or "another process"

    @property
    def is_held(self) -> bool:
        """Whether it is ours still."""
        return self._lock.is_locked

    def release(self) -> None:
        """Let the next writer in."""
        self._lock.release()
