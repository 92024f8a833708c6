"""Photo routes: single photos, and what they look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, Literal

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query
from starlette.responses import Response

from annclust.settings import GRANULARITY
from annclust.web.documents import GroupOfPhoto, PhotoDocument
from annclust.web.photo_documents import photo_facts
from annclust.web.pictures_shown import Shown, ShownPictures
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


def photo_routes(session: Session, pictures: ShownPictures) -> APIRouter:
    """What is asked about single photos."""
    routes = APIRouter()
    limiter = CapacityLimiter(_AT_A_TIME)

    async def picture(photo: int, version: str | None, make: Callable[[int], Shown]) -> Response:
        shown = await to_thread.run_sync(make, photo, limiter=limiter)
        kept = _FOREVER if version == shown.version else _A_WHILE
        headers = {"cache-control": f"private, max-age={kept}"}
        return Response(shown.body, headers=headers, media_type=shown.media_type)

    @routes.get("/photos/{photo:id}/thumbnail", response_class=Response)
    async def thumbnail(photo: PathId, v: Version = None) -> Response:
        """A small picture of a photo."""
        return await picture(photo, v, pictures.thumbnail)

    @routes.get("/photos/{photo:id}/picture", response_class=Response)
    async def full(photo: PathId, side: Side = "2048", v: Version = None) -> Response:
        """A picture of a photo, as large as a screen or as it is."""
        make = pictures.whole if side == "0" else pictures.screen
        return await picture(photo, v, make)

    @routes.get("/api/photos/{photo:id}")
    def one(photo: PathId, granularity: GranularityQuery = GRANULARITY["shots"]) -> PhotoDocument:
        """A photo and the group that it is in."""
        view = session.view
        with session.readers.store() as store:
            found = photo_facts(store, [photo], view.album, view.notes)
        if not found:
            raise UnknownIdError("photo")
        (facts,) = found.values()
        return PhotoDocument(**facts, group=_group(view, photo, granularity), decisions=[])

    return routes


def _group(view: View, photo: int, granularity: float) -> GroupOfPhoto | None:
    place = view.album.photos.place_of(photo)
    cut = view.album.cut(granularity)
    if place is None or cut.group[place] < 0:
        return None
    group = cut.group[place]
    return GroupOfPhoto(lead=int(cut.lead[group]), size=int(cut.size[group]))
