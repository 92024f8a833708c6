"""Candidates: photos of a collection as keep-best sees them.

Puts together what the catalog knows of their contents with what was measured on their pixels
(:mod:`annclust.pipeline.examinations`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from annclust.arrays import ImageId
from annclust.images.capture import Capture
from annclust.images.examination import Examination
from annclust.purge.candidate import Candidate
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store


def candidates_of(
    store: Store, photos: Iterable[ImageRecord], examinations: Mapping[bytes, object]
) -> dict[bytes, Candidate]:
    """What is known of each content, by digest; of those that were measured.

    Parameters
    ----------
    store : Store
    photos : iterable of ImageRecord
        Copies are one candidate.
    examinations : mapping of bytes to Examination or str
        By digest; what is no examination, but a reason for there being none, is left out.
    """
    found: dict[bytes, Candidate] = {}
    with store.catalog.snapshot():
        for photo in photos:
            examination = examinations.get(photo.digest)
            if photo.digest not in found and isinstance(examination, Examination):
                found[photo.digest] = _candidate(store, photo, examination)
    return found


def looked(
    store: Store, photos: Sequence[ImageRecord], examinations: Mapping[bytes, Examination | str]
) -> dict[ImageId, Candidate | str]:
    """What is known of each photo, by its id; or why nothing is.

    Parameters
    ----------
    store : Store
    photos : sequence of ImageRecord
    examinations : mapping of bytes to Examination or str
        By digest; of what is not in it, nobody has looked at anything.
    """
    known = candidates_of(store, photos, examinations)
    return {
        photo.id: known.get(photo.digest)
        or str(examinations.get(photo.digest, "nobody looked at it"))
        for photo in photos
    }


def _candidate(store: Store, photo: ImageRecord, examination: Examination) -> Candidate:
    content = store.catalog.content(photo.digest)
    capture = store.catalog.capture_of(photo.digest)
    return Candidate(
        examination,
        photo.size,
        "" if content is None else content.format,
        capture or Capture(),
        capture_read=capture is not None,
    )
