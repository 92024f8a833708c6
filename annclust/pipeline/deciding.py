"""Deciding: what a person says about photos, remembered by what these show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Literal, get_args

from annclust.errors import InputError, UsageError
from annclust.grouping.decisions import Decisions, contradicted, pairs_of
from annclust.pipeline.asked import asked_content, decided_content
from annclust.pipeline.reports import Decided, Decision, Photo
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter

Saying = Literal["together", "apart", "forget"]
"""They belong together; they are not the same shot; or what was said before counts no more."""


_FEWEST = 2


def decide(store: StoreWriter, saying: Saying, photos: Sequence[Path]) -> Decided:
    """Remember what is said about a photo and others, whatever was said before.

    Groups are as they were until they are cut anew.

    Parameters
    ----------
    store : StoreWriter
    saying : {"together", "apart", "forget"}
    photos : sequence of Path
        The photo, and the others; to forget, also the beginnings of their digests.

    Returns
    -------
    Decided

    Raises
    ------
    UnknownPhotoError
        If the collection has no photo with a file's content.
    UsageError
        If nothing is said, or of one photo alone.
    InputError
        If a photo is an exact copy of the other, or cannot be told from the one that it is to be
        apart from.
    """
    if saying not in get_args(Saying):
        raise UsageError(f"say one of {', '.join(get_args(Saying))}, not {saying!r}.")
    if len(photos) < _FEWEST:
        raise UsageError("name a photo, and at least one other.")
    content = decided_content if saying == "forget" else asked_content
    return decide_of_contents(store, saying, photos, [content(store, path) for path in photos])


def decide_of_contents(
    store: StoreWriter, saying: Saying, photos: Sequence[Path], digests: Sequence[bytes]
) -> Decided:
    """As `decide`, of photos whose contents are known: no file is read.

    Parameters
    ----------
    store : StoreWriter
    saying : {"together", "apart", "forget"}
    photos : sequence of Path
        At least two.
    digests : sequence of bytes
        Of the content of each.
    """
    _require_difference(store, saying, photos, digests)
    first, *rest = digests
    with store.catalog.transaction():
        told = [_say(store, saying, first, second) for second in rest]
    prevailing = () if saying == "forget" else _contradicted(store, first)
    return Decided(tuple(compress(photos[1:], told)), tuple(prevailing))


def _say(store: StoreWriter, saying: Saying, first: bytes, second: bytes) -> bool:
    """Note what is said of two contents; to forget, whether anything had been said."""
    if saying == "forget":
        return store.catalog.withdraw(first, second)
    store.catalog.decide(first, second, alike=saying == "together")
    return True


def _require_difference(
    store: Store, saying: Saying, photos: Sequence[Path], digests: Sequence[bytes]
) -> None:
    """Refuse what could have no effect."""
    rows = store.catalog.rows_of(digests)
    (photo, *others), (first, *rest) = photos, digests
    for path, second in zip(others, rest, strict=True):
        if first == second:
            raise InputError(f"{photo} and {path} are exact copies: they are always together.")
        if saying == "apart" and first in rows and rows[first] == rows.get(second):
            raise InputError(
                f"the embedder sees no difference between {photo} and {path}, so they cannot be"
                " held apart."
            )


def _contradicted(store: Store, first: bytes) -> list[Decision]:
    """Decisions in force that hold apart what belongs with a content, by what was said."""
    every = decisions(store)
    row_of = store.catalog.rows_of({first, *(bytes.fromhex(d) for it in every for d in it.digests)})
    own = row_of.get(first)
    if own is None:
        return []
    known = [(said, rows) for said in every if (rows := _rows(row_of, said))]
    together = [rows for said, rows in known if said.together]
    apart = [(said, rows) for said, rows in known if not said.together]
    found = Decisions(pairs_of(together), pairs_of([rows for _, rows in apart]))
    return list(compress((said for said, _ in apart), contradicted(found, own)))


def _rows(row_of: Mapping[bytes, int], said: Decision) -> tuple[int, int] | None:
    """Vectors of both photos; None if one is not there, or they are one: it is not in force."""
    one, other = (row_of.get(bytes.fromhex(digest)) for digest in said.digests)
    if one is None or other is None or one == other:
        return None
    return (one, other) if said.first and said.second else None


def decisions(store: Store, about: bytes | None = None) -> list[Decision]:
    """All that was said, with the photos that it is about now; by path, also within a pair.

    Parameters
    ----------
    store : Store
    about : bytes or None
        Digest of a content; if given, only what was said of that.
    """
    with store.catalog.snapshot():
        known = [
            _decision(_said_of(store, first), _said_of(store, second), together=together)
            for first, second, together in store.catalog.decisions()
            if about in (None, first, second)
        ]
    return sorted(known, key=lambda each: list(map(_order, each.paths)))


@dataclass(frozen=True, slots=True)
class _SaidOf:
    """A content of which something was said, its present photos, and where they lie, or lay."""

    digest: str
    photos: tuple[Photo, ...]
    path: Path | None


def _said_of(store: Store, digest: bytes) -> _SaidOf:
    images = store.catalog.images_of_digest(digest)
    photos = tuple(Photo(image.id, image.full_path) for image in images)
    path = photos[0].path if photos else store.catalog.last_place_of(digest)
    return _SaidOf(digest.hex(), photos, path)


def _decision(*both: _SaidOf, together: bool) -> Decision:
    one, other = sorted(both, key=lambda each: _order(each.path))
    digests, paths = (one.digest, other.digest), (one.path, other.path)
    return Decision(one.photos, other.photos, digests, together, paths)


def _order(path: Path | None) -> tuple[bool, str]:
    """By path; what has none comes last."""
    return path is None, str(path)
