from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.cli.console import shown
from annclust.images.picture import Picture
from annclust.pipeline.html_page import (
    SHOWN_AT_ONCE,
    PageHead,
    Seen,
    ShownGroup,
    html_page,
    legible,
)
from tests.html_reader import ReadPage

HEAD = PageHead(b"trip", "shots", date(2026, 3, 1), "1.2", photos=12, grouped=5, groups=2)
STYLES = files("annclust.pipeline").joinpath("html_page.css").read_text("utf-8")
SEEN = Picture(b"RIFF....WEBPVP8 ", 160, 120, 4000, 3000, "JPEG")
LAKE = ShownGroup(7, [b"lake/a.jpg", b"lake/b.jpg", b"lake/far/c.jpg"])
CITY = ShownGroup(3, [b"city/d.jpg", b"old/d.jpg"])
TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "p",
    "h1", "h2", "dl", "div", "dt", "dd", "ul", "li", "figure", "img", "figcaption", "span", "small",
    "b", "time", "wbr", "details", "summary",
}  # fmt: skip


def written(*groups: ShownGroup, head: PageHead = HEAD, seen: Seen = SEEN) -> str:
    members = [seen for group in groups for _ in group.paths]
    return "".join(html_page(head, groups, iter(members), STYLES))


def read(*groups: ShownGroup, head: PageHead = HEAD, seen: Seen = SEEN) -> ReadPage:
    return ReadPage(written(*groups, head=head, seen=seen).encode())


def test_each_group_is_a_section_with_each_member_once() -> None:
    lake, city = read(LAKE, CITY).groups
    assert (lake.id, lake.heading, lake.told) == ("group-7", "Group 7", "3 photos in lake")
    assert (city.id, city.heading, city.told) == ("group-3", "Group 3", "2 photos")
    assert lake.captions == ["a.jpg", "b.jpg", "far/c.jpg"]  # below the folder of all
    assert city.captions == ["city/d.jpg", "old/d.jpg"]


def test_the_representative_is_marked_and_nothing_else() -> None:
    assert [photo.badge for photo in read(LAKE).groups[0].photos] == ["Typical", "", ""]


def test_pictures_say_which_photo_they_are_of() -> None:
    assert [photo.alt for photo in read(CITY).groups[0].photos] == ["Photo 1 of 2", "Photo 2 of 2"]
    assert read(CITY).groups[0].photos[0].told_size == (160, 120)
    assert "4000 × 3000" in read(CITY).text["small"]  # noqa: RUF001


def test_the_head_tells_name_day_and_totals() -> None:
    page = read(LAKE, CITY)
    assert page.text["title"] == "trip: 2 groups of photos"
    assert page.text["h1"] == "trip"
    assert (
        re.findall(r"\d+", page.text["dd"]) == ["12", "2", "5", "7"] or page.text["dd"] == "12257"
    )
    assert page.text["time"] == "1 March 2026"
    assert ("time", "datetime", "2026-03-01") in page.attributes


def test_there_may_be_no_group() -> None:
    page = read(head=replace(HEAD, grouped=0, groups=0))
    assert page.groups == []
    assert "no group" in page.text["p"]


NAMES = {
    "a script": b"<script>alert(1)</script>.jpg",
    "quotes": b"\" onerror='x' \"'.jpg",
    "an entity": b"&lt;b&gt;&amp;.jpg",
    "lines": b"a\nb\r\tc.jpg",
    "bytes that are not UTF-8": b"caf\xe9\xff.jpg",
    "a direction": "\u202egpj.exe".encode(),
    "the end of a comment": b"--><!--]]>.jpg",
    "the end of all": b"</main></body></html>.jpg",
    "a surrogate": b"\xed\xa0\x80.jpg",
    "a zero-width space": "a\u200bb.jpg".encode(),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_is_shown_as_a_terminal_shows_it_and_is_never_markup(case: str) -> None:
    name = NAMES[case]
    page = read(
        ShownGroup(0, [b"x/" + name, b"x/b.jpg"]),
        ShownGroup(1, [name + b"/b.jpg", name + b"/c.jpg"]),
        head=replace(HEAD, name=name.replace(b"/", b"")),
        seen="it vanished " + name.decode("utf-8", "replace"),
    )
    expected = shown(name.decode("utf-8", "surrogateescape"))
    assert page.groups[0].captions[0] == expected
    assert page.groups[1].told == f"2 photos in {expected}"
    assert page.text["h1"] == expected.replace("/", "")
    assert page.tags <= TAGS


@given(name=st.binary(min_size=1, max_size=60))
def test_any_bytes_are_printable_text_without_markup(name: bytes) -> None:
    text = legible(name)
    assert text.isprintable()
    assert not set("<>\"'") & set(text)


def test_a_photo_that_cannot_be_seen_has_a_reason_in_its_place() -> None:
    (group,) = read(CITY, seen="it vanished <&>").groups
    assert group.photos[1].missing == "Photo 2 of 2 is not shown: it vanished <&>"
    assert group.photos[1].encoded is None
    assert group.captions == ["city/d.jpg", "old/d.jpg"]


@pytest.mark.parametrize(
    ("more", "told"), [(0, None), (1, "Show 1 more photo"), (2, "Show 2 more photos")]
)
def test_of_large_groups_some_photos_are_folded_away(more: int, told: str | None) -> None:
    paths = [b"%d.jpg" % number for number in range(SHOWN_AT_ONCE + more)]
    page = read(ShownGroup(0, paths), CITY)
    assert page.groups[0].captions == [path.decode() for path in paths]
    assert (
        [photo.folded for photo in page.groups[0].photos].index(True) == SHOWN_AT_ONCE
        if more
        else True
    )
    assert told is None or told in page.text["summary"]
    assert not any(photo.folded for photo in page.groups[1].photos)


def test_pictures_are_taken_only_as_far_as_the_page_is_written() -> None:
    taken = pictures = 0

    def seen() -> Iterator[Seen]:
        nonlocal taken
        while True:
            taken += 1
            yield SEEN

    group = ShownGroup(0, [b"%d.jpg" % number for number in range(1000)])
    for piece in html_page(HEAD, [group], seen(), STYLES):
        assert taken - pictures <= SHOWN_AT_ONCE
        pictures += piece.count("<img")
    assert taken == pictures == 1000


@pytest.mark.parametrize("size", [(192, 1), (1, 192), (192, 20)])
def test_a_picture_of_any_shape_gets_a_place_of_a_sober_one(size: tuple[int, int]) -> None:
    page = written(CITY, seen=replace(SEEN, columns=size[0], rows=size[1]))
    shapes = [float(shape) for shape in re.findall(r'<li style="--r:([\d.]+)"', page)]
    assert len(shapes) == 2
    assert all(0.5 < shape < 2.5 for shape in shapes)


def test_the_page_needs_nothing_and_nobody() -> None:
    page = read(LAKE, CITY)
    sources = [value for _, name, value in page.attributes if name in ("src", "href", "srcset")]
    assert len(sources) == 5
    assert all(source.startswith("data:image/webp;base64,") for source in sources)
    assert not re.search(r"url\(|@import|https?:|//", STYLES)
    assert page.tags <= TAGS
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    assert ("meta", "content", "no-referrer") in page.attributes
    policy = next(value for _, name, value in page.attributes if "default-src" in value)
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
