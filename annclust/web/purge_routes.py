"""Purge routes: plans as they are looked at before they are applied, and what became of purges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fastapi import APIRouter

from annclust.arrays import ImageId
from annclust.purge.plan import PlannedGroup, PlannedPhoto
from annclust.web.documents import Photo
from annclust.web.group_routes import Limit
from annclust.web.listing import cursor_of, place_of
from annclust.web.photo_documents import PhotoFacts, photo_facts, version_of
from annclust.web.purging import Plans, purge_documents
from annclust.web.routing import CursorQuery
from annclust.web.session import Session
from annclust.web.shown import shown_text
from annclust.web.work_documents import (
    KeptPhoto,
    LeftPhoto,
    MovedPhoto,
    PlanDocument,
    PlanGroup,
    PlanGroups,
    PlanId,
    PurgesDocument,
)

_LIMIT = 50


def purge_routes(session: Session, plans: Plans) -> APIRouter:
    """What is asked about purges."""
    routes = APIRouter(prefix="/api")

    @routes.get("/purges")
    def purges() -> PurgesDocument:
        """Every purge, the last one first."""
        with session.readers.store() as store:
            return PurgesDocument(purges=purge_documents(store))

    @routes.get("/purge/plans/{plan}")
    def plan(plan: PlanId) -> PlanDocument:
        """What a plan is about."""
        kept = plans.find(plan)
        totals = kept.plan.totals
        return PlanDocument(
            id=kept.plan.id,
            digest=kept.digest,
            made=kept.plan.made,
            level=kept.plan.level,
            groups=totals.groups,
            photos=totals.photos,
            files=totals.files,
            bytes=totals.bytes,
            left_alone=totals.left_alone,
        )

    @routes.get("/purge/plans/{plan}/groups")
    def groups(plan: PlanId, after: CursorQuery = None, limit: Limit = _LIMIT) -> PlanGroups:
        """Some of the groups of a plan."""
        kept = plans.find(plan)
        start = 1 + place_of(after, groups=0, listed=plan)
        shown = kept.plan.groups[start : start + limit]
        last = start + limit - 1
        more = last + 1 < len(kept.plan.groups)
        return PlanGroups(
            next=cursor_of(last, groups=0, listed=plan) if more else None,
            groups=_groups(session, shown),
        )

    return routes


def _groups(session: Session, groups: Iterable[PlannedGroup]) -> list[PlanGroup]:
    shown = list(groups)
    wanted = [p.image for g in shown for p in (*g.kept, *g.moved, *g.left)]
    view = session.view
    with session.readers.store() as store:
        facts = photo_facts(store, wanted, view.album, view.notes)
    return [_group(each, facts) for each in shown]


def _group(group: PlannedGroup, facts: Mapping[ImageId, PhotoFacts]) -> PlanGroup:
    return PlanGroup(
        lead=min(each.image for each in (*group.kept, *group.moved, *group.left)),
        keep=[
            KeptPhoto(photo=_photo(each, facts), reasons=list(each.reasons)) for each in group.kept
        ],
        move=[
            MovedPhoto(
                photo=_photo(each, facts),
                why=_why(each),
                companions=[shown_text(file.path.name) for file in each.companions],
            )
            for each in group.moved
        ],
        left=[LeftPhoto(photo=_photo(each, facts), why=_why(each)) for each in group.left],
    )


def _why(photo: PlannedPhoto) -> str:
    return shown_text(" · ".join(photo.reasons))


def _photo(photo: PlannedPhoto, facts: Mapping[ImageId, PhotoFacts]) -> Photo:
    """A photo as it is shown; of one that went meanwhile, what the plan says."""
    known = facts.get(photo.image)
    if known is not None:
        return Photo(**known)
    return Photo(
        id=photo.image,
        name=shown_text(photo.file.path.name),
        folder="",
        width=0,
        height=0,
        format="",
        bytes=photo.file.size,
        taken=None,
        exposure=None,
        mark=None,
        companions=[],
        copies=0,
        version=version_of(photo.file.digest or b""),
    )
