"""Witness: looks at a collection that somebody writes to, and remembers what it saw.

Each look must show one whole state, and never one that is older than what was seen before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from operations import COLLECTION
from reading.rounds import PILLARS, TAKES, pillar, round_of

from annclust.collection import Collection

_EVERYTHING = 1_000
_ROUNDING = 1e-5

Look = Callable[[Collection], Iterator[str]]
"""Yields what is wrong with what it sees."""


@dataclass(frozen=True, slots=True)
class _Photo:
    """A record of the photo table."""

    id: int
    path: Path
    cluster: int | None
    representative: bool

    @classmethod
    def of(cls, record: Mapping[str, object]) -> Self:
        cluster = record["cluster"]
        return cls(
            int(str(record["id"])),
            Path(str(record["path"])),
            None if cluster is None else int(str(cluster)),
            bool(record["representative"]),
        )


class Witness:
    """One reader's eyes and memory.

    Parameters
    ----------
    folder : Path
        Holds album and collection.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / COLLECTION
        self._asked = pillar(folder, 0)
        self._place_of: dict[int, str] = {}
        self._id_of_pillar: dict[str, int] = {}
        self._newest = 0
        self._generations: dict[str, int] = {}
        self._distances: dict[Path, float] = {}
        self.looks: tuple[tuple[float, Look], ...] = (
            (0.47, self._status),
            (0.30, self._ids),
            (0.15, self._table),
            (0.05, self._similar),
            (0.025, self._clusters),
            (0.005, self._check),
        )
        """What it looks at, and which share of the time."""

    def _status(self, collection: Collection) -> Iterator[str]:
        status = collection.status()
        if (status.images - PILLARS) % TAKES or status.removed % TAKES:
            yield f"a round is torn: {status.images} photos, {status.removed} removed"
        if status.images > status.vectors:
            yield f"{status.images} photos have {status.vectors} vectors"
        for kind, found in (("index", status.index), ("graph", status.graph)):
            if found is not None:
                yield from self._never_back(kind, int(str(found["generation"])))

    def _never_back(self, kind: str, generation: int) -> Iterator[str]:
        if generation < self._generations.get(kind, 0):
            yield f"{kind} generation {generation} comes after {self._generations[kind]}"
        self._generations[kind] = generation

    def _ids(self, collection: Collection) -> Iterator[str]:
        ids = collection.photo_ids()
        if (len(ids) - PILLARS) % TAKES:
            yield f"a round is torn: {len(ids)} ids"
        if ids != sorted(set(ids)):
            yield "an id is there twice"

    def _table(self, collection: Collection) -> Iterator[str]:
        photos = [_Photo.of(record) for record in collection.photo_table().records]
        yield from self._same_ids(photos)
        yield from self._whole(photo.path for photo in photos)
        clusters: dict[int, list[_Photo]] = defaultdict(list)
        for photo in photos:
            if photo.cluster is not None:
                clusters[photo.cluster].append(photo)
        for number, members in clusters.items():
            yield from _of_one_round(number, (photo.path for photo in members))
            chosen = sum(photo.representative for photo in members)
            if chosen != 1:
                yield f"cluster {number} has {chosen} representatives"

    def _same_ids(self, photos: Iterable[_Photo]) -> Iterator[str]:
        """No id is given twice, and who stays keeps it; who comes back may get a new one."""
        for photo in photos:
            place = str(photo.path)
            if self._place_of.setdefault(photo.id, place) != place:
                yield f"photo {photo.id} was {self._place_of[photo.id]} and is {place}"
            pillar = round_of(photo.path) is None
            if pillar and self._id_of_pillar.setdefault(place, photo.id) != photo.id:
                yield f"{place} was photo {self._id_of_pillar[place]} and is {photo.id}"

    def _whole(self, paths: Iterable[Path]) -> Iterator[str]:
        """Each round is there as a whole, and the newest is not older than it was before."""
        rounds = Counter(round_of(path) for path in paths)
        if rounds.pop(None, 0) != PILLARS:
            yield "a photo that always stays is missing"
        torn = {number: count for number, count in rounds.items() if count != TAKES}
        if torn:
            yield f"rounds are torn: {torn}"
        newest = max((number for number in rounds if number is not None), default=0)
        if newest < self._newest:
            yield f"back to round {newest} after {self._newest}"
        self._newest = newest

    def _similar(self, collection: Collection) -> Iterator[str]:
        matches = collection.similar(self._asked, _EVERYTHING)
        if matches[0].path != self._asked or matches[0].distance > 0:
            yield f"{self._asked.name} does not find itself"
        yield from self._whole(match.path for match in matches)
        for match in matches:
            before = self._distances.setdefault(match.path, match.distance)
            if abs(before - match.distance) > _ROUNDING:
                yield f"{match.path} was at {before} and is at {match.distance}"

    def _clusters(self, collection: Collection) -> Iterator[str]:
        for cluster in collection.clusters():
            paths = [photo.path for photo in cluster.members]
            yield from _of_one_round(cluster.id, paths)
            if cluster.representative not in cluster.members:
                yield f"cluster {cluster.id} has a representative that is no member"

    def _check(self, collection: Collection) -> Iterator[str]:
        for problem in collection.check().problems:
            yield f"check: {problem.invariant}: {problem.message}"


def _of_one_round(cluster: object, paths: Iterable[Path]) -> Iterator[str]:
    """A cluster holds one whole round, whose photos are alike; a pillar may join and outlive it."""
    rounds = Counter(round_of(path) for path in paths)
    rounds.pop(None, None)
    if list(rounds.values()) not in ([], [TAKES]):
        yield f"cluster {cluster} has photos of rounds {dict(rounds)}"
