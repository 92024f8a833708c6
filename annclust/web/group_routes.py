"""Group routes: pages of groups, one group, and the photos that are in none."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from annclust.settings import GRANULARITY
from annclust.web.documents import (
    GroupDocument,
    GroupsPage,
    OneOffsPage,
)
from annclust.web.examiner import Examiner
from annclust.web.group_documents import (
    Asked,
    StateFilter,
    group_document,
    groups_page,
    judge_soon,
    one_offs_page,
)
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
        return groups_page(session.view, judges, Asked(granularity, order, state), after, limit)

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
            judge_soon(session, judges, examiner, photo, asked)
        return found

    return routes
