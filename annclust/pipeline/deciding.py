"""Deciding: what a person says about photos, remembered by what these show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from annclust.errors import InputError, UsageError
from annclust.pipeline.asked import asked_content, decided_content
from annclust.pipeline.reports import Decision, Photo
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter

Saying = Literal["together", "apart", "forget"]
"""They belong together; they are not the same shot; or what was said before counts no more."""


def decide(
    store: StoreWriter, saying: Saying, photo: Path, others: Sequence[Path]
) -> tuple[Path, ...]:
    """Remember what is said about a photo and others, whatever was said before.

    Groups are as they were until they are cut anew.

    Parameters
    ----------
    store : StoreWriter
    saying : {"together", "apart", "forget"}
    photo, others : Path
        Photos of the collection; to forget, also the beginnings of their digests.

    Returns
    -------
    tuple of Path
        The others of which something was said; to forget, those of which something had been.

    Raises
    ------
    UnknownPhotoError
        If the collection has no photo with a file's content.
    UsageError
        If nothing is said, or of one photo alone.
    InputError
        If a photo is an exact copy of the other.
    """
    if saying not in get_args(Saying):
        raise UsageError(f"say one of {', '.join(get_args(Saying))}, not {saying!r}.")
    if not others:
        raise UsageError("name a photo, and at least one other.")
    content = decided_content if saying == "forget" else asked_content
    first, *rest = (content(store, path) for path in (photo, *others))
    for path, second in zip(others, rest, strict=True):
        if first == second:
            raise InputError(f"{photo} and {path} are exact copies: they are always together.")
    with store.catalog.transaction():
        return tuple(
            path
            for path, second in zip(others, rest, strict=True)
            if _say(store, saying, first, second)
        )


def _say(store: StoreWriter, saying: Saying, first: bytes, second: bytes) -> bool:
    """Note what is said of two contents; to forget, whether anything had been said."""
    if saying == "forget":
        return store.catalog.withdraw(first, second)
    store.catalog.decide(first, second, alike=saying == "together")
    return True


def decisions(store: Store) -> list[Decision]:
    """All that was said, with the photos that it is about now; by path, also within a pair."""
    with store.catalog.snapshot():
        known = [
            _decision(_said_of(store, first), _said_of(store, second), together=together)
            for first, second, together in store.catalog.decisions()
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
