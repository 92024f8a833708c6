"""Call log: every system call of a command that may change the disk, with all that it wrote.

Like :mod:`tracing`, this looks at the first thread only: all that changes a collection happens
there.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    *("openat", "close", "dup", "dup2", "dup3", "fcntl", "lseek", "chdir"),
    *("write", "pwrite64", "ftruncate", "fallocate", "fsync", "fdatasync"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir"),
    # Nobody uses these so far; whoever starts to must not pass unnoticed.
    *("open", "creat", "writev", "pwritev", "pwritev2", "truncate", "copy_file_range", "sendfile"),
    *("splice", "link", "linkat", "symlink", "symlinkat", "mkdirat", "rmdir", "mmap"),
)
_LONGEST = 1 << 28
_CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+|0x[0-9a-f]+)")

Argument = bytes | int | str
"""A path or what was written, a number, or flags by their names."""


@dataclass(frozen=True, slots=True)
class Call:
    """One system call and its result."""

    name: str
    arguments: tuple[Argument, ...]
    result: int

    def number(self, position: int) -> int:
        """An argument that is a number."""
        value = self.arguments[position]
        if not isinstance(value, int):
            raise TypeError(f"{value!r} of {self.name} is not a number")
        return value

    def content(self, position: int) -> bytes:
        """An argument that is a path or what was written."""
        value = self.arguments[position]
        if not isinstance(value, bytes):
            raise TypeError(f"{value!r} of {self.name} is not text")
        return value

    def flags(self, position: int) -> set[str]:
        """An argument that is flags."""
        return set(str(self.arguments[position]).split("|"))


def recorded(command: Sequence[str], folder: Path) -> list[Call]:
    """Run a command in a folder, and give the calls that it made.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "log"
        traced = ["strace", "-qq", "-xx", "-s", str(_LONGEST), "-o", str(log), "-e", "signal=none"]
        done = subprocess.run(
            [*traced, "-e", f"trace={','.join(CALLS)}", "--", *command],
            cwd=folder, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr}")
        return list(_calls(log))


def _calls(log: Path) -> Iterator[Call]:
    """Those that succeeded."""
    with log.open() as lines:
        for line in lines:
            found = _CALL.match(line)
            if found and not found[3].startswith("-"):
                arguments = tuple(map(_argument, found[2].split(", ")))
                yield Call(found[1], arguments, int(found[3], 0))


def _argument(text: str) -> Argument:
    if text.startswith('"'):
        return bytes.fromhex(text.strip('"').replace("\\x", ""))
    try:
        return int(text, 0)
    except ValueError:
        return text
