"""A plan survives its file; what is no plan is refused in words."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import ImageId
from annclust.errors import PlanFileError
from annclust.purge.plan import Plan, PlannedFile, PlannedGroup, PlannedPhoto, fault_of
from annclust.purge.plan_file import FORMAT, plan_bytes, plan_document, plan_of, read_plan

BYTES = st.binary(min_size=1, max_size=12).filter(lambda name: not set(name) & set(b"\0/"))
NAMES = BYTES.filter(lambda name: name not in (b".", b".."))
NUMBERS = st.integers(0, 2**63 - 1)


@st.composite
def files(draw: st.DrawFn, *, read: bool) -> PlannedFile:
    path = Path("/", *map(os.fsdecode, draw(st.lists(NAMES, min_size=1, max_size=3))))
    digest = draw(st.binary(min_size=32, max_size=32)) if read else None
    return PlannedFile(path, draw(NUMBERS), draw(st.integers(-(2**63), 2**63 - 1)), digest)


PHOTOS = st.builds(
    PlannedPhoto,
    NUMBERS.map(ImageId),
    files(read=True),
    st.lists(files(read=False), max_size=2).map(tuple),
    st.lists(st.text(), max_size=2).map(tuple),
)
SOME = st.lists(PHOTOS, max_size=2).map(tuple)
GROUPS = st.builds(PlannedGroup, SOME, SOME, SOME)
PLANS = st.builds(Plan, *[st.text()] * 3, st.lists(GROUPS, max_size=2).map(tuple))


@given(PLANS)
def test_a_plan_is_read_as_it_was_written(plan: Plan) -> None:
    assert plan_of(json.loads(plan_bytes(plan))) == plan


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(plan=PLANS, spoilt=JSON, place=st.integers(0, 10**6))
def test_what_somebody_spoilt_is_a_plan_or_a_value_error(
    plan: Plan, spoilt: object, place: int
) -> None:
    document = plan_document(plan)
    places = list(_places(document))
    parent, key = places[place % len(places)]
    parent[key] = spoilt
    try:
        found = plan_of(document)
    except ValueError:
        return
    fault_of(found)
    assert plan_of(json.loads(plan_bytes(found))) == found


def _places(document: Any) -> Any:
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(pairs):
        yield document, key
        if isinstance(value, dict | list):
            yield from _places(value)


def file_of(folder: Path, content: bytes) -> Path:
    path = folder / "plan.json"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b"{",
        b'"plan"',
        b"1e999",
        b"9" * 5000,
        b"[" * 100_000,
        b'{"format": "annclust purge plan 2"}',
        json.dumps({"format": FORMAT}).encode(),
        json.dumps(
            {"format": FORMAT, "id": "\ud800", "level": "", "made": "", "groups": []}
        ).encode(),
        json.dumps({"format": FORMAT, "id": 1, "level": "", "made": "", "groups": []}).encode(),
        json.dumps({"format": FORMAT, "id": "", "level": "", "made": "", "groups": [[]]}).encode(),
    ],
    ids=range(14),
)
def test_what_is_no_plan_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(PlanFileError, match="it is no purge plan"):
        read_plan(file_of(tmp_path, content))


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanFileError, match="No such file"):
        read_plan(tmp_path / "missing")
    with pytest.raises(PlanFileError, match="Is a directory"):
        read_plan(tmp_path)
    with (tmp_path / "giant").open("wb") as file:
        file.truncate((1 << 30) + 1)
    with pytest.raises(PlanFileError, match="too large"):
        read_plan(tmp_path / "giant")


def photo(name: str, **facts: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "path": f"/photos/{name}",
        "size": 1,
        "modified_ns": 1,
        "digest": "00" * 32,
        "companions": [],
        "reasons": [],
        **facts,
    }


def document(kept: list[Any], moved: list[Any], left: list[Any] | None = None) -> bytes:
    group = {"kept": kept, "moved": moved, "left": left or []}
    told = {"format": FORMAT, "id": "x", "level": "shots", "made": "now", "groups": [group]}
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    "facts",
    [
        {"path": "photos/a.jpg"},
        {"path": "/photos/../etc/passwd"},
        {"path": "/photos/\0"},
        {"path": "/photos/\ud800"},
        {"path": ""},
        {"path": None},
        {"size": -1},
        {"size": True},
        {"size": 1.0},
        {"size": 2**63},
        {"modified_ns": None},
        {"digest": None},
        {"digest": "00"},
        {"digest": "xy" * 32},
        {"digest": 5},
        {"id": "1"},
        {"companions": None},
        {"companions": [5]},
        {"reasons": [5]},
        {"reasons": "because"},
    ],
)
def test_a_photo_that_cannot_be_is_refused(tmp_path: Path, facts: dict[str, Any]) -> None:
    path = file_of(tmp_path, document([photo("a")], [photo("b", **facts)]))
    with pytest.raises(PlanFileError, match="it is no purge plan"):
        read_plan(path)


FAULTS = {
    "nothing would stay": document([], [photo("a")]),
    "would be moved twice": document([photo("a")], [photo("b"), photo("b")]),
    "would stay and be moved": document([photo("a")], [photo("b")], [photo("b")]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_plan_with_a_fault_is_refused(tmp_path: Path, fault: str) -> None:
    with pytest.raises(PlanFileError, match=fault):
        read_plan(file_of(tmp_path, FAULTS[fault]))
