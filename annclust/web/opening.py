"""Opening: the page of a collection, with all that answers for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from annclust.collection import Collection
from annclust.errors import InputError
from annclust.web.desk import Desk
from annclust.web.impatience import PATIENCE
from annclust.web.server import ReviewServer


@contextmanager
def reviewed(
    collection: Collection, *, port: int = 0, patience: float = PATIENCE
) -> Iterator[ReviewServer]:
    """A server for a collection, as `ReviewServer` says; it answers once it is run.

    Raises
    ------
    InputError
        If there are no photos.
    PortTakenError
        If another program listens at `port`.
    """
    status = collection.status()
    if not status.images:
        raise InputError(
            f"{collection.path} has no photos yet. Add some with annclust index PHOTOS."
        )
    with Desk(collection) as desk, ReviewServer(desk, port=port, patience=patience) as server:
        yield server
