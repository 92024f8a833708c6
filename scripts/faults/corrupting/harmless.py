"""Harmless: the damage that `check` need not name, as it has no effect; each with the reason.

The list is meant to stay short. Whatever is not on it must be named.
"""

from __future__ import annotations

from corrupting.specimens import LOG, Specimen, kind_of
from corrupting.sqlite_files import changed_pages, frames, free_pages, pages


def why_harmless(specimen: Specimen, name: str, before: bytes, after: bytes | None) -> str | None:
    """Why the damage of one file has no effect; None if it may have one.

    Parameters
    ----------
    specimen : Specimen
    name : str
        The file.
    before, after : bytes, or None
        What it held and holds; None if there is nothing to read.
    """
    match kind_of(name):
        case "lock":
            return "the text only tells whom to wait for; a lock that cannot be taken is an error"
        case "shared memory":
            return "whoever comes first makes it anew from the log"
        case "log":
            return "a log that ends early is a crash before the commit: an earlier state, whole"
        case "index" | "graph" | "tree" | "groups" | "map" if name not in specimen.current:
            return "of an earlier generation, kept for who has it open; nobody opens it again"
        case "vectors" if after is not None and after.startswith(before):
            return "behind the committed rows; never acknowledged, and the next writer cuts it off"
        case "catalog" if after is not None:
            return _idle_pages_alone(specimen, before, after)
    return None


def _idle_pages_alone(specimen: Specimen, before: bytes, after: bytes) -> str | None:
    changed = changed_pages(before, after)
    behind = {page for page in changed if page > pages(before)}
    if changed <= behind | free_pages(before) | _pages_in_the_log(specimen):
        return "in pages that are free, behind the last one, or held anew by the pending log"
    return None


def _pages_in_the_log(specimen: Specimen) -> set[int]:
    if LOG not in specimen.files:
        return set()
    return {frame.page for frame in frames((specimen.folder / LOG).read_bytes())}
