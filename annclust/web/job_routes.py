"""Job routes: long work is started, watched and stopped."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.status import HTTP_202_ACCEPTED

from annclust.web.jobs import Job, Jobs
from annclust.web.routing import PathId
from annclust.web.session import UnknownIdError
from annclust.web.work import Workshop
from annclust.web.work_documents import (
    CurrentJob,
    JobDocument,
    JobStarted,
    JobWish,
)


def job_routes(jobs: Jobs, workshop: Workshop) -> APIRouter:
    """What is asked about jobs."""
    routes = APIRouter(prefix="/api/jobs")

    @routes.post("", status_code=HTTP_202_ACCEPTED)
    def start(wish: JobWish) -> JobStarted:
        """Start long work."""
        return JobStarted(job=jobs.start(wish.kind, workshop.work_of(wish)).id)

    @routes.get("/current")
    def current() -> CurrentJob:
        """What is running, or ended last."""
        job = jobs.current
        return CurrentJob(job=None if job is None else _document(job))

    @routes.get("/{number:id}")
    def one(number: PathId) -> JobDocument:
        """One of the last jobs."""
        return _document(_found(jobs, number))

    @routes.post("/{number:id}/stop")
    def stop(number: PathId) -> JobDocument:
        """Stop a job at its next safe place."""
        job = _found(jobs, number)
        jobs.stop(number)
        return _document(job)

    return routes


def _found(jobs: Jobs, number: int) -> Job:
    job = jobs.find(number)
    if job is None:
        raise UnknownIdError("job")
    return job


def _document(job: Job) -> JobDocument:
    return JobDocument(
        id=job.id,
        kind=job.kind,
        state=job.state,
        stage=job.stage,
        done=job.done,
        total=job.total,
        result=None if job.result is None else dict(job.result),
        error=job.error,
    )
