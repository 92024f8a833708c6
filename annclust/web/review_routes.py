"""Review routes: what a person says of photos and groups, and what is suggested."""

from __future__ import annotations

from fastapi import APIRouter

from annclust.settings import GRANULARITY
from annclust.web.documents import (
    Acceptance,
    Changed,
    GroupDocument,
    MarksChange,
    StateChange,
    StateChanged,
    SuggestionsDocument,
)
from annclust.web.group_documents import Asked, group_document
from annclust.web.judging import Judges
from annclust.web.routing import GranularityQuery, PathId
from annclust.web.session import Session
from annclust.web.suggesting import accept_group, members_seen, suggestions


def review_routes(session: Session, judges: Judges) -> APIRouter:
    """What is said of photos and groups."""
    routes = APIRouter(prefix="/api")

    @routes.post("/groups/{photo:id}/state")
    def review(photo: PathId, change: StateChange) -> StateChanged:
        """Say what became of a group."""
        changed = session.review(
            lambda view: members_seen(view, photo, change.granularity, change.seen), change.state
        )
        return StateChanged(state=change.state, revision=changed.revision)

    @routes.post("/groups/{photo:id}/accept")
    def accept(photo: PathId, wish: Acceptance) -> GroupDocument:
        """Do what is suggested for a group."""
        accept_group(session, judges, photo, wish.granularity, wish.seen)
        return group_document(session, judges, photo, Asked(wish.granularity, "largest", "all"))

    @routes.get("/suggestions")
    def suggested(
        granularity: GranularityQuery = GRANULARITY["shots"], only_sure: bool = False
    ) -> SuggestionsDocument:
        """What is suggested for all open groups, or for those that are sure."""
        return suggestions(session.view, judges, granularity, only_sure=only_sure)

    @routes.post("/marks")
    def mark(change: MarksChange) -> Changed:
        """Mark photos."""
        keep = None if change.mark is None else change.mark == "keep"
        return Changed(revision=session.mark(change.photos, keep=keep).revision)

    return routes
