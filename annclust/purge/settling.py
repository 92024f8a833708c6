"""Settling: where the files are that a purge was moving when it was interrupted.

The journal says what was about to happen, the disk whether it did. An asset that was moved in part
is put back as a whole; a file that was being put back is where it is. Of what lies on a disk that
is not plugged in nothing is said: the journal stays as it is.
"""

from __future__ import annotations

import errno
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from annclust.arrays import ImageId
from annclust.errors import StorageError
from annclust.images.content import describe_os_error
from annclust.purge.file_moves import Seen, copy_beside, look_at, move, set_time
from annclust.purge.reach import Reach
from annclust.purge.trash import Trash
from annclust.storage.durable import sync_directory
from annclust.storage.records import PurgedFile, PurgeRecord, PurgeState
from annclust.storage.store_writer import StoreWriter

ON_THE_WAY: Final = frozenset({"moving", "restoring", "emptying"})
"""States of files of which the disk has to tell where they are."""

ON_DISK: Final = ON_THE_WAY | {"in trash"}
"""States of files that are in the trash, or may be."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A file of which it cannot be told where it is, and why."""

    file: PurgedFile
    why: str


def settle(store: StoreWriter, purge: PurgeRecord) -> list[Unsettled]:
    """Find out where each file of a purge is that was on its way, and note it.

    Gives those that lie where nobody can look now; they are settled the next time.

    Raises StorageError.
    """
    trash = Trash.of(purge)
    files = store.catalog.purged_files(purge.id)
    with refusals_of(store.path):
        return [*_settled(store, trash, files)]


@contextmanager
def refusals_of(path: Path) -> Iterator[None]:
    """Turn what the system refuses into errors about the file, or about `path` if it has none."""
    try:
        yield
    except OSError as error:
        refused = error.filename or path
        raise StorageError(Path(refused), reason=describe_os_error(error)) from error


def _settled(store: StoreWriter, trash: Trash, files: Sequence[PurgedFile]) -> Iterator[Unsettled]:
    reach = Reach(trash)
    for asset in _assets(file for file in files if file.state == "moving"):
        why = reach.parted(asset)
        if why is None:
            _settle_moving(store, trash, asset)
        else:
            yield from (Unsettled(file, why) for file in asset)
    for file in files:
        if file.state not in ("restoring", "emptying"):
            continue
        why = reach.away(file)
        if why is None:
            note(store, [file], _state_of(trash, file))
        else:
            yield Unsettled(file, why)


def _state_of(trash: Trash, file: PurgedFile) -> PurgeState:
    """Where a file is that was being put back, or deleted."""
    if file.state == "restoring":
        return state_of_restored(trash, file)
    return "in trash" if is_there(trash.place_of(file)) else gone(trash, file)


def gone(trash: Trash, file: PurgedFile) -> PurgeState:
    """Say of a file that it is gone: for good, so its disk must be there at this moment.

    Raises OSError if it is not.
    """
    why = Reach(trash).away(file)
    if why is not None:
        raise OSError(errno.ENODEV, why, str(trash.place_of(file)))
    return "gone"


def note(store: StoreWriter, files: Sequence[PurgedFile], state: PurgeState) -> None:
    """Say where files are, and whether their photos are present, in one transaction."""
    with store.catalog.transaction():
        set_state(store, files, state)


def set_state(store: StoreWriter, files: Sequence[PurgedFile], state: PurgeState) -> None:
    """The same, as a part of a transaction."""
    store.catalog.set_purge_state((file.id for file in files), state)
    photos = [file for file in files if file.is_photo]
    if state == "in trash":
        store.catalog.remove_images(_present(store, photos))
    elif state == "restored":
        _place(store, photos)
    elif state == "not moved":  # a scan may have missed it, while it was in the trash
        _place(store, [photo for photo in photos if os.path.lexists(photo.full_path)])


def _present(store: StoreWriter, photos: Sequence[PurgedFile]) -> list[ImageId]:
    """Photos that the collection knows where they lay.

    One whose content was found elsewhere meanwhile, by a scan, has its id there.
    """
    places = {photo.image: (photo.root.id, photo.path) for photo in photos}
    known = store.catalog.images_by_id(places)
    return [image.id for image in known if (image.root.id, image.path) == places[image.id]]


def _place(store: StoreWriter, photos: Sequence[PurgedFile]) -> None:
    """Let photos be present again, if the collection still knows them; else a scan finds them."""
    known = store.catalog.removed(photo.image for photo in photos)
    for photo in photos:
        where = photo.root.id, photo.path
        if photo.image in known and not store.catalog.has_image(*where):
            store.catalog.place_image(
                photo.image, *where, photo.size, photo.modified_ns, photo.digest
            )


def _assets(files: Iterable[PurgedFile]) -> list[list[PurgedFile]]:
    """Files by the photo that they are, or belong to."""
    found: dict[ImageId, list[PurgedFile]] = defaultdict(list)
    for file in files:
        found[file.image].append(file)
    return list(found.values())


def _settle_moving(store: StoreWriter, trash: Trash, asset: Sequence[PurgedFile]) -> None:
    """An asset is in the trash as a whole, or goes back."""
    if all(_in_trash(trash, file) for file in asset):
        note(store, asset, "in trash")
    else:
        take_back(store, trash, asset)


def take_back(store: StoreWriter, trash: Trash, asset: Sequence[PurgedFile]) -> list[PurgedFile]:
    """Put back what was moved of an asset, and note for each file where it is.

    Gives those that stay in the trash, as something is in their place, or the system refuses.
    """
    stay = []
    for file in asset:
        stays = _in_trash(trash, file) and not _put_back(trash, file)
        note(store, [file], "in trash" if stays else "not moved")
        if stays:
            stay.append(file)
    return stay


def _put_back(trash: Trash, file: PurgedFile) -> bool:
    """Move a file back from the trash; False if something is in its place, or it cannot be."""
    place = trash.place_of(file)
    try:
        move(place, file.full_path, token=trash.token)
    except OSError:  # which may have come after the move
        return not _in_trash(trash, file)
    _give_time_back(trash, file)
    return True


def _give_time_back(trash: Trash, file: PurgedFile) -> None:
    """Let a file that is back have its time; a trash on another disk may not have kept it."""
    found = _seen(file.full_path) if trash.elsewhere is not None else None
    if found is not None and found.digest == file.digest:
        set_time(file.full_path, file.modified_ns)


def _in_trash(trash: Trash, file: PurgedFile) -> bool:
    """Whether a file that was being moved to the trash is there, and nowhere else."""
    place = trash.place_of(file)
    _drop_copy(place, trash)
    if not is_there(place):
        _give_time_back(trash, file)
        return False
    source, target = _seen(file.full_path), _seen(place)
    if source is None or source.digest != file.digest:
        return True  # what is in its old place is another file
    if target is not None and (target.is_one_with(source) or target.digest == file.digest):
        sync_directory(file.full_path.parent)
        _unlink(place)  # a second name, or a copy: the first one had not gone yet
    return False


def state_of_restored(trash: Trash, file: PurgedFile) -> PurgeState:
    """Where a file is that was being put back.

    Raises OSError if its disk is not there (any more).
    """
    place = trash.place_of(file)
    _drop_copy(file.full_path, trash)
    if not is_there(place):
        if not is_there(file.full_path):
            return gone(trash, file)
        _give_time_back(trash, file)
        return "restored"
    source, target = _seen(place), _seen(file.full_path)
    if source is None or target is None or target.digest != source.digest:
        return "in trash"
    sync_directory(file.full_path.parent)  # before the other one goes
    _unlink(place)
    if target.digest == file.digest:
        set_time(file.full_path, file.modified_ns)
    return "restored"


def _drop_copy(target: Path, trash: Trash) -> None:
    """Remove a copy that was not finished."""
    copy = copy_beside(target, trash.token)
    if is_there(copy):
        _unlink(copy)


def _unlink(path: Path) -> None:
    path.unlink()
    sync_directory(path.parent)


def is_there(path: Path) -> bool:
    """Whether there is anything, even a link that leads nowhere.

    Raises OSError if that cannot be told.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _seen(path: Path) -> Seen | None:
    """A file, if it is an ordinary one that can be read."""
    try:
        return look_at(path)
    except OSError:
        return None
