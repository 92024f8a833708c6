"""Notes: what a person said of an album's photos, as arrays: marks, and groups they are done with.

Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import ImageId, Nodes
from annclust.storage.records import Reviewed
from annclust.web.cut import AlbumPhotos, Cut

GroupState = Literal["open", "resolved", "skipped"]
"""What became of a group; every one is open at first."""

STATES: Final[tuple[GroupState, ...]] = get_args(GroupState)
"""In the order of their codes."""

_UNMARKED, _KEEP, _REJECT = 0, 1, 2
_MARKS: Final[Mapping[bool | None, int]] = {None: _UNMARKED, True: _KEEP, False: _REJECT}

Codes = NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Notes:
    """What was said of m photos.

    Parameters
    ----------
    mark : ndarray of shape (m,), int8
        0 if there is none, 1 to keep, 2 to reject.
    state : ndarray of shape (m,), int8
        Place in `STATES` of the group that each was in when it got that state.
    lead : ndarray of shape (m,), int64
        The smallest id of that group.
    stands : ndarray of shape (m,), bool
        Whether it stays instead of others, which were purged.
    """

    mark: Codes
    state: Codes
    lead: Nodes
    stands: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        photos: AlbumPhotos,
        marks: Mapping[ImageId, bool],
        reviews: Mapping[ImageId, Reviewed],
        keepers: Collection[ImageId],
    ) -> Notes:
        """What the catalog knows; of photos that the album lacks, nothing is kept."""
        m = len(photos.ids)
        mark, state = np.zeros(m, dtype=np.int8), np.zeros(m, dtype=np.int8)
        lead = np.full(m, -1, dtype=np.int64)
        told = np.array([[i, _MARKS[keep]] for i, keep in marks.items()], dtype=np.int64)
        images, codes = told.reshape(-1, 2).T
        there = photos.holds(images)
        mark[photos.places_of(images)] = codes[there]
        rows = [[i, STATES.index(each.state), each.lead] for i, each in reviews.items()]
        images, codes, leads = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        there, places = photos.holds(images), photos.places_of(images)
        state[places], lead[places] = codes[there], leads[there]
        return cls(mark, state, lead, np.isin(photos.ids, [*keepers]))

    def marked(self, places: Nodes, *, keep: bool | None) -> Notes:
        """The same, with another mark on some photos."""
        mark = self.mark.copy()
        mark[places] = _MARKS[keep]
        return replace(self, mark=mark)

    def reviewed(self, places: Nodes, state: GroupState, lead: int) -> Notes:
        """The same, with another state of a group."""
        states, leads = self.state.copy(), self.lead.copy()
        states[places] = STATES.index(state)
        leads[places] = -1 if state == "open" else lead
        return replace(self, state=states, lead=leads)

    def equals(self, other: Notes) -> bool:
        """Whether the same was said of the same number of photos."""
        return all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("mark", "state", "lead", "stands")
        )

    def mark_at(self, place: int) -> Literal["keep", "reject"] | None:
        """The mark of a photo."""
        return (None, "keep", "reject")[int(self.mark[place])]

    def kept(self, cut: Cut) -> Nodes:
        """Photos of each group that are marked to be kept."""
        return cut.count_of(self.mark == _KEEP)

    def rejected(self, cut: Cut) -> Nodes:
        """Photos of each group that are marked as rejects."""
        return cut.count_of(self.mark == _REJECT)

    def states(self, cut: Cut) -> Codes:
        """State of each group: that of its photos, if they agree in it and got it together."""
        state, lead = self.state[cut.members], self.lead[cut.members]
        of_first = np.repeat(cut.first, cut.size)
        agree = (state == state[of_first]) & (lead == lead[of_first])
        found: Codes = np.where(
            np.logical_and.reduceat(agree, cut.first), state[cut.first], 0
        ).astype(np.int8)
        return found
