"""Mutants: copies of specimens with one damaged file; each follows from a seed and a number."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from corrupting.damage import SWAPPED, WAYS, content
from corrupting.harmless import why_harmless
from corrupting.judging import States
from corrupting.questions import CATALOG_ALONE, Answers
from corrupting.specimens import LOG, FileKind, Specimen, kind_of
from numpy.random import Generator

from annclust.storage.layout import CATALOG

Choice = TypeVar("Choice")
Specimens = Mapping[str, Specimen]
"""By name."""

TURN: tuple[FileKind, ...] = (
    *("catalog", "vectors", "log", "index", "catalog", "vectors", "graph", "tree"),
    *("groups", "map", "log", "shared memory", "lock"),
)
"""Kinds of files, damaged in turn; what matters most more often."""

_DRAWS = 100
"""To find damage that changes anything: what is zero already cannot be zeroed."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """Which file of which specimen is damaged how, and whether it is repaired then."""

    number: int
    seed: int
    specimen: str
    file: str
    way: str
    repaired: bool

    @property
    def kind(self) -> FileKind:
        """What the damaged file is for."""
        return kind_of(self.file)

    def mispairs(self, specimens: Specimens) -> bool:
        """Whether a catalog meets the pending log of another one.

        SQLite then reads pages of both, and no page says whose it is. Nothing right can be expected
        of that, but errors that tell something.
        """
        pending = LOG in specimens[self.specimen].files
        return self.way == SWAPPED and pending and self.kind in ("catalog", "log")

    def __str__(self) -> str:
        return f"{self.number} ({self.specimen}, {self.file}, {self.way})"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What may be said of a mutant.

    Parameters
    ----------
    states : States
        Right answers; none if nothing right can be expected.
    harmless : str or None
        Why `check` need not name the damage, if it need not.
    """

    states: States
    harmless: str | None


def draw(specimens: Specimens, seed: int, number: int, repair_every: int) -> Mutant:
    """The mutant of that number; repairs are spread over all kinds of files."""
    rng = np.random.default_rng([seed, number])
    kind, turn = TURN[number % len(TURN)], number // len(TURN)
    specimen = _one_of(rng, [s for s in specimens.values() if s.of_kind(kind)])
    file, way = _one_of(rng, specimen.of_kind(kind)), _one_of(rng, list(WAYS))
    return Mutant(number, seed, specimen.name, file, way, repaired=turn % repair_every == 0)


def _one_of(rng: Generator, choices: Sequence[Choice]) -> Choice:
    return choices[int(rng.integers(len(choices)))]


def bring_about(mutant: Mutant, specimens: Specimens, path: Path) -> Expectation:
    """Put a damaged copy of a specimen at `path`; tells what may be said of it."""
    specimen = specimens[mutant.specimen]
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(specimen.folder, path, copy_function=shutil.copyfile)
    file, rng = path / mutant.file, np.random.default_rng([mutant.seed, mutant.number, 1])
    before, others = file.read_bytes(), _others(mutant, specimens)
    for _ in range(_DRAWS):
        WAYS[mutant.way](file, rng, others)
        if content(file) != before:
            harmless = why_harmless(specimen, mutant.file, before, content(file))
            return Expectation(_states(mutant, specimens, content(file)), harmless)
    return Expectation(specimen.states[-1:], "nothing has changed")


def _others(mutant: Mutant, specimens: Specimens) -> list[Path]:
    """Files of the same kind: of another generation, another part, another collection."""
    return [
        other.folder / name
        for other in specimens.values()
        for name in other.of_kind(mutant.kind)
        if (other.name, name) != (mutant.specimen, mutant.file)
    ]


def _states(mutant: Mutant, specimens: Specimens, held: bytes | None) -> States:
    """What may be answered, now that the damaged file holds `held`."""
    states = specimens[mutant.specimen].states
    if mutant.mispairs(specimens):
        return ()
    if mutant.kind == "log":
        return states
    if mutant.kind == "catalog":
        return [states[-1], *_states_of_a_usurper(specimens, held)]
    return states[-1:]


def _states_of_a_usurper(specimens: Specimens, held: bytes | None) -> list[Answers]:
    """The whole catalog of another collection is believed as far as it goes: it is the truth.

    Only the vectors can tell that it is not theirs.
    """
    return [
        {name: other.states[0][name] for name in CATALOG_ALONE}
        for other in specimens.values()
        if (other.folder / CATALOG).read_bytes() == held
    ]
