"""What the tests of the page share: an album that is looked through on a real port."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Final

import httpx
import pytest

from annclust.collection import Collection
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings
from annclust.web.impatience import PATIENCE
from annclust.web.opening import reviewed
from annclust.web.server import ReviewServer
from tests.albums import album

SETTINGS: Final = IndexingSettings(decode=DecodeSettings(workers=1), embed=EmbedSettings(threads=1))
_SECONDS: Final = 30


@dataclass(frozen=True)
class Page:
    """A browser that was let in."""

    port: int
    cookie: str
    csrf: str
    address: str
    client: httpx.Client
    collection: Collection
    photos: Path

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **query: object) -> Any:
        """The JSON that a path answers."""
        answer = self.client.get(path, params={k: str(v) for k, v in query.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: object = None) -> httpx.Response:
        return self.client.post(path, json=body)

    def send(self, request: bytes) -> bytes:
        """All that comes back when bytes are sent along a new connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=_SECONDS) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def forget_everything(self) -> None:
        """Let nothing be marked, decided, or done."""
        for said in self.get("/api/decisions")["decisions"]:
            self.post("/api/decisions/forget", {"digests": said["digests"]})
        self.post("/api/marks", {"photos": list(range(1, 13)), "mark": None})
        for photo in (1, 5, 9):
            self.post(f"/api/groups/{photo}/state", {"granularity": 1.0, "state": "open"})

    def job(self, wish: Mapping[str, object]) -> Any:
        """A job that is over."""
        started = self.post("/api/jobs", wish)
        assert started.status_code == 202, started.text
        while (job := self.get("/api/jobs/current")["job"])["state"] == "running":
            pass
        return job


@contextmanager
def running(server: ReviewServer) -> Iterator[None]:
    """Let a server answer."""
    thread = Thread(target=server.run)
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join()


@contextmanager
def page_of(collection: Collection, photos: Path, *, patience: float = PATIENCE) -> Iterator[Page]:
    """A collection that is looked through, and a browser that was let in and waits until it is."""
    with (
        reviewed(collection, patience=patience) as server,
        running(server),
        let_in(server, collection, photos) as page,
    ):
        yield page


@contextmanager
def let_in(server: ReviewServer, collection: Collection, photos: Path) -> Iterator[Page]:
    """A browser that waits until there is something to see."""
    port = server.admission.port
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=_SECONDS) as client:
        entered = client.get(server.address)
        cookie = entered.headers["set-cookie"].partition(";")[0]
        client.headers["origin"] = f"http://127.0.0.1:{port}"
        client.headers["x-annclust-csrf"] = server.admission.csrf
        client.headers["cookie"] = cookie
        while client.get("/api/collection").json()["state"] == "reading":
            pass
        yield Page(port, cookie, server.admission.csrf, server.address, client, collection, photos)


@contextmanager
def looked_through(
    folder: Path, *, clustered: bool = True, patience: float = PATIENCE, **album_of: int
) -> Iterator[Page]:
    """An album that was indexed, and is looked through."""
    photos = album(folder / "photos", **album_of)
    path = folder / "c.annclust"
    with Collection(path, embedder="color-histogram", settings=SETTINGS) as collection:
        collection.index([photos])
        if clustered:
            collection.cluster()
        with page_of(collection, photos, patience=patience) as page:
            yield page


@pytest.fixture
def fresh_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Three groups of four shots, looked through; photos and all are there for one test alone."""
    monkeypatch.setenv("ANNCLUST_CACHE", str(tmp_path / "cache"))
    with looked_through(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def shared_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The same for all tests of a module."""
    folder = tmp_path_factory.mktemp("looked through")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANNCLUST_CACHE", str(folder / "cache"))
        with looked_through(folder) as found:
            yield found


@pytest.fixture
def page(shared_page: Page) -> Page:
    """The same, and nobody has said anything yet."""
    shared_page.forget_everything()
    return shared_page
