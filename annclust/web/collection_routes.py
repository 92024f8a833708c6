"""Collection routes: what is looked through, as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter

from annclust.settings import GRANULARITY
from annclust.web.documents import CollectionDocument, Levels
from annclust.web.lookalikes import Lookalikes
from annclust.web.session import NotReadYetError, Session, View
from annclust.web.shown import shown_text

COARSEST = 3.5


@dataclass(frozen=True, slots=True)
class About:
    """What never changes while a collection is looked through."""

    name: str
    folder: str
    embedder: str


def collection_routes(session: Session, about: About, lookalikes: Lookalikes) -> APIRouter:
    """What is asked about the collection."""
    routes = APIRouter(prefix="/api")

    @routes.get("/collection")
    def collection() -> CollectionDocument:
        """What is looked through, and whether it can be yet."""
        try:
            view: View | None = session.view
        except NotReadYetError:
            view = None
        return _document(view, session.problem, about, can_text=lookalikes.can_text)

    return routes


def _document(
    view: View | None, problem: str | None, about: About, *, can_text: bool
) -> CollectionDocument:
    album = None if view is None else view.album
    return CollectionDocument(
        name=shown_text(about.name),
        folder=shown_text(about.folder),
        photos=0 if album is None else len(album.photos.ids),
        embedder=shown_text(about.embedder),
        can_text=can_text,
        clustered=album is not None and album.clustered,
        out_of_date=None if album is None else album.out_of_date,
        levels=Levels(**{level: GRANULARITY[level] for level in ("shots", "scenes", "themes")}),
        coarsest=COARSEST,
        granularity=GRANULARITY["shots"] if album is None else min(album.granularity, COARSEST),
        state="reading" if view is None else "ready",
        message=problem,
        revision=0 if view is None else view.revision,
    )
