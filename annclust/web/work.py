"""Work: what each kind of job does."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from typing import Any

from annclust.pipeline.photo_groups import GroupChoices
from annclust.progress import Progress
from annclust.settings import SearchSettings
from annclust.storage.store_writer import StoreWriter
from annclust.web.examiner import Examiner
from annclust.web.jobs import Result, Work
from annclust.web.judging import Judges
from annclust.web.purging import Only, Plans, apply_kept, plan_groups, undo
from annclust.web.session import Session, UnknownIdError
from annclust.web.suggesting import accept_groups, examine_groups, require_unchanged
from annclust.web.work_documents import (
    AcceptJob,
    ApplyJob,
    ClusterJob,
    ExamineJob,
    JobWish,
    MapJob,
    PlanJob,
    UndoJob,
)


class Workshop:
    """Knows how each kind of job is done.

    Parameters
    ----------
    session : Session
    judges : Judges
    examiner : Examiner
    plans : Plans
    search : SearchSettings
    """

    def __init__(
        self,
        session: Session,
        judges: Judges,
        examiner: Examiner,
        plans: Plans,
        search: SearchSettings,
    ) -> None:
        self._session, self._judges, self._examiner = session, judges, examiner
        self._plans, self._search = plans, search

    def work_of(self, wish: JobWish) -> Work:
        """What a job is to do; what cannot be done at all is refused here.

        Raises
        ------
        UnknownIdError
            If there is no such plan.
        SuggestionsChangedError
            If others would be accepted than a person saw.
        """
        match wish:
            case ClusterJob():
                return self._cluster
            case MapJob():
                return self._map
            case ExamineJob(granularity=granularity):
                return partial(self._examine, granularity)
            case AcceptJob(revision=revision):
                require_unchanged(self._session.view, revision)
                return partial(self._accept, wish)
            case PlanJob(granularity=granularity, only=only):
                return partial(self._plan, granularity, only)
            case ApplyJob(plan=number, digest=digest):
                return self._apply(number, digest)
            case UndoJob(purge=number):
                return lambda progress: undo(self._session, number, progress)

    def _cluster(self, progress: Progress) -> Result:
        """Group the photos as the last time, or for the first time."""
        from annclust.pipeline.grouping import cluster_photos  # loads what only grouping needs

        with self._session.working() as store:
            level, choices = _as_last_time(store)
            _, report = cluster_photos(store, level, choices, self._search, progress)
        return {"groups": report.clusters, "photos": report.images}

    def _map(self, progress: Progress) -> Result:
        """Draw the map, if it is out of date."""
        from annclust.pipeline.maps import refresh_map  # loads what only drawing needs

        with self._session.working() as store:
            drawn = refresh_map(store, self._search, progress)
        return {"photos": len(drawn.ids)}

    def _examine(self, granularity: float, progress: Progress) -> Result:
        self._judges.forget_failures()
        examine_groups(self._session, self._judges, self._examiner, granularity, progress)
        return {}

    def _accept(self, wish: AcceptJob, progress: Progress) -> Result:
        return accept_groups(self._session, self._judges, self._examiner, wish, progress)

    def _plan(self, granularity: float, only: Only, progress: Progress) -> Result:
        self._judges.forget_failures()
        plan = plan_groups(self._session, self._examiner, granularity, only, progress)
        kept = self._plans.keep(plan)
        return {"plan": plan.id, "digest": kept.digest, **asdict(plan.totals)}

    def _apply(self, number: str, digest: str) -> Work:
        kept = self._plans.find(number)
        if kept.digest != digest:
            raise UnknownIdError("plan: it is not the one that was shown")
        return lambda progress: apply_kept(self._session, kept, progress)


def _as_last_time(store: StoreWriter) -> tuple[Any, Any]:
    from annclust.pipeline.grouping import choose

    last = store.catalog.clustering()
    told = {} if last is None else json.loads(last.settings)
    choices = GroupChoices.from_dict(told) if "granularity" in told else None
    if last is not None and choices is not None:
        return last.level, choices
    return choose(None, granularity=None, times=None)
