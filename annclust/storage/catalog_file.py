"""Catalog file: catalog.sqlite opened for reading, whatever its format; queries come above it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from annclust.arrays import Nodes
from annclust.closing import Closing
from annclust.errors import (
    CollectionDamagedError,
    NewerFormatError,
    NotACollectionError,
)
from annclust.storage import schema
from annclust.storage.checked_sqlite import is_whole, open_to_read
from annclust.storage.durable import storage_errors


class CatalogFile(Closing):
    """The SQLite file, checked to be a catalog; what can be asked comes above (:mod:`catalog`)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._views: dict[str, str] = {}  # of an older format
        with storage_errors(path):
            self._db = self._connect()
        try:
            self._check_format()
            self._come_to_date()
        except BaseException:
            self._db.close()
            raise

    def _connect(self) -> apsw.Connection:
        return open_to_read(self.path)

    def _check_format(self) -> None:
        application = self._one("PRAGMA application_id")[0]
        if application != schema.APPLICATION_ID:
            raise NotACollectionError(
                self.path.parent, reason=f"{self.path.name} belongs to another program"
            )
        found = self.format()
        if found > schema.FORMAT:
            raise NewerFormatError(self.path.parent, found=found, known=schema.FORMAT)
        if found >= schema.CHECKED_FORMAT and not self._is_whole():
            raise CollectionDamagedError(
                self.path, reason="its size or its header is not as it was written"
            )

    def _come_to_date(self) -> None:
        """See an older format as if it were the current one."""
        self._see_through(schema.views_of(self.format()))

    def _see_through(self, views: Mapping[str, str]) -> None:
        """Have these views, and no others."""
        for name in self._views:
            self._db.execute(f"DROP VIEW temp.{name}")
        self._views = dict(views)
        for name, definition in views.items():
            self._db.execute(f"CREATE TEMP VIEW {name} AS {definition}")

    def _keep_up(self) -> None:
        """Let go of views once a writer has brought the format up."""
        if self._views and not self._fit():
            self._see_through(schema.views_of(self.format()))

    def _fit(self) -> bool:
        """Whether the views are those of the format, which a writer may have brought up."""
        return self._views == schema.views_of(self.format())

    def _is_whole(self) -> bool:
        with storage_errors(self.path):
            return is_whole(self._db, self.path)

    def format(self) -> int:
        """The format of docs/format.md that the catalog has."""
        with storage_errors(self.path):
            return int(next(self._db.execute("PRAGMA user_version"))[0])

    def version(self) -> int:
        """A number that changes whenever another connection has committed something."""
        return int(self._one("PRAGMA data_version")[0])

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _one(self, sql: str, *values: object) -> tuple[Any, ...]:
        row: tuple[Any, ...]
        (row,) = self._all(sql, *values)
        return row

    def _all(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        if self._views and not self._db.in_transaction:
            with self.snapshot():  # of the format that the views are for, or of the current one
                found = list(self._db.execute(sql, values))
            yield from found
            return
        with storage_errors(self.path):
            yield from self._db.execute(sql, values)

    def _pairs(self, sql: str, *values: object) -> tuple[Nodes, Nodes]:
        """Two columns of whole numbers, called a and b."""
        # As one text each: half the time of a tuple for each row.
        columns = self._one(f"SELECT group_concat(a), group_concat(b) FROM ({sql})", *values)
        a, b = (np.fromstring(text or "", dtype=np.int64, sep=",") for text in columns)
        return a, b

    def _all_with_paths(
        self, columns: Sequence[int], sql: str, *values: object
    ) -> Iterator[tuple[Any, ...]]:
        """As `_all`; paths with zeros, which no system has, are damage.

        The checksum of a page that became all zeros is right, by the way it is computed. One kind
        of page can be such without anything else being amiss: the last one of a long path.
        """
        for row in self._all(sql, *values):
            if any(b"\0" in row[column] for column in columns):
                raise CollectionDamagedError(self.path, reason="it has a path with zeros in it")
            yield row

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See one state of the catalog throughout the block; keep it short. May be nested."""
        if self._db.in_transaction:
            yield
            return
        with storage_errors(self.path):
            self._begin()
            try:
                yield
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def _begin(self) -> None:
        """Begin a snapshot; not one of a newer format than the views are for."""
        while True:
            self._keep_up()
            self._db.execute("BEGIN")
            if not self._views or self._fit():
                return
            self._db.execute("ROLLBACK")  # a writer was here just now

    def setting(self, name: str, default: str | None = None) -> str:
        """Value of a setting; without `default` it must be one that every collection has.

        Raises
        ------
        CollectionDamagedError
            If it is missing.
        """
        row = next(self._all("SELECT value FROM setting WHERE name = ?", name), None)
        if row is not None:
            return str(row[0])
        if default is None:
            raise CollectionDamagedError(self.path, reason=f"its setting {name!r} is missing")
        return default
