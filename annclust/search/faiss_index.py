"""FAISS index: the only module that knows FAISS.

An index gives candidates; exact distances come from the vectors themselves (:mod:`exact`). A loaded
index is never changed: the store replaces whole files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances, Nodes, Vectors
from annclust.progress import SILENT, Progress
from annclust.search.index_spec import IndexSpec
from annclust.settings import SearchSettings
from annclust.vector_source import VectorSource

FaissIndex: TypeAlias = Any
"""A FAISS index; the types that FAISS publishes cover little of what is used here."""

_BLOCK = 16_384
"""Rows read at a time: 84 MB of float32 at 1,280 dimensions."""

_TRAINED_PER_LIST = 40
_LEAST_TRAINED = 20_000
_ITERATIONS = 8


def _library() -> ModuleType:
    import faiss

    return faiss


@contextmanager
def _faiss(threads: int) -> Iterator[ModuleType]:
    """FAISS with so many threads; it has but one number for all its users in this process."""
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
        allowed: NDArray[np.bool_] | None = None,
        probes: int | None = None,
    ) -> tuple[Distances, Nodes]:
        """Find candidates for the k nearest rows of each query.

        Parameters
        ----------
        queries : ndarray of shape (m, d), float32
        k : int
        allowed : ndarray of shape (n,), bool, or None
            Rows that may be found; all if None.
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
        # FAISS points to the selector but does not keep it: the name must live until the end.
        selector = None if allowed is None else _selector(allowed)
        if self.spec.kind == "ivf":
            return self._search_lists(queries, pool, selector, int(probes or self.spec.probes))
        with _faiss(self.threads) as library:
            chosen = library.SearchParameters(sel=selector)
            found: tuple[Distances, Nodes] = self._index.search(queries, pool, params=chosen)
        return found

    def _search_lists(
        self, queries: Vectors, pool: int, selector: object, probes: int
    ) -> tuple[Distances, Nodes]:
        reduced, away, lists = self._nearest_lists(queries, probes)
        distances = np.empty((len(queries), pool), dtype=np.float32)
        rows = np.empty((len(queries), pool), dtype=np.int64)
        with _faiss(self.threads) as library:
            chosen = library.SearchParametersIVF(sel=selector, nprobe=probes)
            # FAISS's own wrapper of this takes no parameters, hence no selector.
            x, assigned, coarse, near, found = map(
                library.swig_ptr, (reduced, lists, away, distances, rows)
            )
            library.extract_index_ivf(self._index).search_preassigned_c(
                len(queries), x, pool, assigned, coarse, near, found, False, chosen
            )
        return distances, rows

    def _nearest_lists(
        self, vectors: Vectors, probes: int
    ) -> tuple[Vectors, Distances, NDArray[np.int64]]:
        """The vectors after PCA, and the inverted lists nearest to each.

        In one thread: with two, matrix products are rounded otherwise, and with them the result.
        """
        with _faiss(1) as library:
            reduction = library.downcast_VectorTransform(self._index.chain.at(0))
            reduced: Vectors = reduction.apply(np.ascontiguousarray(vectors, dtype=np.float32))
            coarse = library.downcast_index(library.extract_index_ivf(self._index).quantizer)
            away, lists = coarse.search(reduced, probes)
        return reduced, away, lists

    def lists_of(self, vectors: Vectors) -> NDArray[np.int64]:
        """The inverted list that each vector falls into, shape (m,)."""
        if self.spec.kind == "exact":
            return np.zeros(len(vectors), dtype=np.int64)
        return self._nearest_lists(vectors, 1)[2][:, 0]

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


def _selector(allowed: NDArray[np.bool_]) -> object:
    return _library().IDSelectorBitmap(np.packbits(allowed, bitorder="little"))


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
    n, _ = vectors.shape
    # In one thread: with two, matrix products are rounded otherwise, and the index is another.
    with progress.stage("Building the index", n, unit="vectors") as stage, _faiss(1) as library:
        index = _trained(library, vectors, spec, settings.seed)
        for first in range(0, n, _BLOCK):
            block = vectors.block(first, min(first + _BLOCK, n))
            index.add(np.ascontiguousarray(block, dtype=np.float32))
            stage.advance(len(block))
    return VectorIndex(spec, settings.threads, index)


def _trained(library: ModuleType, vectors: VectorSource, spec: IndexSpec, seed: int) -> FaissIndex:
    """An empty index that has learned from a sample of the vectors what it needs to know."""
    if spec.kind == "exact":
        kind = library.ScalarQuantizer.QT_fp16
        return library.IndexScalarQuantizer(spec.dimension, kind, library.METRIC_L2)
    reduction = library.PCAMatrix(spec.dimension, spec.reduced)
    coarse = library.IndexFlatL2(spec.reduced)
    lists = library.IndexIVFFlat(coarse, spec.reduced, spec.lists, library.METRIC_L2)
    lists.cp.seed, lists.cp.niter = seed + 1, _ITERATIONS
    lists.cp.max_points_per_centroid = max(_TRAINED_PER_LIST, _LEAST_TRAINED // spec.lists)
    lists.cp.min_points_per_centroid = 1  # with fewer it would print a warning
    index = library.IndexPreTransform(reduction, lists)
    index.train(_training_sample(vectors, spec, seed))
    return index


def _training_sample(vectors: VectorSource, spec: IndexSpec, seed: int) -> Vectors:
    n, _ = vectors.shape
    size = min(n, max(_LEAST_TRAINED, _TRAINED_PER_LIST * spec.lists))
    rows = np.sort(np.random.default_rng(seed).choice(n, size, replace=False))
    return np.ascontiguousarray(vectors.take(rows), dtype=np.float32)


def load_index(path: Path, spec: IndexSpec, settings: SearchSettings) -> VectorIndex:
    """Open an index file whose digest was verified; FAISS itself trusts anything.

    The file is mapped, not read, which opens 50 MB in 1 ms instead of 12 to 36. It may be unlinked
    while it is open, but never be written to: derived files are not.
    """
    library = _library()
    with path.open("rb") as file:
        # By its descriptor: FAISS takes no path that is not UTF-8.
        index = library.read_index(f"/dev/fd/{file.fileno()}", library.IO_FLAG_MMAP_IFC)
    return VectorIndex(spec, settings.threads, index)


def distances_by_row(queries: Vectors, vectors: Vectors, rows: Nodes, threads: int) -> Distances:
    """Euclidean distance of each query to some rows, by difference: exact even near zero.

    Parameters
    ----------
    queries : ndarray of shape (m, d), float32
    vectors : ndarray of shape (n, d), float32
    rows : ndarray of shape (m, c), int64
    threads : int

    Returns
    -------
    ndarray of shape (m, c), float32
    """
    queries, vectors = np.ascontiguousarray(queries), np.ascontiguousarray(vectors)
    rows = np.ascontiguousarray(rows, dtype=np.int64)
    squared = np.empty(rows.shape, dtype=np.float32)
    with _faiss(threads) as library:
        pointers = [library.swig_ptr(array) for array in (squared, queries, vectors, rows)]
        library.fvec_L2sqr_by_idx(*pointers, queries.shape[1], *rows.shape)
    return np.sqrt(squared)
