"""Judging: which photos of a group are suggested to be kept, and why.

What `purge` would choose. It is remembered by group, as long as its photos stay what they are: a
preview of thousands of groups is a matter of looking up then. What a person marks changes what is
suggested of the others, and why, but not their order: nothing jumps about under a hand.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final, Literal

import xxhash

from annclust.arrays import ImageId, Nodes
from annclust.images.examination import Examination
from annclust.purge.belongings import companions_first
from annclust.purge.candidates import candidates_of
from annclust.purge.choosing import MARKED, OTHER_KEPT, REJECTED, STANDS, Chosen, Said, choose
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store
from annclust.web.documents import Mark, Suggested
from annclust.web.examiner import Examiner
from annclust.web.session import View

MOST_COMPARED: Final = 500
"""Photos of a group among which a choice is suggested: nobody keeps one of more."""

_AT_ONCE: Final = 20
"""Photos that are compared while somebody waits: it takes some 30 ms; of 100 it takes 400."""

BETTER_REJECTED: Final = "you rejected those that come before it"
TOO_MANY: Final = f"nothing is suggested for more than {MOST_COMPARED} photos"
_FEWEST: Final = 2
_KEPT: Final = 50_000
"""Groups that are remembered: 100,000 photos have no more."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A photo's place among its group, and what is suggested about it.

    `behind` says why it stands behind the first one, `alone` why it is left alone, if it is.
    """

    photo: ImageId
    suggestion: Suggested = "leave"
    reasons: tuple[str, ...] = ()
    behind: str = ""
    alone: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The photos of a group, the best first.

    Parameters
    ----------
    photos : tuple of Judged
    pending : int
        Photos that have yet to be examined, or compared; until then, nothing is suggested.
    compared_as : {"copies", "frames"} or None
        As `annclust.purge.choosing.Choice` says.
    unseen : int
        Photos that could not be examined.
    """

    photos: tuple[Judged, ...]
    pending: int = 0
    compared_as: Literal["copies", "frames"] | None = None
    unseen: int = 0

    def of(self, suggestion: Suggested) -> list[int]:
        """The photos about which that is suggested."""
        return [int(each.photo) for each in self.photos if each.suggestion == suggestion]

    @property
    def reason(self) -> str:
        """Why the first one is the first, or the next one is not, in a few words."""
        told = (why for each in self.photos for why in (*each.reasons, each.behind))
        return next((why for why in told if why), "")


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
        """What was judged of a group before, with what a person marked since.

        Parameters
        ----------
        view : View
        members : ndarray of int64
            Places of its photos.
        """
        with self._lock:
            found = self._known.get(key_of(view, members))
        if found is None or not view.notes.mark[members].any():
            return found
        return with_marks(found, _marks(view, members))

    def look(self, store: Store, view: View, members: Nodes) -> Judgement:
        """As `judge`, unless that takes a while: then it is pending."""
        found = self.known(view, members)
        if found is not None or len(members) <= _AT_ONCE or len(members) > MOST_COMPARED:
            return found or self.judge(store, view, members)
        return Judgement(tuple(map(Judged, _images(view, members))), len(members))

    def judge(self, store: Store, view: View, members: Nodes) -> Judgement:
        """What is suggested for a group; remembered once all of its photos were examined."""
        found = self.known(view, members)
        if found is not None:
            return found
        images = _images(view, members)
        if len(images) > MOST_COMPARED:
            found = Judgement(tuple(Judged(each, alone=TOO_MANY) for each in images))
        else:
            found = self._judgement(
                store, store.catalog.images_by_id(images), _stand(view, members)
            )
        if not found.pending and len(found.photos) == len(images):  # none went just now
            self._remember(key_of(view, members), found)
        return with_marks(found, _marks(view, members))

    def forget_failures(self) -> None:
        """Look again at photos that could not be examined, and at their groups."""
        self._examiner.forget_failures()
        with self._lock:
            for key in [key for key, judged in self._known.items() if judged.unseen]:
                del self._known[key]

    def _remember(self, key: int, found: Judgement) -> None:
        with self._lock:
            self._known[key] = found
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)

    def _judgement(
        self, store: Store, photos: Sequence[ImageRecord], stand: set[ImageId]
    ) -> Judgement:
        outcomes = self._examiner.known(store, photos)
        pending = [photo for photo in photos if photo.digest not in outcomes]
        if pending:
            return Judgement(tuple(Judged(photo.id) for photo in photos), len(pending))
        companions = store.catalog.companions(photo.id for photo in photos)
        seen = [
            photo
            for photo in companions_first(photos, companions)
            if isinstance(outcomes[photo.digest], Examination)
        ]
        candidates = candidates_of(store, seen, outcomes)
        unseen = tuple(
            Judged(photo.id, alone=str(outcomes[photo.digest]))
            for photo in photos
            if photo.digest not in candidates
        )
        if len(seen) < _FEWEST:
            return Judgement(
                (*map(Judged, (photo.id for photo in seen)), *unseen), unseen=len(unseen)
            )
        said: list[Said | None] = ["stands" if photo.id in stand else None for photo in seen]
        choice = choose([candidates[photo.digest] for photo in seen], said)
        judged = (_judged(seen[each.place].id, each) for each in choice.photos)
        return Judgement((*judged, *unseen), 0, choice.compared_as, len(unseen))


def _judged(photo: ImageId, chosen: Chosen) -> Judged:
    if chosen.verdict == "leave":
        return Judged(photo, alone=chosen.reasons[0])
    behind = chosen.reasons[0] if chosen.verdict == "reject" else ""
    return Judged(photo, chosen.verdict, chosen.reasons, behind)


def with_marks(judged: Judgement, marks: dict[ImageId, Mark]) -> Judgement:
    """What is suggested beside what a person marked: as `choose` does, in the order there is.

    Parameters
    ----------
    judged : Judgement
    marks : mapping of ImageId to {"keep", "reject"}
        Of photos that have one.
    """
    compared = [each.photo for each in judged.photos if each.suggestion != "leave"]
    eligible = [photo for photo in compared if marks.get(photo) != "reject"]
    kept = {photo for photo in eligible if marks.get(photo) == "keep"}
    stand = {each.photo for each in judged.photos if STANDS in each.reasons[:1]}
    stay = (kept or set((eligible or compared)[:1])) | stand.intersection(eligible)

    def suggested(photo: Judged) -> Suggested:
        if photo.suggestion == "leave":
            return "keep" if marks.get(photo.photo) == "keep" else "leave"
        return "keep" if photo.photo in stay else "reject"

    return replace(
        judged,
        photos=tuple(
            _as_marked(each, suggested(each), marks.get(each.photo)) for each in judged.photos
        ),
    )


def _as_marked(photo: Judged, suggestion: Suggested, mark: Mark | None) -> Judged:
    """What is suggested of a photo by what a person marked, and why, if that is not as before."""
    if suggestion == photo.suggestion:
        return photo
    if suggestion == "keep":
        why = MARKED if mark == "keep" else BETTER_REJECTED
    else:
        why = REJECTED if mark == "reject" else OTHER_KEPT
    return replace(photo, suggestion=suggestion, reasons=(why,), behind=why)


def _images(view: View, members: Nodes) -> list[ImageId]:
    return [ImageId(each) for each in view.album.photos.ids[members].tolist()]


def _stand(view: View, members: Nodes) -> set[ImageId]:
    """Photos that stay instead of others, which were purged."""
    return {*_images(view, members[view.notes.stands[members]])}


def _marks(view: View, members: Nodes) -> dict[ImageId, Mark]:
    pairs = zip(_images(view, members), members.tolist(), strict=True)
    return {image: mark for image, place in pairs if (mark := view.notes.mark_at(place))}


def key_of(view: View, members: Nodes) -> int:
    """Tells groups of other photos, or other contents, or after other purges, apart."""
    told = xxhash.xxh3_64()
    told.update(view.album.photos.ids[members].tobytes())
    told.update(view.album.photos.content[members].tobytes())
    told.update(view.notes.stands[members].tobytes())
    return told.intdigest()
