"""Decision routes: what a person said of two photos, and says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from fastapi import APIRouter

from annclust.errors import InputError
from annclust.pipeline.deciding import Saying, decide_of_contents, decisions
from annclust.pipeline.reports import Decided
from annclust.pipeline.reports import Decision as Said
from annclust.pipeline.reports import Photo as SaidOf
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.web.documents import (
    Changed,
    DecidedPhoto,
    Decision,
    DecisionChange,
    DecisionsDocument,
    DigestPair,
    SaidDocument,
)
from annclust.web.session import Session, UnknownIdError
from annclust.web.shown import shown_text


def decision_routes(session: Session) -> APIRouter:
    """What is asked about decisions."""
    routes = APIRouter(prefix="/api/decisions")

    @routes.get("")
    def listed() -> DecisionsDocument:
        """All that was said."""
        with session.readers.store() as store:
            return DecisionsDocument(decisions=decision_documents(decisions(store)))

    @routes.post("")
    def say(change: DecisionChange) -> SaidDocument:
        """Say something of a photo and each of some others."""
        found: list[Decided] = []

        def write(store: StoreWriter) -> None:
            photos = _told_apart(store, change.say, change.photos)
            paths, digests = [p.full_path for p in photos], [p.digest for p in photos]
            found.append(decide_of_contents(store, change.say, paths, digests))

        view = session.decide(write)
        prevailing = decision_documents(found[0].prevailing)
        return SaidDocument(revision=view.revision, prevailing=prevailing)

    @routes.post("/forget")
    def forget(pair: DigestPair) -> Changed:
        """Forget what was said of two contents."""
        first, second = (bytes.fromhex(digest) for digest in pair.digests)

        def write(store: StoreWriter) -> None:
            with store.catalog.transaction():
                if not store.catalog.withdraw(first, second):
                    raise UnknownIdError("decision")

        if first == second:
            raise UnknownIdError("decision")
        return Changed(revision=session.decide(write).revision)

    return routes


def _told_apart(store: Store, saying: Saying, photos: Sequence[int]) -> list[ImageRecord]:
    """A photo, and those of the others of which something can be said beside it.

    A group may hold exact copies of it. What is said of the photo is said of them as well, so they
    are no reason to refuse it.
    """
    first, *others = _named(store, photos)
    rows = store.catalog.rows_of({each.digest for each in (first, *others)})
    own = rows.get(first.digest)

    def differs(other: ImageRecord) -> bool:
        seen_as_one = own is not None and rows.get(other.digest) == own
        return other.digest != first.digest and not (saying == "apart" and seen_as_one)

    different = [each for each in others if differs(each)]
    if not different:
        raise InputError("annclust sees no difference between these photos: nothing to be said.")
    return [first, *different]


def _named(store: Store, photos: Sequence[int]) -> list[ImageRecord]:
    """Photos, in the order of their ids that is given."""
    known = {int(each.id): each for each in store.catalog.images_by_id(photos)}
    if not known.keys() >= set(photos):
        raise UnknownIdError("photo")
    return [known[each] for each in photos]


def decision_documents(said: Iterable[Said]) -> list[Decision]:
    """Decisions as they are shown."""
    return [
        Decision(
            first=_photo(each.first, each.paths[0]),
            second=_photo(each.second, each.paths[1]),
            together=each.together,
            digests=each.digests,
        )
        for each in said
    ]


def _photo(photos: tuple[SaidOf, ...], path: Path | None) -> DecidedPhoto:
    if photos:
        return DecidedPhoto(id=photos[0].id, name=shown_text(photos[0].path.name))
    return DecidedPhoto(id=None, name="" if path is None else shown_text(path.name))
