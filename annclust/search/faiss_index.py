"""FAISS index: the only module that knows FAISS.

An index gives candidates; exact distances come from the vectors themselves (:mod:`exact`). A loaded
index is never changed: the store replaces whole files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from annclust.arrays import Distances, Neighbors, Nodes, Vectors
from annclust.parallel import map_parts, one_thread_in_blas
from annclust.progress import SILENT, Progress
from annclust.search.index_spec import IndexSpec
from annclust.search.k_means import distances_to_centers, k_means
from annclust.search.reduction import Reduction, learn_reduction
from annclust.settings import SearchSettings
from annclust.vector_source import VectorSource

FaissIndex: TypeAlias = Any
"""A FAISS index; the types that FAISS publishes cover little of what is used here."""

_BLOCK = 4_096
"""Rows read at a time: 21 MB of float32 at 1,280 dimensions."""

_PCA_TRAINED = 8_192
"""Vectors that PCA learns from: 6 for each of 1,280 dimensions. With twice as many, no more of the
neighbors are found."""

_TRAINED_PER_LIST = 40
_SAMPLED = 2_048
"""Rows of a sample read at a time."""


def _library() -> ModuleType:
    import faiss

    return faiss


@contextmanager
def _faiss(threads: int) -> Iterator[ModuleType]:
    """FAISS with so many threads; each thread of this process has its own number."""
    library = _library()
    before = library.omp_get_max_threads()
    library.omp_set_num_threads(threads)
    try:
        yield library
    finally:
        library.omp_set_num_threads(before)


@dataclass(frozen=True, slots=True, eq=False)
class VectorIndex:
    """An index over rows [0, n) of a vector source; immutable.

    Parameters
    ----------
    spec : IndexSpec
    threads : int
    """

    spec: IndexSpec
    threads: int
    _index: FaissIndex

    @property
    def rows(self) -> int:
        """Rows it covers."""
        return int(self._index.ntotal)

    def search(
        self,
        queries: Vectors,
        k: int,
        *,
        probes: int | None = None,
    ) -> tuple[Distances, Nodes]:
        """Find candidates for the k nearest rows of each query.

        Parameters
        ----------
        queries : ndarray of shape (m, d), float32
        k : int
        probes : int or None
            Inverted lists to look into; as many as the spec says if None.

        Returns
        -------
        distances : ndarray of shape (m, p), float32
            Squared and approximate, ascending; p is the spec's pool for k, or n if that is less.
        rows : ndarray of shape (m, p), int64
            -1 where there are fewer.
        """
        pool = min(int(self.spec.pool(k)), max(self.rows, 1))  # SWIG takes no NumPy integers
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        if self.spec.kind == "ivf":
            reduced = self.reduced(queries)
            away, lists = self._nearest_lists(reduced, int(probes or self.spec.probes))
            with _faiss(self.threads) as library:
                return self._scan(library, reduced, away, lists, pool)
        with _faiss(self.threads):
            found: tuple[Distances, Nodes] = self._index.search(queries, pool)
        return found

    def _scan(
        self, library: ModuleType, reduced: Vectors, away: Distances, lists: Nodes, pool: int
    ) -> tuple[Distances, Nodes]:
        distances = np.empty((len(reduced), pool), dtype=np.float32)
        rows = np.empty((len(reduced), pool), dtype=np.int64)
        chosen = library.SearchParametersIVF(nprobe=lists.shape[1])
        # FAISS's own wrapper of this takes no parameters.
        x, assigned, coarse, near, found = map(
            library.swig_ptr, (reduced, lists, away, distances, rows)
        )
        library.extract_index_ivf(self._index).search_preassigned_c(
            len(reduced), x, pool, assigned, coarse, near, found, False, chosen
        )
        return distances, rows

    def reduced(self, vectors: Vectors) -> Vectors:
        """Vectors after PCA, shape (m, r), float32. In one thread: see `_nearest_lists`."""
        with _faiss(1) as library:
            reduction = library.downcast_VectorTransform(self._index.chain.at(0))
            found: Vectors = reduction.apply(np.ascontiguousarray(vectors, dtype=np.float32))
        return found

    def _nearest_lists(self, reduced: Vectors, probes: int) -> tuple[Distances, Nodes]:
        """The inverted lists nearest to each vector.

        In one thread: with two, matrix products are rounded otherwise, and with them the result.
        """
        with _faiss(1) as library:
            coarse = library.downcast_index(library.extract_index_ivf(self._index).quantizer)
            found: tuple[Distances, Nodes] = coarse.search(reduced, probes)
        return found

    def list_sizes(self, lists: Nodes) -> Nodes:
        """Rows in each of some inverted lists, shape (m,); of the kind "ivf"."""
        inverted = _library().extract_index_ivf(self._index).invlists
        return np.array([inverted.list_size(each) for each in lists.tolist()], dtype=np.int64)

    def listed_rows(self, lists: Nodes) -> Nodes:
        """The rows of some inverted lists, list by list, shape (m,); of the kind "ivf"."""
        library = _library()
        inverted = library.extract_index_ivf(self._index).invlists
        sizes = self.list_sizes(lists).tolist()
        rows = np.empty(sum(sizes), dtype=np.int64)
        for each, size, end in zip(lists.tolist(), sizes, accumulate(sizes), strict=True):
            if size:
                rows[end - size : end] = library.rev_swig_ptr(inverted.get_ids(each), size)
        return rows

    def listed_vectors(self, lists: Nodes) -> Vectors:
        """Their vectors after PCA, shape (m, r), float32; in the order of `listed_rows`."""
        library = _library()
        inverted = library.extract_index_ivf(self._index).invlists
        sizes = self.list_sizes(lists).tolist()
        found = np.empty((sum(sizes), self.spec.reduced), dtype=np.float32)
        for each, size, end in zip(lists.tolist(), sizes, accumulate(sizes), strict=True):
            if size:
                codes = library.rev_swig_ptr(inverted.get_codes(each), size * inverted.code_size)
                found[end - size : end] = codes.view(np.float32).reshape(size, -1)
        return found

    def centroids(self) -> Vectors:
        """The middle of each list, after PCA, shape (lists, r), float32; of the kind "ivf"."""
        library = _library()
        coarse = library.downcast_index(library.extract_index_ivf(self._index).quantizer)
        found: Vectors = coarse.reconstruct_n(0, coarse.ntotal)
        return found

    def save(self, path: Path) -> None:
        """Write the index in FAISS's own format.

        Raises
        ------
        OSError
            If the system refuses.
        """
        library = _library()
        # Through Python's own file, so that a full disk is an OSError and not a C++ exception.
        with path.open("wb") as file:
            library.write_index(self._index, library.PyCallbackIOWriter(file.write))


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
        index = _trained(_library(), vectors, spec, settings)
    built = VectorIndex(spec, settings.threads, index)
    _add(built, vectors, progress)
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
    extended = VectorIndex(spec, settings.threads, _read(path, 0))
    _add(extended, vectors, progress)
    return extended


def _add(index: VectorIndex, vectors: VectorSource, progress: Progress) -> None:
    """Add the rows that are missing at the end; the same on any number of threads."""
    n, first = vectors.shape[0], index.rows
    spans = [(start, min(start + _BLOCK, n)) for start in range(first, n, _BLOCK)]

    centroids = None if index.spec.kind == "exact" else index.centroids()

    def placed(span: tuple[int, int]) -> tuple[Vectors, Nodes | None]:
        block = np.ascontiguousarray(vectors.block(*span), dtype=np.float32)
        if centroids is None:
            return block, None
        reduced = index.reduced(block)
        return reduced, distances_to_centers(reduced, centroids).argmin(axis=1)

    with progress.stage("Building the index", n - first, unit="vectors") as stage:
        parts = zip(spans, map_parts(placed, spans, index.threads), strict=True)
        with _faiss(1) as library:
            for (start, _), (block, lists) in parts:
                _append(library, index._index, start, block, lists)
                stage.advance(len(block))


def _append(
    library: ModuleType, index: FaissIndex, first: int, block: Vectors, lists: Nodes | None
) -> None:
    if lists is None:
        index.add(block)
        return
    rows = np.arange(first, first + len(block))
    x, ids, assigned = map(library.swig_ptr, (block, rows, lists))
    inverted = library.extract_index_ivf(index)
    inverted.add_core(len(block), x, ids, assigned)
    index.ntotal = inverted.ntotal


def _trained(
    library: ModuleType, vectors: VectorSource, spec: IndexSpec, settings: SearchSettings
) -> FaissIndex:
    """An empty index that has learned from a sample of the vectors what it needs to know."""
    if spec.kind == "exact":
        kind = library.ScalarQuantizer.QT_fp16
        return library.IndexScalarQuantizer(spec.dimension, kind, library.METRIC_L2)
    seed, threads = settings.seed, settings.threads
    learned = _sample(vectors, _PCA_TRAINED, seed)
    reduction = learn_reduction(learned, spec.reduced, seed=seed, threads=threads)
    sample = _sample(vectors, _TRAINED_PER_LIST * spec.lists, seed)
    reduced = list(map_parts(reduction.apply, sample, threads))
    centroids = k_means(np.vstack(reduced), spec.lists, seed=seed, threads=threads)
    return _empty_lists(library, reduction, centroids)


def _empty_lists(library: ModuleType, reduction: Reduction, centroids: Vectors) -> FaissIndex:
    dimension, reduced = reduction.axes.shape
    coarse = library.IndexFlatL2(reduced)
    coarse.add(centroids)
    lists = library.IndexIVFFlat(coarse, reduced, len(centroids), library.METRIC_L2)
    lists.is_trained = True
    transform = library.LinearTransform(dimension, reduced, True)
    library.copy_array_to_vector(np.ascontiguousarray(reduction.axes.T).ravel(), transform.A)
    library.copy_array_to_vector(-reduction.mean @ reduction.axes, transform.b)
    transform.is_trained = True
    index = library.IndexPreTransform(transform, lists)
    for part in (coarse, lists, transform):
        part.this.disown()  # the whole owns its parts, as in an index that was read
    lists.own_fields = index.own_fields = True
    return index


def _sample(vectors: VectorSource, size: int, seed: int) -> Iterator[Vectors]:
    """Up to `size` rows, drawn at random, in blocks."""
    n, _ = vectors.shape
    rows = np.sort(np.random.default_rng(seed).choice(n, min(n, size), replace=False))
    for first in range(0, len(rows), _SAMPLED):
        yield np.ascontiguousarray(vectors.take(rows[first : first + _SAMPLED]), dtype=np.float32)


def load_index(path: Path, spec: IndexSpec, settings: SearchSettings) -> VectorIndex:
    """Open an index file whose digest was verified; FAISS itself trusts anything.

    The file is mapped, not read, which opens 50 MB in 1 ms instead of 12 to 36. It may be unlinked
    while it is open, but never be written to: derived files are not.
    """
    return VectorIndex(spec, settings.threads, _read(path, _library().IO_FLAG_MMAP_IFC))


def _read(path: Path, flags: int) -> FaissIndex:
    with path.open("rb") as file:
        # By its descriptor: FAISS takes no path that is not UTF-8.
        return _library().read_index(f"/dev/fd/{file.fileno()}", flags)


def squared_distances_by_row(queries: Vectors, vectors: Vectors, rows: Neighbors) -> Distances:
    """Squared Euclidean distance of each query to some rows, by difference, in one thread.

    Parameters
    ----------
    queries : ndarray of shape (m, d), float32
    vectors : ndarray of shape (n, d), float32, contiguous
    rows : ndarray of shape (m, c), int32 or int64
        Where a row is -1, so is what stands for its distance: meaningless.

    Returns
    -------
    ndarray of shape (m, c), float32
    """
    queries = np.ascontiguousarray(queries)
    rows = np.ascontiguousarray(rows, dtype=np.int64)
    squared = np.empty(rows.shape, dtype=np.float32)
    with _faiss(1) as library:
        pointers = [library.swig_ptr(array) for array in (squared, queries, vectors, rows)]
        library.fvec_L2sqr_by_idx(*pointers, queries.shape[1], *rows.shape)
    return squared
