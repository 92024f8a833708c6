"""Lossy disk: an ext4 file system on a loop device, whose power can be cut for real.

`FS_IOC_SHUTDOWN` stops the file system as it is, without writing out its log: what was not synced
is lost, as if the machine had gone down at that moment. Needs root.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

_SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN
_WITHOUT_LOG_FLUSH = struct.pack("I", 2)
_MEBIBYTES = 64
_PATIENCE = 10.0


def unavailable() -> str | None:
    """Why there can be no such disk here; None if there can."""
    if os.geteuid():
        return "only root may mount a file system"
    missing = [tool for tool in ("mkfs.ext4", "mount", "umount") if shutil.which(tool) is None]
    if missing:
        return f"{' and '.join(missing)} cannot be found"
    try:
        with LossyDisk():
            return None
    except subprocess.CalledProcessError as error:
        return f"a file system cannot be made and mounted: {error.stderr.strip()}"
    except OSError as error:
        return f"a file system cannot be shut down: {error.strerror}"


class LossyDisk:
    """A mounted file system of its own, gone with the `with` block.

    Parameters
    ----------
    within : Path or None
        Where its image lies; the system's folder for temporary files if None.
    """

    def __init__(self, within: Path | None = None) -> None:
        self._scratch = tempfile.TemporaryDirectory(dir=within)
        self._image = Path(self._scratch.name, "image")
        self.folder = Path(self._scratch.name, "disk")
        """Where it is mounted."""

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir()
            with self._image.open("wb") as image:
                image.truncate(_MEBIBYTES << 20)
            _run("mkfs.ext4", "-q", str(self._image))
            self._mount()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        if self.folder.is_mount():
            try:
                self._unmount()
            except subprocess.CalledProcessError:  # still in use; it goes when its user does
                _run("umount", "--lazy", str(self.folder))
        self._scratch.cleanup()

    def cut_power(self) -> None:
        """Let the file system stop dead: from now on, it refuses everything."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, _WITHOUT_LOG_FLUSH)
        finally:
            os.close(descriptor)

    def restart(self) -> None:
        """Mount it again: it finds what was on the disk when the power went."""
        self._unmount()
        self._mount()

    def _mount(self) -> None:
        _run("mount", "-t", "ext4", "-o", "loop", str(self._image), str(self.folder))

    def _unmount(self) -> None:
        """Wait until the last user has let go: a killed one may take a moment."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                return _run("umount", str(self.folder))
            except subprocess.CalledProcessError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
