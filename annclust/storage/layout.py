"""The names of the files in NAME.annclust; docs/format.md says what each one holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, get_args

CATALOG = "catalog.sqlite"
WRITER_LOCK = "writer.lock"
UNFINISHED = ".unfinished"

GenerationKind = Literal["index", "graph", "tree", "groups", "map"]
"""What can be derived from the vectors, and comes in numbered generations."""

KINDS: tuple[GenerationKind, ...] = get_args(GenerationKind)


def vector_file(number: int) -> str:
    """Name of a vector file, numbered from 1."""
    return f"vectors-{number:06d}.f16"


_VECTORS = re.compile(r"vectors-(\d{6,})\.f16")


def next_vector_file(names: Iterable[str]) -> str:
    """Name of the vector file that comes after all those of `names`."""
    found = map(_VECTORS.fullmatch, names)
    return vector_file(1 + max((int(each[1]) for each in found if each), default=0))


def is_vector_file(name: str) -> bool:
    """Whether a file goes by the name of a vector file, in use or not."""
    return bool(_VECTORS.fullmatch(name))


def derived_file(kind: GenerationKind, number: int, part: str) -> str:
    """Name of one file of a generation: ``index-000007.faiss``, ``graph-000007.rows.npy``."""
    return f"{kind}-{number:06d}.{part}"


_DERIVED = re.compile(rf"(?:{'|'.join(KINDS)})-\d{{6,}}\.(?:faiss|[a-z_]+\.npy)")


WORK_SUFFIX = ".part"


def work_file(key: str, name: str) -> str:
    """Name of a part of unfinished work: ``work-0f1e2d3c4b5a6978-join-16384.part``."""
    return f"work-{key}-{name}{WORK_SUFFIX}"


_WORK = re.compile(r"work-[0-9a-f]{16}-[a-z]+-\d+\.part")


def is_work_file(name: str) -> bool:
    """Whether a file of that name is a part of unfinished work, written to the end or not."""
    return bool(_WORK.fullmatch(name.removesuffix(UNFINISHED)))


def may_be_removed(name: str) -> bool:
    """Whether a file of that name means nothing unless the catalog lists it."""
    written = name.removesuffix(UNFINISHED)
    half_written = written != name and (written == CATALOG or is_work_file(written))
    return bool(_DERIVED.fullmatch(written)) or half_written


def may_be_leftover(name: str) -> bool:
    """Whether an interrupted first run may have left a file of that name."""
    return name == WRITER_LOCK or name.startswith(CATALOG + UNFINISHED) or is_vector_file(name)
