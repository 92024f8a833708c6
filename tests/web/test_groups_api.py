"""What the page asks about groups, and what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from annclust.collection import Collection
from annclust.storage.store_writer import StoreWriter
from annclust.web.documents import MOST_PHOTOS
from tests.web.conftest import Page, looked_through


def all_of(page: Page, path: str, key: str, **query: object) -> list[dict[str, Any]]:
    """Everything that is listed, page by page."""
    found: list[dict[str, Any]] = []
    after: dict[str, object] = {}
    while True:
        answer = page.get(path, **query, **after)
        found += answer[key]
        if answer["next"] is None:
            return found
        after = {"after": answer["next"]}


def judged(page: Page, photo: int, **query: object) -> Any:
    """The group of a photo, once all of its photos were examined."""
    while (found := page.get(f"/api/groups/{photo}", **query))["pending"]:
        pass
    return found


def suggestions(group: Mapping[str, Any]) -> dict[int, str]:
    return {photo["id"]: photo["suggestion"] for photo in group["photos"]}


def test_an_album_comes_as_its_groups(page: Page) -> None:
    found = page.get("/api/groups")
    assert [group["size"] for group in found["groups"]] == [4, 4, 4]
    assert [group["lead"] for group in found["groups"]] == [1, 5, 9]
    assert found["counts"] == {"open": 3, "resolved": 0, "skipped": 0}
    assert (found["total"], found["photos"], found["one_offs"]) == (3, 12, 0)
    assert found["next"] is None


def test_the_collection_says_what_it_is(page: Page) -> None:
    found = page.get("/api/collection")
    assert found["name"] == "c"
    assert found["photos"] == 12
    assert found["embedder"] == "color-histogram"
    assert (found["state"], found["clustered"], found["out_of_date"]) == ("ready", True, None)
    assert not found["can_text"]


@pytest.mark.parametrize("order", ["largest", "least_certain", "newest"])
def test_groups_come_page_by_page_in_every_order(page: Page, order: str) -> None:
    whole = page.get("/api/groups", order=order)["groups"]
    assert all_of(page, "/api/groups", "groups", order=order, limit=1) == whole


def test_the_finest_look_leaves_every_photo_alone(page: Page) -> None:
    assert page.get("/api/groups", granularity=0)["total"] == 0
    alone = all_of(page, "/api/one-offs", "photos", granularity=0, limit=5)
    assert [photo["id"] for photo in alone] == list(range(1, 13))


def test_a_group_is_the_same_by_any_of_its_photos(page: Page) -> None:
    first = judged(page, 5)
    assert judged(page, 7) == first
    assert first["lead"] == 5
    assert sorted(photo["id"] for photo in first["photos"]) == [5, 6, 7, 8]
    assert [photo["place"] for photo in first["photos"]] == [1, 2, 3, 4]


def test_a_group_has_neighbors_in_the_order_and_state_that_is_asked_for(page: Page) -> None:
    assert page.get("/api/groups/5")["neighbors"] == {"previous": 1, "next": 9}
    page.post("/api/groups/1/state", {"granularity": 1.0, "state": "skipped"})
    found = page.get("/api/groups/5", state="open")
    assert found["neighbors"] == {"previous": None, "next": 9}


def test_one_photo_of_a_group_is_suggested_to_be_kept(page: Page) -> None:
    found = judged(page, 1)
    assert list(suggestions(found).values()) == ["keep", "reject", "reject", "reject"]
    assert all(photo["behind"] for photo in found["photos"][1:])


def test_a_mark_changes_what_is_suggested_of_the_others_but_not_their_places(page: Page) -> None:
    before = judged(page, 1)
    first, second, *others = [photo["id"] for photo in before["photos"]]
    page.post("/api/marks", {"photos": [first], "mark": "reject"})
    after = judged(page, 1)
    assert [photo["id"] for photo in after["photos"]] == [first, second, *others]
    assert suggestions(after) == {first: "reject", second: "keep"} | dict.fromkeys(others, "reject")
    assert [photo["mark"] for photo in after["photos"]] == ["reject", None, None, None]


def test_a_mark_is_taken_back(page: Page) -> None:
    before = judged(page, 1)
    page.post("/api/marks", {"photos": [2, 3], "mark": "keep"})
    assert page.get("/api/groups")["groups"][0]["kept"] == 2
    page.post("/api/marks", {"photos": [2, 3], "mark": None})
    assert judged(page, 1) == before


def test_marks_of_photos_that_are_unknown_are_left_out(page: Page) -> None:
    assert page.post("/api/marks", {"photos": [3, 999], "mark": "keep"}).status_code == 200
    assert page.get("/api/photos/3")["mark"] == "keep"


def test_as_many_photos_as_one_request_may_name_fit_it(page: Page) -> None:
    photos = ",".join(str(10**11 + each) for each in range(MOST_PHOTOS))
    json = {"content-type": "application/json"}
    body = f'{{"photos":[{photos}],"mark":"keep"}}'
    assert page.client.post("/api/marks", content=body, headers=json).status_code == 200
    body = body.replace("]", ",1]")
    assert page.client.post("/api/marks", content=body, headers=json).status_code == 422


def test_a_group_has_the_state_that_it_is_given_at_every_look(page: Page) -> None:
    said = {"granularity": 1.0, "state": "resolved"}
    answer = page.post("/api/groups/6/state", said).json()
    assert answer["state"] == "resolved"
    assert page.get("/api/groups/5")["state"] == "resolved"
    assert [g["lead"] for g in page.get("/api/groups", state="resolved")["groups"]] == [5]
    assert page.get("/api/groups", state="open")["total"] == 2
    page.post("/api/groups/6/state", said | {"state": "open"})
    assert page.get("/api/groups")["counts"] == {"open": 3, "resolved": 0, "skipped": 0}


def test_states_outlast_the_server(page: Page) -> None:
    page.post("/api/groups/5/state", {"granularity": 1.0, "state": "skipped"})
    with Collection(page.collection.path, create=False) as opened:
        reviews = opened._store.catalog.reviews()
    assert {image: (each.state, each.lead) for image, each in reviews.items()} == dict.fromkeys(
        (5, 6, 7, 8), ("skipped", 5)
    )


def test_accepting_marks_the_photos_and_is_done_with_the_group(page: Page) -> None:
    suggested = suggestions(judged(page, 1))
    done = page.post("/api/groups/1/accept", {"granularity": 1.0}).json()
    assert done["state"] == "resolved"
    assert {photo["id"]: photo["mark"] for photo in done["photos"]} == suggested


def test_suggestions_of_all_open_groups_are_accepted_after_a_preview(page: Page) -> None:
    page.post("/api/groups/9/state", {"granularity": 1.0, "state": "skipped"})
    assert page.job({"kind": "examine", "granularity": 1.0})["state"] == "done"
    preview = page.get("/api/suggestions")
    assert (preview["groups"], preview["keep"], preview["reject"]) == (2, 2, 6)
    assert preview["pending"] == 0
    assert [sample["lead"] for sample in preview["sample"]] == [1, 5]
    rejected = [photo for sample in preview["sample"] for photo in sample["reject"]]
    sizes = {photo: page.get(f"/api/photos/{photo}")["bytes"] for photo in rejected}
    assert preview["bytes"] == sum(sizes.values())
    done = page.job({"kind": "accept", "granularity": 1.0})
    assert done["result"] == {"groups": 2, "keep": 2, "reject": 6}
    assert page.get("/api/groups")["counts"] == {"open": 0, "resolved": 2, "skipped": 1}


def test_groups_that_are_unsure_may_be_left_open(page: Page) -> None:
    groups = page.get("/api/groups", granularity=0.15)["groups"]
    sure = [group for group in groups if group["certainty"] >= 0.1]
    assert page.job({"kind": "examine", "granularity": 0.15})["state"] == "done"
    preview = page.get("/api/suggestions", granularity=0.15, only_sure="true")
    assert (preview["groups"], preview["unsure"]) == (len(sure), len(groups) - len(sure))
    done = page.job({"kind": "accept", "granularity": 0.15, "only_sure": True})
    assert done["result"]["groups"] == len(sure)
    assert page.get("/api/groups", granularity=0.15)["counts"]["open"] == len(groups) - len(sure)
    assert 0 < len(sure) < len(groups)


def test_every_change_raises_the_revision(page: Page) -> None:
    seen = [page.get("/api/collection")["revision"]]
    changes = {
        "/api/marks": {"photos": [1], "mark": "keep"},
        "/api/groups/1/state": {"granularity": 1.0, "state": "skipped"},
        "/api/decisions": {"say": "apart", "photos": [1, 2]},
    }
    for path, change in changes.items():
        answer = page.post(path, change)
        assert answer.status_code == 200, answer.text
        seen.append(answer.json()["revision"])
    assert seen == sorted(set(seen))
    assert page.get("/api/collection")["revision"] == seen[-1]


def test_pages_go_on_while_photos_are_marked_and_not_once_groups_change(page: Page) -> None:
    first = page.get("/api/groups", limit=1)
    page.post("/api/marks", {"photos": [1], "mark": "keep"})
    assert page.get("/api/groups", limit=1, after=first["next"])["groups"][0]["lead"] == 5
    page.post("/api/decisions", {"say": "apart", "photos": [1, 2]})
    query = {"limit": "1", "after": first["next"]}
    assert page.client.get("/api/groups", params=query).status_code == 409


def test_a_photo_that_stands_alone_has_no_group(page: Page) -> None:
    answer = page.client.get("/api/groups/1", params={"granularity": "0"})
    assert answer.status_code == 404
    assert page.get("/api/photos/1", granularity=0)["group"] is None
    assert page.get("/api/photos/1")["group"] == {"lead": 1, "size": 4}


def test_a_card_shows_the_best_photos_first_once_they_are_known(page: Page) -> None:
    best = [photo["id"] for photo in judged(page, 5)["photos"]]
    (card,) = [each for each in page.get("/api/groups")["groups"] if each["lead"] == 5]
    assert card["cover"] == best


def test_a_photo_that_cannot_be_looked_at_is_left_alone(fresh_page: Page) -> None:
    (fresh_page.photos / "burst 0" / "IMG_00.jpg").unlink()
    found = judged(fresh_page, 1)
    assert suggestions(found)[1] == "leave"
    (gone,) = [photo for photo in found["photos"] if photo["id"] == 1]
    assert gone["alone"]
    assert list(suggestions(found).values()).count("keep") == 1


def test_a_large_group_is_compared_while_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANNCLUST_CACHE", str(tmp_path / "cache"))
    with looked_through(tmp_path, groups=1, shots=24) as page:
        look = {"granularity": 3.5}
        assert page.get("/api/groups/1", **look)["pending"] == 24
        assert page.post("/api/groups/1/accept", look).status_code in (200, 409)
        found = judged(page, 1, **look)
        assert list(suggestions(found).values()).count("keep") == 1
        assert page.post("/api/groups/1/accept", look).json()["state"] == "resolved"


def test_what_was_examined_while_another_process_wrote_is_stored_later(fresh_page: Page) -> None:
    path = fresh_page.collection.path
    with StoreWriter(path):
        assert judged(fresh_page, 1)["pending"] == 0
        assert fresh_page.job({"kind": "examine", "granularity": 1.0})["state"] == "done"
        assert fresh_page.get("/api/suggestions")["pending"] == 0
    assert fresh_page.job({"kind": "examine", "granularity": 2.0})["state"] == "done"
    with Collection(path, create=False) as opened:
        catalog = opened._store.catalog
        digests = [photo.digest for photo in catalog.images_by_id(range(1, 13))]
        assert len(catalog.examinations(digests)) == 12
