"""Reads the page that `export --format html` writes, as strictly as a browser does not."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from html.parser import HTMLParser

from PIL import Image

_VOID = {"meta", "img", "wbr"}
_SOURCE = "data:image/webp;base64,"


@dataclass(slots=True)
class ReadPhoto:
    """A photo on the page: its caption without its size, and its picture or what stands there."""

    caption: str = ""
    badge: str = ""
    missing: str = ""
    alt: str = ""
    told_size: tuple[int, int] | None = None
    encoded: bytes | None = None
    folded: bool = False

    def picture(self) -> Image.Image:
        """The picture, which is a WebP."""
        assert self.encoded is not None
        return Image.open(io.BytesIO(self.encoded), formats=["WEBP"])


@dataclass(slots=True)
class ReadGroup:
    """A section of the page."""

    id: str
    heading: str = ""
    told: str = ""
    photos: list[ReadPhoto] = field(default_factory=list)

    @property
    def captions(self) -> list[str]:
        return [photo.caption for photo in self.photos]


class ReadPage(HTMLParser):
    """A page, taken apart; fails where a tag is not closed or closes another one.

    Parameters
    ----------
    page : bytes
        An HTML document in UTF-8.
    """

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.groups: list[ReadGroup] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.text: dict[str, str] = {}
        self._terms: list[str] = []
        self._counts: list[int] = []
        self._open: list[tuple[str, str]] = []
        self.feed(page.decode())
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attributes}
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in told.items()]
        if tag not in _VOID:
            self._open.append((tag, told.get("class", "")))
        if tag == "section":
            self.groups.append(ReadGroup(told["id"]))
        elif tag == "li":
            self.groups[-1].photos.append(ReadPhoto(folded=self._is_in("details")))
        elif tag == "img":
            photo = self.groups[-1].photos[-1]
            assert told["src"].startswith(_SOURCE)
            photo.encoded = base64.b64decode(told["src"].removeprefix(_SOURCE), validate=True)
            photo.alt, photo.told_size = told["alt"], (int(told["width"]), int(told["height"]))

    def handle_endtag(self, tag: str) -> None:
        (opened, _) = self._open.pop()
        assert opened == tag

    @property
    def numbers(self) -> dict[str, int]:
        """What the head counts, by what it is."""
        return dict(zip(self._terms, self._counts, strict=True))

    def _is_in(self, tag: str, kind: str | None = None) -> bool:
        return any(tag == name and kind in (None, its) for name, its in self._open)

    def handle_data(self, text: str) -> None:
        if not self._open:
            return
        innermost = self._open[-1][0]
        self.text[innermost] = self.text.get(innermost, "") + text
        if innermost == "dt":
            self._terms.append(text)
        elif innermost == "dd":
            self._counts.append(int(text.replace(",", "")))
        if self._is_in("section"):
            self._of_a_group(innermost, text)

    def _of_a_group(self, innermost: str, text: str) -> None:
        group = self.groups[-1]
        if innermost == "h2":
            group.heading += text
        elif not self._is_in("li"):
            group.told += text if self._is_in("p") else ""
        elif self._is_in("span", "name"):
            group.photos[-1].caption += text
        elif self._is_in("b", "typical"):
            group.photos[-1].badge += text
        elif self._is_in("p", "missing"):
            group.photos[-1].missing += text
