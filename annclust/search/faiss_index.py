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
from typing import Any, Self, TypeAlias

import numpy as np

from annclust.arrays import Distances, Neighbors, Nodes, Vectors
from annclust.search.index_spec import IndexSpec
from annclust.search.reduction import Reduction
from annclust.settings import SearchSettings

FaissIndex: TypeAlias = Any
"""A FAISS index; the types that FAISS publishes cover little of what is used here."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Placing:
    """What decides into which list a vector belongs.

    Parameters
    ----------
    axes : ndarray of shape (r * d,), float32
        Rows of the linear map to r dimensions.
    shift : ndarray of shape (r,), float32
        What is added to the result.
    centroids : ndarray of shape (lists, r), float32
    """

    axes: Vectors
    shift: Vectors
    centroids: Vectors

    @classmethod
    def of(cls, index: VectorIndex) -> Self:
        """As an index of the kind "ivf" has learned it."""
        library = _library()
        reduction = library.downcast_VectorTransform(index._index.chain.at(0))
        axes, shift = map(library.vector_to_array, (reduction.A, reduction.b))
        return cls(axes, shift, index.centroids())

    def reduced(self, vectors: Vectors) -> Vectors:
        """As of `VectorIndex`."""
        with _faiss(1) as library:
            transform = library.LinearTransform(vectors.shape[1], len(self.shift), True)
            library.copy_array_to_vector(self.axes, transform.A)
            library.copy_array_to_vector(self.shift, transform.b)
            transform.is_trained = True
            found: Vectors = transform.apply(np.ascontiguousarray(vectors, dtype=np.float32))
        return found


def append(index: VectorIndex, first: int, block: Vectors, lists: Nodes | None) -> None:
    """Add rows from `first` on to an index that is being built.

    Parameters
    ----------
    index : VectorIndex
    first : int
    block : ndarray of shape (m, r), float32
        After PCA, if the index has lists.
    lists : ndarray of shape (m,), int64, or None
        The list of each; None for the kind "exact".
    """
    with _faiss(1) as library:
        if lists is None:
            index._index.add(block)
            return
        rows = np.arange(first, first + len(block))
        x, ids, assigned = map(library.swig_ptr, (block, rows, lists))
        inverted = library.extract_index_ivf(index._index)
        inverted.add_core(len(block), x, ids, assigned)
        index._index.ntotal = inverted.ntotal


def empty_exact(spec: IndexSpec, threads: int) -> VectorIndex:
    """An index of the kind "exact" over no rows yet."""
    library = _library()
    kind = library.ScalarQuantizer.QT_fp16
    index = library.IndexScalarQuantizer(spec.dimension, kind, library.METRIC_L2)
    return VectorIndex(spec, threads, index)


def empty_lists(
    spec: IndexSpec, threads: int, reduction: Reduction, centroids: Vectors
) -> VectorIndex:
    """An index of the kind "ivf" over no rows yet."""
    library = _library()
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
    return VectorIndex(spec, threads, index)


def load_index(path: Path, spec: IndexSpec, settings: SearchSettings) -> VectorIndex:
    """Open an index file whose digest was verified; FAISS itself trusts anything.

    The file is mapped, not read, which opens 50 MB in 1 ms instead of 12 to 36. It may be unlinked
    while it is open, but never be written to: derived files are not.
    """
    return VectorIndex(spec, settings.threads, _read(path, _library().IO_FLAG_MMAP_IFC))


def load_copy(path: Path, spec: IndexSpec, threads: int) -> VectorIndex:
    """As `load_index`, but in memory, so that rows can be added."""
    return VectorIndex(spec, threads, _read(path, 0))


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
