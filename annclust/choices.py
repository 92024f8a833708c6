"""Choices: what a caller asks for, as it comes in; what cannot be meant is refused there."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from contextlib import suppress
from numbers import Integral, Real
from pathlib import Path
from typing import TypeAlias

from annclust.errors import UsageError
from annclust.url_path import named_path


def refuse_unknown(name: str, choice: object, known: Iterable[str]) -> None:
    """Raise UsageError where a choice is none of those that are known, and not left out either."""
    if choice is not None and choice not in (names := list(known)):
        raise UsageError(f"{name} must be one of {', '.join(names)}, not {choice!r}.")


def whole_number(name: str, choice: object) -> int:
    """A choice as a plain whole number; raises UsageError where it is none."""
    if isinstance(choice, bool) or not isinstance(choice, Integral):
        raise UsageError(f"{name} must be a whole number, not {choice!r}.")
    return int(choice)


def granularity_of(choice: object) -> float:
    """How coarse to look, as a plain number; raises UsageError where a choice does not say that."""
    if isinstance(choice, bool) or not isinstance(choice, Real):
        raise UsageError(f"granularity must be a number, not {choice!r}.")
    if not 0 <= float(choice) < math.inf:  # nor what is no number
        raise UsageError(f"granularity must be a number from 0 on, not {choice}.")
    return float(choice)


PathLike: TypeAlias = str | os.PathLike[str]


def path_of(named: PathLike) -> Path:
    """The path that is meant, a tilde at its beginning spelled out, unless it is nobody's home.

    URLs stay what they are, but for those of local files.

    Raises
    ------
    UsageError
        If it is no path, or a URL that cannot be used.
    """
    try:
        path = named_path(named)
    except TypeError as error:
        raise UsageError(f"name a file by a str or a path, not by {named!r}.") from error
    with suppress(RuntimeError):  # there is no such user: the tilde is a part of a name
        return path.expanduser()
    return path


def paths_of(named: PathLike | Iterable[PathLike]) -> list[Path]:
    """The paths that are meant, be they one or several; raises as `path_of` does."""
    given = [named] if isinstance(named, (str, os.PathLike)) else named
    return [path_of(each) for each in given]
