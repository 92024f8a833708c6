"""Plan file: a plan as JSON, which people read, edit and keep; read back, it is not believed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from annclust.arrays import ImageId
from annclust.errors import PlanFileError
from annclust.purge.plan import Plan, PlannedFile, PlannedGroup, PlannedPhoto, fault_of
from annclust.url_path import path_at

FORMAT: Final = "annclust purge plan 1"

_LARGEST: Final = 1 << 30
"""Bytes. A plan has 1 kB a photo."""

_DIGEST_BYTES: Final = 32
_MOST: Final = 1 << 63


def plan_document(plan: Plan) -> dict[str, Any]:
    """A plan as JSON has it; paths are text that `os.fsencode` turns back into the same bytes."""
    return {
        "format": FORMAT,
        "id": plan.id,
        "level": plan.level,
        "made": plan.made,
        "totals": asdict(plan.totals),
        "groups": [
            {
                "kept": [_photo_document(photo) for photo in group.kept],
                "moved": [_photo_document(photo) for photo in group.moved],
                "left": [_photo_document(photo) for photo in group.left],
            }
            for group in plan.groups
        ],
    }


def _photo_document(photo: PlannedPhoto) -> dict[str, Any]:
    return {
        "id": photo.image,
        **_file_document(photo.file),
        "companions": [_file_document(file) for file in photo.companions],
        "reasons": list(photo.reasons),
    }


def _file_document(file: PlannedFile) -> dict[str, Any]:
    return {
        "path": os.fsdecode(file.path),
        "size": file.size,
        "modified_ns": file.modified_ns,
        "digest": None if file.digest is None else file.digest.hex(),
    }


def plan_bytes(plan: Plan) -> bytes:
    """The content of a plan file."""
    return json.dumps(plan_document(plan), indent=1).encode() + b"\n"


def read_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises
    ------
    PlanFileError
        If it cannot be read, is no plan, or would do what no plan may.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
    except OSError as error:
        raise PlanFileError(path, reason=error.strerror or str(error)) from error
    if len(text) > _LARGEST:
        raise PlanFileError(path, reason="it is too large for a plan")
    try:
        plan = plan_of(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise PlanFileError(path, reason=f"it is no purge plan ({error})") from error
    fault = fault_of(plan)
    if fault is not None:
        raise PlanFileError(path, reason=fault)
    return plan


def plan_of(document: object) -> Plan:
    """The plan that `plan_document` gave; raises ValueError where it is none."""
    told = _mapping(document)
    if told.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT!r}")
    groups = tuple(_group(each) for each in _list(told, "groups"))
    own, level, made = (_plain_text(told, name) for name in ("id", "level", "made"))
    return Plan(own, level, made, groups)


def _group(document: object) -> PlannedGroup:
    told = _mapping(document)
    kept, moved, left = (
        tuple(_photo(each) for each in _list(told, name)) for name in ("kept", "moved", "left")
    )
    return PlannedGroup(kept, moved, left)


def _photo(document: object) -> PlannedPhoto:
    told = _mapping(document)
    companions = tuple(_file(each) for each in _list(told, "companions"))
    reasons = tuple(_each_text(_list(told, "reasons")))
    file = _file(told)
    if file.digest is None:
        raise ValueError(f"{file.path} has no digest")
    return PlannedPhoto(ImageId(_number(told, "id")), file, companions, reasons)


def _file(document: object) -> PlannedFile:
    told = _mapping(document)
    path = _path(_text(told, "path"))
    size, modified = _number(told, "size"), _number(told, "modified_ns", least=-_MOST)
    return PlannedFile(path, size, modified, _digest(told.get("digest")))


def _path(text: str) -> Path:
    path = path_at(text)
    if not path.is_absolute() or ".." in path.parts or "\0" in text:
        raise ValueError(f"{text!r} is no absolute path")
    os.fsencode(path)  # whose name no file can have raises UnicodeEncodeError, a ValueError
    return path


def _digest(told: object) -> bytes | None:
    if told is None:
        return None
    if not isinstance(told, str):
        raise ValueError("a digest is no text")
    digest = bytes.fromhex(told)
    if len(digest) != _DIGEST_BYTES:
        raise ValueError("a digest of another length")
    return digest


def _mapping(told: object) -> Mapping[str, Any]:
    if not isinstance(told, dict):
        raise ValueError("something else stands where an object belongs")
    return told


def _of_kind(kind: type, name: str) -> Callable[[object], Any]:
    def checked(told: object) -> Any:
        if type(told) is not kind:
            raise ValueError(f"{name} is missing, or something else")
        return told

    return checked


def _list(told: Mapping[str, Any], name: str) -> Sequence[object]:
    found: Sequence[object] = _of_kind(list, name)(told.get(name))
    return found


def _text(told: Mapping[str, Any], name: str) -> str:
    return str(_of_kind(str, name)(told.get(name)))


def _plain_text(told: Mapping[str, Any], name: str) -> str:
    """A text that has an encoding; only paths may have none."""
    text = _text(told, name)
    text.encode()
    return text


def _each_text(told: Sequence[object]) -> list[str]:
    return [str(_of_kind(str, "a reason")(each)) for each in told]


def _number(told: Mapping[str, Any], name: str, *, least: int = 0) -> int:
    number = int(_of_kind(int, name)(told.get(name)))
    if not least <= number < _MOST:
        raise ValueError(f"{name} is out of range")
    return number
