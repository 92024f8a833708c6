"""Companions: which files belong to which photos, as a scan goes on and at its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Sequence

from annclust.images.assets import Companion
from annclust.images.scan_plan import FileState
from annclust.pipeline.survey import Survey, is_hidden
from annclust.storage.records import CompanionRecord, UnreadableRecord
from annclust.storage.store_writer import StoreWriter


class Standing:
    """What becomes of photos whose files cannot be read, and of what belongs to them.

    Parameters
    ----------
    surveyed : Survey
    """

    def __init__(self, surveyed: Survey) -> None:
        self._surveyed = surveyed
        self._loose = {photo.file.place: photo for photo in surveyed.plan.loose}
        self._raws: dict[tuple[int, bytes], list[FileState]] = defaultdict(list)
        for each in surveyed.companions:
            if each.is_raw:
                self._raws[each.photo.place].append(each.file)

    def stays(self, failure: UnreadableRecord) -> bool:
        """Whether a file is a photo of the collection all the same: it told nothing new.

        That of a photo that waits for its vector looks as before, whatever it is refused for.
        """
        photo = self._loose.get(failure.place)
        return photo is not None and (failure.retry or photo.without_vector)

    def instead_of(self, failure: UnreadableRecord) -> Sequence[FileState]:
        """Raw photos of the same shot, to be read in the stead of a file that is no photo."""
        return () if self.stays(failure) else self._raws.get(failure.place, ())

    def companions(self, failures: Sequence[UnreadableRecord]) -> tuple[Companion, ...]:
        """What belongs to photos after all; to what is no photo nothing does."""
        lost = (failure for failure in failures if not self.stays(failure))
        return self._surveyed.companions_without(
            {FileState(*each.place, each.size, each.modified_ns) for each in lost}
        )


def note_companions(
    store: StoreWriter,
    surveyed: Survey,
    companions: Sequence[Companion],
    doubtful: Container[int],
) -> None:
    """Note what belongs to the photos under the scanned roots; within a transaction.

    Parameters
    ----------
    store : StoreWriter
        Knows by now where the photos lie.
    surveyed : Survey
    companions : sequence of Companion
    doubtful : container of int
        Roots whose losses are not believed: what belonged to their photos still does.
    """
    found: dict[int, list[CompanionRecord]] = defaultdict(list)
    for each in companions:
        found[each.file.root].append(_record(each))
    catalog = store.catalog
    for root in (check.root.id for check in surveyed.checks if not check.lost):
        known, wanted = set(catalog.companions_under(root)), set(found[root])
        places = {record.path for record in wanted}
        gone = [
            record
            for record in known - wanted
            if record.path in places
            or catalog.has_image(root, record.path)
            or not (root in doubtful or is_hidden(record.place, surveyed.unlisted))
        ]
        catalog.remove_companions(gone)
        catalog.add_companions(wanted - known)


def _record(companion: Companion) -> CompanionRecord:
    file = companion.file
    return CompanionRecord(file.root, file.path, file.size, file.modified_ns, companion.photo.path)
