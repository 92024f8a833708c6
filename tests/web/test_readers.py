"""Stores are lent to one thread at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.storage.store import Store
from annclust.web.readers import Readers


@pytest.fixture
def opened() -> list[Store]:
    return []


@pytest.fixture
def readers(collection: Collection, opened: list[Store]) -> Readers:
    def open_store() -> Store:
        opened.append(Store(Path(collection.path)))
        return opened[-1]

    return Readers(open_store)


def test_a_store_that_came_back_is_lent_again(readers: Readers, opened: list[Store]) -> None:
    for _ in range(3):
        with readers.store() as store:
            assert store.catalog.counts()["images"] == 0
    assert len(opened) == 1
    readers.close()


def test_nobody_gets_a_store_that_somebody_has(readers: Readers, opened: list[Store]) -> None:
    with readers.store() as one, readers.store() as other:
        assert one is not other
    assert len(opened) == 2
    readers.close()


def test_a_store_comes_back_from_who_failed(readers: Readers, opened: list[Store]) -> None:
    with pytest.raises(ZeroDivisionError), readers.store():
        raise ZeroDivisionError
    with readers.store():
        assert len(opened) == 1
    readers.close()


def test_a_store_that_comes_back_late_is_closed(readers: Readers) -> None:
    with readers.store() as store:
        readers.close()
        assert store.catalog.counts()["images"] == 0
    with pytest.raises(Exception, match="closed"):
        store.catalog.counts()
