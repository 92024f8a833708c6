"""The commands about single photos and their groups: `explain` and `decide`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from annclust.cli.console import Console, shown
from annclust.cli.shared_options import (
    DEFAULT_COLLECTION,
    CollectionOption,
    command,
    open_collection,
)
from annclust.errors import InputError

if TYPE_CHECKING:
    from annclust.pipeline.reports import ApartReport, Decision, Explanation, Photo


class Level(StrEnum):
    """Levels whose groups can be explained."""

    SHOTS = "shots"
    SCENES = "scenes"
    THEMES = "themes"


class Saying(StrEnum):
    """What can be said about photos."""

    TOGETHER = "together"
    APART = "apart"
    FORGET = "forget"


def add_to(app: typer.Typer) -> None:
    """Add the commands `explain` and `decide`."""

    @command(app)
    def explain(
        console: Console,
        photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A photo of the collection.")],
        other: Annotated[
            Path | None, typer.Argument(metavar="[OTHER]", help="Another one: why (not) with it?")
        ] = None,
        collection: CollectionOption = DEFAULT_COLLECTION,
        level: Annotated[
            Level | None,
            typer.Option(help="Groups of this level; of the last clustering if left out."),
        ] = None,
    ) -> None:
        """Say why photos are together, or why one is alone."""
        with open_collection(collection, console) as opened:
            found = opened.explain(photo, other, None if level is None else level.value)
        console.show(_explanation_document(found), lambda: _explanation_lines(found))

    @command(app)
    def decide(
        console: Console,
        saying: Annotated[
            Saying | None,
            typer.Argument(metavar="[together|apart|forget]", help="What is said of the photos."),
        ] = None,
        photos: Annotated[
            list[Path] | None,
            typer.Argument(metavar="[PHOTO OTHER...]", help="Of the first and each of the others."),
        ] = None,
        collection: CollectionOption = DEFAULT_COLLECTION,
    ) -> None:
        """Say that photos belong together or are not the same shot; or list what was said."""
        with open_collection(collection, console) as opened:
            if saying is not None:
                first, *others = photos or [Path()]
                if not others:
                    raise InputError("name a photo, and at least one other.")
                opened.decide(saying.value, first, *others)
            known = opened.decisions()
        if saying is not None:
            console.note("the next annclust cluster cuts groups by it")
        console.show([_decision_document(each) for each in known], lambda: _decision_lines(known))


def _photo(photo: Photo) -> dict[str, Any]:
    from annclust.cli.documents import path_text

    return {"id": photo.id, "path": path_text(photo.path)}


def _explanation_document(found: Explanation) -> dict[str, Any]:
    apart = found.apart
    return {
        "photo": _photo(found.photo),
        "other": None if found.other is None else _photo(found.other),
        "level": found.level,
        "cluster": found.cluster,
        "together": found.together,
        "links": [
            {
                "left": _photo(link.left),
                "right": _photo(link.right),
                "ratio": link.ratio,
                "granularity": link.granularity,
            }
            for link in found.links
        ],
        "apart": None
        if apart is None
        else {
            "nearest": _photo(apart.nearest),
            "distance": apart.distance,
            "times": apart.times,
            "why": apart.why,
        },
    }


def _explanation_lines(found: Explanation) -> Iterator[str]:
    name = shown(found.photo.path)
    if found.together:
        group = f"group {found.cluster} of {found.level}"
        if found.other is None:
            yield f"{name} is in {group}; its surest link:"
        else:
            yield f"{name} and {shown(found.other.path)} are both in {group}:"
        for link in found.links:
            ends = f"{shown(link.left.path)} and {shown(link.right.path)}"
            yield f"  {ends}: {_strength(link.granularity, link.ratio)}"
        if not found.links:
            yield "  one and the same content"
        return
    if found.apart is None:
        yield f"{name} is alone: there is nothing to compare it with"
        return
    alone = "alone" if found.other is None else f"not with {shown(found.other.path)}"
    yield f"{name} is {alone}, at the level of {found.level}"
    yield f"  {_reason(found.apart, asked=found.other is not None)}"


def _strength(granularity: float, ratio: float) -> str:
    if granularity == 0:
        return "as you said"
    return f"{ratio:.0%} of the distance at which unrelated photos begin"


def _reason(apart: ApartReport, *, asked: bool) -> str:
    which = "it" if asked else f"the nearest photo, {shown(apart.nearest.path)},"
    match apart.why:
        case "far" | "weak":
            return f"{which} is {apart.times:.1f} times as far as photos of one shot may be"
        case "layout":
            return f"{which} is a page like it, but with light and dark in other places"
        case "said":
            return f"{which} would be with it, had you not said that they are not the same shot"
        case "later":
            return f"{which} is near, but each has nearer ones: a coarser look joins them"


def _decision_document(decision: Decision) -> dict[str, Any]:
    return {
        "first": [_photo(photo) for photo in decision.first],
        "second": [_photo(photo) for photo in decision.second],
        "together": decision.together,
    }


def _decision_lines(decisions: list[Decision]) -> Iterator[str]:
    for decision in decisions:
        names = (
            shown(photos[0].path) if photos else "a photo that is gone"
            for photos in (decision.first, decision.second)
        )
        said = "belong together" if decision.together else "are not the same shot"
        yield f"{' and '.join(names)} {said}"
    if not decisions:
        yield "nothing was said about any photos"
