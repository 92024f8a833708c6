"""Deciding: what a person says about photos, remembered by what these show."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from pathlib import Path
from typing import Literal, get_args

from annclust.errors import InputError
from annclust.grouping.decisions import Decisions, contradicted, pairs_of
from annclust.pipeline.asked import asked_content, decided_content
from annclust.pipeline.reports import Decision, Photo
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter

Saying = Literal["together", "apart", "forget"]
"""They belong together; they are not the same shot; or what was said before counts no more."""


_FEWEST = 2


def decide(store: StoreWriter, saying: Saying, photos: Sequence[Path]) -> list[Decision]:
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
    list of Decision
        Those to hold photos apart that contradict what is said. They prevail.

    Raises
    ------
    UnknownPhotoError
        If the collection has no photo with a file's content.
    InputError
        If a photo is an exact copy of the other, or cannot be told from the one that it is to be
        apart from, or nothing is said.
    """
    if saying not in get_args(Saying):
        raise InputError(f"say one of {', '.join(get_args(Saying))}, not {saying!r}.")
    if len(photos) < _FEWEST:
        raise InputError("name a photo, and at least one other.")
    content = decided_content if saying == "forget" else asked_content
    digests = [content(store, path) for path in photos]
    _require_difference(store, saying, photos, digests)
    first, *rest = digests
    with store.catalog.transaction():
        for second in rest:
            if saying == "forget":
                store.catalog.withdraw(first, second)
            else:
                store.catalog.decide(first, second, alike=saying == "together")
    return [] if saying == "forget" else _contradicted(store, first)


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
    own = store.catalog.rows_of([first]).get(first)
    if own is None:
        return []
    known = [(said, rows) for said in decisions(store) if (rows := _rows(store, said))]
    together = [rows for said, rows in known if said.together]
    apart = [(said, rows) for said, rows in known if not said.together]
    found = Decisions(pairs_of(together), pairs_of([rows for _, rows in apart]))
    return list(compress((said for said, _ in apart), contradicted(found, own)))


def _rows(store: Store, said: Decision) -> tuple[int, int] | None:
    """Vectors of both photos; None if one is not there: then the decision is not in force."""
    one, other = map(bytes.fromhex, said.digests)
    rows = store.catalog.rows_of([one, other])
    there = said.first and said.second and one in rows and other in rows
    return (rows[one], rows[other]) if there else None


def decisions(store: Store) -> list[Decision]:
    """All that was said, with the photos that it is about now."""
    with store.catalog.snapshot():
        return [
            Decision(
                _photos(store, first),
                _photos(store, second),
                (first.hex(), second.hex()),
                together,
            )
            for first, second, together in store.catalog.decisions()
        ]


def _photos(store: Store, digest: bytes) -> tuple[Photo, ...]:
    images = store.catalog.images_of_digest(digest)
    return tuple(Photo(image.id, image.full_path) for image in images)
