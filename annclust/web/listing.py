"""Listing: the groups of a cut in an order, page by page. Pure.

A page begins behind a group, not at a number of groups: who marks groups as resolved while looking
through the open ones neither misses one nor sees one twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import xxhash
from numpy.typing import NDArray

from annclust.arrays import Nodes, places_in
from annclust.web.cut import Cut

Order = Literal["largest", "least_certain", "newest"]


class StaleCursorError(Exception):
    """A page is asked for behind a group of other groups than those of now."""


class MalformedCursorError(Exception):
    """A page is asked for behind what no page ended with."""


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """Groups in an order, of which some are shown.

    Parameters
    ----------
    order : ndarray of shape (g,), int64
        All groups.
    shown : ndarray of shape (g,), bool
        Which of them.
    """

    order: Nodes
    shown: NDArray[np.bool_]

    def page(self, after: int, limit: int) -> tuple[Nodes, int | None]:
        """The next groups behind a place, and the place that the page after them begins behind."""
        places = np.flatnonzero(self.shown[self.order])
        start = int(np.searchsorted(places, after, side="right"))
        chosen = places[start : start + limit]
        more = start + limit < len(places)
        return self.order[chosen], int(chosen[-1]) if more else None

    def around(self, group: int) -> tuple[int | None, int | None]:
        """The groups shown before and after one, which need not be shown itself."""
        places = np.flatnonzero(self.shown[self.order])
        own = int(places_in(self.order)[group])
        before = int(np.searchsorted(places, own))
        after = int(np.searchsorted(places, own, side="right"))
        return (
            int(self.order[places[before - 1]]) if before else None,
            int(self.order[places[after]]) if after < len(places) else None,
        )


def in_order(cut: Cut, order: Order) -> Nodes:
    """All groups of a cut in an order; those equal by it by the smallest id of their photos."""
    keys = {
        "largest": -cut.size,
        "least_certain": cut.certainty,
        "newest": -cut.ended,  # what is unknown comes last
    }
    return np.lexsort((cut.lead, keys[order]))


_CURSOR: Final = re.compile(r"(\d{1,19})\.([0-9a-f]{16})\.(\d{1,19})", re.ASCII)
START: Final = -1
"""The place behind which the first page begins."""


def cursor_of(place: int, *, groups: int, listed: str) -> str:
    """What a page ends with: where, of which groups (their number), and listed how."""
    return f"{groups}.{xxhash.xxh3_64_hexdigest(listed.encode())}.{place}"


def place_of(cursor: str | None, *, groups: int, listed: str) -> int:
    """The place that a page begins behind.

    Raises
    ------
    StaleCursorError
        If `cursor` is of other groups, or of another listing of them.
    MalformedCursorError
        If it is none.
    """
    if cursor is None:
        return START
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise MalformedCursorError
    if cursor != cursor_of(int(found[3]), groups=groups, listed=listed):
        raise StaleCursorError
    return int(found[3])
