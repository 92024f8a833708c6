"""Model cache: networks that were built once, kept in a folder that may do anything.

The cache only saves time. A file is trusted if the digest at its head fits; else the network is
built again. It is published by rename, so that two processes that build at once do no harm, and
where nothing can be written the network is simply built each time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import xxhash

_MAGIC = b"annclust model 1"
_DIGEST_SIZE = 16


def cache_directory() -> Path:
    """Folder for models and thumbnails: ``ANNCLUST_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("ANNCLUST_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("annclust", appauthor=False)


def cached_model(path: Path, build: Callable[[], bytes]) -> bytes:
    """Give the network kept at `path`; if there is none, or it is damaged, build and keep it.

    Never fails because of the cache; what `build` raises passes through.
    """
    kept = _read(path)
    if kept is not None:
        return kept
    model = build()
    with suppress(OSError):
        _publish(path, model)
    return model


def _read(path: Path) -> bytes | None:
    """The network, or None if the file is missing, unreadable or not whole."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC) + _DIGEST_SIZE)
            model = file.read()
    except OSError:
        return None
    return model if head == _head(model) else None


def _publish(path: Path, model: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.urandom(8).hex()}.part")
    try:
        with beside.open("xb") as file:
            file.write(_head(model))
            file.write(model)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def _head(model: bytes) -> bytes:
    return _MAGIC + xxhash.xxh3_128_digest(model)
