"""Reading elsewhere: files are read, decoded and embedded by whoever works for an engine.

A shard of some files goes out, their vectors come back; who writes stays one process. A process
that has read a shard keeps its model and its decoding worker for the next one.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Final, TypeAlias

from annclust.embedding.embedder import Embedder, EmbedderSpec, Unembeddable, UnembeddableError
from annclust.errors import EngineError
from annclust.images.decode_workers import DecodeWorkers, ReadJob, ReadResult
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings
from annclust.storage.store_writer import EmbeddedContent
from annclust.url_path import is_url

_SHARD: Final = 64
"""Files at a time: a second's work, against which the way there and back is nothing."""

Read: TypeAlias = tuple[ReadResult, EmbeddedContent | None]
"""What became of a file, without its pixels; and its content, if that was embedded."""


@dataclass(frozen=True, slots=True)
class ReadingOrders:
    """What whoever reads has to know.

    Parameters
    ----------
    embedder : EmbedderSpec
    embed, decode : settings
        Of one process among others.
    follow_symlinks : bool
    folders : tuple of bytes
        Of photos, which must be there.
    """

    embedder: EmbedderSpec
    embed: EmbedSettings
    decode: DecodeSettings
    follow_symlinks: bool
    folders: tuple[bytes, ...]


def reading_orders(
    embedder: EmbedderSpec, settings: IndexingSettings, folders: Iterable[bytes]
) -> ReadingOrders:
    """Orders for processes of one processor each."""
    return ReadingOrders(
        embedder,
        replace(settings.embed, threads=1),
        replace(settings.decode, workers=1),
        bool(settings.scan.follow_symlinks),
        tuple(folders),
    )


def read_elsewhere(
    orders: ReadingOrders, jobs: Iterable[ReadJob], settings: IndexingSettings
) -> Iterator[Read]:
    """Read files by the engine of the settings, in their order.

    Raises
    ------
    EngineError
        If it does not work, or whoever works for it cannot see the photos.
    """
    engine, source = settings.search.engine, iter(jobs)
    shards = iter(lambda: tuple(islice(source, _SHARD)), ())
    held = engine.hold(orders)
    parts = ((held, shard) for shard in shards)
    with closing(engine.map(read_shard, parts, threads=settings.decode.workers)) as results:
        for found in results:
            yield from engine.value(found)


def read_shard(orders: ReadingOrders, jobs: Sequence[ReadJob]) -> list[Read]:
    """Read, decode and embed some files."""
    for folder in orders.folders:
        if not is_url(folder) and not os.path.isdir(folder):  # noqa: PTH112 - of bytes
            raise EngineError(
                f"{socket.gethostname()} cannot see the photos: there is no {os.fsdecode(folder)}."
                " They have to be on a disk that all nodes share, under one name."
            )
    workers, model = _tools(orders.embedder, orders.embed, orders.decode, orders.follow_symlinks)
    results = {result.key: result for result in workers.run(iter(jobs))}
    return embedded([results[job.key] for job in jobs], model, orders.embed.batch)


@lru_cache(maxsize=1)
def _tools(
    embedder: EmbedderSpec, embed: EmbedSettings, decode: DecodeSettings, follow_symlinks: bool
) -> tuple[DecodeWorkers, Embedder]:
    from annclust.embedding.registry import find_stored

    found = find_stored(embedder, embed)
    if not found.spec.matches(embedder):
        raise EngineError(
            f"{socket.gethostname()} has {found.spec.full_name} instead of"
            f" {embedder.full_name}: annclust and its models have to be the same everywhere"
        )
    workers = DecodeWorkers(found.geometry, decode, follow_symlinks=follow_symlinks)
    return workers.__enter__(), found.load()  # they end with this process


def embedded(results: Sequence[ReadResult], model: Embedder, batch: int) -> list[Read]:
    """The same results, with vectors instead of pixels; each content is embedded once."""
    waiting = [*{each.digest: each for each in results if each.image is not None}.values()]
    contents: dict[bytes | None, EmbeddedContent] = {}
    refused: dict[bytes | None, Unembeddable] = {}
    while waiting:
        some = waiting[:batch]
        try:
            contents |= _contents(some, model)
        except UnembeddableError as error:
            refused |= {some[at].digest: why for at, why in error.images.items()}
            waiting = [each for each in waiting if each.digest not in refused]
        else:
            waiting = waiting[batch:]
    return [
        (_told(each, refused.get(each.digest)), contents.get(each.digest) if each.image else None)
        for each in results
    ]


def _contents(
    results: Sequence[ReadResult], model: Embedder
) -> dict[bytes | None, EmbeddedContent]:
    images = [each.image for each in results if each.image is not None]
    vectors = model.embed([image.pixels for image in images])
    return {
        each.digest: EmbeddedContent(
            each.digest or b"",
            each.size,
            *(image.width, image.height, image.format),
            vector,
            each.capture,
        )
        for each, image, vector in zip(results, images, vectors, strict=True)
    }


def _told(result: ReadResult, refused: Unembeddable | None) -> ReadResult:
    """A result without pixels, and why there is no vector, if the embedder refused."""
    if refused is None:
        return replace(result, image=None)
    return replace(result, image=None, reason=refused.reason, retry=refused.retry)
