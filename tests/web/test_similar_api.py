"""What looks alike is what `annclust similar` says."""

from __future__ import annotations

import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import ClassVar

import pytest

from annclust.collection import Collection
from annclust.embedding.embedder import EmbedderLoader
from annclust.web.session import Session, UnknownIdError
from annclust.web.similar_routes import _document
from tests.albums import album, picture, save
from tests.web.conftest import SETTINGS, Page, page_of
from tests.web.test_session import eventually


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


def test_a_match_is_in_the_group_that_it_has_at_the_granularity_that_is_shown(page: Page) -> None:
    photo = (page.photos / "burst 1" / "IMG_12.jpg").read_bytes()
    for granularity in (0, 0.5, 1, 3.5):
        query = {"n": "12", "granularity": str(granularity)}
        of_photo = page.get("/api/photos/6/similar", **query)
        of_file = page.client.post("/api/similar", params=query, content=photo).json()
        for match in (*of_photo["matches"], *of_file["matches"]):
            own = page.get(f"/api/photos/{match['photo']['id']}", granularity=granularity)["group"]
            assert match["group_lead"] == (own and own["lead"])


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


def test_a_disk_that_takes_no_upload_is_told(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(page.photos / "not there"))
    answer = page.client.post("/api/similar", content=b"a picture")
    assert answer.status_code == 503
    assert "Something went wrong" not in answer.json()["error"]


def test_a_photo_that_goes_while_it_is_asked_about_is_unknown(page: Page) -> None:
    with Session(page.collection.path, page.collection.vector_set) as session:
        eventually(lambda: session._view is not None)
        with pytest.raises(UnknownIdError):
            _document(session, [], 1.0, 999)


class Slow(Collection):
    """A collection whose model takes as long to load as a test wants."""

    loaded: ClassVar = Event()

    def embedder_loader(self) -> EmbedderLoader:
        self.loaded.wait()
        return super().embedder_loader()


def test_nothing_else_waits_for_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNCLUST_CACHE", str(tmp_path / "cache"))
    photos = album(tmp_path / "photos")
    Slow.loaded.set()
    path = tmp_path / "c.annclust"
    with Slow(path, embedder="color-histogram", settings=SETTINGS) as collection:
        collection.index([photos])
        Slow.loaded.clear()
        with page_of(collection, photos) as page, ExitStack() as opened:
            opened.callback(Slow.loaded.set)
            question = f"GET /api/photos/1/similar HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\n"
            for _ in range(12):
                asking = opened.enter_context(socket.create_connection(("127.0.0.1", page.port)))
                asking.sendall(f"{question}Cookie: {page.cookie}\r\n\r\n".encode())
            assert page.get("/api/groups")["total"] == 0
            assert not Slow.loaded.is_set()
