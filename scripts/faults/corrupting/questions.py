"""Questions: what a program asks a collection, and answers that can be kept and compared.

An answer is what was found, as text; or `Refused`, an error that tells a user what is wrong; or
`Broken`, which no user must ever see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from operations import SETTINGS

from annclust.collection import Collection
from annclust.errors import AnnclustError
from annclust.pipeline.reports import Status

ONE_THREAD = replace(SETTINGS, search=replace(SETTINGS.search, threads=1))
_NEIGHBORS = 5
_DECIMALS = 5
"""Of distances: float32 has seven."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An error with a message for the user."""

    message: str


@dataclass(frozen=True, slots=True)
class Broken:
    """An error that is a mistake of the program."""

    message: str


Answer = str | Refused | Broken
Answers = Mapping[str, Answer]
"""By question."""
Question = Callable[[Collection], object]

GENERATIONS, EDGES = "generations", "edges"
CATALOG_ALONE = ("photo table", "status", GENERATIONS, "clusters")
"""Questions that need nothing but the catalog."""


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` said: the problems that it names, or why it could not go on."""

    problems: tuple[str, ...] = ()
    failure: Refused | Broken | None = None

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.problems and self.failure is None


def reading(photos: Iterable[Path]) -> dict[str, Question]:
    """The questions that change nothing; those about neighbors are asked of `photos`."""
    return {
        "photo table": lambda asked: [dict(record) for record in asked.photo_table().records],
        "status": lambda asked: _lasting(asked.status()),
        GENERATIONS: lambda asked: _generations(asked.status()),
        "clusters": lambda asked: asked.clusters(),
        **{f"similar to {photo.name}": partial(_similar, photo=photo) for photo in photos},
    }


def making() -> dict[str, Question]:
    """The questions for which an out-of-date graph or map is made again."""
    return {EDGES: _edges, "map": _map}


def lasting(photos: Iterable[Path]) -> dict[str, Question]:
    """The questions whose answers no repair changes."""
    asked = reading(photos) | making()
    del asked[GENERATIONS]
    return asked


def _lasting(status: Status) -> tuple[object, ...]:
    embedder = (status.embedder, status.revision, status.dimension)
    return (status.images, status.unreadable, embedder, status.roots)


def _generations(status: Status) -> tuple[object, ...]:
    return (status.vectors, status.removed, status.index, status.graph, status.clustering)


def _similar(asked: Collection, *, photo: Path) -> object:
    found = asked.similar(photo, _NEIGHBORS)
    return [(match.id, match.path.name, round(match.distance, _DECIMALS)) for match in found]


def _edges(asked: Collection) -> object:
    records = asked.edge_table().records
    return [
        (record["source"], record["target"], round(float(str(record["distance"])), _DECIMALS))
        for record in records
    ]


def _map(asked: Collection) -> object:
    """Who is on the map, and whether on the sheet: where, is another matter when drawn again."""
    drawn = asked.photo_map()
    return (drawn.ids.tolist(), bool(((drawn.places >= 0) & (drawn.places <= 1)).all()))


def ask(path: Path, questions: Mapping[str, Question]) -> dict[str, Answer]:
    """Open a collection once, and ask one question after another.

    It is opened as most programs do, which makes a new one if there is none.
    """
    try:
        with Collection(path, settings=ONE_THREAD) as asked:
            return {name: _answer(partial(ask_one, asked)) for name, ask_one in questions.items()}
    except Exception as error:
        return dict.fromkeys(questions, _failure(error))


def check(path: Path, *, repair: bool = False) -> Report:
    """Check a collection, and repair it if asked to."""
    try:
        with Collection(path, create=False, settings=ONE_THREAD) as checked:
            found = checked.check(repair=repair).problems
    except Exception as error:
        return Report(failure=_failure(error))
    return Report(tuple(f"{problem.invariant}: {problem.message}" for problem in found))


def _answer(ask_one: Callable[[], object]) -> Answer:
    try:
        return repr(ask_one())
    except Exception as error:
        return _failure(error)


def _failure(error: Exception) -> Refused | Broken:
    message = f"{type(error).__name__}: {error}"
    told = isinstance(error, AnnclustError) and str(error).strip() and "\n" not in str(error)
    return Refused(message) if told else Broken(message)
