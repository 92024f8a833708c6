"""Checking: is the collection as docs/format.md promises, and can it be mended?

Only what is derived is ever made again; what cannot be derived is named and left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from annclust.pipeline.derived import refresh_graph, refresh_index
from annclust.progress import SILENT, Progress
from annclust.settings import SearchSettings
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.storage.verify import Problem, verify


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
    return CheckReport(tuple(verify(store)))


def check_and_repair(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> CheckReport:
    """Check every invariant, and make damaged derived files again as new generations."""
    before = verify(store)
    if any(problem.derived for problem in before):
        if store.usable_generation("tree") is None:
            store.forget("tree")  # the next clustering makes it again
        refresh_index(store, settings, progress)
        refresh_graph(store, settings, progress)
    after = verify(store)
    return CheckReport(tuple(after), tuple(p for p in before if p not in after))
