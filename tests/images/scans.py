"""Photos and files for the tests of scanning, told apart by short names."""

from __future__ import annotations

from annclust.arrays import ImageId
from annclust.images.scan_plan import FileState, KnownPhoto, Sighting


def file(path: str, *, size: int = 100, modified: int = 0, root: int = 1) -> FileState:
    return FileState(root, path.encode(), size, modified)


def photo(number: int, path: str, content: str, **state: int) -> KnownPhoto:
    return KnownPhoto(ImageId(number), file(path, **state), content.encode())


def seen(path: str, content: str, *, root: int = 1) -> Sighting:
    return Sighting(file(path, root=root), content.encode())
