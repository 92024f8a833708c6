"""Similar routes: what looks like a photo, a file that somebody drops on the page, or a text."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request

from annclust.arrays import ImageId
from annclust.errors import UnreadableImageError
from annclust.pipeline.reports import Match
from annclust.settings import GRANULARITY
from annclust.storage.durable import storage_errors
from annclust.web.documents import Photo, SimilarDocument, SimilarPhoto
from annclust.web.lookalikes import Lookalikes
from annclust.web.photo_documents import photo_facts
from annclust.web.routing import GranularityQuery, PathId
from annclust.web.session import Session, UnknownIdError, View

Number = Annotated[int, Query(ge=1, le=500)]
Text = Annotated[str, Query(min_length=1, max_length=1000)]

_NUMBER: Final = 60
_SHOTS: Final = GRANULARITY["shots"]
_UPLOADS: Final = 2
"""Files that are taken at a time; they may be large."""

_QUESTIONS: Final = 2
"""That are answered at a time. While a model is loaded all of them wait, and nothing else may."""

_ANY_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def similar_routes(session: Session, lookalikes: Lookalikes) -> APIRouter:
    """What is asked about likeness."""
    routes = APIRouter(prefix="/api")
    uploads, limiter = CapacityLimiter(_UPLOADS), CapacityLimiter(_QUESTIONS)

    async def answered(ask: Callable[[], SimilarDocument]) -> SimilarDocument:
        return await to_thread.run_sync(ask, limiter=limiter)

    @routes.get("/photos/{photo:id}/similar")
    async def to_photo(
        photo: PathId, n: Number = _NUMBER, granularity: GranularityQuery = _SHOTS
    ) -> SimilarDocument:
        """Photos that look like one."""
        return await answered(partial(_of_photo, session, lookalikes, photo, n, granularity))

    @routes.get("/similar")
    async def to_text(
        text: Text, n: Number = _NUMBER, granularity: GranularityQuery = _SHOTS
    ) -> SimilarDocument:
        """Photos that show what a text says."""
        return await answered(lambda: _document(session, lookalikes.of_text(text, n), granularity))

    @routes.post("/similar", openapi_extra=_ANY_BODY)
    async def to_file(
        request: Request, n: Number = _NUMBER, granularity: GranularityQuery = _SHOTS
    ) -> SimilarDocument:
        """Photos that look like a file."""
        async with uploads, _written(request) as path:
            return await answered(
                lambda: _document(session, _of_upload(lookalikes, path, n), granularity)
            )

    return routes


@asynccontextmanager
async def _written(request: Request) -> AsyncIterator[Path]:
    """What somebody sends, as a file, as long as it is asked about."""
    with ExitStack() as opened:
        with storage_errors(Path(tempfile.gettempdir())):
            file = opened.enter_context(tempfile.NamedTemporaryFile(prefix="annclust-"))
            async for part in request.stream():
                file.write(part)
            file.flush()
        yield Path(file.name)


def _of_photo(
    session: Session, lookalikes: Lookalikes, photo: int, n: int, granularity: float
) -> SimilarDocument:
    with session.readers.store() as store:
        records = store.catalog.images_by_id([photo])
    if not records:
        raise UnknownIdError("photo")
    return _document(session, lookalikes.of_photo(records[0], n), granularity, photo)


def _of_upload(lookalikes: Lookalikes, path: Path, n: int) -> list[Match]:
    try:
        return lookalikes.of_file(path, n)
    except UnreadableImageError as error:
        raise UnreadableImageError(Path("this file"), reason=error.reason) from error


def _document(
    session: Session, matches: Sequence[Match], granularity: float, query: int | None = None
) -> SimilarDocument:
    view = session.view
    wanted = [each.id for each in matches]
    with session.readers.store() as store:
        facts = photo_facts(
            store, wanted if query is None else [*wanted, query], view.album, view.notes
        )
    if query is not None and ImageId(query) not in facts:  # it went just now
        raise UnknownIdError("photo")
    lead = _leads(view, granularity)
    return SimilarDocument(
        query=None if query is None else Photo(**facts[ImageId(query)]),
        matches=[
            SimilarPhoto(
                photo=Photo(**facts[each.id]),
                similarity=each.similarity,
                distance=each.distance,
                group_lead=lead(each.id),
            )
            for each in matches
            if each.id in facts
        ],
    )


def _leads(view: View, granularity: float) -> Callable[[int], int | None]:
    """What gives the smallest id of the group that a photo is in at a granularity."""
    cut = view.album.cut(granularity)

    def lead(photo: int) -> int | None:
        place = view.album.photos.place_of(photo)
        if place is None or cut.group[place] < 0:
            return None
        return int(cut.lead[cut.group[place]])

    return lead
