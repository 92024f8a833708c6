"""HTML export: the groups of a collection as one page, with small pictures, to send to somebody.

Pictures are made in decoding workers and written as they come, so that memory does not grow with
them. What the page looks like is in :mod:`html_page`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from importlib.resources import files
from itertools import chain, islice
from typing import BinaryIO

from annclust.images.decode_workers import DecodeWorkers
from annclust.images.picture import MINIATURE
from annclust.pipeline.clusters import clusters, last_report
from annclust.pipeline.html_page import PageHead, Seen, ShownGroup, html_page
from annclust.pipeline.rereading import by_content, reread, rereading_workers, why_not
from annclust.progress import SILENT, Progress, Stage
from annclust.settings import DecodeSettings, ShownLevel
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store

_SUFFIX = ".annclust"
"""Of collections, by custom."""

_AT_A_TIME = 256
"""Photos whose pictures are in memory, at 4 kB each. Before the next ones workers rest while the
last one of these is made: one photo of so many."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the page is of, and the photos of each group."""

    head: PageHead
    groups: dict[int, list[ImageRecord]]


def write_html(
    store: Store,
    file: BinaryIO,
    settings: DecodeSettings,
    level: ShownLevel | None = None,
    *,
    day: date | None = None,
    progress: Progress = SILENT,
) -> None:
    """Write a page of the groups, largest first, the representative of each before the others.

    Parameters
    ----------
    store : Store
    file : binary file
        Open for writing.
    settings : DecodeSettings
    level : {"copies", "shots", "scenes", "themes", "density"} or None
        Whose groups; None means the level that was clustered last.
    day : date or None
        On which the page says that it was made: today if None.
    progress : Progress
        Told of each photo; between two of them it may stop the run.

    Raises
    ------
    NothingClusteredError
        If the collection was never clustered; nothing is written.
    """
    shown = _shown(store, level, day or datetime.now(UTC).astimezone().date())
    photos = list(chain.from_iterable(shown.groups.values()))
    groups = (
        ShownGroup(number, [photo.path for photo in members])
        for number, members in shown.groups.items()
    )
    styles = files("annclust.pipeline").joinpath("html_page.css").read_text("utf-8")
    with (
        rereading_workers(settings) as workers,
        progress.stage("Making pictures", len(photos), unit="photos") as stage,
    ):
        seen = _seen(workers, photos, stage)
        for piece in html_page(shown.head, groups, seen, styles):
            file.write(piece.encode())


def _shown(store: Store, level: ShownLevel | None, day: date) -> _Shown:
    with store.catalog.snapshot():  # all of one moment
        named = level or last_report(store).level
        found = clusters(store, named)
        members = [photo.id for each in found for photo in each.members]
        photos = {photo.id: photo for photo in store.catalog.images_by_id(members)}
        total = store.catalog.counts()["images"]
    groups = {each.id: [photos[photo.id] for photo in each.members] for each in found}
    name = os.fsencode(store.path.absolute().name.removesuffix(_SUFFIX))
    head = PageHead(name, named, day, version("annclust"), total, len(members), len(groups))
    return _Shown(head, groups)


def _seen(workers: DecodeWorkers, photos: Iterable[ImageRecord], stage: Stage) -> Iterator[Seen]:
    """What is shown of each photo, in order."""
    for some in _heaps(photos):
        made = dict(_made(workers, some))
        for photo in some:
            stage.advance()
            yield made[photo.digest]


def _heaps(photos: Iterable[ImageRecord]) -> Iterator[list[ImageRecord]]:
    left = iter(photos)
    while some := list(islice(left, _AT_A_TIME)):
        yield some


def _made(workers: DecodeWorkers, photos: Sequence[ImageRecord]) -> Iterator[tuple[bytes, Seen]]:
    """What is shown of each content; copies are one."""
    for digest, result in reread(workers, by_content(photos), MINIATURE):
        yield digest, result.picture or why_not(result, digest)
