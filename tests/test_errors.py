"""Errors come from another process as they were, with their parts."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from annclust import errors
from annclust.errors import AnnclustError


def every(kind: type[AnnclustError]) -> Iterator[type[AnnclustError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from every(each)


PARTS: dict[str, object] = {
    "tuple[tuple[Path, str], ...]": ((Path("some/where"), "it was changed"),),
    "Path": Path("some/where"),
    "int": 3,
    "Changed": "photos",
}
"""Of each kind that a signature may ask for; else a text does."""


def example(kind: type[AnnclustError]) -> AnnclustError:
    """One with parts of the kinds that its signature asks for."""
    asked = inspect.signature(kind.__init__).parameters.values()
    own = [each for each in asked if each.name not in ("self", "args", "kwargs")]
    told = {each.name: PARTS.get(str(each.annotation), "something") for each in own}
    return kind(**told) if told else kind("something")


@pytest.mark.parametrize("kind", sorted({*every(AnnclustError)}, key=lambda each: each.__name__))
def test_an_error_travels_as_it_is(kind: type[AnnclustError]) -> None:
    error = example(kind)
    there = pickle.loads(pickle.dumps(error))
    assert type(there) is kind
    assert str(there) == str(error)
    assert there.__dict__ == error.__dict__


def test_all_of_them_are_known() -> None:
    assert len({*every(AnnclustError)}) > 30
    assert errors.EngineError in {*every(AnnclustError)}
