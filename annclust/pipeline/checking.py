"""Checking: is the collection as docs/format.md promises, and can it be mended?

Only what is derived is ever made again; what cannot be derived is named and left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from annclust.errors import CollectionDamagedError
from annclust.pipeline.derived import refresh_graph, refresh_index
from annclust.pipeline.live_vectors import live_vectors
from annclust.progress import SILENT, Progress
from annclust.settings import SearchSettings
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.storage.verify import Problem, unreadable_catalog, verify


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` found.

    Parameters
    ----------
    problems : tuple of Problem
        Broken promises that remain.
    repaired : tuple of Problem
        Broken promises that were mended.
    """

    problems: tuple[Problem, ...]
    repaired: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing remains."""
        return not self.problems


def check(store: Store) -> CheckReport:
    """Check every invariant."""
    return CheckReport(tuple(_lasting(store, verify(store))))


def _lasting(store: Store, problems: list[Problem]) -> list[Problem]:
    """Leave out files that a writer replaced while they were looked at: look once more."""
    if not any(problem.derived for problem in problems):
        return problems
    again = verify(store)
    return [problem for problem in again if problem in problems]


def damaged_beyond_opening(error: CollectionDamagedError) -> CheckReport:
    """What to report of a collection that cannot even be opened."""
    return CheckReport((unreadable_catalog(error),))


def check_and_repair(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> CheckReport:
    """Check every invariant, and make damaged derived files again as new generations."""
    before = verify(store)
    if any(problem.derived for problem in before):
        if store.usable_generation("tree") is None:
            store.forget("tree")  # the next clustering makes it again
        store.forget_stray_clusters()
        refresh_index(store, settings, progress)
        refresh_graph(store, live_vectors(store), settings, progress)
    after = verify(store)
    return CheckReport(tuple(after), tuple(p for p in before if p not in after))
