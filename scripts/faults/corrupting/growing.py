"""Growing: makes the specimens, each in its own way and with an album of its own.

There is one that grew, one that was compacted, and two whose writer was killed, so that part of
the catalog is in its write-ahead log alone. A log that is damaged ends early for SQLite; what is
right then is what was right before the commits that are lost.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from corrupting.questions import ONE_THREAD, Answer, Answers, Question, ask, making, reading
from corrupting.specimens import LOG, SHARED, Specimen
from corrupting.sqlite_files import commit_ends
from operations import COLLECTION, PHOTOS
from scenes import EMBEDDER, photograph

from annclust.collection import Collection
from annclust.embedding.registry import find_embedder
from annclust.pipeline.derived import refresh
from annclust.pipeline.grouping import cluster_photos
from annclust.pipeline.indexing import index_photos
from annclust.pipeline.maps import refresh_map
from annclust.pipeline.photo_groups import GroupChoices
from annclust.storage.layout import KINDS
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter

_TAKES = 3
"""Photos of one scene."""


def _shoot(folder: Path, first: int, scenes: int) -> None:
    """Add scenes to the album."""
    for scene in range(first, first + scenes):
        for take in range(_TAKES):
            photograph(folder / PHOTOS / f"{scene % 2}" / f"{scene}-{take}.png", scene, take)


def _tend(folder: Path, *, forget_missing: bool = False) -> None:
    """Index and cluster whatever is in the album."""
    with Collection(folder / COLLECTION, embedder=EMBEDDER, settings=ONE_THREAD) as made:
        made.index([folder / PHOTOS], forget_missing=forget_missing)
        _group(made)


def _group(collection: Collection) -> None:
    """Make a tree, groups and a map."""
    collection.cluster("density", min_cluster_size=2, min_samples=1)
    collection.cluster()
    collection.photo_map()


def _grow(folder: Path, first: int) -> None:
    """Make a collection with two generations of everything, a copy, a wreck and a tombstone."""
    _shoot(folder, first, 8)
    photos = folder / PHOTOS / "0"
    shutil.copy(photos / f"{first}-0.png", photos / "copy.png")
    (photos / "wreck.png").write_bytes(b"not an image")
    _tend(folder)
    _shoot(folder, first + 8, 4)
    (photos / f"{first + 2}-0.png").unlink()
    _tend(folder, forget_missing=True)


def _compact(folder: Path, first: int) -> None:
    """Make one whose vectors were numbered anew."""
    _grow(folder, first)
    with Collection(folder / COLLECTION, settings=ONE_THREAD) as made:
        made.compact()
        _group(made)
    _shoot(folder, first + 12, 2)
    _tend(folder)


def _index_and_die(folder: Path) -> None:
    """Index, cluster and map, and be killed before the log is taken into the catalog."""
    loader = find_embedder(EMBEDDER, ONE_THREAD.embed, folder)
    store = StoreWriter(folder / COLLECTION)
    index_photos(store, [folder / PHOTOS], lambda: loader, ONE_THREAD)
    cluster_photos(store, "shots", GroupChoices.for_level("shots"), ONE_THREAD.search)
    refresh_map(store, ONE_THREAD.search)
    os.kill(os.getpid(), signal.SIGKILL)


def _compact_and_die(folder: Path) -> None:
    """Compact and map, and be killed before the log is taken into the catalog."""
    store = StoreWriter(folder / COLLECTION)
    store.compact()
    refresh(store, ONE_THREAD.search)
    refresh_map(store, ONE_THREAD.search)
    os.kill(os.getpid(), signal.SIGKILL)


def _killed(folder: Path, write: Callable[[Path], None]) -> None:
    """Let a writer run in a process of its own, which it does not survive."""
    # A copy of this process has loaded all that it needs; no other thread is at work now.
    writer = multiprocessing.get_context("fork").Process(target=write, args=(folder,))
    writer.start()
    writer.join()
    if writer.exitcode != -signal.SIGKILL or not (folder / COLLECTION / LOG).stat().st_size:
        raise RuntimeError("the writer did not leave a pending log")


def make(scratch: Path) -> list[Specimen]:
    """Make every specimen in a scratch folder, each with an album of its own."""
    makers: dict[str, Callable[[Path], Specimen]] = {
        "grown": partial(_closed, grow=partial(_grow, first=0)),
        "compacted": partial(_closed, grow=partial(_compact, first=100)),
        "log pending": partial(_pending, first=200, more=2, write=_index_and_die),
        "compaction pending": partial(_pending, first=300, more=0, write=_compact_and_die),
    }
    for name in makers:
        (scratch / name).mkdir()
    return [maker(scratch / name) for name, maker in makers.items()]


def _closed(folder: Path, *, grow: Callable[[Path], None]) -> Specimen:
    """A specimen that nobody was killed at."""
    grow(folder)
    photos = _asked(folder)
    return _specimen(folder, photos, (_answers(folder / COLLECTION, photos),))


def _pending(folder: Path, *, first: int, more: int, write: Callable[[Path], None]) -> Specimen:
    """A specimen whose writer was killed, after so many more scenes came."""
    _grow(folder, first)
    photos = _asked(folder)
    before = shutil.copytree(folder / COLLECTION, folder / "before")
    _shoot(folder, first + 12, more)
    _killed(folder, write)
    log = (folder / COLLECTION / LOG).read_bytes()
    states = [_answers_at(folder, before, end, photos) for end in commit_ends(log)]
    return _specimen(folder, photos, tuple(states))


def _answers_at(folder: Path, before: Path, end: int, photos: tuple[Path, ...]) -> Answers:
    """What was right when the log was so long; needs files that were unlinked since."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch, COLLECTION)
        shutil.copytree(before, path)
        shutil.copytree(folder / COLLECTION, path, dirs_exist_ok=True)
        (path / SHARED).unlink()
        os.truncate(path / LOG, end)
        return _answers(path, photos)


def _answers(path: Path, photos: tuple[Path, ...]) -> Answers:
    """The answers of a sound collection, which is left as it is."""
    found: dict[str, Answer] = {}
    asked: tuple[dict[str, Question], ...] = (reading(photos), making())
    for questions in asked:
        with tempfile.TemporaryDirectory() as scratch:
            copy = shutil.copytree(path, Path(scratch, COLLECTION))
            found |= ask(copy, questions)
    wrong = {name: answer for name, answer in found.items() if not isinstance(answer, str)}
    if wrong:
        raise RuntimeError(f"a sound collection gives no answer: {wrong}")
    return found


def _asked(folder: Path) -> tuple[Path, ...]:
    """Some photos of an album: the first, a copy of it, and others."""
    scenes = sorted((folder / PHOTOS).rglob("*-*.png"))
    copy = folder / PHOTOS / "0" / "copy.png"
    return (scenes[0], copy, scenes[len(scenes) // 2], scenes[-1])


def _specimen(folder: Path, photos: tuple[Path, ...], states: tuple[Answers, ...]) -> Specimen:
    path = folder / COLLECTION
    files = tuple(sorted(file.name for file in path.iterdir() if file.stat().st_size))
    with tempfile.TemporaryDirectory() as scratch:
        current = _current(shutil.copytree(path, Path(scratch, COLLECTION)))
    return Specimen(folder.name, path, photos, states, files, current)


def _current(path: Path) -> frozenset[str]:
    """Names of the derived files in use."""
    with Store(path) as store:
        found = [store.catalog.generation(kind) for kind in KINDS]
    return frozenset(file.name for generation in found if generation for file in generation.files)
