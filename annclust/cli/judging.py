"""The commands about single photos and their groups: `explain` and `decide`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annclust.cli.console import Console, shown
from annclust.cli.shared_options import (
    DEFAULT_COLLECTION,
    CollectionOption,
    command,
    open_collection,
)

if TYPE_CHECKING:
    from annclust.pipeline.reports import ApartReport, Decision, Explanation


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
        from annclust.cli.documents import explanation_document

        with open_collection(collection, console) as opened:
            found = opened.explain(photo, other, None if level is None else level.value)
        console.show(explanation_document(found), lambda: _explanation_lines(found))

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
        from annclust.cli.documents import decision_document

        with open_collection(collection, console) as opened:
            first, *others = photos or [Path()]
            if saying is not None:
                opened.decide(saying.value, first, *others)
            known = opened.decisions()
        if saying is None:
            console.show([decision_document(each) for each in known], lambda: _listed(known))
            return
        console.note("the next annclust cluster cuts groups by it")
        said = saying.value
        console.show(
            [decision_document(each) for each in known], lambda: _said_lines(said, first, others)
        )


def _explanation_lines(found: Explanation) -> Iterator[str]:
    yield from _together_lines(found) if found.together else _apart_lines(found)


def _together_lines(found: Explanation) -> Iterator[str]:
    name, group = shown(found.photo.path), f"group {found.cluster} of {found.level}"
    if found.cluster is None:
        group = "no group: there are too few of them"
    if found.other is not None:
        yield f"{name} and {shown(found.other.path)} are both in {group}:"
    else:
        yield f"{name} is in {group}; its surest link:"
    for link in found.links:
        ends = f"{shown(link.left.path)} and {shown(link.right.path)}"
        yield f"  {ends}: {_strength(link.granularity, link.ratio)}"
    if not found.links:
        yield "  exact copies show one and the same content"


def _strength(granularity: float, ratio: float) -> str:
    if granularity == 0:
        return "as you said"
    return f"{ratio:.0%} of the distance at which unrelated photos begin"


def _apart_lines(found: Explanation) -> Iterator[str]:
    name, apart = shown(found.photo.path), found.apart
    if apart is None:
        yield f"{name} is alone: there is nothing to compare it with"
        return
    alone = "alone" if found.other is None else f"not with {shown(found.other.path)}"
    yield f"{name} is {alone}, at the level of {found.level}"
    yield f"  {_reason(apart, asked=found.other is not None)}"
    if apart.granularity is not None and apart.why != "few":
        yield f"  a look as coarse as --granularity {apart.granularity:.2f} joins them"


def _reason(apart: ApartReport, *, asked: bool) -> str:
    which = "it" if asked else f"the nearest photo, {shown(apart.nearest.path)},"
    reasons = {
        "far": f"{which} is {apart.times:.1f} times as far as photos of one shot may be",
        "layout": f"{which} is a page like it, but with light and dark in other places",
        "later": f"{which} is near, but the photos around both are farther apart",
        "said": f"{which} would be with it, had you not said that they are not the same shot",
        "few": f"{which} is with it, but together they are too few for a group",
    }
    return reasons["far" if apart.why == "weak" else apart.why]


_SAID = {
    "together": "belong together",
    "apart": "are not the same shot",
    "forget": "are grouped as if nothing had been said",
}


def _said_lines(saying: str, first: Path, others: list[Path]) -> Iterator[str]:
    for other in others:
        yield f"{shown(first)} and {shown(other)} {_SAID[saying]}"


def _listed(decisions: list[Decision]) -> Iterator[str]:
    for decision in decisions:
        names = (
            shown(photos[0].path) if photos else f"a photo that is gone ({digest[:_DIGITS]})"
            for photos, digest in zip(
                (decision.first, decision.second), decision.digests, strict=True
            )
        )
        yield f"{' and '.join(names)} {_SAID['together' if decision.together else 'apart']}"
    if not decisions:
        yield "nothing was said about any photos"


_DIGITS = 12
"""Of a digest that are shown: enough to name it."""
