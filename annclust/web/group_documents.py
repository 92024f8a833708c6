"""Group documents: pages of groups, and one group, as they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, Literal

import numpy as np

from annclust.arrays import ImageId, Nodes, places_in
from annclust.pipeline.photo_groups import level_at
from annclust.web.cut import Cut
from annclust.web.documents import (
    GroupCard,
    GroupDocument,
    GroupsPage,
    JudgedPhoto,
    Neighbors,
    OneOffsPage,
    StateCounts,
)
from annclust.web.examiner import Examiner, Wanted
from annclust.web.judging import MOST_COMPARED, Judged, Judges, key_of
from annclust.web.listing import Listing, Order, cursor_of, place_of
from annclust.web.notes import STATES, Codes
from annclust.web.photo_documents import PhotoFacts, one_offs, photo_facts
from annclust.web.session import Session, UnknownIdError, View

StateFilter = Literal["all", "open", "resolved", "skipped"]

_COVER: Final = 5
"""Photos on a card."""

_AHEAD: Final = 3
"""Groups after the one that is looked at, whose photos are examined as well."""

_MOST_SHOWN: Final = 1000
"""Photos of a group in one answer: of themes, a group may hold half a collection."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How groups are listed."""

    granularity: float
    order: Order
    state: StateFilter

    @property
    def name(self) -> str:
        """Tells one listing from another; states may change while one turns pages."""
        return f"{self.granularity!r} {self.order}"


def listing_of(view: View, asked: Asked) -> Listing:
    """The groups that are asked for, in order."""
    cut = view.album.cut(asked.granularity)
    shown = np.ones(cut.count, dtype=np.bool_)
    if asked.state != "all":
        shown = view.notes.states(cut) == STATES.index(asked.state)
    return Listing(view.album.order(asked.granularity, asked.order), shown)


def groups_page(
    view: View, judges: Judges, asked: Asked, after: str | None, limit: int
) -> GroupsPage:
    """Some groups.

    Raises
    ------
    StaleCursorError, MalformedCursorError
    """
    cut = view.album.cut(asked.granularity)
    start = place_of(after, groups=view.groups, listed=asked.name)
    listing = listing_of(view, asked)
    groups, last = listing.page(start, limit)
    states = view.notes.states(cut)
    counts = np.bincount(states, minlength=len(STATES)).tolist()
    return GroupsPage(
        granularity=asked.granularity,
        level=level_at(asked.granularity),
        total=int(listing.shown.sum()),
        photos=len(cut.members),
        one_offs=len(cut.alone),
        counts=StateCounts(**dict(zip(STATES, counts, strict=True))),
        next=None if last is None else cursor_of(last, groups=view.groups, listed=asked.name),
        groups=_cards(view, judges, cut, groups, states),
    )


def _cards(view: View, judges: Judges, cut: Cut, groups: Nodes, states: Codes) -> list[GroupCard]:
    kept, rejected = view.notes.kept(cut), view.notes.rejected(cut)
    return [
        GroupCard(
            lead=int(cut.lead[group]),
            size=int(cut.size[group]),
            cover=_cover(view, judges, cut.members_of(group)),
            certainty=float(cut.certainty[group]),
            state=STATES[states[group]],
            bytes=int(cut.bytes[group]),
            taken=_taken(cut, group),
            kept=int(kept[group]),
            rejected=int(rejected[group]),
        )
        for group in groups.tolist()
    ]


def _cover(view: View, judges: Judges, members: Nodes) -> list[int]:
    """The best photos of a group, as far as it was judged."""
    judged = judges.known(view, members)
    if judged is not None:
        return [int(each.photo) for each in judged.photos[:_COVER]]
    return [int(each) for each in view.album.photos.ids[members[:_COVER]]]


def _taken(cut: Cut, group: int) -> tuple[str, str] | None:
    began, ended = float(cut.began[group]), float(cut.ended[group])
    return None if np.isnan(began) else (_time(began), _time(ended))


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


def neighbors_of(view: View, asked: Asked, group: int) -> Neighbors:
    """The groups before and after one."""
    cut = view.album.cut(asked.granularity)
    before, after = listing_of(view, asked).around(group)
    return Neighbors(
        previous=None if before is None else int(cut.lead[before]),
        next=None if after is None else int(cut.lead[after]),
    )


def group_document(session: Session, judges: Judges, photo: int, asked: Asked) -> GroupDocument:
    """The group of a photo.

    Raises
    ------
    UnknownIdError
        If there is no such photo, or it stands alone.
    """
    view = session.view
    cut = view.album.cut(asked.granularity)
    group = group_of(view, cut, photo)
    members = cut.members_of(group)
    with session.readers.store() as store:
        judgement = judges.look(store, view, members)
        shown = judgement.photos[:_MOST_SHOWN]
        facts = photo_facts(store, [each.photo for each in shown], view.album, view.notes)
    return GroupDocument(
        lead=int(cut.lead[group]),
        level=level_at(asked.granularity),
        size=len(members),
        state=STATES[view.notes.states(cut)[group]],
        certainty=float(cut.certainty[group]),
        seen=seen_as(view, members),
        pending=judgement.pending,
        compared_as=judgement.compared_as,
        photos=_judged(judgement.photos[:_MOST_SHOWN], facts),
        neighbors=neighbors_of(view, asked, group),
    )


def _judged(photos: Sequence[Judged], facts: Mapping[ImageId, PhotoFacts]) -> list[JudgedPhoto]:
    return [
        JudgedPhoto(
            **facts[ImageId(each.photo)],
            place=place,
            suggestion=each.suggestion,
            reasons=list(each.reasons),
            behind=each.behind,
            alone=each.alone,
        )
        for place, each in enumerate(photos, start=1)
        if each.photo in facts
    ]


def seen_as(view: View, members: Nodes) -> str:
    """What tells a group from what may be in its place later."""
    return f"{key_of(view, members):016x}"


def judge_soon(
    session: Session, judges: Judges, examiner: Examiner, photo: int, asked: Asked
) -> None:
    """Have a group examined and judged, and then the groups that come next."""
    view = session.view
    cut = view.album.cut(asked.granularity)
    group, listing = group_of(view, cut, photo), listing_of(view, asked)
    place = int(places_in(listing.order)[group])
    groups = [group, *listing.page(place, _AHEAD)[0].tolist()]
    wanted = []
    with session.readers.store() as store:
        for members in map(cut.members_of, groups):
            if len(members) <= MOST_COMPARED and judges.known(view, members) is None:
                photos = store.catalog.images_by_id(view.album.photos.ids[members].tolist())
                wanted.append(Wanted(photos, partial(judges.judge, view=view, members=members)))
    examiner.want(wanted)


def group_of(view: View, cut: Cut, photo: int) -> int:
    """The group that a photo is in.

    Raises
    ------
    UnknownIdError
        If there is no such photo, or it stands alone.
    """
    place = view.album.photos.place_of(photo)
    if place is None:
        raise UnknownIdError("photo")
    if cut.group[place] < 0:
        raise UnknownIdError("group: this photo stands alone")
    return int(cut.group[place])


def one_offs_page(
    session: Session, granularity: float, after: str | None, limit: int
) -> OneOffsPage:
    """Some of the photos that stand alone.

    Raises
    ------
    StaleCursorError, MalformedCursorError
    """
    view = session.view
    alone = view.album.cut(granularity).alone
    listed = f"{granularity!r} alone"
    start = place_of(after, groups=view.groups, listed=listed)
    first = int(np.searchsorted(alone, start, side="right"))
    chosen = alone[first : first + limit]
    more = first + limit < len(alone)
    with session.readers.store() as store:
        photos = one_offs(store, view.album.photos.ids[chosen].tolist())
    after = cursor_of(int(chosen[-1]), groups=view.groups, listed=listed) if more else None
    return OneOffsPage(total=len(alone), next=after, photos=photos)
