"""Deciding: what a person says about photos, remembered by what these show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from annclust.errors import InputError
from annclust.pipeline.asked import asked_content, decided_content
from annclust.pipeline.reports import Decision, Photo
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter

Saying = Literal["together", "apart", "forget"]
"""They belong together; they are not the same shot; or what was said before counts no more."""


def decide(store: StoreWriter, saying: Saying, photo: Path, others: Sequence[Path]) -> None:
    """Remember what is said about a photo and others, whatever was said before.

    Groups are as they were until they are cut anew.

    Parameters
    ----------
    store : StoreWriter
    saying : {"together", "apart", "forget"}
    photo, others : Path
        Photos of the collection; to forget, also the beginnings of their digests.

    Raises
    ------
    UnknownPhotoError
        If the collection has no photo with a file's content.
    InputError
        If a photo is an exact copy of the other, or nothing is said.
    """
    if saying not in get_args(Saying):
        raise InputError(f"say one of {', '.join(get_args(Saying))}, not {saying!r}.")
    if not others:
        raise InputError("name a photo, and at least one other.")
    content = decided_content if saying == "forget" else asked_content
    first, *rest = (content(store, path) for path in (photo, *others))
    for path, second in zip(others, rest, strict=True):
        if first == second:
            raise InputError(f"{photo} and {path} are exact copies: they are always together.")
    with store.catalog.transaction():
        for second in rest:
            if saying == "forget":
                store.catalog.withdraw(first, second)
            else:
                store.catalog.decide(first, second, alike=saying == "together")


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
