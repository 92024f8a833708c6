"""Listings: what commands print for a person, line by line."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from annclust.cli.console import shown
from annclust.pipeline.reports import (
    Cluster,
    ClusterReport,
    EmbedderStatus,
    IndexReport,
    Match,
    Status,
    Unreadable,
)
from annclust.settings import GRANULARITY

if TYPE_CHECKING:
    from annclust.embedding.registry import EmbedderInfo
    from annclust.errors import Changed
    from annclust.pipeline.checking import CheckReport
    from annclust.pipeline.compacting import CompactReport

_FIRST = 10
"""Entries of a long list that are shown without ``-v``."""

NEWCOMER = """\
annclust groups nearly alike photos and finds look-alikes. Start with:

  annclust index ~/Photos       look at every photo once (photos.annclust remembers)
  annclust cluster              group what is alike
  annclust review               look through the groups in your browser, and choose
  annclust clusters             see the groups here
  annclust explain PHOTO        see why a photo is where it is
  annclust decide               have the last word: what belongs together, and what does not
  annclust similar PHOTO        find what looks like a photo
  annclust purge plan           keep one good photo of each group: what could go, and why

No photos at hand? `annclust demo album` draws some. `annclust --help` lists everything."""


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 photo, 2,000 photos."""
    if number == 1:
        return f"{number} {noun}"
    return f"{number:,} {noun}s"


_GROUPS = {"copies": "group of exact copies", "density": "group by density"}
"""A group of a level, where it does not go by the level's name."""


def counted_groups(number: int, level: str) -> str:
    """Groups of a level: 1 shot, 17 scenes, 14 groups by density."""
    group, _, kind = _GROUPS.get(level, level.removesuffix("s")).partition(" ")
    return f"{counted(number, group)} {kind}".rstrip()


def size_text(size: int) -> str:
    """A number of bytes for a person."""
    value, units = float(size), iter(("B", "kB", "MB", "GB", "TB"))
    unit = next(units)
    while value >= 1000 and unit != "TB":
        value, unit = value / 1000, next(units)
    return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"


def unreadable_lines(entries: Sequence[Unreadable], *, all_of_them: bool) -> Iterator[str]:
    """Files that could not be read; only the first few unless all are wanted."""
    if not entries:
        return
    yield f"{counted(len(entries), 'file')} could not be read:"
    shown_entries = entries if all_of_them else entries[:_FIRST]
    for entry in shown_entries:
        yield f"  {shown(entry.path)}: {entry.reason}"
    if len(shown_entries) < len(entries):
        yield f"  and {len(entries) - _FIRST:,} more (-v shows all)"


def index_lines(report: IndexReport, collection: Path) -> Iterator[str]:
    """Say what a run of `index` found."""
    changes = [
        f"{number:,} {word}"
        for number, word in (
            (report.added, "new"),
            (report.changed, "changed"),
            (report.moved, "moved"),
            (report.removed, "gone"),
            (report.embedded if report.embedded > report.added + report.changed else 0, "embedded"),
        )
        if number
    ]
    yield (
        f"{counted(report.images, 'photo')} in {shown(collection)}"
        f" ({', '.join(changes) or 'nothing new'}; {report.seconds:.1f} s)"
    )
    if not report.images:
        yield "no photos were found in the folders of this collection"
    yield from _asides(report)
    for root in report.offline:
        yield f"offline? {shown(root.path)}: {root.reason}; its photos are kept"
    if report.offline:
        yield f"  if you deleted them: annclust index -c {_typed(collection)} --forget-missing"


def _asides(report: IndexReport) -> Iterator[str]:
    for number, noun, told in (
        (report.companions, "file", "with them: raw photos of the same shots, videos"),
        (report.duplicates, "photo", "not embedded again: the exact content was known"),
        (report.waiting, "photo", "without a vector: not among the files that were read"),
        (report.places_dropped, "place", "dropped: where photos were taken is not kept any more"),
        (report.reread, "photo", "read again, for when and where they were taken"),
        (report.skipped, "file", "passed over: no photos, or links"),
    ):
        if number:
            yield f"{counted(number, noun)} {told}"


def _typed(path: Path) -> str:
    """A path as one types it in a shell."""
    return shlex.quote(shown(path))


def similar_lines(query: Path | str, matches: Sequence[Match], *, several: bool) -> Iterator[str]:
    """Matches of one query, an image or a text; best first."""
    if several:
        yield f"{shown(query)}:"
    for match in matches:
        yield f"{match.similarity:6.3f}  {shown(match.path)}"
    if not matches:
        yield "no photos in this collection yet"


def clustering_lines(report: ClusterReport) -> Iterator[str]:
    """Say what `cluster` found."""
    if not report.images:
        yield "no photos to group"
        return
    grouped = report.images - report.noise
    yield (
        f"{counted_groups(report.clusters, report.level)}{_look(report)} with {grouped:,} of"
        f" {counted(report.images, 'photo')}, {report.noise:,} alone"
    )
    of_density = report.level == "density"
    if report.clusters:
        deciding = "merges that decide the groups" if of_density else "links that make shots"
        yield f"largest group: {counted(report.largest, 'photo')}; {report.seconds:.1f} s"
        yield f"certified exact: {report.certified:.1%} of the {deciding}"
    if report.recall < 1:
        joined = f", {counted(report.components, 'part')} joined" if of_density else ""
        yield f"neighbor graph: {report.recall:.1%} of the true neighbors{joined}"
    changes = [f"{number:,} {event}" for event, number in report.lineage.items() if number]
    if report.lineage["born"] < report.clusters:  # else it is the first time
        yield f"since the last time: {', '.join(changes)}"


def _look(report: ClusterReport) -> str:
    """How coarse the look was, if it was not that of the level."""
    usual = report.granularity is None or report.granularity == GRANULARITY[report.level]
    return "" if usual else f" at a granularity of {report.granularity:g}"


def capped_lines(report: ClusterReport) -> Iterator[str]:
    """Warn where groups were split because of their size."""
    if report.capped:
        yield (
            "no group holds more than a fifth of all photos: such were split into the groups in"
            f" them, {counted(report.capped, 'time')}"
        )


def out_of_date_line(collection: Path, level: str, changed: Changed) -> str:
    """Say what changed since the last clustering."""
    happened = "something was decided" if changed == "decisions" else "photos came or went"
    return (
        f"{happened} since these groups were made;"
        f" anew: annclust cluster -c {_typed(collection)} --level {level}"
    )


def cluster_table(clusters: Sequence[Cluster], level: str, *, all_of_them: bool) -> Iterator[str]:
    """One line a cluster, largest first."""
    first = clusters if all_of_them else clusters[: 4 * _FIRST]
    if first:
        yield counted_groups(len(clusters), level)
        yield "group  photos  representative"
    for cluster in first:
        path = shown(cluster.representative.path)
        yield f"{cluster.id:>5}  {cluster.size:>6,}  {path}"
    if len(first) < len(clusters):
        yield f"and {len(clusters) - len(first):,} more (-v shows all)"
    if not clusters:
        yield "no groups: every photo stands alone"


def cluster_lines(cluster: Cluster) -> Iterator[str]:
    """The photos of one cluster, its representative first."""
    size = counted(cluster.size, "photo")
    yield f"group {cluster.id}: {size}, the one in the densest place first"
    for photo in cluster.members:
        others = "".join(f" + {shown(path.name)}" for path in photo.companions)
        yield f"  {shown(photo.path)}{others}"


def status_lines(status: Status) -> Iterator[str]:
    """Sum up a collection."""
    yield f"collection  {shown(status.path)}, {size_text(status.bytes)}"
    vectors = counted(status.vectors, "vector")
    yield f"photos      {status.images:,} ({vectors}, {status.removed:,} gone)"
    if status.companions:
        yield f"            {counted(status.companions, 'file')} with them: raw photos, videos"
    yield f"unreadable  {status.unreadable:,}"
    yield f"embedder    {status.embedder} ({status.dimension} dimensions, {status.revision})"
    if len(status.embedders) > 1:
        yield f"            one of {len(status.embedders)}; annclust use lists them"
    yield f"index       {_generation_text(status.index, status.images)}"
    yield f"graph       {_generation_text(status.graph, status.images)}"
    yield f"clustering  {_clustering_text(status.clustering)}"
    yield f"places      {'kept' if status.places else 'not kept'}: where photos were taken"
    for root in status.roots:
        offline = f" (offline: {root.offline})" if root.offline else ""
        yield f"folder      {shown(root.path)}{offline}"


def use_lines(embedders: Sequence[EmbedderStatus], collection: Path) -> Iterator[str]:
    """One embedder after the other, and what to do where photos wait for it."""
    names = [each.embedder for each in embedders]
    for each in embedders:
        name = each.full_name if names.count(each.embedder) > 1 else each.embedder
        waiting = f", {each.waiting:,} without a vector" if each.waiting else ""
        in_use = ", in use" if each.in_use else ""
        yield f"{name}  ({counted(each.photos, 'photo')}{waiting}{in_use})"
    if any(each.in_use and each.waiting for each in embedders):
        yield f"annclust index -c {_typed(collection)} embeds those that it finds"


def _generation_text(generation: Mapping[str, object] | None, images: int) -> str:
    if generation is None:
        return "none yet (annclust index)" if images else "none: there are no photos"
    number, spec = generation["generation"], generation
    if "neighbors" in spec:
        return f"generation {number}: {spec['neighbors']} neighbors of {spec['vectors']} vectors"
    kind = "exact" if spec["kind"] == "exact" else f"{spec['lists']} inverted lists"
    return f"generation {number}: {kind}, {spec['rows']} vectors"


def _clustering_text(clustering: Mapping[str, object] | None) -> str:
    if clustering is None:
        return "none yet (annclust cluster)"
    groups = counted_groups(int(str(clustering["clusters"])), str(clustering["level"]))
    return f"{groups}, {clustering['noise']} alone"


def check_lines(report: CheckReport, *, all_of_them: bool) -> Iterator[str]:
    """Say whether the collection is sound, and what is wrong with it if not."""
    for problem in report.repaired:
        yield f"repaired: {problem.message}"
    for problem in report.problems:
        yield f"invariant {problem.invariant}: {problem.message}"
        if problem.ids:
            ids = problem.ids if all_of_them else problem.ids[:_FIRST]
            more = (
                f" and {len(problem.ids) - len(ids):,} more" if len(ids) < len(problem.ids) else ""
            )
            yield f"  photos {', '.join(map(str, ids))}{more}"
    if report.ok:
        yield "everything is as it should be"
    elif all(problem.mendable for problem in report.problems):
        yield "annclust check --repair makes again what can be"
    else:
        yield "what is damaged cannot be made from the rest: index the photos into a new collection"


def compact_lines(report: CompactReport) -> Iterator[str]:
    """Say what compacting dropped."""
    before, after = size_text(report.bytes_before), size_text(report.bytes_after)
    dropped = counted(report.removed, "removed photo")
    if report.forgotten is not None:
        dropped += f" and all vectors of {report.forgotten}"
    yield f"dropped {dropped}: {before} before, {after} now"


def model_lines(models: Sequence[EmbedderInfo]) -> Iterator[str]:
    """One embedder after the other; the first is the default."""
    for model in models:
        state = "ready" if model.ready else "not ready"
        length = f"{model.dimension} dimensions" if model.dimension else "as the model says"
        yield f"{model.name}  ({length}, {state})"
        yield f"  {model.summary}"
        if model.note:
            yield f"  {model.note}"


def demo_lines(folder: Path, photos: int) -> Iterator[str]:
    """Say what was drawn, and what to do with it."""
    yield f"drew {counted(photos, 'photo')} in {shown(folder)}"
    yield f"next: annclust index {_typed(folder)} -c demo.annclust"
