"""Importing: features that were computed before become a collection; nothing is embedded again.

The photos are read nevertheless: a collection knows them by their content. Vectors and contents are
durable batch by batch; photos are added in the end, when it is known which folder holds them all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from annclust.arrays import Vectors, unit_rows
from annclust.errors import InputError
from annclust.images.decode_workers import DecodeWorkers, ReadJob, ReadResult
from annclust.images.scan_plan import FileState, Sighting
from annclust.input_geometry import InputGeometry
from annclust.pipeline.derived import refresh
from annclust.pipeline.intake import add_photos
from annclust.pipeline.reports import IndexReport, Unreadable
from annclust.pipeline.survey import choose_roots
from annclust.progress import SILENT, Progress, Stage
from annclust.settings import IndexingSettings
from annclust.storage.records import Root
from annclust.storage.store_writer import EmbeddedContent, StoreWriter


def import_vectors(
    store: StoreWriter,
    paths: Sequence[Path],
    vectors: Iterator[Vectors],
    geometry: InputGeometry,
    roots: Sequence[Path],
    settings: IndexingSettings,
    progress: Progress = SILENT,
) -> IndexReport:
    """Fill a collection without photos.

    Parameters
    ----------
    store : StoreWriter
    paths : sequence of Path
        Of the photos, absolute.
    vectors : iterator of ndarray of shape (m, d), float32
        Theirs, some at a time; of any length.
    geometry : InputGeometry
        Of the embedder that made the vectors.
    roots : sequence of Path
        Folders that hold the photos.
    settings : IndexingSettings
    progress : Progress

    Raises
    ------
    InputError
        If there is anything in the collection already, or a root is missing, or they do not hold
        all photos.
    StorageError
        If the system refuses to write.
    """
    started = time.monotonic()
    if store.catalog.counts()["contents"]:
        raise InputError(
            f"{store.path} has photos already, or those of an import that was not finished. Import"
            " into a new collection, or remove that one first."
        )
    place = _placing(choose_roots(store, roots))
    for path in paths:
        place(_resolved(path))
    reading = _Reading(store)
    with (
        DecodeWorkers(geometry, settings.decode, follow_symlinks=True) as workers,
        progress.stage("Reading photos", len(paths), unit="photos") as stage,
    ):
        done = 0
        for rows in vectors:
            reading.take(paths[done : done + len(rows)], rows, workers, stage)
            done += len(rows)
    added = _added(store, reading.seen, place)
    refresh(store, settings.search, progress)
    return IndexReport(
        images=added,
        companions=0,
        added=added,
        changed=0,
        moved=0,
        removed=0,
        unreadable=tuple(reading.unreadable),
        embedded=0,
        waiting=0,
        duplicates=reading.copies,
        skipped=0,
        offline=(),
        seconds=time.monotonic() - started,
    )


@dataclass(slots=True)
class _Seen:
    """A photo that was read."""

    path: bytes
    size: int
    modified_ns: int
    digest: bytes


@dataclass(slots=True)
class _Reading:
    """What was read and stored so far."""

    store: StoreWriter
    seen: list[_Seen] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    copies: int = 0

    def take(
        self, paths: Sequence[Path], rows: Vectors, workers: DecodeWorkers, stage: Stage
    ) -> None:
        """Read some photos, and store their contents with their vectors."""
        vectors = unit_rows(rows)
        jobs = [ReadJob(key, os.fsencode(path)) for key, path in enumerate(paths)]
        fresh: dict[bytes, EmbeddedContent] = {}
        for result in sorted(workers.run(jobs), key=lambda result: result.key):
            stage.advance()
            path = paths[result.key]
            content = _content(result, vectors[result.key])
            if content is None:
                reason = result.reason or "nothing could be read"
                self.unreadable.append(Unreadable(path, reason))
                continue
            digest = content.digest
            known = digest in fresh or self.store.catalog.content(digest) is not None
            self.copies += known
            if not known:
                fresh[digest] = content
            self.seen.append(_Seen(_resolved(path), result.size, result.modified_ns, digest))
        self.store.append(list(fresh.values()))


def _content(result: ReadResult, vector: Vectors) -> EmbeddedContent | None:
    image = result.image
    if result.digest is None or image is None:
        return None
    return EmbeddedContent(
        result.digest, result.size, image.width, image.height, image.format, vector, result.capture
    )


def _resolved(path: Path) -> bytes:
    """A path whose folder has no links, as those of roots have none."""
    return os.fsencode(path.parent.resolve() / path.name)


def _added(
    store: StoreWriter, seen: Sequence[_Seen], place: Callable[[bytes], tuple[Root, bytes]]
) -> int:
    """Add the photos; gives how many. A path that comes twice is one photo."""
    sightings = {}
    for each in seen:
        root, path = place(each.path)
        file = FileState(root.id, path, each.size, each.modified_ns)
        sightings[file.place] = Sighting(file, each.digest)
    add_photos(store, list(sightings.values()))
    return len(sightings)


def _placing(roots: Sequence[Root]) -> Callable[[bytes], tuple[Root, bytes]]:
    """Gives the innermost root that holds a path, and the path within it."""
    inner_first = sorted(roots, key=lambda root: -len(root.path))

    def place(path: bytes) -> tuple[Root, bytes]:
        for root in inner_first:
            start = root.path.rstrip(b"/") + b"/"
            if path.startswith(start):
                return root, path.removeprefix(start)
        shown = os.fsdecode(path)
        raise InputError(f"{shown} lies in none of the folders that were given with --root.")

    return place
