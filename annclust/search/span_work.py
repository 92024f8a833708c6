"""Span work: a step of a build for all places in the order of the lists, some at a time.

Whole spans are kept on a shelf, so that a build that was stopped goes on where it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
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
Part = TypeVar("Part")

Span: TypeAlias = tuple[int, int]
"""First place, and the one behind the last."""


def spans(n: int, size: int) -> list[Span]:
    """All places, so many at a time."""
    return [(first, min(first + size, n)) for first in range(0, n, size)]


def picked(
    called: Callable[[Iterable[Part]], Generator[Held[Result]]],
    wanted: Iterable[tuple[Asked, Sequence[Part]]],
) -> Iterator[tuple[Asked, list[Held[Result]]]]:
    """For each thing that is asked for, what a function gives of its parts, of which it has some.

    Parameters
    ----------
    called : callable
        Calls the function for each of some parts, in their order.
    wanted : iterable of (object, sequence)
        Things, and their parts, one at least.
    """
    asked: deque[tuple[Asked, int]] = deque()

    def parts() -> Iterator[Part]:
        for thing, some in wanted:
            asked.append((thing, len(some)))
            yield from some

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
        wholes = {span: step.parts(span) for span in spans(self.n, SPAN)}

        def results(missing: Iterable[Span]) -> Generator[Held[Candidates]]:
            return self.map(step.function, arguments(missing))

        return self.kept(step.title, step.name, wholes, results, share)

    def kept(
        self,
        title: str,
        name: str,
        wholes: Mapping[Span, Sequence[Span]],
        results_of: Callable[[Iterable[Span]], Generator[Held[Candidates]]],
        share: Share,
    ) -> Iterator[tuple[Span, Held[Candidates]]]:
        """Results of spans in the order of the places; those of whole ones are kept.

        Parameters
        ----------
        title, name : str
            As of `Step`.
        wholes : mapping
            Spans, and the parts of each.
        results_of : callable
            Gives the result of each of some parts, a row for each place.
        share : Share
        """
        names = {span: f"{name}-{span[0]}" for span in wholes}
        kept = {span for span, name in names.items() if self.shelf.get(name) is not None}
        missing = (part for span, parts in wholes.items() if span not in kept for part in parts)
        with (
            closing(results_of(missing)) as results,
            self.progress.stage(title, self.n, unit="vectors") as stage,
        ):
            for span, name in names.items():
                found: list[Held[Candidates]] = []
                for part in [span] if span in kept else wholes[span]:
                    again = self.shelf.get(name) if span in kept else None
                    found.append(next(results) if again is None else self.engine.hold(again))
                    if again is None and part[1] == span[1]:
                        self._keep(name, found)
                    share.report(stage, part[1] - part[0])
                    yield part, found[-1]

    def _keep(self, name: str, parts: Sequence[Held[Candidates]]) -> None:
        if self.shelf is not NO_SHELF:
            self.shelf.put(name, np.vstack([self.engine.value(part) for part in parts]))
