"""Disk changes: what is pending on a simulated disk, and what a crash may make of it.

A write may be lost, torn, or leave zeros; a name may be lost. Each change stands for itself:
whatever came later may have reached the disk before it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import xxhash

SECTOR = 512
SHARED_MEMORY = "-shm"
"""How the name of a file ends that SQLite's readers and writer share memory through."""

Tree = Mapping[str, bytes | None]
"""Content of each file by its path below a folder; None for a folder."""


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes go to a place of a file."""

    offset: int
    content: bytes

    def on(self, content: bytearray) -> None:
        """Do it."""
        if len(content) < self.offset:
            content.extend(bytes(self.offset - len(content)))
        content[self.offset : self.offset + len(self.content)] = self.content

    def zeroed(self, spared: int) -> Write:
        """Room was made for it, but it was never written; bytes before `spared` were."""
        kept = self.content[: max(spared - self.offset, 0)]
        return replace(self, content=kept + bytes(len(self.content) - len(kept)))

    def torn(self, rng: random.Random) -> list[Write]:
        """What reached the disk: the part up to some byte, or up to a sector, or some sectors."""
        end = self.offset + len(self.content)
        bounds = [*range(self.offset - self.offset % SECTOR + SECTOR, end, SECTOR)]
        match rng.randrange(3):
            case 0:
                return [self._between(self.offset, rng.randrange(self.offset, end))]
            case 1:
                return [self._between(self.offset, rng.choice([self.offset, *bounds]))]
            case _:
                sectors = zip([self.offset, *bounds], [*bounds, end], strict=True)
                return [self._between(*sector) for sector in sectors if rng.random() < 0.5]

    def _between(self, first: int, last: int) -> Write:
        return Write(first, self.content[first - self.offset : last - self.offset])


@dataclass(frozen=True, slots=True)
class Resize:
    """A file is cut, or grows; one that only reserves space is never cut."""

    size: int
    cuts: bool = True

    def on(self, content: bytearray) -> None:
        """Do it."""
        if len(content) < self.size:
            content.extend(bytes(self.size - len(content)))
        elif self.cuts:
            del content[self.size :]


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a directory comes to stand for something or nothing; `old` goes as it comes."""

    name: str
    node: Node | None
    old: str | None = None

    def on(self, names: dict[str, Node]) -> None:
        """Do it."""
        if self.old is not None:
            names.pop(self.old, None)
        if self.node is None:
            names.pop(self.name, None)
        else:
            names[self.name] = self.node


@dataclass(slots=True, eq=False)
class File:
    """A file: what is sure to stay of it, and how long it is by now."""

    durable: bytes = b""
    size: int = 0


@dataclass(slots=True, eq=False)
class Directory:
    """A directory: the names that are sure to stay, and those of now."""

    durable: dict[str, Node] = field(default_factory=dict)
    names: dict[str, Node] = field(default_factory=dict)


Node = File | Directory
Change = Write | Resize | Name


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that is not sure to stay."""

    node: Node
    change: Change

    @property
    def names(self) -> bool:
        """Whether it is about a name."""
        return isinstance(self.change, Name)

    def zeroed(self, *, only_grown: bool) -> Pending:
        """The same, if it is a write: of zeros, or of zeros where the file has grown."""
        if not (isinstance(self.change, Write) and isinstance(self.node, File)):
            return self
        spared = len(self.node.durable) if only_grown else 0
        return replace(self, change=self.change.zeroed(spared))

    def torn(self, rng: random.Random) -> list[Pending]:
        """What is left of it, if it is a write and tears."""
        if not isinstance(self.change, Write):
            return [self]
        return [replace(self, change=part) for part in self.change.torn(rng)]


def read(path: Path) -> Node:
    """Read what is on a real disk; all of it counts as durable."""
    if path.is_dir():
        there = [each for each in path.iterdir() if not each.name.endswith(SHARED_MEMORY)]
        names = {each.name: read(each) for each in there}
        return Directory(dict(names), names)
    content = path.read_bytes()
    return File(content, len(content))


def content_after(file: File, changes: Sequence[Change]) -> bytes:
    """What a file holds if these changes reach the disk."""
    if not changes:
        return file.durable
    content = bytearray(file.durable)
    for change in changes:
        if not isinstance(change, Name):
            change.on(content)
    return bytes(content)


def tree_after(root: Directory, survivors: Iterable[Pending]) -> Tree:
    """What a crash leaves if only these changes reach the disk, in this order."""
    changes: dict[int, list[Change]] = {}
    for survivor in survivors:
        changes.setdefault(id(survivor.node), []).append(survivor.change)
    return dict(_tree(root, "", changes))


def _tree(
    directory: Directory, path: str, changes: Mapping[int, Sequence[Change]]
) -> Iterator[tuple[str, bytes | None]]:
    names = dict(directory.durable)
    for change in changes.get(id(directory), ()):
        if isinstance(change, Name):
            change.on(names)
    for name, node in names.items():
        if isinstance(node, Directory):
            yield f"{path}{name}", None
            yield from _tree(node, f"{path}{name}/", changes)
        else:
            yield f"{path}{name}", content_after(node, changes.get(id(node), ()))


def fingerprint(tree: Tree) -> bytes:
    """Tells trees apart."""
    digest = xxhash.xxh3_128()
    for path in sorted(tree):
        content = tree[path]
        digest.update(f"{path}\0{'' if content is None else len(content)}\0".encode())
        digest.update(content or b"")
    return digest.digest()


def restore(tree: Tree, folder: Path) -> None:
    """Write a tree into an empty folder."""
    for path, content in tree.items():
        if content is None:
            (folder / path).mkdir()
        else:
            (folder / path).write_bytes(content)
