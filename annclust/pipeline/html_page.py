"""HTML page: the groups as one page that needs nothing else, in pieces as they are written. Pure.

Whoever gets it opens it anywhere: styles and pictures are in it, nothing is fetched, no script
runs. Names of files are whatever somebody called them, and are escaped. How it looks is in
``html_page.css``.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import islice, takewhile
from typing import Final, TypeAlias

from annclust.images.picture import Picture
from annclust.settings import ShownLevel

Seen: TypeAlias = Picture | str
"""What is shown of a photo, or why nothing is: a few words without a full stop."""

SHOWN_AT_ONCE: Final = 24
"""Photos of a group that are seen before somebody asks for the others."""

_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline';"
    " base-uri 'none'; form-action 'none'"
)
"""What browsers let the page do: show its own pictures in its own style."""

_NARROWEST, _WIDEST = 0.6, 2.4
"""Width by height of the place that a picture gets; what is longer is seen whole, but smaller."""

_UNSEEN = 4 / 3
"""Width by height of the place of a picture that is not there."""

_LEVELS: Mapping[ShownLevel, tuple[str, str]] = {
    "copies": ("Exact copies", "Photos of a group show exactly the same."),
    "shots": ("Shots", "Photos of a group were taken in the same moment, or look so."),
    "scenes": ("Scenes", "Photos of a group belong together: the same place or event."),
    "themes": ("Themes", "Photos of a group are alike in what they show."),
    "density": ("Dense groups", "Photos of a group are nearer to each other than to others."),
}


@dataclass(frozen=True, slots=True)
class PageHead:
    """What the page is of.

    Parameters
    ----------
    name : bytes
        Of the collection.
    level : {"copies", "shots", "scenes", "themes", "density"}
        Whose groups.
    day : date
        On which the page was made.
    version : str
        Of annclust.
    photos, grouped, groups : int
        Photos of the collection, those of them that are in groups, and groups.
    """

    name: bytes
    level: ShownLevel
    day: date
    version: str
    photos: int
    grouped: int
    groups: int


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """One group.

    Parameters
    ----------
    id : int
    paths : sequence of bytes
        Of each member below its folder of photos, the representative first.
    """

    id: int
    paths: Sequence[bytes]

    @property
    def folder(self) -> bytes:
        """In which all members lie; empty if in none."""
        folders = [path.split(b"/")[:-1] for path in self.paths]
        first, last = min(folders), max(folders)  # what these two share is shared by all
        shared = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
        return b"/".join(part for part, _ in shared)


def html_page(
    head: PageHead, groups: Iterable[ShownGroup], seen: Iterator[Seen], styles: str
) -> Iterator[str]:
    """Write the page, piece by piece.

    Parameters
    ----------
    head : PageHead
    groups : iterable of ShownGroup
        In the order in which they are shown.
    seen : iterator of Picture or str
        Of each member of each group, in that order; taken as far as it is written.
    styles : str
        A style sheet.

    Yields
    ------
    str
        All pieces together are an HTML document.
    """
    yield _beginning(head, styles)
    for group in groups:
        yield from _section(group, seen)
    yield _end(head)


def legible(name: bytes) -> str:
    """A name as text that is safe in HTML; control characters and odd bytes are shown escaped."""
    text = name.decode("utf-8", "backslashreplace")
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return escape(plain)


def _breakable(path: str) -> str:
    """A path whose lines rather end after a folder than within a name."""
    return path.replace("/", "/<wbr>")


def _beginning(head: PageHead, styles: str) -> str:
    name = legible(head.name)
    level, meaning = _LEVELS[head.level]
    day = f'<time datetime="{head.day.isoformat()}">{head.day.day} {head.day:%B %Y}</time>'
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="annclust {escape(head.version)}">
<title>{name}: {_count(head.groups, "group")} of photos</title>
<style>
{styles}</style>
</head>
<body>
<header>
<p class="level">{level}, {day}</p>
<h1>{name}</h1>
<p class="meaning">{meaning}</p>
<dl>
{_totals(head)}
</dl>
</header>
<main>
"""


def _totals(head: PageHead) -> str:
    numbers = {
        "photos": head.photos,
        "groups": head.groups,
        "photos in groups": head.grouped,
        "in no group, not shown": head.photos - head.grouped,
    }
    return "\n".join(
        f"<div><dt>{term}</dt><dd>{number:,}</dd></div>" for term, number in numbers.items()
    )


def _end(head: PageHead) -> str:
    none = "" if head.groups else '<p class="none">There is no group of two photos or more.</p>\n'
    return f"""{none}</main>
<footer>
<p>Made by annclust {escape(head.version)}. The pictures are small copies: nothing in them says
where, when or by whom they were taken. The page fetches nothing and sends nothing.</p>
</footer>
</body>
</html>
"""


def _section(group: ShownGroup, seen: Iterator[Seen]) -> Iterator[str]:
    """One group; the photos that are not shown at once come one by one."""
    size, folder = len(group.paths), group.folder
    captions = [_breakable(legible(path[len(folder) :].lstrip(b"/"))) for path in group.paths]
    first = list(islice(seen, min(size, SHOWN_AT_ONCE)))
    yield _heading(group, first)
    yield "<ul>\n"
    for number, each in enumerate(first):
        yield _photo(number, captions, each)
    yield "</ul>\n"
    if size > len(first):
        more = _count(size - len(first), "more photo")
        yield f"<details>\n<summary>Show {more}</summary>\n<ul>\n"
        for number in range(len(first), size):
            yield _photo(number, captions, next(seen))
        yield "</ul>\n</details>\n"
    yield "</section>\n"


def _heading(group: ShownGroup, first: Sequence[Seen]) -> str:
    """Begin a section that is as wide as its photos beside each other."""
    breadth = sum(map(_breadth, first))
    size, folder = _count(len(group.paths), "photo"), legible(group.folder)
    place = f' in <span class="folder">{folder}</span>' if folder else ""
    return f"""<section id="group-{group.id}" style="--n:{len(first)};--r:{breadth:.3f}">
<h2>Group {group.id}</h2>
<p>{size}{place}</p>
"""


def _photo(number: int, captions: Sequence[str], seen: Seen) -> str:
    typical = '<b class="typical">Typical</b> ' if number == 0 else ""
    return (
        f'<li style="--r:{_breadth(seen):.3f}"><figure>'
        f"{_sight(seen, f'Photo {number + 1:,} of {len(captions):,}')}"
        f'<figcaption>{typical}<span class="name">{captions[number]}</span>{_size(seen)}'
        "</figcaption></figure></li>\n"
    )


def _sight(seen: Seen, which: str) -> str:
    if isinstance(seen, str):
        return f'<p class="missing"><b>{which} is not shown:</b> {escape(seen)}</p>'
    source = f"data:image/webp;base64,{b64encode(seen.encoded).decode()}"
    size = f'width="{seen.columns}" height="{seen.rows}"'
    return f'<img src="{source}" {size} alt="{which}" decoding="async">'


def _size(seen: Seen) -> str:
    """Of the photo itself, in pixels."""
    if isinstance(seen, str):
        return ""
    return f' <small class="size">{seen.width} × {seen.height}</small>'  # noqa: RUF001


def _breadth(seen: Seen) -> float:
    """Width by height of the place that a photo gets."""
    breadth = _UNSEEN if isinstance(seen, str) else seen.columns / seen.rows
    return min(max(breadth, _NARROWEST), _WIDEST)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
