"""Long work is watched, stopped, and told what came of it."""

from __future__ import annotations

import os
from threading import Event

import numpy as np
import pytest

from annclust.errors import InputError
from annclust.progress import Progress
from annclust.purge.settling import set_state
from annclust.storage.store_writer import StoreWriter
from annclust.web.jobs import JobRunningError, Jobs, Result
from tests.web.conftest import Page


def ended(jobs: Jobs) -> None:
    while jobs.current is not None and jobs.current.state == "running":
        pass


def test_a_job_tells_how_far_it_is_and_what_came_of_it() -> None:
    seen, go_on = Event(), Event()

    def work(progress: Progress) -> Result:
        with progress.stage("Counting", unit="sheep") as stage:
            stage.expect(3)
            stage.advance(2)
            seen.set()
            go_on.wait()
        return {"sheep": 3}

    with Jobs() as jobs:
        number = jobs.start("count", work).id
        seen.wait()
        job = jobs.current
        assert job is not None
        assert (job.state, job.stage, job.done, job.total) == ("running", "Counting", 2, 3)
        go_on.set()
        ended(jobs)
        found = jobs.find(number)
        assert found is not None
        assert (found.state, found.result, found.error) == ("done", {"sheep": 3}, None)


def test_one_job_runs_at_a_time() -> None:
    go_on = Event()

    def work(_progress: Progress) -> Result:
        go_on.wait()
        return {}

    with Jobs() as jobs:
        jobs.start("first", work)
        with pytest.raises(JobRunningError, match="busy \\(first\\)"):
            jobs.start("second", work)
        go_on.set()
        ended(jobs)
        assert jobs.start("third", work).id == 2


def test_a_job_stops_where_it_reports_its_progress() -> None:
    began, tidied = Event(), Event()

    def work(progress: Progress) -> Result:
        try:
            with progress.stage("Forever") as stage:
                while True:
                    stage.advance()
                    began.set()
        finally:
            with progress.stage("Tidying up"):
                tidied.set()

    with Jobs() as jobs:
        number = jobs.start("forever", work).id
        began.wait()
        jobs.stop(number)
        ended(jobs)
        found = jobs.find(number)
        assert found is not None
        assert (found.state, tidied.is_set()) == ("stopped", True)


def test_closing_stops_what_runs() -> None:
    def work(progress: Progress) -> Result:
        with progress.stage("Forever") as stage:
            while True:
                stage.advance()

    jobs = Jobs()
    jobs.start("forever", work)
    jobs.close()
    assert jobs.current is not None
    assert jobs.current.state == "stopped"


def test_what_can_be_expected_to_go_wrong_is_told_and_the_rest_is_not_hidden(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def expected(_progress: Progress) -> Result:
        raise InputError("there is nothing to do.")

    def surprising(_progress: Progress) -> Result:
        raise ZeroDivisionError("of all things")

    with Jobs() as jobs:
        for work, told in ((expected, "there is nothing to do."), (surprising, "see its terminal")):
            jobs.start("fail", work)
            ended(jobs)
            assert jobs.current is not None
            assert jobs.current.state == "failed"
            assert told in (jobs.current.error or "")
    assert "of all things" in caplog.text


def test_jobs_that_are_long_over_are_forgotten() -> None:
    with Jobs() as jobs:
        for _ in range(25):
            jobs.start("nothing", lambda _progress: {})
            ended(jobs)
        assert jobs.find(1) is None
        assert jobs.find(25) is not None


def test_jobs_are_asked_about_by_number(page: Page) -> None:
    number = page.post("/api/jobs", {"kind": "cluster"}).json()["job"]
    while page.get(f"/api/jobs/{number}")["state"] == "running":
        pass
    assert page.get(f"/api/jobs/{number}")["result"] == {"groups": 3, "photos": 12}
    assert page.post(f"/api/jobs/{number}/stop").json()["state"] == "done"
    assert page.client.get("/api/jobs/9999").status_code == 404
    assert page.post("/api/jobs/9999/stop").status_code == 404


def test_photos_are_planned_moved_and_put_back(fresh_page: Page) -> None:
    page = fresh_page
    files = {path: path.read_bytes() for path in page.photos.rglob("*.jpg")}
    page.post("/api/groups/1/state", {"granularity": 1.0, "state": "resolved"})
    page.post("/api/groups/5/state", {"granularity": 1.0, "state": "skipped"})
    planned = page.job({"kind": "plan", "granularity": 1.0, "only": "resolved"})["result"]
    assert (planned["groups"], planned["photos"]) == (1, 3)
    everything = page.job({"kind": "plan", "granularity": 1.0, "only": "all"})["result"]
    assert (everything["groups"], everything["photos"]) == (2, 6)

    shown = page.get(f"/api/purge/plans/{planned['plan']}")
    assert (shown["digest"], shown["level"]) == (planned["digest"], "shots")
    (group,) = page.get(f"/api/purge/plans/{planned['plan']}/groups")["groups"]
    assert (len(group["keep"]), len(group["move"]), group["left"]) == (1, 3, [])
    assert group["move"][0]["why"]

    wish = {"kind": "apply", "plan": planned["plan"], "digest": "0" * 64}
    assert page.post("/api/jobs", wish).status_code == 404
    applied = page.job(wish | {"digest": planned["digest"]})
    assert applied["result"]["photos"] == 3
    assert len(list(page.photos.glob("burst 0/*.jpg"))) == 1
    assert page.get("/api/collection")["photos"] == 9
    assert page.get("/api/groups")["total"] == 2
    (purge,) = page.get("/api/purges")["purges"]
    assert (purge["photos"], purge["state"], purge["can_undo"]) == (3, "in trash", True)
    assert purge["plan"] == planned["plan"]
    (group,) = page.get(f"/api/purge/plans/{planned['plan']}/groups")["groups"]
    assert len(group["move"]) == 3

    undone = page.job({"kind": "undo", "purge": purge["id"]})
    assert undone["result"]["photos"] == 3
    assert {path: path.read_bytes() for path in page.photos.rglob("*.jpg")} == files
    assert page.get("/api/groups")["total"] == 3
    (purge,) = page.get("/api/purges")["purges"]
    assert (purge["state"], purge["can_undo"]) == ("restored", False)
    assert page.job({"kind": "undo", "purge": 99})["state"] == "failed"


def test_which_photos_stayed_and_why_is_told(fresh_page: Page) -> None:
    page = fresh_page
    planned = page.job({"kind": "plan", "granularity": 1.0, "only": "all"})["result"]
    wish = {"kind": "apply", "plan": planned["plan"], "digest": planned["digest"]}
    groups = page.get(f"/api/purge/plans/{planned['plan']}/groups")["groups"]
    (group,) = (each for each in groups if each["lead"] == 1)
    twin = page.photos / "burst 0" / group["move"][0]["photo"]["name"]
    modified = twin.stat().st_mtime_ns
    twin.write_bytes(twin.read_bytes()[:-4] + b"abcd")  # another picture of the same size and time
    os.utime(twin, ns=(modified, modified))

    applied = page.job(wish)["result"]
    (stayed,) = applied["not_moved"]
    assert applied["not_moved_count"] == 1
    assert stayed["name"] == f"burst 0/{twin.name}"
    assert "changed" in stayed["reason"]

    gone = page.photos / "burst 0" / group["move"][1]["photo"]["name"]
    gone.write_bytes(b"somebody's")
    undone = page.job({"kind": "undo", "purge": applied["purge"]})["result"]
    assert [each["name"] for each in undone["not_restored"]] == [f"burst 0/{gone.name}"]
    assert undone["not_restored_count"] == 1
    assert str(page.photos) not in str((applied, undone))
    (purge,) = page.get("/api/purges")["purges"]
    assert (purge["state"], purge["in_trash"]) == ("partly", 1)


def test_a_purge_that_a_crash_cut_off_is_called_interrupted(fresh_page: Page) -> None:
    page = fresh_page
    planned = page.job({"kind": "plan", "granularity": 1.0, "only": "all"})["result"]
    page.job({"kind": "apply", "plan": planned["plan"], "digest": planned["digest"]})
    with StoreWriter(page.collection.path) as store, store.catalog.transaction():
        (purge,) = store.catalog.purges()
        set_state(store, store.catalog.purged_files(purge.id)[-1:], "moving")
    (shown,) = page.get("/api/purges")["purges"]
    assert (shown["state"], shown["can_undo"]) == ("interrupted", True)


@pytest.mark.parametrize("kind", ["examine", "plan"])
def test_photos_that_could_not_be_examined_are_tried_again(fresh_page: Page, kind: str) -> None:
    page = fresh_page
    photo = page.photos / "burst 0" / "IMG_00.jpg"
    away = photo.rename(page.photos.parent / "away.jpg")
    page.job({"kind": "examine", "granularity": 1.0})
    (unseen,) = (each for each in page.get("/api/groups/1")["photos"] if each["id"] == 1)
    assert unseen["alone"]
    assert page.get("/api/suggestions")["pending"] == 0

    away.rename(photo)
    page.job({"kind": kind, "granularity": 1.0})
    assert all(each["alone"] is None for each in page.get("/api/groups/1")["photos"])


def test_a_map_is_drawn_when_that_is_asked_for(fresh_page: Page) -> None:
    page = fresh_page
    assert page.get("/api/map")["state"] == "absent"
    assert page.client.get("/api/map/points").status_code == 404
    assert page.job({"kind": "map"})["result"] == {"photos": 12}
    about = page.get("/api/map")
    assert (about["state"], about["photos"]) == ("ready", 12)
    answer = page.client.get("/api/map/points")
    assert answer.headers["content-type"] == "application/octet-stream"
    (n,) = np.frombuffer(answer.content, "<u4", 1)
    assert (n, len(answer.content)) == (12, 4 + 12 * 16)
    ids, groups = (np.frombuffer(answer.content, "<i4", 12, 4 + at * 12 * 4) for at in (0, 3))
    x, y = (np.frombuffer(answer.content, "<f4", 12, 4 + at * 12 * 4) for at in (1, 2))
    assert ids.tolist() == list(range(1, 13))
    assert groups.tolist() == [1] * 4 + [5] * 4 + [9] * 4
    assert all(0 <= each <= 1 for each in (*x.tolist(), *y.tolist()))
