"""Protected: folders of which nothing is ever moved, whatever way leads to them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from annclust.choices import path_of
from annclust.errors import PhotosNotFoundError

_Identity: TypeAlias = tuple[int, int]


class Protected:
    """Knows folders by what they are, not by how they are called.

    A link, another mount, or a name in other letters on a card that does not tell them apart leads
    to the same folder.

    Parameters
    ----------
    folders : iterable of Path

    Raises
    ------
    PhotosNotFoundError
        If one is not there: a mistyped name protects nothing.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = {_identity_of(path_of(folder)) for folder in folders}
        self._known: dict[Path, bool] = {}

    def __contains__(self, file: Path) -> bool:
        return bool(self._folders) and self._holds(file.parent)

    def _holds(self, folder: Path) -> bool:
        if folder not in self._known:
            real = Path(os.path.realpath(folder))
            places = (folder, *folder.parents, real, *real.parents)
            self._known[folder] = any(_identity(place) in self._folders for place in places)
        return self._known[folder]


def _identity_of(folder: Path) -> _Identity:
    if not folder.is_dir():
        there = folder.exists()
        reason = "this is a file, not a folder" if there else "there is no such folder"
        raise PhotosNotFoundError(folder, reason=reason)
    state = folder.stat()
    return state.st_dev, state.st_ino


def _identity(folder: Path) -> _Identity | None:
    try:
        state = folder.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino
