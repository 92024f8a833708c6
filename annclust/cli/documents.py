"""Documents: the JSON of every command, as the contract in docs/cli.md has it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annclust.pipeline.reports import (
    Cluster,
    ClusterReport,
    Decision,
    EmbedderStatus,
    Explanation,
    IndexReport,
    Match,
    Photo,
    Status,
    Unreadable,
)

if TYPE_CHECKING:
    from annclust.pipeline.checking import CheckReport


def path_text(path: Path) -> str:
    """A path as text that `os.fsencode` turns back into the same bytes."""
    return os.fsdecode(path)


def _unreadable(entries: Sequence[Unreadable]) -> list[dict[str, str]]:
    return [{"path": path_text(entry.path), "reason": entry.reason} for entry in entries]


def index_document(report: IndexReport) -> dict[str, Any]:
    """What `index --json` prints."""
    return asdict(report) | {
        "unreadable": _unreadable(report.unreadable),
        "offline": _unreadable(report.offline),
    }


def similar_document(query: Path | str, matches: Sequence[Match]) -> dict[str, Any]:
    """One query of `similar --json`: an image, or a text."""
    return {
        "query": query if isinstance(query, str) else path_text(query),
        "matches": [asdict(match) | {"path": path_text(match.path)} for match in matches],
    }


def _named(photo: Photo) -> dict[str, Any]:
    return {"id": photo.id, "path": path_text(photo.path)}


def _photo(photo: Photo) -> dict[str, Any]:
    return _named(photo) | {"companions": [path_text(path) for path in photo.companions]}


def cluster_document(cluster: Cluster) -> dict[str, Any]:
    """One cluster of `clusters --json`."""
    return {
        "cluster": cluster.id,
        "size": cluster.size,
        "representative": _photo(cluster.representative),
        "members": [_photo(photo) for photo in cluster.members],
    }


def clustering_document(report: ClusterReport) -> dict[str, Any]:
    """What `cluster --json` prints."""
    return asdict(report)


def explanation_document(found: Explanation) -> dict[str, Any]:
    """What `explain --json` prints."""
    apart = found.apart
    return {
        "photo": _named(found.photo),
        "other": None if found.other is None else _named(found.other),
        "level": found.level,
        "cluster": found.cluster,
        "together": found.together,
        "links": [
            {
                "left": _named(link.left),
                "right": _named(link.right),
                "ratio": link.ratio,
                "granularity": link.granularity,
                "said": link.said,
            }
            for link in found.links
        ],
        "apart": None
        if apart is None
        else {
            "nearest": _named(apart.nearest),
            "distance": apart.distance,
            "times": apart.times,
            "granularity": apart.granularity,
            "why": apart.why,
        },
        "copies": found.copies,
    }


def decision_document(decision: Decision) -> dict[str, Any]:
    """One decision of `decide --json`."""
    return {
        "first": [_named(photo) for photo in decision.first],
        "second": [_named(photo) for photo in decision.second],
        "digests": list(decision.digests),
        "together": decision.together,
        "paths": [None if path is None else path_text(path) for path in decision.paths],
    }


def status_document(status: Status) -> dict[str, Any]:
    """What `status --json` prints."""
    roots = [{"path": path_text(root.path), "offline": root.offline} for root in status.roots]
    return asdict(status) | {"path": path_text(status.path), "roots": roots}


def use_document(embedders: Sequence[EmbedderStatus]) -> dict[str, Any]:
    """What `use --json` prints."""
    return {
        "embedder": next((each.embedder for each in embedders if each.in_use), None),
        "embedders": [asdict(each) for each in embedders],
    }


def check_document(report: CheckReport) -> dict[str, Any]:
    """What `check --json` prints."""
    return {"ok": report.ok} | asdict(report)
