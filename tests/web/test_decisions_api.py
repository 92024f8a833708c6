"""What a person decides counts at once."""

from __future__ import annotations

import shutil

from tests.web.conftest import Page


def sizes(page: Page) -> list[int]:
    return sorted(group["size"] for group in page.get("/api/groups")["groups"])


def test_photos_that_are_held_apart_are_in_no_group_together(page: Page) -> None:
    said = page.post("/api/decisions", {"say": "apart", "photos": [1, 2, 3, 4]}).json()
    assert said["prevailing"] == []
    assert 1 not in {photo["id"] for photo in page.get("/api/groups/2")["photos"]}


def test_photos_that_belong_together_are_in_one_group(page: Page) -> None:
    page.post("/api/decisions", {"say": "together", "photos": [1, 5]})
    assert sizes(page) == [4, 8]


def test_what_was_said_is_listed_and_forgotten(page: Page) -> None:
    page.post("/api/decisions", {"say": "together", "photos": [1, 5]})
    (said,) = page.get("/api/decisions")["decisions"]
    assert {said["first"]["id"], said["second"]["id"]} == {1, 5}
    assert said["together"]
    assert page.get("/api/photos/1")["decisions"] == [said]
    assert page.get("/api/photos/2")["decisions"] == []
    answer = page.post("/api/decisions/forget", {"digests": said["digests"]})
    assert answer.status_code == 200
    assert page.get("/api/decisions")["decisions"] == []
    assert sizes(page) == [4, 4, 4]


def test_what_was_said_is_forgotten_by_its_photos(page: Page) -> None:
    page.post("/api/decisions", {"say": "together", "photos": [1, 5]})
    page.post("/api/decisions", {"say": "forget", "photos": [5, 1]})
    assert sizes(page) == [4, 4, 4]


def test_what_prevails_over_a_wish_is_told(page: Page) -> None:
    page.post("/api/decisions", {"say": "apart", "photos": [1, 9]})
    page.post("/api/decisions", {"say": "together", "photos": [1, 5]})
    said = page.post("/api/decisions", {"say": "together", "photos": [5, 9]}).json()
    (prevailing,) = said["prevailing"]
    assert {prevailing["first"]["id"], prevailing["second"]["id"]} == {1, 9}
    assert not prevailing["together"]


def test_what_cannot_be_said_is_refused(page: Page) -> None:
    for photos, status in (([1, 1], 422), ([1, 999], 404), ([999, 1], 404)):
        answer = page.post("/api/decisions", {"say": "apart", "photos": photos})
        assert (answer.status_code, set(answer.json())) == (status, {"error"})
    for digests in (["0" * 64, "1" * 64], ["0" * 64, "0" * 64]):
        answer = page.post("/api/decisions/forget", {"digests": digests})
        assert answer.status_code == 404


def test_what_is_said_does_not_read_the_photos(fresh_page: Page) -> None:
    for photo in fresh_page.photos.rglob("*.jpg"):
        photo.unlink()
    fresh_page.post("/api/decisions", {"say": "together", "photos": [1, 5]})
    assert sizes(fresh_page) == [4, 8]


def test_a_photo_and_its_exact_copy_leave_a_group_together(fresh_page: Page) -> None:
    page = fresh_page
    first = page.photos / "burst 0" / "IMG_00.jpg"
    shutil.copy(first, first.with_name("copy.jpg"))
    page.collection.index()
    page.job({"kind": "cluster"})
    photos = [photo["id"] for photo in page.get("/api/groups/1")["photos"]]
    assert sorted(photos) == [1, 2, 3, 4, 13]
    said = {"photos": [1, *(each for each in photos if each != 1)]}
    assert page.post("/api/decisions", {"say": "apart"} | said).status_code == 200
    assert {photo["id"] for photo in page.get("/api/groups/1")["photos"]} == {1, 13}
    assert page.post("/api/decisions", {"say": "forget"} | said).status_code == 200
    assert page.get("/api/groups/1")["size"] == 5


def test_exact_copies_are_not_told_apart_and_no_folder_is_named(fresh_page: Page) -> None:
    page = fresh_page
    first = page.photos / "burst 0" / "IMG_00.jpg"
    shutil.copy(first, first.with_name("copy.jpg"))
    page.collection.index()
    for say in ("apart", "together"):
        answer = page.post("/api/decisions", {"say": say, "photos": [1, 13]})
        assert answer.status_code == 422
        assert "no difference" in answer.json()["error"]
        assert str(page.photos) not in answer.text
