"""Import from Turi Create: what it saved, and the photos that it was computed from."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from annclust.choices import PathLike, path_of
from annclust.embedding.turicreate_models import MODELS, TuriCreateModel, published_spec
from annclust.embedding.turicreate_saved import SavedWork
from annclust.errors import InputError
from annclust.pipeline.importing import import_vectors
from annclust.pipeline.reports import IndexReport
from annclust.progress import SILENT, Progress
from annclust.settings import IndexingSettings
from annclust.storage.store_writer import StoreWriter


def import_turicreate(
    saved: PathLike,
    collection: PathLike,
    *,
    model: str | None = None,
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
    model : str or None
        "resnet-50" or "squeezenet_v1.1": where the features come from, as an SFrame does not say.
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
    folder, given = _absolute(saved), list(map(_absolute, roots))
    listed = None if photos is None else list(map(_absolute, photos))
    with SavedWork(folder) as work:
        known = _model(folder, work.model, model)
        paths = _paths(folder, work.labels, listed)
        holding = given or [_holding_all(paths)]
        features = work.features(known.dimension)
        with StoreWriter.create(_absolute(collection), published_spec(known)) as store:
            return import_vectors(
                store,
                paths,
                features,
                known.geometry,
                holding,
                settings or IndexingSettings(),
                progress,
            )


def _model(saved: Path, said: str, given: str | None) -> TuriCreateModel:
    """The network that features come from, as Turi Create or the user says."""
    name = said or given
    if name is None:
        raise InputError(
            f"{saved} does not say which network its features come from. If it was one of"
            f" {', '.join(MODELS)}, say so: --model NAME"
        )
    if name not in MODELS or given not in (None, name):
        raise InputError(
            f"{saved} cannot be imported: its features come from {name}. annclust could embed new"
            f" photos with {', '.join(MODELS)}."
        )
    return MODELS[name]


def _absolute(path: PathLike) -> Path:
    return path_of(path).absolute()


def _paths(saved: Path, labels: list[str], photos: list[Path] | None) -> list[Path]:
    """The paths of photos that Turi Create calls by their path or by their row."""
    if not labels:
        raise InputError(f"{saved} has no rows.")
    numbered = all(label.isdigit() for label in labels)
    if photos is None and numbered:
        raise InputError(
            f"{saved} only counts its photos. Give their paths in the same order: --paths FILE"
        )
    if photos is not None and not numbered:
        raise InputError(f"{saved} calls its photos by their paths already: leave --paths out.")
    if photos is None:
        return list(map(_absolute, labels))
    rows = list(map(int, labels))
    if len(photos) != len(rows) or max(rows) >= len(photos):
        raise InputError(f"{saved} has {len(rows):,} photos, but {len(photos):,} paths were given.")
    return [photos[row] for row in rows]


def _holding_all(paths: list[Path]) -> Path:
    """The folder that holds all photos, which `index` will look through from then on."""
    folder = Path(os.path.commonpath([path.parent for path in paths]))
    if folder in (Path("/"), Path.home(), *Path.home().parents):
        raise InputError(
            f"the photos lie all over {folder}. Say in which folders, once for each: --root DIR"
        )
    return folder
