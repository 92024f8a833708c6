"""Map routes: where all photos are in two dimensions."""

from __future__ import annotations

from threading import Lock

import numpy as np
from fastapi import APIRouter
from starlette.responses import Response

from annclust.arrays import Labels
from annclust.pipeline.maps import PhotoMap, stored_map
from annclust.settings import GRANULARITY
from annclust.web.documents import MapDocument
from annclust.web.routing import GranularityQuery
from annclust.web.session import Session, UnknownIdError, View


class _KeptMap:
    """The map as it was read last: reading takes longer than all that is asked about it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = Lock()
        self._known: tuple[object, PhotoMap | None] | None = None

    def find(self) -> PhotoMap | None:
        """The map of now."""
        with self._lock, self._session.readers.store() as store:
            state = store.catalog.generation("map"), self._session.view.album.state
            if self._known is None or self._known[0] != state:
                self._known = state, stored_map(store)
            return self._known[1]


def map_routes(session: Session) -> APIRouter:
    """What is asked about the map."""
    routes = APIRouter(prefix="/api/map")
    kept = _KeptMap(session)

    @routes.get("")
    def about() -> MapDocument:
        """Whether there is a map, and of what."""
        found = kept.find()
        if found is None:
            return MapDocument(state="absent", photos=0, digest="")
        return MapDocument(
            state="stale" if found.stale else "ready",
            photos=len(found.ids),
            digest=found.digest,
        )

    @routes.get("/points", response_class=Response)
    def points(granularity: GranularityQuery = GRANULARITY["shots"]) -> Response:
        """Every photo: its id, its place from 0 to 1, and the smallest id of its group, or -1.

        Little-endian: how many (uint32), the ids (int32), x and y (float32), groups (int32).
        """
        found = kept.find()
        if found is None:
            raise UnknownIdError("map")
        return Response(
            _packed(found, _leads(session.view, granularity, found)),
            media_type="application/octet-stream",
        )

    return routes


def _leads(view: View, granularity: float, found: PhotoMap) -> Labels:
    """Smallest id of the group of each photo of the map; -1 where it stands alone."""
    cut, photos = view.album.cut(granularity), view.album.photos
    places = np.minimum(np.searchsorted(photos.ids, found.ids), max(len(photos.ids) - 1, 0))
    group = np.where(photos.ids[places] == found.ids, cut.group[places], -1)
    return np.where(group >= 0, np.append(cut.lead, -1)[group], -1)


def _packed(found: PhotoMap, leads: Labels) -> bytes:
    x, y = found.places.T.astype("<f4")
    ids, groups = found.ids.astype("<i4"), leads.astype("<i4")
    return b"".join(part.tobytes() for part in (np.array([len(ids)], "<u4"), ids, x, y, groups))
