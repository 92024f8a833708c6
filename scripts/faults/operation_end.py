"""Operation end: does an operation that was broken off lead to its end when it is given again?

The same questions as :mod:`system_calls` asks, answered in this process: there are thousands of
states to ask them of.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from operations import COLLECTION, EYES, OTHER, PHOTOS, SETTINGS, Operation
from system_calls import Reference, broken_promises, differences, ids

from annclust.collection import Collection
from annclust.storage.store import Store


class Ending:
    """The end that an operation must come to.

    Parameters
    ----------
    operation : Operation
    folder : Path
        Where it ran: a collection knows its photos by their absolute paths.
    expected : Reference
        What it starts from and leads to.
    """

    def __init__(self, operation: Operation, folder: Path, expected: Reference) -> None:
        self._operation, self._folder, self._expected = operation, folder, expected
        self._path = folder / COLLECTION
        self._repairs = "--repair" in operation.arguments
        self._adds = "--add" in operation.arguments

    def violations(self, acknowledged: int) -> list[str]:
        """Everything that is not as promised in what a crash left, or comes of it.

        Once the operation has ended well, which acknowledges all of it, it must have reached its
        end and not need to be given again.
        """
        try:
            return [*self._lost(), *(self._reached() if acknowledged else self._again())]
        except Exception as error:  # a broken collection may bring about any
            return [f"{type(error).__name__}: {error}"]

    def _lost(self) -> Iterator[str]:
        if not Store.exists(self._path):
            if self._expected.before:
                yield "the collection is gone"
            return
        for problem in broken_promises(self._folder):
            to_be_mended = self._repairs and problem.derived
            # What comes while an embedder is added waits for the one that is still in use.
            to_be_mended = to_be_mended or (self._adds and problem.invariant == "S4")
            if not (to_be_mended or problem.invariant in self._expected.damage):
                yield f"{problem.invariant}: {problem.message}"
        kept, before = ids(self._folder), self._expected.before
        goes = before.keys() - {digest for digest, _ in self._expected.after.values()}
        if before.keys() - kept.keys() - goes:
            yield "photos were lost"
        if any(kept.get(digest, number) != number for digest, number in before.items()):
            yield "a photo has another id"

    def _again(self) -> Iterator[str]:
        """Give the operation again."""
        create = self._operation.arguments[0] == "index"
        embedder = f"onnx:{self._folder / EYES}" if self._adds else "color-histogram"
        with Collection(
            self._path, create=create, embedder=embedder, add=self._adds, settings=SETTINGS
        ) as found:
            match self._operation.arguments[0]:
                case "use":
                    found.use(OTHER.name)
                case "index":
                    forget = "--forget-missing" in self._operation.arguments
                    found.index([self._folder / PHOTOS], forget_missing=forget)
                case "cluster":
                    found.cluster()
                case "compact":
                    there = {each.embedder for each in found.status().embedders}
                    forget = "--forget" in self._operation.arguments and OTHER.name in there
                    found.compact(forget=OTHER.name if forget else None)
                case _:
                    found.check(repair=True)
        yield from (f"given again: {difference}" for difference in self._reached())

    def _reached(self) -> Iterator[str]:
        return differences(self._folder, self._expected)
