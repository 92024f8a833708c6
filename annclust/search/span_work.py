"""Span work: a step of a build for all places in the order of the lists, some at a time.

Whole spans are kept on a shelf, so that a build that was stopped goes on where it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np

from annclust.arrays import Candidates
from annclust.engine import Arguments, Engine, Held
from annclust.progress import Progress, Stage
from annclust.search.list_join import SPAN
from annclust.settings import SearchSettings
from annclust.shelf import NO_SHELF, Shelf

Result = TypeVar("Result")
Asked = TypeVar("Asked")

Span: TypeAlias = tuple[int, int]
"""First place, and the one behind the last."""


def spans(n: int, size: int) -> list[Span]:
    """All places, so many at a time."""
    return [(first, min(first + size, n)) for first in range(0, n, size)]


def picked(
    called: Callable[[Iterable[Arguments]], Generator[Held[Result]]],
    wanted: Iterable[tuple[Asked, Sequence[Arguments]]],
) -> Iterator[tuple[Asked, list[Held[Result]]]]:
    """For each thing that is asked for, what a function gives of its parts, of which it has some.

    Parameters
    ----------
    called : callable
        Calls the function with each of some arguments, in their order.
    wanted : iterable of (object, sequence of tuple)
        Things, and the arguments for the parts of each.
    """
    asked: deque[tuple[Asked, int]] = deque()

    def parts() -> Iterator[Arguments]:
        for thing, arguments in wanted:
            asked.append((thing, len(arguments)))
            yield from arguments

    found: list[Held[Result]] = []
    with closing(called(parts())) as results:
        for each in results:
            found.append(each)
            if len(found) == asked[0][1]:
                yield asked.popleft()[0], found
                found = []


@dataclass(frozen=True, slots=True)
class Share:
    """A stage's part in the whole: `cost` for each node."""

    whole: Stage
    cost: float

    def advance(self, nodes: int) -> None:
        """Report to the whole."""
        self.whole.advance(round(self.cost * nodes))

    def report(self, stage: Stage, nodes: int) -> None:
        """Report to the stage and to the whole; the run may be stopped here."""
        stage.advance(nodes)
        self.advance(nodes)


@dataclass(frozen=True, slots=True)
class Step:
    """A function of a span of places, and others.

    Parameters
    ----------
    title : str
        Shown while it is taken.
    name : str
        Of its parts on the shelf.
    size : int
        Places at a time.
    function : callable
        Gives a row for each place.
    """

    title: str
    name: str
    size: int
    function: Callable[..., Candidates]

    def parts(self, span: Span) -> list[Span]:
        """A span, as many places at a time as the step takes."""
        first, last = span
        return [(first + a, first + b) for a, b in spans(last - first, self.size)]


@dataclass(frozen=True, slots=True, eq=False)
class SpanWork:
    """Takes steps for n places.

    Parameters
    ----------
    n : int
    settings : SearchSettings
        Says on which engine.
    progress : Progress
    shelf : Shelf
    """

    n: int
    settings: SearchSettings
    progress: Progress
    shelf: Shelf

    @property
    def engine(self) -> Engine:
        """Where spans are worked on."""
        return self.settings.engine

    def map(
        self, function: Callable[..., Result], parts: Iterable[Arguments], *, light: bool = False
    ) -> Generator[Held[Result]]:
        """As of the engine."""
        return self.engine.map(function, parts, threads=self.settings.threads, light=light)

    def take(
        self,
        step: Step,
        arguments: Callable[[Iterable[Span]], Iterable[Arguments]],
        share: Share,
    ) -> Iterator[tuple[Span, Held[Candidates]]]:
        """What a step gives, in the order of the places; whole `SPAN`s are kept.

        Parameters
        ----------
        step : Step
        arguments : callable
            Gives those of the function for each of some spans.
        share : Share
        """
        wholes = {span: f"{step.name}-{span[0]}" for span in spans(self.n, SPAN)}
        kept = {span for span, name in wholes.items() if self.shelf.get(name) is not None}
        missing = (part for span in wholes if span not in kept for part in step.parts(span))
        with (
            closing(self.map(step.function, arguments(missing))) as results,
            self.progress.stage(step.title, self.n, unit="vectors") as stage,
        ):
            for span, name in wholes.items():
                found: list[Held[Candidates]] = []
                for part in [span] if span in kept else step.parts(span):
                    again = self.shelf.get(name) if span in kept else None
                    found.append(next(results) if again is None else self.engine.hold(again))
                    if again is None and part[1] == span[1]:
                        self._keep(name, found)
                    share.report(stage, part[1] - part[0])
                    yield part, found[-1]

    def _keep(self, name: str, parts: Sequence[Held[Candidates]]) -> None:
        if self.shelf is not NO_SHELF:
            self.shelf.put(name, np.vstack([self.engine.value(part) for part in parts]))
