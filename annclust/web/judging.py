"""Judging: which photos of a group are suggested to be kept, and why.

What `purge` would choose, with what the person said so far. It is remembered by group, as long as
its photos and their marks stay what they are: a preview of thousands of groups is a matter of
looking up then.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final, Literal

import xxhash

from annclust.arrays import ImageId, Nodes
from annclust.images.examination import Examination
from annclust.purge.candidates import candidates_of
from annclust.purge.choosing import Chosen, Said, choose
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store
from annclust.web.documents import Suggested
from annclust.web.examiner import Examiner
from annclust.web.notes import Notes
from annclust.web.session import View

MOST_COMPARED: Final = 500
"""Photos of a group among which a choice is suggested: nobody keeps one of more."""

_TOO_MANY: Final = f"nothing is suggested for more than {MOST_COMPARED} photos"
_KEPT: Final = 50_000
"""Groups that are remembered: 100,000 photos have no more."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A photo's place among its group, and what is suggested about it.

    `alone` says why it is left alone, if it is.
    """

    photo: ImageId
    suggestion: Suggested = "leave"
    reasons: tuple[str, ...] = ()
    alone: str | None = None

    @property
    def behind(self) -> str:
        """Why it stands behind the one that is kept."""
        return self.reasons[0] if self.suggestion == "reject" else ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The photos of a group, the best first.

    Parameters
    ----------
    photos : tuple of Judged
    pending : int
        Photos that were not examined yet; as long as there are any, nothing is suggested.
    compared_as : {"copies", "frames"} or None
    """

    photos: tuple[Judged, ...]
    pending: int
    compared_as: Literal["copies", "frames"] | None

    def of(self, suggestion: Suggested) -> list[ImageId]:
        """The photos about which that is suggested."""
        return [each.photo for each in self.photos if each.suggestion == suggestion]

    @property
    def reason(self) -> str:
        """Why the first one is the first, in a few words."""
        rejected = (each.behind for each in self.photos if each.suggestion == "reject")
        return next((each for each in (*self.photos[0].reasons, *rejected) if each), "")


class Judges:
    """Judges groups, each once.

    Parameters
    ----------
    examiner : Examiner
    """

    def __init__(self, examiner: Examiner) -> None:
        self._examiner = examiner
        self._known: OrderedDict[int, Judgement] = OrderedDict()
        self._lock = Lock()

    def known(self, view: View, members: Nodes) -> Judgement | None:
        """What was judged of a group before.

        Parameters
        ----------
        view : View
        members : ndarray of int64
            Places of its photos.
        """
        with self._lock:
            return self._known.get(_key(view, members))

    def judge(self, store: Store, view: View, members: Nodes) -> Judgement:
        """What is suggested for a group; remembered once all of its photos were examined."""
        found = self.known(view, members)
        if found is not None:
            return found
        images = [ImageId(each) for each in view.album.photos.ids[members].tolist()]
        if len(images) > MOST_COMPARED:
            found = Judgement(tuple(Judged(each, alone=_TOO_MANY) for each in images), 0, None)
        else:
            said = dict(zip(images, _said(view.notes, members), strict=True))
            found = self._judged(store, store.catalog.images_by_id(images), said)
        if not found.pending:
            self._remember(_key(view, members), found)
        return found

    def _remember(self, key: int, found: Judgement) -> None:
        with self._lock:
            self._known[key] = found
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)

    def _judged(
        self, store: Store, photos: Sequence[ImageRecord], said: Mapping[ImageId, Said | None]
    ) -> Judgement:
        outcomes = self._examiner.known(store, photos)
        pending = [photo for photo in photos if photo.digest not in outcomes]
        if pending:
            return Judgement(tuple(Judged(photo.id) for photo in photos), len(pending), None)
        seen = [p for p in photos if isinstance(outcomes[p.digest], Examination)]
        candidates = candidates_of(store, seen, outcomes)
        unseen = [
            Judged(photo.id, alone=str(outcomes[photo.digest]))
            for photo in photos
            if photo.digest not in candidates
        ]
        if len(seen) < 2:
            return Judgement((*(Judged(photo.id) for photo in seen), *unseen), 0, None)
        choice = choose([candidates[p.digest] for p in seen], [said[p.id] for p in seen])
        judged = (_told(seen[each.place], each) for each in choice.photos)
        return Judgement((*judged, *unseen), 0, choice.compared_as)


def _told(photo: ImageRecord, chosen: Chosen) -> Judged:
    alone = chosen.reasons[0] if chosen.verdict == "leave" else None
    return Judged(photo.id, chosen.verdict, chosen.reasons, alone)


def _said(notes: Notes, members: Nodes) -> list[Said | None]:
    return [notes.mark_at(place) for place in members.tolist()]


def _key(view: View, members: Nodes) -> int:
    """Tells groups of other photos, contents or marks apart."""
    told = xxhash.xxh3_64()
    told.update(view.album.photos.ids[members].tobytes())
    told.update(view.album.photos.row[members].tobytes())
    told.update(view.notes.mark[members].tobytes())
    return told.intdigest()
