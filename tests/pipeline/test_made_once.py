from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.pipeline.made_once import MadeOnce


def never() -> bytes:
    raise AssertionError("it was to be there already")


def test_what_was_made_is_there_the_next_time() -> None:
    made = MadeOnce(100)
    assert made.get("a", lambda: b"one") == b"one"
    assert made.get("a", never) == b"one"
    assert made.bytes_used == 3


def test_what_was_asked_for_long_ago_goes_first() -> None:
    made = MadeOnce(9)
    for key in "abc":
        made.get(key, lambda: b"123")
    made.get("a", never)
    made.get("d", lambda: b"123")
    for key in "acd":
        made.get(key, never)
    assert made.get("b", lambda: b"new") == b"new"


@given(sizes=st.lists(st.integers(0, 12), max_size=40))
def test_there_is_never_more_than_there_is_room_for(sizes: list[int]) -> None:
    made = MadeOnce(10)
    for key, size in enumerate(sizes):
        assert len(made.get(key, lambda: bytes(size))) == size  # noqa: B023 - called at once
        assert made.bytes_used <= 10


def test_an_error_is_not_kept() -> None:
    made = MadeOnce(9)
    with pytest.raises(ZeroDivisionError):
        made.get("a", lambda: bytes(1 // 0))
    assert made.get("a", lambda: b"fine") == b"fine"


class Slow:
    """Makes something once it may, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.calls, self.begun, self.may_end = 0, threading.Event(), threading.Event()

    def __call__(self) -> bytes:
        self.calls += 1
        self.begun.set()
        assert self.may_end.wait(30)
        return b"slow"


def test_what_many_ask_for_at_once_is_made_once() -> None:
    made, slow = MadeOnce(9), Slow()
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(made.get, "a", slow)
        assert slow.begun.wait(30)
        others = [threads.submit(made.get, "a", never) for _ in range(7)]
        assert made.get("b", lambda: b"quick") == b"quick"  # nobody waits for another key
        slow.may_end.set()
        assert [each.result(30) for each in (first, *others)] == [b"slow"] * 8
    assert slow.calls == 1


def test_all_who_wait_get_the_error_of_the_one_who_makes_it() -> None:
    made, slow = MadeOnce(9), Slow()

    def fail() -> bytes:
        slow()
        raise ValueError("unreadable")

    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(made.get, "a", fail)
        assert slow.begun.wait(30)
        others = [threads.submit(made.get, "a", fail) for _ in range(2)]
        slow.may_end.set()
        for each in (first, *others):
            with pytest.raises(ValueError, match="unreadable"):
                each.result(30)
