"""Suggesting: what is suggested for all open groups together, and doing so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from annclust.arrays import Nodes
from annclust.errors import AnnclustError, InputError
from annclust.progress import Progress
from annclust.web.documents import SampleGroup, SuggestionsDocument
from annclust.web.examiner import Examiner
from annclust.web.group_documents import group_of, seen_as
from annclust.web.judging import MOST_COMPARED, TOO_MANY, Judgement, Judges
from annclust.web.notes import STATES
from annclust.web.session import Accepted, GroupChangedError, Session, View
from annclust.web.work_documents import AcceptJob

_SAMPLES: Final = 12

_OPEN: Final = STATES.index("open")

_SURE: Final = 0.1
"""Certainty from which on a group is sure: a look stricter by a tenth would show it as well. The
page calls others unsure."""


class NotJudgedYetError(Exception):
    """Nothing is suggested for a group yet."""

    def __init__(self) -> None:
        super().__init__("The photos of this group are still being examined.")


class SuggestionsChangedError(AnnclustError):
    """Groups, or what was said of photos, are not what a person saw."""

    def __init__(self) -> None:
        super().__init__("Groups or marks have changed since this was shown; look at it again.")


def require_unchanged(view: View, revision: int | None) -> None:
    """Refuse to do what somebody saw, if it may be something else by now.

    Raises
    ------
    SuggestionsChangedError
    """
    if revision not in (None, view.revision):
        raise SuggestionsChangedError


def open_groups(view: View, granularity: float, *, only_sure: bool = False) -> Iterator[Nodes]:
    """Places of the photos of each open group, largest first."""
    cut = view.album.cut(granularity)
    wanted = view.notes.states(cut) == _OPEN
    if only_sure:
        wanted &= cut.certainty >= _SURE
    for group in view.album.order(granularity, "largest").tolist():
        if wanted[group]:
            yield cut.members_of(group)


def suggestions(
    view: View, judges: Judges, granularity: float, *, only_sure: bool = False
) -> SuggestionsDocument:
    """What was judged of the open groups so far."""
    photos = keep = reject = alone = pending = 0
    groups = 0
    sizes: list[int] = []
    samples: list[SampleGroup] = []
    for members in open_groups(view, granularity, only_sure=only_sure):
        groups += 1
        photos += len(members)
        judged = judges.known(view, members)
        if judged is None:
            pending += len(members)
            continue
        rejected = judged.of("reject")
        keep, reject = keep + len(judged.of("keep")), reject + len(rejected)
        alone += len(judged.of("leave"))
        sizes += rejected
        if rejected and len(samples) < _SAMPLES:
            samples.append(_sample(view, members, judged))
    return SuggestionsDocument(
        groups=groups,
        photos=photos,
        keep=keep,
        reject=reject,
        left_alone=alone,
        bytes=_bytes(view, sizes),
        pending=pending,
        revision=view.revision,
        unsure=_unsure(view, granularity),
        sample=samples,
    )


def _unsure(view: View, granularity: float) -> int:
    """How many of the open groups are unsure."""
    cut = view.album.cut(granularity)
    return int(((view.notes.states(cut) == _OPEN) & (cut.certainty < _SURE)).sum())


def _sample(view: View, members: Nodes, judged: Judgement) -> SampleGroup:
    lead = int(view.album.photos.ids[members[0]])
    return SampleGroup(
        lead=lead, keep=judged.of("keep"), reject=judged.of("reject"), reason=judged.reason
    )


def _bytes(view: View, photos: list[int]) -> int:
    places = view.album.photos.places_of(np.asarray(photos, dtype=np.int64))
    return int(view.album.photos.bytes[places].sum())


def examine_groups(
    session: Session, judges: Judges, examiner: Examiner, granularity: float, progress: Progress
) -> None:
    """Examine the photos of all open groups, and judge these."""
    view = session.view
    groups = [each for each in open_groups(view, granularity) if judges.known(view, each) is None]
    compared = [each for each in groups if len(each) <= MOST_COMPARED]
    places = np.concatenate([*compared, np.zeros(0, dtype=np.int64)])
    with session.readers.store() as store:
        photos = store.catalog.images_by_id(view.album.photos.ids[places].tolist())
    examiner.examine(photos, progress)
    with (
        session.readers.store() as store,
        progress.stage("Comparing", len(groups), unit="groups") as stage,
    ):
        for members in groups:
            judges.judge(store, view, members)
            stage.advance()


def accept_groups(
    session: Session,
    judges: Judges,
    examiner: Examiner,
    wish: AcceptJob,
    progress: Progress,
) -> dict[str, int]:
    """Mark the photos of all open groups as it is suggested, and be done with these groups.

    Raises
    ------
    SuggestionsChangedError
        If they are not those that a person saw.
    """
    granularity = wish.granularity
    examine_groups(session, judges, examiner, granularity, progress)
    accepted: list[Accepted] = []

    def groups_in(view: View) -> list[Accepted]:
        require_unchanged(view, wish.revision)
        groups = open_groups(view, granularity, only_sure=wish.only_sure)
        judged = ((each, judges.known(view, each)) for each in groups)
        accepted.extend(
            accepted_of(view, members, each)
            for members, each in judged
            if each is not None and len(members) <= MOST_COMPARED
        )
        return accepted

    session.accept(groups_in)
    return {
        "groups": len(accepted),
        "keep": sum(len(each.keep) for each in accepted),
        "reject": sum(len(each.reject) for each in accepted),
    }


def accept_group(
    session: Session, judges: Judges, photo: int, granularity: float, seen: str | None
) -> None:
    """Mark the photos of a group as it is suggested, and be done with it.

    Raises
    ------
    UnknownIdError
        If there is no such photo, or it stands alone.
    GroupChangedError
        If it is not the one that was seen.
    NotJudgedYetError
        If its photos were not examined yet.
    InputError
        If they are so many that nothing is suggested.
    """
    members = members_seen(session.view, photo, granularity, seen)
    if len(members) > MOST_COMPARED:
        raise InputError(f"{TOO_MANY}: look at a finer granularity.")
    with session.readers.store() as store:
        judges.judge(store, session.view, members)  # may take a while

    def group_in(view: View) -> list[Accepted]:
        members = members_seen(view, photo, granularity, seen)
        judged = judges.known(view, members)
        if judged is None:
            raise NotJudgedYetError
        return [accepted_of(view, members, judged)]

    session.accept(group_in)


def members_seen(view: View, photo: int, granularity: float, seen: str | None) -> Nodes:
    """Places of the photos of a group, if it is the one that a person saw."""
    cut = view.album.cut(granularity)
    members = cut.members_of(group_of(view, cut, photo))
    if seen not in (None, seen_as(view, members)):
        raise GroupChangedError
    return members


def accepted_of(view: View, members: Nodes, judged: Judgement) -> Accepted:
    """What is done where suggestions are accepted.

    Of a group that a person rejected altogether one photo stays, too; it stays marked as it is.
    """
    photos = view.album.photos.ids[members]
    rejected = {
        photo
        for photo, place in zip(photos.tolist(), members.tolist(), strict=True)
        if view.notes.mark_at(place) == "reject"
    }
    keep = [photo for photo in judged.of("keep") if photo not in rejected]
    return Accepted(photos, keep, judged.of("reject"))
