from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Vectors
from annclust.search.exact import nearest
from annclust.search.faiss_index import VectorIndex, load_index, squared_distances_by_row
from annclust.search.index_build import build_index, extended_index
from annclust.search.index_spec import choose_index
from annclust.settings import SearchSettings
from annclust.vector_source import ArrayVectors
from tests.engines import Elsewhere
from tests.search.samples import clustered, grid_vectors, true_distances

EXACT = SearchSettings(threads=1)
IVF = SearchSettings(threads=1, exact_up_to=0)
BOTH = pytest.mark.parametrize("settings", [EXACT, IVF], ids=["exact", "ivf"])


def index_of(vectors: Vectors, settings: SearchSettings) -> VectorIndex:
    n, d = vectors.shape
    return build_index(ArrayVectors(vectors), choose_index(n, d, settings), settings)


def threads(settings: SearchSettings, count: int) -> SearchSettings:
    return SearchSettings(threads=count, exact_up_to=settings.exact_up_to)


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """A disk that is full after `size` bytes, as far as one file can see."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


@BOTH
def test_a_vector_of_the_index_finds_itself(settings: SearchSettings) -> None:
    vectors = clustered(600, 16)
    distances, rows = index_of(vectors, settings).search(vectors[:50], 5)
    assert rows[:, 0].tolist() == list(range(50))
    assert (np.diff(distances, axis=1) >= 0).all()


@BOTH
def test_nearly_all_true_neighbors_are_among_the_candidates(settings: SearchSettings) -> None:
    vectors = clustered(3_000, 160)
    rows = index_of(vectors, settings).search(vectors[:100], 10)[1]
    true = nearest(ArrayVectors(vectors), vectors[:100], 10)[1]
    found = [len(np.intersect1d(*pair)) for pair in zip(rows, true, strict=True)]
    assert np.mean(found) > 9.5


@BOTH
@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 17])
def test_few_vectors_are_all_found(n: int, settings: SearchSettings) -> None:
    index = index_of(clustered(n, 8), settings)
    found = index.search(np.ones((2, 8), dtype=np.float32), 40)[1]
    assert index.rows == n
    assert [sorted(row[row >= 0].tolist()) for row in found] == [list(range(n))] * 2


@BOTH
def test_equal_vectors_can_be_indexed(settings: SearchSettings) -> None:
    vectors = np.tile(clustered(2, 8), (40, 1))
    rows = index_of(vectors, settings).search(vectors[:2], 3)[1]
    assert (rows[:, :3] % 2 == [[0], [1]]).all()


@BOTH
def test_k_may_be_a_numpy_integer(settings: SearchSettings) -> None:
    vectors = clustered(100, 4)
    index = index_of(vectors, settings)
    asked = np.array([3])[0]
    assert np.array_equal(index.search(vectors, asked)[1], index.search(vectors, 3)[1])


@BOTH
def test_the_number_of_threads_changes_no_byte(settings: SearchSettings, tmp_path: Path) -> None:
    vectors = clustered(6_000, 200)
    written, found = [], []
    for count in (1, 2):
        index = index_of(vectors, threads(settings, count))
        index.save(tmp_path / f"{count}")
        written.append((tmp_path / f"{count}").read_bytes())
        found.append([array.tobytes() for array in index.search(vectors[:500], 10)])
    assert written[0] == written[1]
    assert found[0] == found[1]


@BOTH
def test_a_saved_index_answers_the_same_even_after_its_file_was_unlinked(
    settings: SearchSettings, tmp_path: Path
) -> None:
    vectors = clustered(500, 12)
    built = index_of(vectors, settings)
    built.save(tmp_path / "index")
    loaded = load_index(tmp_path / "index", built.spec, settings)
    (tmp_path / "index").unlink()
    assert loaded.rows == 500
    for before, after in zip(built.search(vectors, 4), loaded.search(vectors, 4), strict=True):
        assert np.array_equal(before, after)


@BOTH
@pytest.mark.parametrize("size", [0, 100, 20_000])
def test_a_full_disk_is_an_os_error(size: int, settings: SearchSettings, tmp_path: Path) -> None:
    index = index_of(clustered(4_000, 160), settings)
    with files_no_larger_than(size), pytest.raises(OSError, match="File too large"):
        index.save(tmp_path / "index")


def test_vectors_of_one_list_are_near_each_other() -> None:
    vectors = clustered(1_000, 16)
    index = index_of(vectors, IVF)
    numbers = np.arange(index.spec.lists)
    rows, reduced = index.listed_rows(numbers), index.listed_vectors(numbers)
    lists = np.repeat(numbers, index.list_sizes(numbers))
    same = lists[:, np.newaxis] == lists
    distances = true_distances(reduced, reduced)
    assert sorted(rows.tolist()) == list(range(1_000))
    assert len(numbers) > 10
    assert distances[same].mean() < distances[~same].mean() / 2


def test_an_extended_index_answers_as_one_that_was_built_with_all_rows_by_what_it_learned(
    tmp_path: Path,
) -> None:
    vectors = clustered(900, 16)
    first = index_of(vectors[:600], IVF)
    first.save(tmp_path / "index")
    extended = extended_index(tmp_path / "index", first.spec, IVF, ArrayVectors(vectors))
    assert first.rows == 600
    assert extended.rows == 900
    found = extended.search(vectors, 5, probes=first.spec.lists)[1][:, :5]
    exact = nearest(ArrayVectors(vectors), vectors, 5)[1]
    assert (found == exact).mean() > 0.99


def test_an_index_that_is_built_elsewhere_is_the_same_to_the_byte(tmp_path: Path) -> None:
    vectors, engine = clustered(9_000, 40), Elsewhere(twice=True)
    index_of(vectors, IVF).save(tmp_path / "here")
    index_of(vectors, replace(IVF, engine=engine)).save(tmp_path / "there")
    assert (tmp_path / "here").read_bytes() == (tmp_path / "there").read_bytes()
    assert set(engine.parts) == {"_nearest", "_placed"}


@pytest.mark.parametrize("count", [1, 2])
def test_what_is_listed_does_not_depend_on_threads(count: int) -> None:
    vectors = clustered(9_000, 40)
    one, other = index_of(vectors, IVF), index_of(vectors, threads(IVF, count))
    lists = np.arange(one.spec.lists)[::-1]
    assert np.array_equal(one.listed_rows(lists), other.listed_rows(lists))
    assert one.listed_vectors(lists).tobytes() == other.listed_vectors(lists).tobytes()


@given(vectors=grid_vectors(), data=st.data())
def test_distances_by_row_are_those_of_the_rows(vectors: Vectors, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(vectors) - 1), min_size=1))
    found = np.sqrt(squared_distances_by_row(vectors[:1], vectors, np.array([rows])))
    assert found == pytest.approx(true_distances(vectors[:1], vectors)[:, rows])


def test_importing_search_imports_no_heavy_library() -> None:
    heavy = "{'faiss', 'scipy', 'sklearn', 'hdbscan', 'onnxruntime'}"
    code = (
        "import sys, annclust.search.graph_build, annclust.search.copies;"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
