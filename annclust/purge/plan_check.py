"""Plan check: whether photos and files are what a plan says, before anything is moved.

Cheap, by what the catalog and the file system tell; the bytes are read right before each move.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from annclust.arrays import ImageId
from annclust.errors import PlanOutOfDateError, TrashError
from annclust.purge.belongings import files_at, sidecars_of
from annclust.purge.file_moves import look_at
from annclust.purge.plan import Plan, PlannedFile, PlannedPhoto
from annclust.purge.standing import Standing
from annclust.purge.trash import Trash, check_trash
from annclust.storage.records import ImageRecord, Root
from annclust.storage.store import Store


@dataclass(frozen=True, slots=True)
class Asset:
    """A photo that is to be moved, with all that belongs to it.

    Parameters
    ----------
    photo : PlannedPhoto
    keeper : PlannedPhoto
        What stays instead.
    root : Root
        Under which all of its files lie.
    """

    photo: PlannedPhoto
    keeper: PlannedPhoto
    root: Root

    def below_root(self, file: PlannedFile) -> bytes:
        """Where one of its files lies below the root."""
        return os.fsencode(file.path.relative_to(os.fsdecode(self.root.path)))


def assets_of(store: Store, plan: Plan, done: Container[ImageId]) -> list[Asset]:
    """What is left to move of a plan.

    Parameters
    ----------
    store : Store
    plan : Plan
    done : container of ImageId
        Photos that were moved already.

    Raises
    ------
    PlanOutOfDateError
        If a photo that moves, or what stays instead, is not what it was.
    """
    check = _Check(store, plan)
    assets: list[Asset] = []
    for group in plan.groups:
        moving = [photo for photo in group.moved if photo.image not in done]
        if moving:
            for kept in group.kept:
                check.photo(kept)
        for photo in moving:
            record = check.moving(photo)
            if record is not None:
                assets.append(Asset(photo, group.kept[0], record.root))
    check.belongings([asset.photo for asset in assets])
    if check.changed:
        raise PlanOutOfDateError(tuple(check.changed.items()))
    return assets


class _Check:
    def __init__(self, store: Store, plan: Plan) -> None:
        asked = {photo.image for group in plan.groups for photo in (*group.kept, *group.moved)}
        self._known = {image.id: image for image in store.catalog.images_by_id(sorted(asked))}
        self._marks = store.catalog.marks()
        self._companions = store.catalog.companions()
        self._standing = Standing()
        self.changed: dict[Path, str] = {}

    def photo(self, photo: PlannedPhoto) -> ImageRecord | None:
        """The record of a photo that is what it was."""
        record = self._known.get(photo.image)
        why = self._photo_changed(photo, record) or self._file_changed(photo.file)
        if why is not None:
            self.changed[photo.file.path] = why
        return None if why is not None else record

    def moving(self, photo: PlannedPhoto) -> ImageRecord | None:
        """The same, of a photo that is to move: nobody may have said since that it stays."""
        record = self.photo(photo)
        if record is None or not self._marks.get(record.id):
            return record
        self.changed[photo.file.path] = "you marked it to be kept since"
        return None

    def _photo_changed(self, photo: PlannedPhoto, record: ImageRecord | None) -> str | None:
        if record is None:
            return "it is no photo of the collection any more"
        if record.full_path != photo.file.path or record.digest != photo.file.digest:
            return "it lies elsewhere, or shows something else"
        return self._standing.offline(record.root)

    def belongings(self, photos: Sequence[PlannedPhoto]) -> None:
        """See to it that with each photo moves what belongs to it, and to nothing that stays."""
        known = [
            replace(photo, companions=files_at(self._companions.get(photo.image, ())))
            for photo in photos
        ]
        beside = sidecars_of(known)
        for photo, bare in zip(photos, known, strict=True):
            own = {file.path for file in bare.companions}
            own |= {file.path for each in bare.files for file in beside.get(each.path, ())}
            self._compare(photo, own)

    def _compare(self, photo: PlannedPhoto, own: set[Path]) -> None:
        for file in photo.companions:
            why = self._file_changed(file)
            if why is None and file.path not in own:
                why = f"it does not belong to {photo.file.path}, or not to it alone"
            if why is not None:
                self.changed[file.path] = why
        for path in sorted(own.difference(file.path for file in photo.companions)):
            self.changed[path] = f"it belongs to {photo.file.path}, and the plan does not name it"

    def _file_changed(self, file: PlannedFile) -> str | None:
        try:
            found = file.path.lstat()
        except OSError as error:
            return (error.strerror or str(error)).lower()
        if not stat.S_ISREG(found.st_mode):
            return "it is no ordinary file"
        if found.st_size != file.size:
            return "it has another size"
        if found.st_mtime_ns != file.modified_ns and not _holds(file):
            return "it was changed"
        return None


def _holds(file: PlannedFile) -> bool:
    """Whether a file has the content that it had, though something touched it."""
    try:
        return file.digest is not None and look_at(file.path).digest == file.digest
    except OSError:
        return False


def check_places(
    store: Store, trash: Trash, assets: Sequence[Asset], *, across_devices: bool
) -> None:
    """See to it that photos can be moved to a trash.

    Raises
    ------
    TrashError
        If it is a place of photos, or lies on another device and may not.
    """
    roots = {asset.root.id: asset.root for asset in assets}.values()
    check_trash(trash, roots, every_root=store.catalog.roots())
    if not across_devices:
        for top, path in _on_other_devices(trash, assets):
            raise TrashError(
                top, reason=f"it lies on another device than {path}, and --across-devices is not on"
            )


def _on_other_devices(trash: Trash, assets: Sequence[Asset]) -> Iterator[tuple[Path, Path]]:
    devices: dict[Path, int] = {}
    for asset in assets:
        top = trash.top_of(asset.root)
        if top not in devices:
            devices[top] = _device_of(top)
        for file in asset.photo.files:
            if file.path.lstat().st_dev != devices[top]:
                yield top, file.path


def _device_of(folder: Path) -> int:
    """The device of a folder, or of where it would be made."""
    while not folder.exists():
        folder = folder.parent
    return folder.stat().st_dev
