"""App: all routes together, behind the guard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from anyio import to_thread
from fastapi import FastAPI
from starlette.types import ASGIApp

from annclust.web.admission import Admission
from annclust.web.collection_routes import collection_routes
from annclust.web.decision_routes import decision_routes
from annclust.web.desk import Desk
from annclust.web.group_routes import group_routes
from annclust.web.guard import Guard
from annclust.web.job_routes import job_routes
from annclust.web.map_routes import map_routes
from annclust.web.pages import page_routes
from annclust.web.photo_routes import photo_routes
from annclust.web.purge_routes import purge_routes
from annclust.web.review_routes import review_routes
from annclust.web.routing import PROBLEMS, tell_problems
from annclust.web.similar_routes import similar_routes

_THREADS: Final = 8
"""Questions that are answered at a time, pictures not counted; the others wait."""

_MOST_JSON: Final = 64 << 10
_MOST_PICTURE: Final = 64 << 20


def make_app(desk: Desk, admission: Admission) -> ASGIApp:
    """The application that a server runs."""
    session, about = desk.session, desk.about
    app = FastAPI(
        title="annclust review",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_with_threads,
        responses=PROBLEMS,
    )
    tell_problems(app, lambda: desk.writing)
    app.include_router(collection_routes(session, about, desk.lookalikes))
    app.include_router(group_routes(session, desk.judges, desk.examiner))
    app.include_router(review_routes(session, desk.judges))
    app.include_router(photo_routes(session, desk.pictures))
    app.include_router(similar_routes(session, desk.lookalikes))
    app.include_router(decision_routes(session))
    app.include_router(job_routes(desk.jobs, desk.workshop))
    app.include_router(map_routes(session))
    app.include_router(purge_routes(session, desk.plans))
    app.include_router(page_routes(admission, about.name))
    return Guard(app, admission, most_bytes=most_bytes)


@asynccontextmanager
async def _with_threads(_app: FastAPI) -> AsyncIterator[None]:
    to_thread.current_default_thread_limiter().total_tokens = _THREADS
    yield


def most_bytes(path: str) -> int:
    """How long what is sent to a path may be."""
    return _MOST_PICTURE if path == "/api/similar" else _MOST_JSON
