"""World: folders of photos on a real disk, and all that people, programs and cables do to them.

What lies there is read from the disk itself, file by file: slow, obvious, and nothing to get wrong.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import TypeVar

from blake3 import blake3

from tests.albums import picture

FOLDERS = ("", "more", "photos", "photos/inner", "photos/sub")
"""Folders of the album."""

DISKS = ("more", "photos", "photos/inner")
"""Those that may be unplugged."""

CONTENTS = 5
"""How many different photos there are."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it is: what a scan sees from outside, and what reading it would show."""

    size: int
    modified_ns: int
    digest: str
    is_photo: bool

    @property
    def state(self) -> tuple[int, int]:
        """What tells a file that was changed from one that was not."""
        return self.size, self.modified_ns


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happens to the album.

    Parameters
    ----------
    kind : str
        One of `World.kinds`.
    which, where : int
        Which of the files or folders that are there by then; any number will do.
    content : int
        Of what is written.
    flag : bool
        Chooses between two ways to do it.
    """

    kind: str
    which: int
    where: int
    content: int
    flag: bool


@cache
def photo(content: int) -> bytes:
    """The bytes of a photo."""
    file = io.BytesIO()
    picture(content).save(file, "JPEG", quality=90)
    return file.getvalue()


class World:
    """An album in a temporary folder, a link to a part of it, and a drawer for unplugged disks.

    Files never get a name that was used before, and never a time: a scan tells all that changed.
    """

    def __init__(self) -> None:
        self.place = Path(tempfile.mkdtemp())
        self.album = self.place / "album"
        for folder in FOLDERS:
            (self.album / folder).mkdir(exist_ok=True)
        (self.place / "link").symlink_to(self.album / "photos")
        self._numbers = count()
        self._unplugged: list[tuple[Path, Path]] = []

    def close(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.place)

    def seen(self) -> dict[Path, Seen]:
        """Every photo, and every file that once was one, as it is now."""
        return {path: _look(path) for path in self._files()}

    def notes(self) -> list[Path]:
        """Files that are no photos by their names."""
        return list(self.album.rglob("*.txt"))

    def _files(self) -> list[Path]:
        return sorted(self.album.rglob("*.jpg"))

    def _folders(self) -> list[Path]:
        return sorted([self.album, *(path for path in self.album.rglob("*") if path.is_dir())])

    kinds = (
        *("take", "take", "take", "take", "copy", "copy", "link", "move", "move", "change"),
        *("change", "swap", "touch", "spoil", "delete", "note", "rename", "unplug", "plug in"),
    )
    """What may happen, more often what stands here more than once."""

    def undergo(self, change: Change) -> None:
        """Let a change happen, if there is what it takes."""
        files = self._files()
        match change.kind:
            case "take":
                self._write(self._new_file(change), change.content)
            case "note":
                self._new_file(change).with_suffix(".txt").touch()
            case "unplug":
                self._unplug(change)
            case "plug in":
                self._plug_in()
            case "rename":
                self._rename_a_folder(change)
            case _ if files:
                self._undergo(change, _pick(files, change.which), files)

    def _undergo(self, change: Change, file: Path, files: list[Path]) -> None:
        """Let a change happen to a file."""
        match change.kind:
            case "copy":
                self._copy(file, self._new_file(change), keep_time=change.flag)
            case "link":
                self._new_file(change).hardlink_to(file)
            case "move":
                file.rename(self._new_file(change))
            case "change" | "spoil":
                self._write(file, None if change.kind == "spoil" else change.content)
            case "swap":
                self._swap(file, _pick(files, change.where))
            case "touch":
                self._set_time(file)
            case "delete":
                file.unlink()

    def _new_file(self, change: Change) -> Path:
        return _pick(self._folders(), change.where) / self._new_name(odd=change.flag)

    def _new_name(self, *, odd: bool = False) -> str:
        """A name that no file ever had; an odd one is no UTF-8."""
        return os.fsdecode(b"IMG %04d%s.jpg" % (next(self._numbers), b" caf\xe9" if odd else b""))

    def _write(self, path: Path, content: int | None) -> None:
        """Write a photo, or rubbish, over whatever is there, as a program does that saves."""
        rubbish = b"rubbish %d" % next(self._numbers)
        path.write_bytes(rubbish if content is None else photo(content))
        self._set_time(path)

    def _set_time(self, path: Path) -> None:
        os.utime(path, ns=(1, 10**9 * next(self._numbers)))

    def _copy(self, path: Path, to: Path, *, keep_time: bool) -> None:
        shutil.copy2(path, to)
        if not keep_time:
            self._set_time(to)

    def _swap(self, one: Path, other: Path) -> None:
        if one != other:
            aside = self.place / "aside"
            one.rename(aside)
            other.rename(one)
            aside.rename(other)

    def _rename_a_folder(self, change: Change) -> None:
        folders = [folder for folder in self._folders() if folder.name.startswith("sub")]
        if folders:
            folder = _pick(folders, change.which)
            folder.rename(folder.with_name(f"sub {next(self._numbers)}"))

    def _unplug(self, change: Change) -> None:
        """Take a folder away with all that is in it; it may leave an empty one, a mount point."""
        folder = self.album / _pick(DISKS, change.which)
        if folder.is_dir():
            drawer = self.place / f"unplugged {next(self._numbers)}"
            folder.rename(drawer)
            self._unplugged.append((folder, drawer))
            if change.flag:
                folder.mkdir()

    def _plug_in(self) -> None:
        """Bring back what was taken away last, if its place is free."""
        for folder, drawer in self._unplugged[-1:]:
            if folder.parent.is_dir() and not (folder.is_dir() and any(folder.iterdir())):
                drawer.rename(folder)
                self._unplugged.pop()


def _pick(choices: list[T] | tuple[T, ...], number: int) -> T:
    return choices[number % len(choices)]


def _look(path: Path) -> Seen:
    state, data = path.stat(), path.read_bytes()
    return Seen(state.st_size, state.st_mtime_ns, blake3(data).hexdigest(), data[:2] == b"\xff\xd8")
