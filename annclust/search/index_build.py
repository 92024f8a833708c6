"""Index build: an index over all vectors, made or extended, wherever the work is done.

What it has to know is learned from samples, the same for the same seed. Its rows are added here,
in their order, as their lists come in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from annclust.arrays import Nodes, Vectors
from annclust.engine import Arguments, Engine
from annclust.parallel import map_parts, one_thread_in_blas
from annclust.progress import SILENT, Progress
from annclust.search.faiss_index import (
    Placing,
    VectorIndex,
    append,
    empty_exact,
    empty_lists,
    load_copy,
)
from annclust.search.index_spec import IndexSpec
from annclust.search.k_means import k_means, nearest_centers
from annclust.search.reduction import learn_reduction
from annclust.settings import SearchSettings
from annclust.vector_source import VectorSource

_BLOCK = 4_096
"""Rows read at a time: 21 MB of float32 at 1,280 dimensions."""

_PCA_TRAINED = 8_192
"""Vectors that PCA learns from: 6 for each of 1,280 dimensions. With twice as many, no more of the
neighbors are found."""

_TRAINED_PER_LIST = 40
_SAMPLED = 2_048
"""Rows of a sample read at a time."""


def build_index(
    vectors: VectorSource,
    spec: IndexSpec,
    settings: SearchSettings,
    progress: Progress = SILENT,
) -> VectorIndex:
    """Build an index over all rows; the same rows and seed give the same index, byte by byte.

    Vectors are read in blocks and never held as a whole. "ivf" assumes nothing about their length.

    Parameters
    ----------
    vectors : VectorSource
    spec : IndexSpec
        As `choose_index` decides.
    settings : SearchSettings
    progress : Progress
    """
    with progress.stage("Learning the index"), one_thread_in_blas():
        built = _trained(vectors, spec, settings)
    _add(built, vectors, settings, progress)
    return built


def extended_index(
    path: Path,
    spec: IndexSpec,
    settings: SearchSettings,
    vectors: VectorSource,
    progress: Progress = SILENT,
) -> VectorIndex:
    """Add the rows that a stored index lacks to a copy of it in memory.

    It keeps what it learned: its lists are those of the rows that it was trained on.

    Parameters
    ----------
    path : Path
        Of the index file, whose digest was verified.
    spec, settings
        As of `load_index`.
    vectors : VectorSource
        All rows, those that the index has first.
    progress : Progress
    """
    extended = load_copy(path, spec, settings.threads)
    _add(extended, vectors, settings, progress)
    return extended


def _trained(vectors: VectorSource, spec: IndexSpec, settings: SearchSettings) -> VectorIndex:
    """An empty index that has learned from a sample of the vectors what it needs to know."""
    if spec.kind == "exact":
        return empty_exact(spec, settings.threads)
    seed, threads = settings.seed, settings.threads
    learned = _sample(vectors, _PCA_TRAINED, seed)
    reduction = learn_reduction(learned, spec.reduced, seed=seed, threads=threads)
    sample = _sample(vectors, _TRAINED_PER_LIST * spec.lists, seed)
    reduced = list(map_parts(reduction.apply, sample, threads))
    centroids = k_means(np.vstack(reduced), spec.lists, settings)
    return empty_lists(spec, threads, reduction, centroids)


def _add(
    index: VectorIndex, vectors: VectorSource, settings: SearchSettings, progress: Progress
) -> None:
    """Add the rows that are missing at the end; the same on any engine and number of threads."""
    n, first = vectors.shape[0], index.rows
    spans = [(start, min(start + _BLOCK, n)) for start in range(first, n, _BLOCK)]
    with progress.stage("Building the index", n - first, unit="vectors") as stage:
        if index.spec.kind == "exact":
            for span in spans:
                block = np.ascontiguousarray(vectors.block(*span), dtype=np.float32)
                append(index, span[0], block, None)
                stage.advance(len(block))
        else:
            engine = settings.engine
            parts = _parts(engine, Placing.of(index), vectors, spans)
            with closing(engine.map(_placed, parts, threads=index.threads)) as placed:
                for (start, last), found in zip(spans, placed, strict=True):
                    append(index, start, *engine.value(found))
                    stage.advance(last - start)


def _parts(
    engine: Engine, placing: Placing, vectors: VectorSource, spans: list[tuple[int, int]]
) -> Iterator[Arguments]:
    """Arguments of `_placed`; to other processes vectors go span by span."""
    held = engine.hold(placing)
    for first, last in spans:
        if engine.is_here:
            yield held, vectors, (first, last)
        else:
            yield held, vectors.part(np.arange(first, last)), (0, last - first)


def _placed(
    placing: Placing, vectors: VectorSource, span: tuple[int, int]
) -> tuple[Vectors, Nodes]:
    """Rows of a span after PCA, and the list of each."""
    reduced = placing.reduced(vectors.block(*span))
    return reduced, nearest_centers(reduced, placing.centroids)[0]


def _sample(vectors: VectorSource, size: int, seed: int) -> Iterator[Vectors]:
    """Up to `size` rows, drawn at random, in blocks."""
    n, _ = vectors.shape
    rows = np.sort(np.random.default_rng(seed).choice(n, min(n, size), replace=False))
    for first in range(0, len(rows), _SAMPLED):
        yield np.ascontiguousarray(vectors.take(rows[first : first + _SAMPLED]), dtype=np.float32)
