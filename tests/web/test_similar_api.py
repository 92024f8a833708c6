"""What looks alike is what `annclust similar` says."""

from __future__ import annotations

from tests.albums import picture, save
from tests.web.conftest import Page


def matches(answer: dict[str, list[dict[str, object]]]) -> list[tuple[object, object]]:
    return [(match["photo"]["id"], match["distance"]) for match in answer["matches"]]  # type: ignore[index]


def test_a_photo_has_the_matches_that_the_command_finds(page: Page) -> None:
    for photo in (1, 6, 12):
        found = page.get(f"/api/photos/{photo}/similar", n=7)
        path = page.photos.parent / "photos" / found["query"]["folder"] / found["query"]["name"]
        asked = page.collection.similar(path, 7)
        assert matches(found) == [(match.id, match.distance) for match in asked]
        assert found["matches"][0]["photo"]["id"] == photo


def test_a_file_has_the_matches_that_the_command_finds(page: Page) -> None:
    other = save(page.photos.parent / "other.jpg", 1, shift=9)
    answer = page.client.post("/api/similar", params={"n": "5"}, content=other.read_bytes())
    asked = page.collection.similar(other, 5)
    assert matches(answer.json()) == [(match.id, match.distance) for match in asked]
    assert answer.json()["query"] is None


def test_a_file_of_the_collection_is_found_by_its_content(page: Page) -> None:
    content = (page.photos / "burst 1" / "IMG_12.jpg").read_bytes()
    found = page.client.post("/api/similar", content=content).json()
    assert found["matches"][0]["photo"]["name"] == "IMG_12.jpg"
    assert found["matches"][0]["group_lead"] == 5


def test_nothing_is_left_of_what_was_uploaded(page: Page) -> None:
    picture(5).save(page.photos.parent / "drawn.png")
    content = (page.photos.parent / "drawn.png").read_bytes()
    for _ in range(3):
        assert page.client.post("/api/similar", content=content).status_code == 200
    assert page.client.post("/api/similar", content=content[:50]).status_code == 422


def test_a_text_needs_an_embedder_that_reads(page: Page) -> None:
    answer = page.client.get("/api/similar", params={"text": "a dog"})
    assert answer.status_code == 409
    assert "knows pictures alone" in answer.json()["error"]
