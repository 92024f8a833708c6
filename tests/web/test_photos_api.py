"""Single photos: what is told of them, and how they look."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from annclust.collection import Collection
from tests.albums import save, with_remark
from tests.web.conftest import SETTINGS, Page, looked_through, page_of

THUMBNAIL, PICTURE = "/photos/1/thumbnail", "/photos/1/picture"


def test_a_photo_is_told_by_what_it_is(page: Page) -> None:
    found = page.get("/api/photos/1")
    assert (found["name"], found["folder"]) == ("IMG_00.jpg", "burst 0")
    assert (found["width"], found["height"], found["format"]) == (96, 72, "JPEG")
    assert found["bytes"] == (page.photos / "burst 0" / "IMG_00.jpg").stat().st_size
    assert (found["taken"], found["exposure"], found["copies"]) == (None, None, 1)


def test_a_thumbnail_is_a_small_webp(page: Page) -> None:
    answer = page.client.get(THUMBNAIL)
    assert answer.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).size == (96, 72)


def test_a_picture_is_a_webp_and_the_whole_photo_a_jpeg(page: Page) -> None:
    for side, kind in (("2048", "image/webp"), ("0", "image/jpeg")):
        answer = page.client.get(PICTURE, params={"side": side})
        assert answer.headers["content-type"] == kind
        assert Image.open(io.BytesIO(answer.content)).size == (96, 72)


def test_a_picture_whose_address_names_its_content_may_be_kept_forever(page: Page) -> None:
    version = page.get("/api/photos/1")["version"]
    kept = page.client.get(THUMBNAIL, params={"v": version}).headers["cache-control"]
    assert kept == "private, max-age=31536000"
    for params in ({}, {"v": "00000000"}):
        answer = page.client.get(THUMBNAIL, params=params)
        assert answer.headers["cache-control"] == "private, max-age=600"


def test_a_photo_that_is_gone_says_so(fresh_page: Page) -> None:
    (fresh_page.photos / "burst 0" / "IMG_00.jpg").unlink()
    assert fresh_page.client.get(PICTURE).status_code == 410


def test_a_photo_that_became_another_one_is_gone(fresh_page: Page) -> None:
    save(fresh_page.photos / "burst 0" / "IMG_00.jpg", 77)
    assert fresh_page.client.get(PICTURE).status_code == 410


def test_a_photo_that_cannot_be_read_any_more_is_told_as_such(fresh_page: Page) -> None:
    photo = fresh_page.photos / "burst 0" / "IMG_00.jpg"
    content = photo.read_bytes()
    photo.write_bytes(content[:100] + bytes(len(content) - 100))
    assert fresh_page.client.get(PICTURE).status_code in (410, 422)


def test_a_name_that_is_no_text_is_shown_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANNCLUST_CACHE", str(tmp_path / "cache"))
    photo = save(tmp_path / "photos" / "plain.jpg", 1)
    odd = b"\xff\xfe\n\x1b[31m<b>.jpg"
    photo.rename(Path(str(photo.parent) + "/" + odd.decode("utf-8", "surrogateescape")))
    with Collection(tmp_path / "c.annclust", embedder="color-histogram", settings=SETTINGS) as made:
        made.index([tmp_path / "photos"])
        with page_of(made, tmp_path / "photos") as page:
            assert page.get("/api/photos/1")["name"] == "\ufffd\ufffd\ufffd\ufffd[31m<b>.jpg"
            assert page.get("/api/one-offs")["photos"][0]["name"].endswith("[31m<b>.jpg")
            page.client.get(THUMBNAIL).raise_for_status()


def test_exact_copies_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNCLUST_CACHE", str(tmp_path / "cache"))
    with looked_through(tmp_path, groups=1, shots=1) as page:
        photo = page.photos / "burst 0" / "IMG_00.jpg"
        (page.photos / "again.jpg").write_bytes(photo.read_bytes())
        with_remark(photo, page.photos / "remarked.jpg")
        page.collection.index()
        while page.get("/api/collection")["photos"] < 3:
            pass
        assert [page.get(f"/api/photos/{n}")["copies"] for n in (1, 2, 3)].count(2) == 2
