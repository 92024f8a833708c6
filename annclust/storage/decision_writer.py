"""DecisionWriter: what people say of two contents, written; each is known by its digest."""

from __future__ import annotations

from annclust.storage.catalog_file_writer import CatalogFileWriter

_MOVED = """INSERT OR IGNORE INTO decision
    SELECT min(other, ?2), max(other, ?2), alike FROM (
        SELECT CASE first WHEN ?1 THEN second ELSE first END AS other, alike
        FROM decision WHERE ?1 IN (first, second))
    WHERE other != ?2"""
"""What was said of a content that took another one's place by itself stays."""


class DecisionWriter(CatalogFileWriter):
    """Writes the decisions of catalog.sqlite."""

    def decide(self, first: bytes, second: bytes, *, alike: bool) -> None:
        """Note what a person said of two contents: that they belong together, or do not.

        Takes the place of what was said of them before.

        Raises
        ------
        ValueError
            If both are the same.
        """
        self._db.execute(
            "INSERT OR REPLACE INTO decision (first, second, alike) VALUES (?, ?, ?)",
            (*_in_order(first, second), alike),
        )

    def withdraw(self, first: bytes, second: bytes) -> bool:
        """Forget what a person said of two contents; whether anything was."""
        self._db.execute(
            "DELETE FROM decision WHERE first = ? AND second = ?", _in_order(first, second)
        )
        return self._db.changes() > 0

    def move_decisions(self, old: bytes, new: bytes) -> None:
        """Let what was said of a content be said of the one in its place."""
        self._db.execute(_MOVED, (old, new))
        self._db.execute("DELETE FROM decision WHERE ? IN (first, second)", (old,))


def _in_order(first: bytes, second: bytes) -> tuple[bytes, bytes]:
    """The digests of two contents as `decision` holds them."""
    if first == second:
        raise ValueError("a photo has nothing to be compared with but others")
    return min(first, second), max(first, second)
