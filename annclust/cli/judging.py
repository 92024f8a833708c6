"""The commands about single photos and their groups: `explain` and `decide`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annclust.cli.console import Console, shown
from annclust.cli.shared_options import (
    DEFAULT_COLLECTION,
    CollectionOption,
    LevelOption,
    command,
    open_collection,
    place,
)

if TYPE_CHECKING:
    from annclust.grouping.explanation import Why
    from annclust.pipeline.reports import Decided, Decision, Explanation, Photo


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
        photo: Annotated[
            Path, typer.Argument(metavar="PHOTO", help="A photo of the collection.", parser=place)
        ],
        other: Annotated[
            Path | None,
            typer.Argument(metavar="[OTHER]", help="Another one: why (not) with it?", parser=place),
        ] = None,
        collection: CollectionOption = DEFAULT_COLLECTION,
        level: LevelOption = None,
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
            typer.Argument(
                metavar="[PHOTO OTHER...]",
                help="Of the first and each of the others.",
                parser=place,
            ),
        ] = None,
        collection: CollectionOption = DEFAULT_COLLECTION,
    ) -> None:
        """Say that photos belong together or are not the same shot; or list what was said."""
        from annclust.cli.documents import decision_document

        named = photos or []
        with open_collection(collection, console) as opened:
            said = None if saying is None else opened.decide(saying.value, *named)
            known = opened.decisions()
        console.show(
            [decision_document(each) for each in known],
            lambda: _listed(known) if saying is None else _said_lines(saying.value, said, *named),
        )
        if said is not None and said.prevailing:
            console.note(_contradiction_line(said.prevailing))
        if said is not None and said.others:
            console.note("groups follow with the next annclust cluster")


def _explanation_lines(found: Explanation) -> Iterator[str]:
    yield from _together_lines(found) if found.together else _apart_lines(found)


def _together_lines(found: Explanation) -> Iterator[str]:
    name, group = shown(found.photo.path), f"group {found.cluster} of {found.level}"
    if found.cluster is None:
        group = "no group: there are too few of them"
    if found.other is not None:
        yield f"{name} and {shown(found.other.path)} are both in {group}:"
    else:
        yield f"{name} is in {group}{'; its surest link' if found.links else ''}:"
    for link in found.links:
        ends = f"{shown(link.left.path)} and {shown(link.right.path)}"
        told = f"ratio {link.ratio:.2f} (unrelated photos begin at 1)"
        yield f"  {ends}: {'as you said' if link.said else told}"
    if found.copies is not None:
        alike = "exact copies show one and the same content"
        yield f"  {alike if found.copies else 'the embedder sees no difference between them'}"


def _apart_lines(found: Explanation) -> Iterator[str]:
    name, apart = shown(found.photo.path), found.apart
    if apart is None:
        yield f"{name} is alone: there is nothing to compare it with"
        return
    alone = "alone" if found.other is None else f"not with {shown(found.other.path)}"
    yield f"{name} is {alone}, at the level of {found.level}"
    of_one, of_both = (each.format(apart, level=found.level) for each in _REASONS[apart.why])
    if found.other is None:
        yield f"  the nearest photo, {shown(apart.nearest.path)}, {of_one}"
    else:
        yield f"  they {of_both}"
    if apart.granularity is not None and apart.why != "few":
        yield f"  a look as coarse as --granularity {coarse_enough(apart.granularity)} joins them"


_FAR = (
    "is {0.times:.1f} times as far as photos of one shot may be",
    "are {0.times:.1f} times as far from each other as photos of one shot may be",
)
_REASONS: Mapping[Why, tuple[str, str]] = {
    "far": _FAR,
    "weak": _FAR,
    "layout": (
        "is a page like it, but with light and dark in other places",
        "are pages, with light and dark in other places",
    ),
    "later": (
        "is near, but the photos around both are farther apart",
        "are near each other, but the photos around both are farther apart",
    ),
    "finer": (
        "would be with it, had the look not been finer than that of {level}",
        "would be together, had the look not been finer than that of {level}",
    ),
    "said": (
        "would be with it, had you not said of them, or of photos between them, that they are not"
        " the same shot",
        "would be together, had you not said of them, or of photos between them, that they are not"
        " the same shot",
    ),
    "few": (
        "is with it, but together they are too few for a group",
        "are together, but too few for a group",
    ),
}
"""What is said of the nearest photo of one that is alone, and of two photos."""


def coarse_enough(granularity: float) -> str:
    """The least granularity of two decimals that is no finer than another."""
    nearest = round(granularity, 2)
    return f"{nearest if nearest >= granularity else nearest + 0.01:.2f}"


_SAID = {
    "together": "belong together",
    "apart": "are not the same shot",
    "forget": "are grouped as if nothing had been said",
}


def _said_lines(saying: str, said: Decided | None, first: Path, *others: Path) -> Iterator[str]:
    from annclust.choices import path_of

    for other in others:
        told = said is not None and path_of(other) in said.others
        done = f" {_SAID[saying]}" if told else ": nothing was said about them"
        yield f"{shown(first)} and {shown(other)}{done}"


def _contradiction_line(apart: Sequence[Decision]) -> str:
    more = f" (and {len(apart) - 1} more)" if len(apart) > 1 else ""
    return f"what was said contradicts itself; this prevails: {_decision_text(apart[0])}{more}"


def _listed(decisions: list[Decision]) -> Iterator[str]:
    yield from map(_decision_text, decisions)
    if not decisions:
        yield "nothing was said about any photos"


def _decision_text(decision: Decision) -> str:
    both = zip((decision.first, decision.second), decision.paths, decision.digests, strict=True)
    names = [_name(photos, path, digest) for photos, path, digest in both]
    return f"{' and '.join(names)} {_SAID['together' if decision.together else 'apart']}"


def _name(photos: tuple[Photo, ...], path: Path | None, digest: str) -> str:
    """A photo that something was said of, or what is known of it once it is gone."""
    if path is None:
        return f"a photo that is gone ({digest[:_DIGITS]})"
    return shown(path) if photos else f"{shown(path)} (gone)"


_DIGITS = 12
"""Of a digest that are shown: enough to name it."""
