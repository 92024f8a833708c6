"""ClusteringWriter: clusterings, written; and what was in clusters that are none at the moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from annclust.arrays import ImageId
from annclust.storage.catalog import Catalog
from annclust.storage.catalog_file_writer import CatalogFileWriter
from annclust.storage.records import Member

_MOST_PAST = 8
"""How many times the vectors of a set are remembered in clusters of the past, on each level."""

# In every statement ?1 is the set of vectors, ?2 the level.
_REMEMBER = """INSERT INTO past_member SELECT vector_set, level, cluster, row FROM member
    WHERE vector_set = ?1 AND level = ?2 AND cluster NOT IN (SELECT value FROM json_each(?3))"""
_COME_BACK = """DELETE FROM past_member WHERE vector_set = ?1 AND level = ?2
    AND cluster IN (SELECT value FROM json_each(?3))"""
_TOO_MANY = """DELETE FROM past_member WHERE vector_set = ?1 AND level = ?2 AND cluster >= (
    SELECT min(cluster) FROM (
        SELECT cluster, sum(count(*)) OVER (ORDER BY cluster) AS members FROM past_member
        WHERE vector_set = ?1 AND level = ?2 GROUP BY cluster)
    WHERE members > ?3)"""


class ClusteringWriter(CatalogFileWriter, Catalog):
    """Writes the clusterings of catalog.sqlite."""

    def add_clustering(
        self,
        level: str,
        *,
        settings: str,
        summary: str,
        members: Iterable[Member],
        representatives: Mapping[int, ImageId],
        next_cluster: int,
    ) -> int:
        """Put a clustering in the place of the level's last one; gives its id.

        What was in clusters that are none any more is remembered, so that they can come back.
        """
        place = self.set_number, level
        self._remember_past(level, representatives)
        for table in ("member", "cluster"):
            self._db.execute(f"DELETE FROM {table} WHERE vector_set = ? AND level = ?", place)
        self._db.executemany(
            "INSERT INTO member VALUES (?, ?, ?, ?, ?)",
            map(place.__add__, members),
        )
        self._db.executemany(
            "INSERT INTO cluster VALUES (?, ?, ?, ?)",
            ((*place, cluster, image) for cluster, image in representatives.items()),
        )
        self.set_setting(f"next_cluster_{level}", str(next_cluster))
        self._db.execute(
            "INSERT INTO clustering (vector_set, level, settings, summary) VALUES (?, ?, ?, ?)",
            (*place, settings, summary),
        )
        return self._db.last_insert_rowid()

    def _remember_past(self, level: str, now: Iterable[int]) -> None:
        """Remember the members of clusters that go, and not those of the ones that are there now.

        Of too many, the ids that were given first stay: they are those of the looks that come
        again and again.
        """
        values = self.set_number, level, json.dumps([*now])
        self._db.execute(_REMEMBER, values)
        self._db.execute(_COME_BACK, values)
        self._db.execute(_TOO_MANY, (self.set_number, level, _MOST_PAST * self.rows()))

    def set_clustering_settings(self, clustering: int, settings: str) -> None:
        """Say anew what a clustering was made with."""
        self._db.execute("UPDATE clustering SET settings = ? WHERE id = ?", (settings, clustering))

    def forget_clusterings(self) -> None:
        """Forget every clustering of this set; ids that were given stay given."""
        for table in ("member", "past_member", "cluster", "clustering"):
            self._db.execute(f"DELETE FROM {table} WHERE vector_set = ?", (self.set_number,))
