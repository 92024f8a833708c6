"""Made of: what tells a clustering from one of now. Loads nothing that only clustering needs."""

from __future__ import annotations

import xxhash

from annclust.storage.store import Store


def decisions_digest(store: Store) -> str:
    """Tells whether something else is decided by now."""
    known = store.catalog.decisions()
    told = b"".join(first + second + bytes([alike]) for first, second, alike in known)
    return xxhash.xxh3_64_hexdigest(told)
