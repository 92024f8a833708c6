"""Simulated disk: what may be left of a folder if the power goes, as pessimistic as POSIX allows.

What was written is sure to stay only once its file was synced; a name, only once its directory was.
All else is pending.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from call_log import Call
from disk_changes import (
    SHARED_MEMORY,
    Directory,
    File,
    Name,
    Node,
    Pending,
    Resize,
    Tree,
    Write,
    content_after,
    read,
    tree_after,
)


@dataclass(slots=True)
class _Handle:
    node: Node
    position: int = 0
    appends: bool = False


class SimulatedDisk:
    """Follows a program's system calls as far as they are about one folder.

    Parameters
    ----------
    folder : Path
        Holds what is durable to begin with.
    below : str
        Name in it that is looked at: only what lies there is read in now.
    """

    def __init__(self, folder: Path, below: str) -> None:
        self._top, self._handles = str(folder), dict[int, _Handle]()
        self._working = self._top
        self._root = Directory()
        self.pending: list[Pending] = []
        if (folder / below).is_dir():
            self._root.durable[below] = self._root.names[below] = read(folder / below)

    def follow(self, call: Call) -> bool:
        """Do what a call did; gives whether what a crash leaves may be something else now."""
        return bool(getattr(self, f"_{call.name}", partial(self._refuse, call.name))(call))

    def left(self, survivors: Iterable[Pending]) -> Tree:
        """What a crash leaves if only these of the pending changes survive, in this order."""
        return tree_after(self._root, survivors)

    # Names

    def _full(self, path: bytes) -> str:
        return os.path.normpath(Path(self._working, os.fsdecode(path)))

    def _path(self, path: bytes) -> tuple[Directory, str] | None:
        """Directory and name of a path; None if it is none of our business.

        Neither is the memory that SQLite shares through a file, which does not outlive a crash.
        """
        full = self._full(path)
        if not full.startswith(f"{self._top}/") or full.endswith(SHARED_MEMORY):
            return None
        *folders, name = full[len(self._top) + 1 :].split("/")
        node: Node = self._root
        for folder in folders:
            if not isinstance(node, Directory) or folder not in node.names:
                return None
            node = node.names[folder]
        return (node, name) if isinstance(node, Directory) else None

    def _enter(self, place: tuple[Directory, str], node: Node | None, old: str | None) -> bool:
        directory, name = place
        change = Name(name, node, old)
        change.on(directory.names)
        self.pending.append(Pending(directory, change))
        return True

    def _chdir(self, call: Call) -> None:
        self._working = self._full(call.content(0))

    def _mkdir(self, call: Call) -> bool:
        place = self._path(call.content(0))
        return place is not None and self._enter(place, Directory(), None)

    def _unlink(self, call: Call) -> bool:
        place = self._path(call.content(0))
        return place is not None and self._enter(place, None, None)

    def _rename(self, call: Call) -> bool:
        source, target = self._path(call.content(0)), self._path(call.content(1))
        if source is None and target is None:
            return False
        if source is None or target is None or source[0] is not target[0]:
            raise NotImplementedError("a file that moves from one directory to another")
        node = source[0].names[source[1]]
        return self._enter(target, node, None if source[1] == target[1] else source[1])

    # Open files

    def _openat(self, call: Call) -> bool:
        flags, path = call.flags(2), call.content(1)
        self._handles.pop(call.result, None)
        if "O_TMPFILE" in flags or not (call.arguments[0] == "AT_FDCWD" or path.startswith(b"/")):
            return False
        if self._full(path) == self._top:
            self._handles[call.result] = _Handle(self._root)
            return False
        place = self._path(path)
        if place is None:
            return False
        node, changed = place[0].names.get(place[1]), False
        if node is None:
            if "O_CREAT" not in flags:  # a photo, or another file that is only read
                return False
            node = File()
            changed = self._enter(place, node, None)
        self._handles[call.result] = _Handle(node, appends="O_APPEND" in flags)
        if "O_TRUNC" in flags and isinstance(node, File) and node.size:
            changed = self._change(node, Resize(0))
        return changed

    def _close(self, call: Call) -> None:
        self._handles.pop(call.number(0), None)

    def _dup(self, call: Call) -> None:
        handle = self._handles.get(call.number(0))
        self._handles.pop(call.result, None)
        if handle:
            self._handles[call.result] = handle

    _dup2 = _dup3 = _dup

    def _fcntl(self, call: Call) -> None:
        if str(call.arguments[1]).startswith("F_DUPFD"):
            self._dup(call)

    def _lseek(self, call: Call) -> None:
        handle = self._handles.get(call.number(0))
        if handle:
            handle.position = call.result

    def _file(self, call: Call) -> File | None:
        handle = self._handles.get(call.number(0))
        return handle.node if handle and isinstance(handle.node, File) else None

    def _change(self, file: File, change: Write | Resize) -> bool:
        self.pending.append(Pending(file, change))
        if isinstance(change, Write):
            file.size = max(file.size, change.offset + len(change.content))
        else:
            file.size = change.size if change.cuts else max(file.size, change.size)
        return True

    def _write(self, call: Call) -> bool:
        handle, file = self._handles.get(call.number(0)), self._file(call)
        if handle is None or file is None or not call.result:
            return False
        offset = file.size if handle.appends else handle.position
        handle.position = offset + call.result
        return self._change(file, Write(offset, call.content(1)[: call.result]))

    def _pwrite64(self, call: Call) -> bool:
        file = self._file(call)
        written = call.content(1)[: call.result]
        return file is not None and self._change(file, Write(call.number(3), written))

    def _ftruncate(self, call: Call) -> bool:
        file = self._file(call)
        return file is not None and self._change(file, Resize(call.number(1)))

    def _fallocate(self, call: Call) -> bool:
        file = self._file(call)
        if file is not None and call.number(1):
            raise NotImplementedError("holes in a file")
        end = call.number(2) + call.number(3)
        return file is not None and self._change(file, Resize(end, cuts=False))

    def _fsync(self, call: Call) -> bool:
        handle = self._handles.get(call.number(0))
        if handle is None:
            return False
        node = handle.node
        changes = [p.change for p in self.pending if p.node is node]
        self.pending = [p for p in self.pending if p.node is not node]
        if isinstance(node, File):
            node.durable = content_after(node, changes)
        else:
            node.durable = dict(node.names)
        return bool(changes)

    _fdatasync = _fsync

    def _mmap(self, call: Call) -> bool:
        writes = "PROT_WRITE" in call.flags(2) and "MAP_SHARED" in call.flags(3)
        if writes and call.number(4) in self._handles:
            raise NotImplementedError("a file that is written through memory")
        return False

    def _refuse(self, name: str, call: Call) -> bool:
        """Let calls pass that are about something else; none of the others is simulated."""
        first = call.arguments[0]
        ours = first in self._handles if isinstance(first, int) else self._top in str(call)
        if ours:
            raise NotImplementedError(f"{name} is not simulated")
        return False
