"""Photo routes: single photos, and what they look like."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final, Literal

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query
from starlette.responses import Response

from annclust.errors import PhotoGoneError, UnknownPhotoError
from annclust.pipeline.deciding import decisions
from annclust.pipeline.pictures import Pictures
from annclust.settings import GRANULARITY
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store
from annclust.web.decision_routes import decision_documents
from annclust.web.documents import GroupOfPhoto, PhotoDocument
from annclust.web.photo_documents import photo_facts, version_of
from annclust.web.routing import GranularityQuery, PathId
from annclust.web.session import Session, UnknownIdError, View

Side = Literal["2048", "0"]
"""Longest side of a picture in pixels; 0 as it is."""

Version = Annotated[str | None, Query(max_length=64)]

_AT_A_TIME: Final = 4
"""Pictures that are made or read at a time, so that nothing else waits for them."""

_FOREVER: Final = 31_536_000
_A_WHILE: Final = 600
"""Seconds that a browser may keep a picture, whose address names its content, or does not."""


def photo_routes(session: Session, pictures: Pictures) -> APIRouter:
    """What is asked about single photos."""
    routes = APIRouter()
    limiter = CapacityLimiter(_AT_A_TIME)

    async def picture(
        photo: int, version: str | None, make: Callable[[ImageRecord], bytes], media_type: str
    ) -> Response:
        def made() -> tuple[bytes, str]:
            with session.readers.store() as store:
                record = _record(store, photo)
            return _picture(record, make), version_of(record.digest)

        body, current = await to_thread.run_sync(made, limiter=limiter)
        kept = _FOREVER if version == current else _A_WHILE
        headers = {"cache-control": f"private, max-age={kept}"}
        return Response(body, headers=headers, media_type=media_type)

    @routes.get("/photos/{photo:id}/thumbnail", response_class=Response)
    async def thumbnail(photo: PathId, v: Version = None) -> Response:
        """A small picture of a photo."""
        return await picture(photo, v, pictures.thumbnail, "image/webp")

    @routes.get("/photos/{photo:id}/picture", response_class=Response)
    async def full(photo: PathId, side: Side = "2048", v: Version = None) -> Response:
        """A picture of a photo, as large as a screen or as it is."""
        if side == "0":
            return await picture(photo, v, partial(pictures.picture, full=True), "image/jpeg")
        return await picture(photo, v, pictures.picture, "image/webp")

    @routes.get("/api/photos/{photo:id}")
    def one(photo: PathId, granularity: GranularityQuery = GRANULARITY["shots"]) -> PhotoDocument:
        """A photo and the group that it is in."""
        view = session.view
        with session.readers.store() as store, store.catalog.snapshot():
            record = _record(store, photo)
            found = photo_facts(store, [photo], view.album, view.notes)
            said = decisions(store, record.digest)
        facts = found[record.id]
        return PhotoDocument(
            **facts, group=_group(view, photo, granularity), decisions=decision_documents(said)
        )

    return routes


def _record(store: Store, photo: int) -> ImageRecord:
    found = store.catalog.images_by_id([photo])
    if not found:
        raise UnknownIdError("photo")
    return found[0]


def _picture(photo: ImageRecord, make: Callable[[ImageRecord], bytes]) -> bytes:
    try:
        return make(photo)
    except UnknownPhotoError as error:  # its file is there, and is another picture by now
        raise PhotoGoneError(photo.full_path) from error


def _group(view: View, photo: int, granularity: float) -> GroupOfPhoto | None:
    place = view.album.photos.place_of(photo)
    cut = view.album.cut(granularity)
    if place is None or cut.group[place] < 0:
        return None
    group = cut.group[place]
    return GroupOfPhoto(lead=int(cut.lead[group]), size=int(cut.size[group]))
