"""Purge listings: what the commands of `purge` show, as text and as JSON."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annclust.cli.console import shown
from annclust.cli.documents import path_text
from annclust.cli.listings import counted, counted_groups, size_text

if TYPE_CHECKING:
    from annclust.purge.applying import ApplyReport
    from annclust.purge.plan import Plan, PlannedGroup, PlannedPhoto
    from annclust.purge.trash_bin import EmptyReport, Purge
    from annclust.purge.undoing import UndoReport

_FIRST = 20
"""Groups that are shown, unless somebody wants all."""


def plan_lines(
    plan: Plan, output: Path | None, collection: Path, *, all_of_them: bool
) -> Iterator[str]:
    """A plan as a person reads it."""
    telling = [group for group in plan.groups if group.moved]
    for group in telling if all_of_them else telling[:_FIRST]:
        yield from _group_lines(group)
    if len(telling) > _FIRST and not all_of_them:
        yield f"… and {counted_groups(len(telling) - _FIRST, plan.level)} more (--verbose)"
    left = [photo for group in plan.groups for photo in group.left]
    for photo in left if all_of_them else ():
        yield f"left alone: {shown(photo.file.path)}{_why(photo)}"
    yield from _total_lines(plan)
    if telling:
        yield _next_line(output, collection)


def _group_lines(group: PlannedGroup) -> Iterator[str]:
    for photo in group.kept:
        yield f"keep   {shown(photo.file.path)}{_why(photo)}"
    for photo in group.moved:
        along = f" and {counted(len(photo.companions), 'file')} with it" if photo.companions else ""
        yield f"  move {shown(photo.file.path)}{along}{_why(photo)}"


def _why(photo: PlannedPhoto) -> str:
    return f": {shown('; '.join(photo.reasons))}" if photo.reasons else ""


def _total_lines(plan: Plan) -> Iterator[str]:
    totals = plan.totals
    if not totals.photos:
        yield "nothing to move: no group has more than one photo that may go"
    else:
        files = totals.files - totals.photos
        along = f" and {counted(files, 'file')} with them" if files else ""
        groups = counted_groups(totals.groups, plan.level)
        yield (
            f"{counted(totals.photos, 'photo')}{along} of {groups}"
            f" would go to the trash: {size_text(totals.bytes)}"
        )
    if totals.left_alone:
        yield f"{counted(totals.left_alone, 'photo')} left alone (--verbose says why)"


def _next_line(output: Path | None, collection: Path) -> str:
    if output is None:
        return "nothing was touched. Keep this plan with -o plan.json, then: annclust purge apply"
    named = shlex.quote(shown(output))
    return (
        f"nothing was touched. To do it: annclust purge apply {named} -c"
        f" {shlex.quote(shown(collection))}"
    )


def apply_document(report: ApplyReport) -> dict[str, Any]:
    """What `purge apply --json` prints."""
    return asdict(report) | {
        "trash": [path_text(path) for path in report.trash],
        "not_moved": [
            {"path": path_text(each.path), "reason": each.reason} for each in report.not_moved
        ],
    }


def apply_lines(report: ApplyReport, plan: Path, collection: Path) -> Iterator[str]:
    """What a purge did, and how to undo it."""
    for each in report.not_moved:
        yield f"not moved: {shown(each.path)}: {shown(each.reason)}"
    if report.before:
        yield f"{counted(report.before, 'photo')} had been moved before"
    files = report.files - report.photos
    along = f" and {counted(files, 'file')} with them" if files else ""
    yield f"moved {counted(report.photos, 'photo')}{along} to the trash: {size_text(report.bytes)}"
    for folder in report.trash:
        yield f"  {shown(folder)}"
    if report.photos or report.before:
        named = shlex.quote(shown(plan))
        yield (f"to take it back: annclust purge undo {named} -c {shlex.quote(shown(collection))}")


def undo_document(report: UndoReport) -> dict[str, Any]:
    """What `purge undo --json` prints."""
    return asdict(report) | {
        "not_restored": [
            {
                "path": path_text(each.path),
                "in_trash": path_text(each.in_trash),
                "reason": each.reason,
            }
            for each in report.not_restored
        ]
    }


def undo_lines(report: UndoReport, collection: Path) -> Iterator[str]:
    """What was put back."""
    for each in report.not_restored:
        yield f"{shown(each.path)}: {shown(each.reason)} (trash: {shown(each.in_trash)})"
    files = report.files - report.photos
    along = f" and {counted(files, 'file')} with them" if files else ""
    yield f"put back {counted(report.photos, 'photo')}{along}: {size_text(report.bytes)}"
    if report.gone:
        yield f"{counted(report.gone, 'file')} of it cannot be put back: deleted for good, or gone"
    if report.unknown:
        yield (
            f"the collection had dropped {counted(report.unknown, 'photo')} of them: run"
            f" annclust index -c {shlex.quote(shown(collection))}"
        )


def purge_document(purge: Purge) -> dict[str, Any]:
    """One purge of `purge list --json`."""
    return asdict(purge) | {
        "began": _time(purge).isoformat(),
        "trash": [path_text(path) for path in purge.trash],
        "missing": [path_text(path) for path in purge.missing],
    }


def _time(purge: Purge) -> datetime:
    return datetime.fromtimestamp(purge.began_ns // 10**9).astimezone()


def purge_lines(purges: Sequence[Purge]) -> Iterator[str]:
    """Purges, the last one first."""
    for purge in purges:
        when = f"{_time(purge):%Y-%m-%d %H:%M}"
        there = f"{counted(purge.photos, 'photo')}, {counted(purge.files, 'file')}"
        told = f"{there}, {size_text(purge.bytes)}" if purge.files else ""
        yield f"{purge.id:>4}  {when}  {purge.state:<11}  {told}".rstrip()
        for folder in purge.trash:
            away = " (not there)" if folder in purge.missing else ""
            yield f"        {shown(folder)}{away}"
    if not purges:
        yield "nothing was purged"


def empty_document(report: EmptyReport) -> dict[str, Any]:
    """What `purge empty --json` prints."""
    kept = [{"path": path_text(path), "reason": why} for path, why in report.kept]
    return asdict(report) | {"kept": kept}


def empty_lines(report: EmptyReport, age: str) -> Iterator[str]:
    """What was deleted."""
    for path, why in report.kept:
        yield f"kept: {shown(path)}: {shown(why)}"
    if report.files:
        yield f"deleted {counted(report.files, 'file')}: {size_text(report.bytes)}"
    elif not report.kept:
        yield f"nothing in the trash is older than {age}"
