from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from annclust.images.memory_budget import MemoryBudget


def test_nobody_waits_for_what_is_free() -> None:
    budget = MemoryBudget(10)
    with budget.share(4), budget.share(6):
        pass
    with budget.share(10):
        pass


def test_shares_never_add_up_to_more_than_there_is() -> None:
    budget, lock = MemoryBudget(10), threading.Lock()
    taken, most = 0, 0

    def take(amount: int) -> None:
        nonlocal taken, most
        with budget.share(amount):
            with lock:
                taken += min(amount, 10)
                most = max(most, taken)
            threading.Event().wait(0.001)
            with lock:
                taken -= min(amount, 10)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, [1, 7, 3, 25, 10, 2, 5, 5] * 20))
    assert (taken, most) == (0, 10)


def test_who_waits_for_much_is_not_overtaken_by_who_needs_little() -> None:
    budget, waiting = MemoryBudget(10), threading.Event()
    order: list[int] = []

    def take(amount: int) -> None:
        waiting.set()
        with budget.share(amount):
            order.append(amount)

    with ThreadPoolExecutor(2) as pool, budget.share(5):
        pool.submit(take, 10)
        waiting.wait(10)
        threading.Event().wait(0.05)
        small = pool.submit(take, 1)  # would fit at once
        threading.Event().wait(0.05)
        assert not small.done()
    assert order == [10, 1]


def test_a_share_ends_with_an_error_as_well() -> None:
    budget = MemoryBudget(10)
    with pytest.raises(ZeroDivisionError), budget.share(99):
        raise ZeroDivisionError
    with budget.share(10):
        pass
