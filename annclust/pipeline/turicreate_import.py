"""Import from Turi Create: what it saved, and the photos that it was computed from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from annclust.embedding.turicreate_models import geometry_of_published
from annclust.embedding.turicreate_saved import SavedFeatures, SavedWork
from annclust.errors import InputError
from annclust.pipeline.importing import KnownVectors, import_vectors
from annclust.pipeline.reports import IndexReport
from annclust.progress import SILENT, Progress
from annclust.settings import IndexingSettings
from annclust.storage.store_writer import StoreWriter

PathLike = str | os.PathLike[str]


def import_turicreate(
    saved: PathLike,
    collection: PathLike,
    *,
    photos: Iterable[PathLike] | None = None,
    roots: Iterable[PathLike] = (),
    settings: IndexingSettings | None = None,
    progress: Progress = SILENT,
) -> IndexReport:
    """Make a collection of deep features that Turi Create saved; nothing is embedded again.

    Parameters
    ----------
    saved : path-like
        A saved SFrame with a column ``__image_features__``, or a saved ImageSimilarityModel.
    collection : path-like
        The directory to make; without photos, if there is one.
    photos : iterable of path-like, or None
        Paths of the photos by their row, where Turi Create only counted them.
    roots : iterable of path-like
        Folders that hold the photos; the one that holds them all if empty.
    settings : IndexingSettings or None
    progress : Progress

    Raises
    ------
    InputError
        If there is nothing to import, or it is not known which photos these are.
    EmbeddingError
        If Turi Create cannot be started.
    """
    folder = Path(saved).expanduser()
    given = None if photos is None else list(map(_absolute, photos))
    with SavedWork(folder) as work:
        features = work.features()
        first = next(features, None)
        if first is None:
            raise InputError(f"{folder} has no rows.")
        spec = work.spec(first.vectors.shape[1])
        batches = (
            KnownVectors(_paths(folder, each, given), each.vectors)
            for each in chain([first], features)
        )
        with StoreWriter.create(Path(collection).expanduser(), spec) as store:
            return import_vectors(
                store,
                batches,
                work.rows,
                geometry_of_published(spec),
                list(map(_absolute, roots)),
                settings or IndexingSettings(),
                progress,
            )


def _absolute(path: PathLike) -> Path:
    return Path(path).expanduser().absolute()


def _paths(saved: Path, some: SavedFeatures, photos: Sequence[Path] | None) -> list[Path]:
    """The paths of photos that Turi Create calls by their path or by their row."""
    numbered = all(label.isdigit() for label in some.labels)
    if photos is None and numbered:
        raise InputError(
            f"{saved} only counts its photos. Give their paths in the same order: --paths FILE"
        )
    if photos is not None and not numbered:
        raise InputError(f"{saved} calls its photos by their paths already: leave --paths out.")
    if photos is None:
        return list(map(_absolute, some.labels))
    rows = [int(label) for label in some.labels]
    if max(rows, default=0) >= len(photos):
        raise InputError(f"{saved} has more photos than the {len(photos):,} paths that were given.")
    return [photos[row] for row in rows]
