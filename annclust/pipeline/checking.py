"""Checking: is the collection as docs/format.md promises, and can it be mended?

What is derived is made again, damaged vectors are made again from their photos; the only copy of
anything is never touched.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

from annclust.embedding.embedder import EmbedderLoader
from annclust.errors import CollectionDamagedError, DamagedFileWarning
from annclust.pipeline.derived import refresh_graph, refresh_index
from annclust.pipeline.live_vectors import live_vectors
from annclust.progress import SILENT, Progress
from annclust.settings import IndexingSettings, SearchSettings
from annclust.storage.layout import KINDS
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.storage.verify import HEALED, Problem, unreadable_catalog, verify


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
    """Leave out what comes of a writer that replaced files meanwhile: look once more."""
    broken = {problem.invariant for problem in problems}
    return [problem for problem in verify(store) if problem.invariant in broken] if broken else []


def damaged_beyond_opening(error: CollectionDamagedError) -> CheckReport:
    """What to report of a collection that cannot even be opened."""
    return CheckReport((unreadable_catalog(error),))


def check_and_repair(
    store: StoreWriter,
    embedder: Callable[[], EmbedderLoader],
    settings: IndexingSettings,
    progress: Progress = SILENT,
) -> CheckReport:
    """Check every invariant, and mend what can be: derived files, and vectors of present photos."""
    before = verify(store)
    if any(problem.invariant in HEALED for problem in before):
        from annclust.pipeline.healing import heal

        heal(store, embedder, settings, progress)
    if before:
        _make_derived_again(store, settings.search, progress)
    after = verify(store)
    return CheckReport(tuple(after), tuple(p for p in before if p not in after))


def _make_derived_again(store: StoreWriter, settings: SearchSettings, progress: Progress) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedFileWarning)  # is in the report
        for each in store.of_each_set():
            own = each.catalog.set_number == store.catalog.set_number
            # Whoever needs it next makes it again.
            for kind in ("tree", "groups", "map") if own else KINDS:
                if each.usable_generation(kind) is None:
                    each.forget(kind)
            each.forget_stray_clusters()
        refresh_index(store, settings, progress)
        refresh_graph(store, live_vectors(store), settings, progress)
