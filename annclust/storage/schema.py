"""The tables of catalog.sqlite, and the numbered migrations that lead to them.

`PRAGMA user_version` is the format of the collection; it changes in the same transaction as the
tables. A migration is never edited once released: the next one corrects it.
"""

from __future__ import annotations

from collections.abc import Mapping

from annclust.storage.layout import KINDS, GenerationKind

APPLICATION_ID = 0x616E6E63
"""``annc``: marks the SQLite file as ours."""

_FORMAT_1 = (
    # One row of text settings: embedder, revision, dimension, vector file, committed rows.
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE root (
        id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL UNIQUE, device INTEGER,
        offline TEXT)""",
    """CREATE TABLE content (
        digest BLOB PRIMARY KEY, size INTEGER NOT NULL, row INTEGER NOT NULL,
        width INTEGER NOT NULL, height INTEGER NOT NULL, format TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX content_size ON content (size)",
    "CREATE INDEX content_row ON content (row)",
    """CREATE TABLE vector (
        row INTEGER PRIMARY KEY, checksum INTEGER NOT NULL)""",
    "CREATE INDEX vector_checksum ON vector (checksum)",
    """CREATE TABLE block (
        first_row INTEGER PRIMARY KEY, rows INTEGER NOT NULL, digest BLOB NOT NULL)""",
    """CREATE TABLE image (
        id INTEGER PRIMARY KEY AUTOINCREMENT, root INTEGER NOT NULL REFERENCES root (id),
        path BLOB NOT NULL, size INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
        digest BLOB NOT NULL REFERENCES content (digest), removed INTEGER NOT NULL DEFAULT 0)""",
    "CREATE UNIQUE INDEX image_path ON image (root, path) WHERE NOT removed",
    "CREATE INDEX image_digest ON image (digest)",
    """CREATE TABLE unreadable (
        root INTEGER NOT NULL REFERENCES root (id), path BLOB NOT NULL, size INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL, reason TEXT NOT NULL, retry INTEGER NOT NULL,
        PRIMARY KEY (root, path)) WITHOUT ROWID""",
    """CREATE TABLE generation (
        kind TEXT NOT NULL, number INTEGER NOT NULL, rows INTEGER NOT NULL, basis TEXT NOT NULL,
        spec TEXT NOT NULL, current INTEGER NOT NULL, PRIMARY KEY (kind, number)) WITHOUT ROWID""",
    """CREATE TABLE derived_file (
        name TEXT PRIMARY KEY, kind TEXT NOT NULL, number INTEGER NOT NULL,
        size INTEGER NOT NULL, digest BLOB NOT NULL,
        FOREIGN KEY (kind, number) REFERENCES generation (kind, number)) WITHOUT ROWID""",
    """CREATE TABLE clustering (
        id INTEGER PRIMARY KEY AUTOINCREMENT, level TEXT NOT NULL, settings TEXT NOT NULL,
        summary TEXT NOT NULL)""",
    """CREATE TABLE cluster (
        level TEXT NOT NULL, id INTEGER NOT NULL, representative INTEGER NOT NULL,
        PRIMARY KEY (level, id)) WITHOUT ROWID""",
    """CREATE TABLE member (
        level TEXT NOT NULL, row INTEGER NOT NULL, cluster INTEGER NOT NULL,
        probability REAL NOT NULL, PRIMARY KEY (level, row)) WITHOUT ROWID""",
)

# The tables stay as they are; the catalog is rewritten so that every page has a checksum.
_FORMAT_2 = ()

_FIRST_SET = """SELECT 1, (SELECT value FROM setting WHERE name = 'embedder'),
    (SELECT value FROM setting WHERE name = 'revision'),
    (SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'dimension'),
    (SELECT value FROM setting WHERE name = 'vector_file'),
    (SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'rows')
    WHERE EXISTS (SELECT 1 FROM setting WHERE name = 'embedder')"""
"""Before there were several sets of vectors there was one, described in the settings."""


def _with_set(table: str, columns: str, *, key: str) -> tuple[str, ...]:
    """Put the set of vectors before the columns of a table, and before its key."""
    return (
        f"ALTER TABLE {table} RENAME TO {table}_before",
        f"""CREATE TABLE {table} (
        vector_set INTEGER NOT NULL REFERENCES vector_set (number), {columns},
        PRIMARY KEY (vector_set, {key})) WITHOUT ROWID""",
        f"INSERT INTO {table} SELECT 1, * FROM {table}_before",
        f"DROP TABLE {table}_before",
    )


# Photos stay one; everything about vectors is of one set of them, and there may be several.
_FORMAT_3 = (
    """CREATE TABLE vector_set (
        number INTEGER PRIMARY KEY AUTOINCREMENT, embedder TEXT NOT NULL, revision TEXT NOT NULL,
        dimension INTEGER NOT NULL, vector_file TEXT NOT NULL, rows INTEGER NOT NULL)""",
    f"INSERT INTO vector_set {_FIRST_SET}",
    "INSERT INTO setting SELECT 'active', number FROM vector_set",
    """DELETE FROM setting WHERE name IN
        ('embedder', 'revision', 'dimension', 'vector_file', 'rows')""",
    """CREATE TABLE embedding (
        vector_set INTEGER NOT NULL REFERENCES vector_set (number),
        digest BLOB NOT NULL REFERENCES content (digest), row INTEGER NOT NULL,
        PRIMARY KEY (digest, vector_set)) WITHOUT ROWID""",
    "INSERT INTO embedding SELECT 1, digest, row FROM content ORDER BY digest",
    "CREATE INDEX embedding_row ON embedding (vector_set, row)",
    "DROP INDEX content_row",
    "ALTER TABLE content DROP COLUMN row",
    "DROP INDEX vector_checksum",
    *_with_set("vector", "row INTEGER NOT NULL, checksum INTEGER NOT NULL", key="row"),
    "CREATE INDEX vector_checksum ON vector (vector_set, checksum)",
    *_with_set(
        "block",
        "first_row INTEGER NOT NULL, rows INTEGER NOT NULL, digest BLOB NOT NULL",
        key="first_row",
    ),
    # Numbers of generations and clusterings are of the whole collection.
    "ALTER TABLE generation ADD COLUMN vector_set INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE clustering ADD COLUMN vector_set INTEGER NOT NULL DEFAULT 1",
    *_with_set(
        "cluster",
        "level TEXT NOT NULL, id INTEGER NOT NULL, representative INTEGER NOT NULL",
        key="level, id",
    ),
    *_with_set(
        "member",
        """level TEXT NOT NULL, row INTEGER NOT NULL, cluster INTEGER NOT NULL,
        probability REAL NOT NULL""",
        key="level, row",
    ),
)

# Files that belong to photos, and are none of their own.
_FORMAT_4 = (
    """CREATE TABLE companion (
        root INTEGER NOT NULL REFERENCES root (id), path BLOB NOT NULL, size INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL, image INTEGER NOT NULL REFERENCES image (id),
        PRIMARY KEY (root, path)) WITHOUT ROWID""",
    "CREATE INDEX companion_image ON companion (image)",
)

# How photos were taken, and what a person decided about two of them; groups are derived from that.
_FORMAT_5 = (
    """CREATE TABLE capture (
        digest BLOB PRIMARY KEY REFERENCES content (digest), taken_ns INTEGER, latitude REAL,
        longitude REAL, exposure_bias REAL, exposure_seconds REAL, f_number REAL, iso INTEGER)
        WITHOUT ROWID""",
    # Refers to no content: what was decided outlives the photos, which may come back.
    """CREATE TABLE decision (
        first BLOB NOT NULL, second BLOB NOT NULL, alike INTEGER NOT NULL,
        PRIMARY KEY (first, second), CHECK (first < second AND alike IN (0, 1))) WITHOUT ROWID""",
    "INSERT INTO setting VALUES ('next_groups', '1')",
)

# What was in groups that are none at the moment: they get their ids again when they come back.
_FORMAT_6 = (
    """CREATE TABLE past_member (
        vector_set INTEGER NOT NULL REFERENCES vector_set (number), level TEXT NOT NULL,
        cluster INTEGER NOT NULL, row INTEGER NOT NULL,
        PRIMARY KEY (vector_set, level, cluster, row)) WITHOUT ROWID""",
)

# What was measured on photos, what a person says of them in looking through, and what was purged.
_FORMAT_7 = (
    """CREATE TABLE examination (
        digest BLOB PRIMARY KEY REFERENCES content (digest), revision INTEGER NOT NULL,
        measured TEXT NOT NULL, maps BLOB NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE mark (
        image INTEGER PRIMARY KEY REFERENCES image (id), keep INTEGER NOT NULL,
        CHECK (keep IN (0, 1)))""",
    """CREATE TABLE review (
        image INTEGER PRIMARY KEY REFERENCES image (id), state TEXT NOT NULL,
        lead INTEGER NOT NULL, CHECK (state IN ('resolved', 'skipped')))""",
    """CREATE TABLE purge (
        id INTEGER PRIMARY KEY AUTOINCREMENT, plan TEXT NOT NULL, level TEXT NOT NULL,
        folder TEXT NOT NULL,
        trash BLOB, began_ns INTEGER NOT NULL)""",
    # Refers to no image: what lies in the trash can be put back after `compact`, too.
    """CREATE TABLE purged_file (
        id INTEGER PRIMARY KEY AUTOINCREMENT, purge INTEGER NOT NULL REFERENCES purge (id),
        image INTEGER NOT NULL, is_photo INTEGER NOT NULL, keeper INTEGER NOT NULL,
        root INTEGER NOT NULL REFERENCES root (id), path BLOB NOT NULL, size INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL, digest BLOB NOT NULL, state TEXT NOT NULL,
        CHECK (state IN ('moving', 'in trash', 'restoring', 'restored', 'not moved', 'emptying',
            'gone')))""",
    "CREATE INDEX purged_file_purge ON purged_file (purge)",
    "INSERT INTO setting VALUES ('next_map', '1')",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    _FORMAT_1,
    _FORMAT_2,
    _FORMAT_3,
    _FORMAT_4,
    _FORMAT_5,
    _FORMAT_6,
    _FORMAT_7,
)
"""``MIGRATIONS[i]`` leads from format i to format i + 1."""

_AS_SETS = {
    "vector_set": f"""WITH first (number, embedder, revision, dimension, vector_file, rows)
        AS ({_FIRST_SET}) SELECT * FROM first""",
    "embedding": "SELECT 1 AS vector_set, digest, row FROM content",
    **{
        table: f"SELECT 1 AS vector_set, * FROM main.{table}"
        for table in ("vector", "block", "generation", "clustering", "cluster", "member")
    },
}


_NO_COMPANIONS = {
    "companion": """SELECT id AS root, path, 0 AS size, 0 AS modified_ns, 0 AS image
        FROM root WHERE 0"""
}

_NO_CAPTURES = {
    "capture": """SELECT digest, NULL AS taken_ns, NULL AS latitude, NULL AS longitude,
        NULL AS exposure_bias, NULL AS exposure_seconds, NULL AS f_number, NULL AS iso
        FROM content WHERE 0""",
    "decision": "SELECT digest AS first, digest AS second, 0 AS alike FROM content WHERE 0",
}

_NO_PAST = {
    "past_member": """SELECT 1 AS vector_set, '' AS level, 0 AS cluster, 0 AS row
        FROM content WHERE 0"""
}

_NO_REVIEW = {
    "examination": """SELECT digest, 0 AS revision, '' AS measured, digest AS maps
        FROM content WHERE 0""",
    "mark": "SELECT id AS image, 0 AS keep FROM root WHERE 0",
    "review": "SELECT id AS image, '' AS state, 0 AS lead FROM root WHERE 0",
    "purge": """SELECT id, '' AS plan, '' AS level, '' AS folder, path AS trash, 0 AS began_ns
        FROM root WHERE 0""",
    "purged_file": """SELECT id, 0 AS purge, 0 AS image, 0 AS is_photo, 0 AS keeper, id AS root,
        path, 0 AS size, 0 AS modified_ns, path AS digest, '' AS state FROM root WHERE 0""",
}

_FIRST_WITH_SETS, _FIRST_WITH_COMPANIONS, _FIRST_WITH_CAPTURES = 3, 4, 5
_FIRST_WITH_PAST, _FIRST_WITH_REVIEW = 6, 7


def views_of(format_: int) -> Mapping[str, str]:
    """Views, by name, through which an older format reads like the current one."""
    return {
        **(_AS_SETS if 0 < format_ < _FIRST_WITH_SETS else {}),
        **(_NO_COMPANIONS if 0 < format_ < _FIRST_WITH_COMPANIONS else {}),
        **(_NO_CAPTURES if 0 < format_ < _FIRST_WITH_CAPTURES else {}),
        **(_NO_PAST if 0 < format_ < _FIRST_WITH_PAST else {}),
        **(_NO_REVIEW if 0 < format_ < _FIRST_WITH_REVIEW else {}),
    }


CHECKED_FORMAT = 2
"""The first format whose pages have checksums."""

FORMAT = len(MIGRATIONS)
"""The format that this annclust writes."""


_FIRST_WITH: Mapping[GenerationKind, int] = {
    "groups": _FIRST_WITH_CAPTURES,
    "map": _FIRST_WITH_REVIEW,
}
"""The first format that knows a kind of what is derived, if not all do."""


def needed_settings(format_: int) -> tuple[str, ...]:
    """Settings without which a catalog of a format is damaged."""
    return tuple(f"next_{kind}" for kind in KINDS if _FIRST_WITH.get(kind, 0) <= format_)
