"""Workload: lives the life of a collection for real, and says after each change that it is done.

    python scripts/faults/workload.py FOLDER --seed 1 --rounds 3 [--after STEP] [--bug NAME]

No image is decoded: every vector is made from a number, so that whoever looks can make it again.
Each acknowledged change is one line, its step in the life of that seed; `inspection` says
whether a collection that was left at any moment is as it was acknowledged.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from blake3 import blake3
from living.bugs import plant
from living.life import ROUND, life
from living.life_changes import (
    Begin,
    BuildGraph,
    BuildIndex,
    Change,
    Cluster,
    Compact,
    Embed,
    Enter,
    Reopen,
    Settle,
    Shrink,
)
from living.life_states import group, vector_number
from operations import COLLECTION

from annclust.arrays import ImageId, Vectors, unit_rows
from annclust.embedding.embedder import EmbedderSpec
from annclust.pipeline.derived import refresh_graph, refresh_index
from annclust.pipeline.live_vectors import live_vectors
from annclust.settings import SearchSettings
from annclust.storage.generation_writer import array_writer
from annclust.storage.store_writer import EmbeddedContent, StoreWriter

SPEC = EmbedderSpec("life", "1", 96)
ROOT = b"/photos"
LEVEL = "shots"
SEARCH = SearchSettings(neighbors=4, threads=1)
_SIZE, _TIME, _SIDE = 1_000, 1, 96


@cache
def vector(number: int) -> Vectors:
    """A unit vector of its own for each number, shape (d,)."""
    chosen = np.random.default_rng(number).standard_normal((1, SPEC.dimension))
    made: Vectors = unit_rows(chosen)[0]
    return made


@cache
def digest(content: int) -> bytes:
    """Digest of a content."""
    return blake3(f"content {content}".encode()).digest()


class Living:
    """A collection in which life goes on.

    Parameters
    ----------
    folder : Path
        Holds the collection, or will.
    seed : int
    after : int
        The step that the collection is at.
    """

    def __init__(self, folder: Path, seed: int, after: int = 0) -> None:
        self._path, self._life, self.step = folder / COLLECTION, life(seed), after
        self._store = StoreWriter(self._path) if after else None

    @property
    def store(self) -> StoreWriter:
        """The collection."""
        if self._store is None:
            raise RuntimeError("life has not begun")
        return self._store

    def go_on(self) -> int:
        """Take the next step; gives its number."""
        self._perform(self._life.change(self.step + 1))
        self.step += 1
        return self.step

    def go_on_for_a_round(self, done: Callable[[int], None] = lambda _: None) -> None:
        """Take as many steps as a round has, and tell each that is done."""
        for _ in ROUND:
            done(self.go_on())

    def close(self) -> None:
        """Let go of the collection."""
        store, self._store = self._store, None
        if store is not None:
            store.close()

    def _perform(self, change: Change) -> None:
        match change:
            case Begin():
                self._store = StoreWriter.create(self._path, SPEC)
            case Embed(contents):
                self.store.append([_embedded(content) for content in contents])
            case Enter():
                self._enter(change)
            case Settle():
                self._settle(change)
            case Compact():
                self.store.compact()
            case Shrink():
                self.store.catalog.shrink()
            case Reopen():
                self.close()
                self._store = StoreWriter(self._path)
            case _:
                self._derive(change)

    def _derive(self, change: BuildIndex | BuildGraph | Cluster) -> None:
        match change:
            case BuildIndex():
                refresh_index(self.store, SEARCH)
            case BuildGraph():
                refresh_graph(self.store, live_vectors(self.store), SEARCH)
            case Cluster():
                self._cluster()

    def _enter(self, change: Enter) -> None:
        catalog = self.store.catalog
        with catalog.transaction():
            root = catalog.add_root(ROOT, device=1).id
            for photo in change.photos:
                path = os.fsencode(photo.path)
                catalog.add_image(root, path, _SIZE, _TIME, digest(photo.content))

    def _settle(self, change: Settle) -> None:
        catalog = self.store.catalog
        photos = self._life.state(self.step).photos
        with catalog.transaction():
            root = catalog.add_root(ROOT, device=1).id
            catalog.remove_images(ImageId(number) for number in change.gone)
            for number, path in change.moved:
                held = digest(photos[number].content)
                catalog.place_image(ImageId(number), root, os.fsencode(path), _SIZE, _TIME, held)

    def _cluster(self) -> None:
        """Store groups as `annclust.pipeline.grouping` does, found in a simpler way."""
        store, state = self.store, self._life.state(self.step)
        after = self._life.state(self.step + 1)
        rows = live_vectors(store).rows
        arrays = {"rows": rows, "groups": np.array([group(row, state) for row in state.live])}
        tree = store.write_generation(
            "tree", {f"{n}.npy": array_writer(a) for n, a in arrays.items()}, basis="", spec={}
        )
        with store.catalog.transaction():
            unneeded = store.catalog.add_generation(tree)
            store.catalog.add_clustering(
                LEVEL,
                settings="{}",
                summary="{}",
                members=[(r, c, 1.0) for r, c in after.clusters.items()],
                representatives={c: ImageId(photo) for c, photo in after.chosen.items()},
                next_cluster=after.next_cluster,
            )
        store.discard(unneeded)


def _embedded(content: int) -> EmbeddedContent:
    made = vector(vector_number(content))
    return EmbeddedContent(digest(content), _SIZE, _SIDE, _SIDE, "PNG", made)


def command(
    folder: Path, seed: int, rounds: int, *, after: int = 0, bug: str | None = None
) -> list[str]:
    """The command line of this program."""
    options = ["--seed", str(seed), "--rounds", str(rounds), "--after", str(after)]
    planted = [] if bug is None else ["--bug", bug]
    return [sys.executable, __file__, str(folder), *options, *planted]


def acknowledge(step: int) -> None:
    """Say that a step is done: in one call, so that a line is there as a whole or not at all."""
    os.write(1, b"%d\n" % step)


def acknowledged(output: str | bytes, before: int = 0) -> int:
    """The last step that was acknowledged."""
    lines = output.split()
    return int(lines[-1]) if lines else before


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--after", type=int, default=0, help="the step that was reached before")
    parser.add_argument("--bug", help="a bug to plant (planted_bugs.py lists them)")
    options = parser.parse_args()
    plant(options.bug)
    living = Living(options.folder, options.seed, options.after)
    for _ in range(options.rounds):
        living.go_on_for_a_round(acknowledge)
    living.close()


if __name__ == "__main__":
    main()
