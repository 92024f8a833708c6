"""Companions: which files belong to which photos, noted at the end of a scan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping

from annclust.arrays import ImageId
from annclust.images.assets import Companion
from annclust.pipeline.survey import Survey, is_hidden
from annclust.storage.records import CompanionRecord
from annclust.storage.store_writer import StoreWriter


def note_companions(
    store: StoreWriter,
    surveyed: Survey,
    failed: Container[tuple[int, bytes]],
    doubtful: Container[int],
) -> None:
    """Note what belongs to the photos under the scanned roots; within a transaction.

    Parameters
    ----------
    store : StoreWriter
        Knows by now where the photos lie.
    surveyed : Survey
    failed : container of (int, bytes)
        Places of files that could not be read: nothing belongs to them.
    doubtful : container of int
        Roots whose losses are not believed: what belonged to their photos still does.
    """
    found: dict[int, list[Companion]] = defaultdict(list)
    for each in surveyed.companions:
        if each.photo.place not in failed:
            found[each.file.root].append(each)
    for root in (check.root.id for check in surveyed.checks if not check.lost):
        known = store.catalog.companions_under(root)
        if not known and root not in found:
            continue
        photos = store.catalog.places_under(root)
        wanted = _records(found[root], photos)
        unseen = [record for record in known if record.path not in wanted]
        gone = [
            record
            for record in unseen
            if record.path in photos
            or not (root in doubtful or is_hidden((root, record.path), surveyed.unlisted))
        ]
        store.catalog.remove_companions(gone)
        store.catalog.add_companions(set(wanted.values()) - set(known))


def _records(
    found: Iterable[Companion], photos: Mapping[bytes, ImageId]
) -> dict[bytes, CompanionRecord]:
    """What to note, by path, as far as the photos are there."""
    return {
        file.path: CompanionRecord(
            file.root, file.path, file.size, file.modified_ns, photos[photo.path]
        )
        for file, photo in ((each.file, each.photo) for each in found)
        if photo.path in photos
    }
