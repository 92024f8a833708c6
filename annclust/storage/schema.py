"""The tables of catalog.sqlite, and the numbered migrations that lead to them.

`PRAGMA user_version` is the format of the collection; it changes in the same transaction as the
tables. A migration is never edited once released: the next one corrects it.
"""

from __future__ import annotations

from annclust.storage.layout import KINDS

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

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FORMAT_1, _FORMAT_2)
"""``MIGRATIONS[i]`` leads from format i to format i + 1."""

CHECKED_FORMAT = 2
"""The first format whose pages have checksums."""

FORMAT = len(MIGRATIONS)
"""The format that this annclust writes."""

NEEDED_SETTINGS = (
    *("embedder", "revision", "dimension", "vector_file", "rows"),
    *(f"next_{kind}" for kind in KINDS),
)
"""Settings without which a catalog is damaged."""
