"""Photo documents: what is shown of single photos, read when they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TypedDict

from annclust.arrays import ImageId
from annclust.storage.records import ImageRecord, PhotoDetails
from annclust.storage.store import Store
from annclust.web.album import Album
from annclust.web.documents import Mark, OneOff
from annclust.web.notes import Notes
from annclust.web.shown import shown_exposure, shown_text, shown_time


class PhotoFacts(TypedDict):
    """The fields of a `Photo`."""

    id: int
    name: str
    folder: str
    width: int
    height: int
    format: str
    bytes: int
    taken: str | None
    exposure: str | None
    mark: Mark | None
    companions: list[str]
    copies: int
    version: str


def version_of(digest: bytes) -> str:
    """What tells one content from another in an address."""
    return digest.hex()[:8]


def photo_facts(
    store: Store, photos: Iterable[int], album: Album, notes: Notes
) -> dict[ImageId, PhotoFacts]:
    """What is shown of each of some photos that are still there, by id."""
    wanted = list(photos)
    with store.catalog.snapshot():
        records = store.catalog.images_by_id(wanted)
        details = store.catalog.details(wanted)
        companions = store.catalog.companions(wanted)
    found: dict[ImageId, PhotoFacts] = {}
    for record in records:
        place = album.photos.place_of(record.id)
        mark = None if place is None else notes.mark_at(place)
        names = [shown_text(each.name) for each in companions.get(record.id, ())]
        found[record.id] = _facts(record, details[record.id], mark, names)
    return found


def _facts(
    record: ImageRecord, details: PhotoDetails, mark: Mark | None, companions: list[str]
) -> PhotoFacts:
    name, folder = names_of(record)
    return PhotoFacts(
        id=record.id,
        name=name,
        folder=folder,
        width=details.width,
        height=details.height,
        format=details.format,
        bytes=record.size,
        taken=shown_time(details.capture.taken_ns),
        exposure=shown_exposure(details.capture),
        mark=mark,
        companions=companions,
        copies=details.copies,
        version=version_of(record.digest),
    )


def names_of(record: ImageRecord) -> tuple[str, str]:
    """Name of a photo, and of its folder below the root."""
    path = PurePosixPath(record.path.decode("utf-8", "surrogateescape"))
    folder = path.parent.as_posix()
    return shown_text(path.name), "" if folder == "." else shown_text(folder)


def one_offs(store: Store, photos: Iterable[int]) -> list[OneOff]:
    """Photos without a twin, by id."""
    return [
        OneOff(id=record.id, name=names_of(record)[0], version=version_of(record.digest))
        for record in store.catalog.images_by_id(photos)
    ]
