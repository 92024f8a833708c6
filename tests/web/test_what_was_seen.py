"""What is accepted, planned and moved is what a person saw, or is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.web.judging import MOST_COMPARED
from tests.albums import add_comment, save
from tests.web.conftest import SETTINGS, Page, page_of
from tests.web.test_groups_api import judged
from tests.web.test_session import eventually

SHOTS = {"granularity": 1.0}


def marks(page: Page, *photos: int) -> list[str | None]:
    return [page.get(f"/api/photos/{photo}")["mark"] for photo in photos]


def test_suggestions_are_not_accepted_once_something_else_was_said(page: Page) -> None:
    page.job({"kind": "examine"} | SHOTS)
    shown = page.get("/api/suggestions")
    page.post("/api/marks", {"photos": [1], "mark": "keep"})
    wish = {"kind": "accept"} | SHOTS
    refused = page.post("/api/jobs", wish | {"revision": shown["revision"]})
    assert refused.status_code == 409
    assert "have changed" in refused.json()["error"]
    assert page.get("/api/groups")["counts"]["open"] == 3
    again = page.get("/api/suggestions")["revision"]
    assert page.job(wish | {"revision": again})["result"]["groups"] == 3


def test_a_group_that_others_joined_is_not_accepted_unseen(page: Page) -> None:
    seen = judged(page, 5)["seen"]
    page.post("/api/decisions", {"say": "together", "photos": [5, 9]})
    for path, wish in (("accept", {}), ("state", {"state": "resolved"})):
        answer = page.post(f"/api/groups/5/{path}", SHOTS | wish | {"seen": seen})
        assert answer.status_code == 409
        assert "has changed" in answer.json()["error"]
    assert marks(page, 5, 9, 10) == [None, None, None]
    now = judged(page, 5)
    done = page.post("/api/groups/5/accept", SHOTS | {"seen": now["seen"]})
    assert done.json()["state"] == "resolved"


def test_a_mark_counts_in_what_is_accepted_right_after_it(page: Page) -> None:
    group = judged(page, 1)
    rejected = [each["id"] for each in group["photos"] if each["suggestion"] == "reject"]
    page.post("/api/marks", {"photos": rejected[-1:], "mark": "keep"})
    page.post("/api/groups/1/accept", SHOTS | {"seen": group["seen"]})
    assert marks(page, rejected[-1]) == ["keep"]


def test_a_photo_that_somebody_rejected_is_not_marked_to_be_kept(page: Page) -> None:
    page.post("/api/marks", {"photos": [9, 10, 11, 12], "mark": "reject"})
    group = judged(page, 9)
    accepted = page.post("/api/groups/9/accept", SHOTS | {"seen": group["seen"]}).json()
    assert accepted["state"] == "resolved"
    assert marks(page, 9, 10, 11, 12) == ["reject"] * 4
    planned = page.job({"kind": "plan"} | SHOTS)["result"]
    assert planned["photos"] == 3


def test_a_plan_is_about_the_groups_of_when_it_was_made(page: Page) -> None:
    group = judged(page, 5)
    page.post("/api/groups/5/accept", SHOTS | {"seen": group["seen"]})
    one, *others = [each["id"] for each in group["photos"] if each["suggestion"] == "reject"]
    kept = [each["id"] for each in group["photos"] if each["suggestion"] == "keep"]
    page.post("/api/decisions", {"say": "apart", "photos": [one, *kept, *others]})
    planned = page.job({"kind": "plan"} | SHOTS)["result"]
    groups = page.get(f"/api/purge/plans/{planned['plan']}/groups")["groups"]
    assert one not in {each["photo"]["id"] for found in groups for each in found["move"]}


def test_a_plan_does_not_move_what_was_marked_since(fresh_page: Page) -> None:
    page = fresh_page
    planned = page.job({"kind": "plan", "only": "all"} | SHOTS)["result"]
    groups = page.get(f"/api/purge/plans/{planned['plan']}/groups")["groups"]
    moving = groups[0]["move"][0]["photo"]["id"]
    page.post("/api/marks", {"photos": [moving], "mark": "keep"})
    job = page.job({"kind": "apply", "plan": planned["plan"], "digest": planned["digest"]})
    assert job["state"] == "failed"
    assert len(list(page.photos.rglob("*.jpg"))) == 12


def test_what_was_said_of_a_photo_is_not_said_of_another_in_its_place(fresh_page: Page) -> None:
    page = fresh_page
    page.post("/api/marks", {"photos": [1, 2], "mark": "reject"})
    page.post("/api/groups/1/state", SHOTS | {"state": "resolved"})
    save(page.photos / "burst 0" / "IMG_00.jpg", 77)
    page.collection.index()
    eventually(lambda: marks(page, 1, 2) == [None, "reject"])


@pytest.fixture
def crowd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A group of more photos than anybody would keep one of."""
    monkeypatch.setenv("ANNCLUST_CACHE", str(tmp_path / "cache"))
    photos = tmp_path / "photos"
    picture = save(photos / "0.jpg", 1).read_bytes()
    for number in range(MOST_COMPARED):
        remark = b"\xff\xfe\x00\x06%04d" % number
        (photos / f"{1 + number}.jpg").write_bytes(picture[:2] + remark + picture[2:])
    with Collection(
        tmp_path / "c.annclust", embedder="color-histogram", settings=SETTINGS
    ) as collection:
        collection.index([photos])
        collection.cluster()
        with page_of(collection, photos) as page:
            yield page


def test_nothing_is_suggested_accepted_or_planned_of_a_crowd(crowd: Page) -> None:
    group = judged(crowd, 1)
    assert group["size"] == MOST_COMPARED + 1
    assert {each["suggestion"] for each in group["photos"]} == {"leave"}
    refused = crowd.post("/api/groups/1/accept", SHOTS | {"seen": group["seen"]})
    assert refused.status_code == 422
    assert crowd.job({"kind": "accept"} | SHOTS)["result"]["groups"] == 0
    assert crowd.job({"kind": "plan", "only": "all"} | SHOTS)["result"]["photos"] == 0
    assert crowd.get("/api/groups/1")["state"] == "open"


def test_a_group_is_another_once_a_file_says_something_else_of_the_same_picture(
    fresh_page: Page,
) -> None:
    page = fresh_page
    before = judged(page, 1)
    add_comment(page.photos / "burst 0" / "IMG_00.jpg")
    page.collection.index()
    eventually(lambda: page.get("/api/groups/1")["seen"] != before["seen"])
    sizes = [photo["bytes"] for photo in judged(page, 1)["photos"]]
    assert sum(sizes) > sum(photo["bytes"] for photo in before["photos"])
    assert page.get("/api/groups")["groups"][0]["bytes"] == sum(sizes)
