"""Group routes: the collection, its groups, and what is said of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from annclust.settings import GRANULARITY
from annclust.web.documents import (
    Changed,
    GroupDocument,
    GroupsPage,
    MarksChange,
    OneOffsPage,
    StateChange,
    StateChanged,
)
from annclust.web.group_documents import (
    Asked,
    StateFilter,
    examine_soon,
    group_document,
    group_of,
    groups_page,
    one_offs_page,
)
from annclust.web.examiner import Examiner
from annclust.web.judging import Judges
from annclust.web.listing import Order
from annclust.web.routing import CursorQuery, GranularityQuery, PathId
from annclust.web.session import Session

_SHOTS = GRANULARITY["shots"]
_LIMIT = 100

Limit = Annotated[int, Query(ge=1, le=500)]
"""Of groups or photos in one answer."""


def group_routes(session: Session, judges: Judges, examiner: Examiner) -> APIRouter:
    """What is asked about groups."""
    routes = APIRouter(prefix="/api")

    @routes.get("/groups")
    def listed(
        granularity: GranularityQuery = _SHOTS,
        order: Order = "largest",
        state: StateFilter = "all",
        after: CursorQuery = None,
        limit: Limit = _LIMIT,
    ) -> GroupsPage:
        """Groups at a granularity."""
        return groups_page(session.view, Asked(granularity, order, state), after, limit)

    @routes.get("/one-offs")
    def without_twins(
        granularity: GranularityQuery = _SHOTS, after: CursorQuery = None, limit: Limit = _LIMIT
    ) -> OneOffsPage:
        """Photos that stand alone."""
        return one_offs_page(session, granularity, after, limit)

    @routes.get("/groups/{photo:id}")
    def group(
        photo: PathId,
        granularity: GranularityQuery = _SHOTS,
        order: Order = "largest",
        state: StateFilter = "all",
    ) -> GroupDocument:
        """The group of a photo."""
        asked = Asked(granularity, order, state)
        found = group_document(session, judges, photo, asked)
        if found.pending:
            examine_soon(session, examiner, photo, asked)
        return found

    @routes.post("/groups/{photo:id}/state")
    def review(photo: PathId, change: StateChange) -> StateChanged:
        """Say what became of a group."""
        view = session.view
        cut = view.album.cut(change.granularity)
        members = cut.members_of(group_of(view, cut, photo))
        changed = session.review(view.album.photos.ids[members], change.state)
        return StateChanged(state=change.state, revision=changed.revision)

    @routes.post("/marks")
    def mark(change: MarksChange) -> Changed:
        """Mark photos."""
        keep = None if change.mark is None else change.mark == "keep"
        return Changed(revision=session.mark(change.photos, keep=keep).revision)

    return routes
