"""Work in blocks on several threads."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from annclust.parallel import map_parts


def blas_threads() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def _numpy_is_loaded() -> None:
    np.zeros((2, 2)) @ np.zeros((2, 2))


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_the_order_of_the_parts(threads: int) -> None:
    assert list(map_parts(lambda part: part * part, range(50), threads)) == [
        part * part for part in range(50)
    ]


def test_parts_are_taken_as_they_are_needed() -> None:
    taken = []

    def parts() -> Iterator[int]:
        for part in range(1_000):
            taken.append(part)
            yield part

    results = map_parts(lambda part: part, parts(), 2)
    assert next(results) == 0
    assert len(taken) < 10
    results.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("threads", [1, 3])
def test_what_a_part_raises_comes_out_and_ends_the_work(threads: int) -> None:
    def fail(part: int) -> int:
        return 1 // (3 - part)

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        list(map_parts(fail, range(100), threads))
    assert threading.active_count() == before


def test_blas_is_held_to_one_thread_until_the_last_one_is_done() -> None:
    before = blas_threads()
    one, other = (map_parts(lambda part: part, range(3), 1) for _ in range(2))
    next(one)
    next(other)
    assert blas_threads() == {1}
    list(one)
    assert blas_threads() == {1}
    list(other)
    assert blas_threads() == before


def test_threads_take_turns_more_often_until_the_work_is_done() -> None:
    usual = sys.getswitchinterval()
    results = map_parts(lambda part: part, range(3), 2)
    next(results)
    assert sys.getswitchinterval() < usual
    list(results)
    assert sys.getswitchinterval() == pytest.approx(usual)
