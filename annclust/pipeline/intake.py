"""Intake: what the decoding workers read becomes contents, vectors and photos on disk.

Decoding runs ahead in its processes while this one embeds. What a commit made durable is never
decoded or embedded again, whatever happens next.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeAlias

from annclust.arrays import Vectors
from annclust.embedding.embedder import (
    Embedder,
    EmbedderLoader,
    Unembeddable,
    UnembeddableError,
)
from annclust.images.capture import Capture
from annclust.images.decode_workers import DecodeWorkers, ReadJob, ReadResult
from annclust.images.decoded_image import DecodedImage
from annclust.images.scan_plan import FileState, Sighting
from annclust.images.worker_protocol import MOST_KNOWN
from annclust.pipeline.captures import add_captures
from annclust.pipeline.reading_elsewhere import Read, read_elsewhere, reading_orders
from annclust.progress import Progress, Stage, StoppedError
from annclust.settings import EmbedSettings, IndexingSettings
from annclust.storage.records import UnreadableRecord, joined
from annclust.storage.store_writer import EmbeddedContent, StoreWriter

_BATCHES = 2
"""Batches that are embedded in one call: an embedder that is elsewhere works on the second while
the first is on its way back."""


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded:
    """A content that waits to be embedded, and the file where it was seen first."""

    file: FileState
    digest: bytes
    image: DecodedImage
    capture: Capture | None

    def content(self, vector: Vectors) -> EmbeddedContent:
        """It, with its vector of shape (d,)."""
        size, image = self.file.size, self.image
        seen = image.width, image.height, image.format
        return EmbeddedContent(self.digest, size, *seen, vector, self.capture)


class Intake:
    """Takes results of reading and commits them batch by batch.

    Parameters
    ----------
    store : StoreWriter
    embedder : Embedder or None
        None if contents come with their vectors.
    settings : EmbedSettings
    may_be_known : callable
        Whether a sighting may be a known photo in another place; such sightings are only collected,
        in `undecided`, as it takes the whole scan to tell.
    stage : Stage
        Advances as files are done with.
    """

    def __init__(
        self,
        store: StoreWriter,
        embedder: Embedder | None,
        settings: EmbedSettings,
        may_be_known: Callable[[Sighting], bool],
        stage: Stage,
    ) -> None:
        self._store, self._embedder, self._settings = store, embedder, settings
        self._may_be_known, self._stage = may_be_known, stage
        self._decoded: list[_Decoded] = []
        self._embedded: list[EmbeddedContent] = []
        self._sightings: list[Sighting] = []
        self._captures: dict[bytes, Capture] = {}
        self._uncommitted: dict[int, set[bytes]] = defaultdict(set)
        self._refused: dict[bytes, Unembeddable] = {}
        self.undecided: list[Sighting] = []
        self.failures: list[UnreadableRecord] = []
        self.added = self.embedded = 0
        self.copies: set[tuple[int, bytes]] = set()
        """Places where a content was found that was known before."""

    def known_contents(self, size: int, most: int) -> frozenset[bytes]:
        """Digests of contents of that size, at most so many, which need not be decoded."""
        recent = islice(self._uncommitted.get(size, ()), most)
        return self._store.catalog.contents_of_size(size, most) | frozenset(recent)

    def _is_known(self, digest: bytes, size: int) -> bool:
        uncommitted = self._uncommitted.get(size, ())
        return digest in uncommitted or self._store.catalog.content(digest) is not None

    def take(
        self, file: FileState, result: ReadResult, content: EmbeddedContent | None = None
    ) -> None:
        """Take what was read of a file; embeds and commits when enough has come together.

        With its content, if that was embedded elsewhere.
        """
        if result.digest is None or result.reason is not None:
            self.failures.append(_failure(file, result))
            self._stage.advance()
            return
        seen = FileState(file.root, file.path, result.size, result.modified_ns)
        if result.digest in self._refused:
            self._report(seen, self._refused[result.digest])
            self._stage.advance()
            return
        self._sightings.append(Sighting(seen, result.digest))
        if self._is_known(result.digest, result.size):
            self.copies.add(seen.place)
            self._take_capture(result.digest, result)
            self._stage.advance()
        elif result.image is not None:
            self._uncommitted[result.size].add(result.digest)
            waits = _Decoded(seen, result.digest, result.image, result.capture)
            self._decoded.append(waits)
        elif content is not None:
            self._uncommitted[result.size].add(result.digest)
            self._embedded.append(content)
            self._stage.advance()
        if len(self._decoded) >= _BATCHES * self._settings.batch:
            self._embed()
        if len(self._sightings) >= self._settings.commit_every:
            self.commit()

    def _take_capture(self, digest: bytes, result: ReadResult) -> None:
        """Keep how a photo was taken whose content is stored already, if nobody has looked yet."""
        if digest in self._uncommitted.get(result.size, ()) or result.capture is None:
            return
        if not self._store.catalog.has_capture(digest):
            self._captures[digest] = result.capture

    def _embed(self) -> None:
        decoded, self._decoded = self._decoded, []
        self._embedded += self._embedded_of(decoded)
        self._stage.advance(len(decoded))

    def _embedded_of(self, decoded: Sequence[_Decoded]) -> list[EmbeddedContent]:
        assert self._embedder is not None
        try:
            vectors = self._embedder.embed([each.image.pixels for each in decoded])
        except UnembeddableError as error:
            for position, why in error.images.items():
                self._fail(decoded[position], why)
            rest = [each for i, each in enumerate(decoded) if i not in error.images]
            return self._embedded_of(rest)
        return [each.content(vector) for each, vector in zip(decoded, vectors, strict=True)]

    def _fail(self, decoded: _Decoded, why: Unembeddable) -> None:
        """Report all files of a content that the embedder can do nothing with."""
        failed = [s for s in self._sightings if s.digest == decoded.digest]
        self._sightings = [s for s in self._sightings if s.digest != decoded.digest]
        self._uncommitted[decoded.file.size].discard(decoded.digest)
        self._refused[decoded.digest] = why
        for sighting in failed:
            self.copies.discard(sighting.file.place)
            self._report(sighting.file, why)

    def _report(self, file: FileState, why: Unembeddable) -> None:
        self.failures.append(
            UnreadableRecord(
                file.root, file.path, file.size, file.modified_ns, why.reason, why.retry
            )
        )

    def commit(self) -> None:
        """Make everything taken so far durable."""
        if self._decoded:
            self._embed()
        self._store.append(self._embedded)
        add_captures(self._store, self._captures)
        self.embedded += len(self._embedded)
        undecided = [s for s in self._sightings if self._may_be_known(s)]
        places = {sighting.file.place for sighting in undecided}
        fresh = [s for s in self._sightings if s.file.place not in places]
        add_photos(self._store, fresh)
        self.undecided += undecided
        self.added += len(fresh)
        self._embedded.clear()
        self._captures.clear()
        self._sightings.clear()
        self._uncommitted.clear()


def add_photos(store: StoreWriter, sightings: Sequence[Sighting]) -> None:
    """Add photos whose contents are stored, in one transaction."""
    if not sightings:
        return
    with store.catalog.transaction():
        for sighting in sightings:
            file = sighting.file
            store.catalog.add_image(
                file.root, file.path, file.size, file.modified_ns, sighting.digest
            )


def _failure(file: FileState, result: ReadResult) -> UnreadableRecord:
    reason = result.reason or "nothing could be read"
    return UnreadableRecord(file.root, file.path, file.size, file.modified_ns, reason, result.retry)


def _nothing(_failure: UnreadableRecord) -> Sequence[FileState]:
    return ()


def take_in(
    store: StoreWriter,
    files: Sequence[FileState],
    folders: Mapping[int, bytes],
    embedder: EmbedderLoader,
    settings: IndexingSettings,
    may_be_known: Callable[[Sighting], bool],
    progress: Progress,
    instead_of: Callable[[UnreadableRecord], Sequence[FileState]] = _nothing,
) -> Intake:
    """Read files, embed what is new, and commit it.

    Parameters
    ----------
    store : StoreWriter
    files : sequence of FileState
    folders : mapping of int to bytes
        The folder of each root.
    embedder : EmbedderLoader
    settings : IndexingSettings
    may_be_known : callable
        As for `Intake`.
    progress : Progress
    instead_of : callable
        What to read in the stead of a file that cannot be read.

    Raises
    ------
    StorageError
        If the system refuses to write; what was committed stays.
    """
    with (
        _reading(embedder, settings, {folders[file.root] for file in files}) as (read, model),
        progress.stage("Decoding", len(files), unit="photos") as decoding,
        progress.stage("Embedding", len(files), unit="photos") as embedding,
    ):
        intake = Intake(store, model, settings.embed, may_be_known, embedding)
        _read_all(read, files, folders, intake, decoding)
        instead = [file for failure in intake.failures for file in instead_of(failure)]
        for stage in (decoding, embedding) if instead else ():
            stage.expect(len(files) + len(instead))
        _read_all(read, instead, folders, intake, decoding)
    return intake


_Reading: TypeAlias = Callable[[Iterator[ReadJob]], Iterator[Read]]


@contextmanager
def _reading(
    embedder: EmbedderLoader, settings: IndexingSettings, folders: Set[bytes]
) -> Iterator[tuple[_Reading, Embedder | None]]:
    """What reads files, and the embedder, unless what is read comes with its vectors."""
    if not settings.search.engine.is_here:
        orders = reading_orders(embedder.spec, settings, sorted(folders))
        yield partial(read_elsewhere, orders, settings=settings), None
        return
    follow = bool(settings.scan.follow_symlinks)
    with DecodeWorkers(embedder.geometry, settings.decode, follow_symlinks=follow) as workers:
        model = embedder.load()
        yield lambda jobs: ((result, None) for result in workers.run(jobs)), model


def _read_all(
    read: _Reading,
    files: Sequence[FileState],
    folders: Mapping[int, bytes],
    intake: Intake,
    stage: Stage,
) -> None:
    """Read files and give them to `intake`; if stopped, what was taken is committed first."""
    try:
        for result, content in read(_jobs(files, folders, intake)):
            stage.advance()
            intake.take(files[result.key], result, content)
    except StoppedError:
        intake.commit()
        raise
    intake.commit()


def _jobs(
    files: Sequence[FileState], folders: Mapping[int, bytes], intake: Intake
) -> Iterator[ReadJob]:
    for key, file in enumerate(files):
        path = os.fsencode(joined(folders[file.root], file.path))
        yield ReadJob(key, path, intake.known_contents(file.size, MOST_KNOWN))
