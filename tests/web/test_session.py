"""What others write is seen, and what they hold is not taken from them."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

import pytest

from annclust.arrays import ImageId
from annclust.progress import Progress
from annclust.storage.layout import WRITER_LOCK
from annclust.storage.store_writer import StoreWriter
from annclust.web.desk import Desk
from annclust.web.jobs import Result
from annclust.web.server import ReviewServer
from annclust.web.session import NotReadYetError, Session
from tests.albums import save
from tests.web.conftest import Page, let_in, running


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; a page looks every half second."""
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_marks_of_another_process_are_seen(page: Page) -> None:
    before = page.get("/api/collection")["revision"]
    with StoreWriter(page.collection.path) as store, store.catalog.transaction():
        store.catalog.mark([ImageId(1)], keep=False)
    eventually(lambda: page.get("/api/photos/1")["mark"] == "reject")
    assert page.get("/api/collection")["revision"] > before


def test_decisions_of_another_process_change_groups(page: Page) -> None:
    photos = sorted(page.photos.rglob("*.jpg"))
    page.collection.decide("together", photos[0], photos[4])
    eventually(lambda: page.get("/api/groups")["total"] == 2)
    page.collection.decide("forget", photos[0], photos[4])
    eventually(lambda: page.get("/api/groups")["total"] == 3)


def test_a_change_is_refused_while_another_process_writes(page: Page) -> None:
    changes: dict[str, object] = {
        "/api/marks": {"photos": [1], "mark": "keep"},
        "/api/groups/1/state": {"granularity": 1.0, "state": "skipped"},
        "/api/decisions": {"say": "apart", "photos": [1, 2]},
    }
    with StoreWriter(page.collection.path):
        for path, change in changes.items():
            answer = page.post(path, change)
            assert answer.status_code == 409
            assert "try again" in answer.json()["error"]
        job = page.job({"kind": "cluster"})
        assert job["state"] == "failed"
        assert "being written" in job["error"]
        assert page.get("/api/groups")["total"] == 3
    assert page.post("/api/marks", {"photos": [1], "mark": "keep"}).status_code == 200


def test_a_change_is_refused_while_a_job_writes_and_the_job_is_named(page: Page) -> None:
    began, go_on = Event(), Event()
    with (
        Desk(page.collection) as desk,
        ReviewServer(desk) as server,
        running(server),
        let_in(server, page.collection, page.photos) as own,
    ):

        def work(_progress: Progress) -> Result:
            with desk.session.working():
                began.set()
                go_on.wait()
            return {}

        desk.jobs.start("map", work)
        began.wait()
        answer = own.post("/api/marks", {"photos": [1], "mark": "keep"})
        go_on.set()
        assert answer.status_code == 409
        assert "busy (map)" in answer.json()["error"]


def test_photos_that_came_are_seen_and_grouped_when_that_is_asked_for(fresh_page: Page) -> None:
    page = fresh_page
    save(page.photos / "burst 0" / "IMG_09.jpg", 0, shift=2, quality=70)
    page.collection.index()
    eventually(lambda: page.get("/api/collection")["photos"] == 13)
    assert page.get("/api/collection")["out_of_date"] == "photos"
    assert page.get("/api/groups")["photos"] == 12
    assert [photo["id"] for photo in page.get("/api/one-offs")["photos"]] == [13]
    assert page.job({"kind": "cluster"})["result"] == {"groups": 3, "photos": 13}
    assert page.get("/api/collection")["out_of_date"] is None
    assert [group["size"] for group in page.get("/api/groups")["groups"]] == [5, 4, 4]


def test_photos_that_went_are_in_no_group(fresh_page: Page) -> None:
    page = fresh_page
    (page.photos / "burst 0" / "IMG_00.jpg").unlink()
    page.collection.index()
    eventually(lambda: page.get("/api/collection")["photos"] == 11)
    assert [group["lead"] for group in page.get("/api/groups")["groups"]] == [5, 9, 2]
    assert page.client.get("/api/photos/1").status_code == 404
    assert page.client.get("/photos/1/thumbnail").status_code == 404


def test_what_was_examined_is_stored(page: Page) -> None:
    assert page.job({"kind": "examine", "granularity": 1.0})["state"] == "done"
    eventually(lambda: len(examined(page)) == 12)


def examined(page: Page) -> set[bytes]:
    store = page.collection._store
    digests = {photo.digest for photo in store.catalog.images_by_id(range(1, 13))}
    return set(store.catalog.examinations(digests))


def test_nothing_is_decided_of_photos_that_nobody_can_see_yet(page: Page) -> None:
    wrote: list[StoreWriter] = []
    with Session(page.collection.path, page.collection.vector_set) as session:
        eventually(lambda: session._view is not None)
        session._view = None
        with pytest.raises(NotReadYetError):
            session.decide(wrote.append)
    assert wrote == []


def test_what_cannot_be_stored_is_told_until_it_can(fresh_page: Page) -> None:
    page = fresh_page
    lock = page.collection.path / WRITER_LOCK
    lock.unlink(missing_ok=True)
    lock.mkdir()  # which the system refuses to open
    wish = {"kind": "examine", "granularity": 1.0}
    assert page.job(wish)["state"] == "done"
    assert examined(page) == set()

    lock.rmdir()
    with StoreWriter(page.collection.path) as store, store.catalog.transaction():
        store.catalog.mark([ImageId(1)], keep=True)
    eventually(lambda: page.get("/api/photos/1")["mark"] == "keep")  # a look that goes well
    assert "lock" in page.get("/api/collection")["message"]
    page.job(wish)
    assert page.get("/api/collection")["message"] is None
    assert len(examined(page)) == 12
