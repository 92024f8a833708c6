"""Rounds: an album that comes and goes in whole rounds, and the writer that keeps up with it.

Whoever looks at the collection must find all photos of a round or none, as each is entered and
removed in one transaction, and never a newest round that is older than one it saw before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from corrupting.questions import ONE_THREAD
from numpy.random import Generator
from operations import COLLECTION, PHOTOS
from scenes import EMBEDDER, photograph

from annclust.collection import Collection

PILLARS, TAKES = 3, 4
"""Photos that always stay, each a scene of its own; photos of a round, all of one scene."""

_MOST = 6
"""Rounds in the album; few, so that every round costs the same."""
_FIRST_SCENE = 1_000
_NAME = re.compile(r"round-(\d+)")


def round_of(path: Path) -> int | None:
    """The round of a photo; None for a pillar."""
    found = _NAME.fullmatch(path.parent.name)
    return int(found[1]) if found else None


def pillar(folder: Path, number: int) -> Path:
    """Where a photo lies that always stays."""
    return folder / PHOTOS / "pillars" / f"{number}.png"


class Album:
    """The photos; whole rounds appear and disappear by renaming a folder.

    Parameters
    ----------
    folder : Path
        Holds the album, and beside it what is not in it.
    """

    def __init__(self, folder: Path) -> None:
        self._photos, self._away = folder / PHOTOS, folder / "away"
        self._beside = folder / "beside"
        for place in (self._photos, self._away, self._beside):
            place.mkdir(exist_ok=True)

    def present(self) -> list[int]:
        """Rounds in the album, oldest first."""
        return _rounds(self._photos)

    def away(self) -> list[int]:
        """Rounds that were taken away, oldest first."""
        return _rounds(self._away)

    def newest(self) -> int:
        """The last round that was added."""
        return max([*self.present(), *self.away()])

    def shoot(self, number: int) -> None:
        """Add a new round."""
        name = _folder(number)
        for take in range(TAKES):
            photograph(self._beside / name / f"{take}.png", _FIRST_SCENE + number, take)
        (self._beside / name).rename(self._photos / name)

    def take_away(self, number: int) -> None:
        """Let a round disappear."""
        (self._photos / _folder(number)).rename(self._away / _folder(number))

    def bring_back(self, number: int) -> None:
        """Let a round appear again."""
        (self._away / _folder(number)).rename(self._photos / _folder(number))


def _folder(number: int) -> str:
    return f"round-{number:05d}"


def _rounds(folder: Path) -> list[int]:
    found = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return sorted(int(name[1]) for name in found if name)


def prepare(folder: Path) -> None:
    """Make the album and the collection, with the first round."""
    for number in range(PILLARS):
        photograph(pillar(folder, number), number, 0)
    Album(folder).shoot(0)
    with Collection(folder / COLLECTION, embedder=EMBEDDER, settings=ONE_THREAD) as made:
        made.index([folder / PHOTOS])
        made.cluster()


def write(folder: Path, seed: int, told: Connection) -> None:
    """Change album and collection in any order, until killed; tells each step that begins."""
    album, rng = Album(folder), np.random.default_rng(seed)
    with Collection(folder / COLLECTION, create=False, settings=ONE_THREAD) as collection:
        while True:
            step = STEPS[int(rng.integers(len(STEPS)))]
            told.send(step.__name__.strip("_"))
            step(album, collection, rng)


def _go_on(album: Album, collection: Collection, _rng: Generator) -> None:
    """Add a round; the oldest goes if there are many."""
    present = album.present()
    album.shoot(album.newest() + 1)
    if len(present) >= _MOST:
        album.take_away(present[0])
    collection.index(forget_missing=True)


def _take_away(album: Album, collection: Collection, rng: Generator) -> None:
    """Remove a round, but never the newest: by it readers tell which state is older."""
    present = album.present()
    if len(present) > 1:
        album.take_away(present[int(rng.integers(len(present) - 1))])
    collection.index(forget_missing=True)


def _bring_back(album: Album, collection: Collection, rng: Generator) -> None:
    away = album.away()
    if away and len(album.present()) <= _MOST:
        album.bring_back(away[int(rng.integers(len(away)))])
    collection.index()


def _cluster(_album: Album, collection: Collection, _rng: Generator) -> None:
    collection.cluster()


def _compact(_album: Album, collection: Collection, _rng: Generator) -> None:
    collection.compact()


Step = Callable[[Album, Collection, Generator], None]
STEPS: tuple[Step, ...] = (_go_on, _go_on, _take_away, _bring_back, _cluster, _cluster, _compact)
