"""The commands over photos in a bucket, as a person types them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.albums import album, save
from tests.cli.test_commands import collection_over, document, run
from tests.object_storage import Bucket, jpeg


@pytest.fixture
def trip(bucket: Bucket, photos: Path) -> str:
    """URL of an album of three bursts of four shots."""
    bucket.put_folder(photos, "trip")
    return f"{bucket.url}/trip"


@pytest.fixture
def made(trip: str, tmp_path: Path) -> Path:
    """A collection over it."""
    return collection_over(trip, tmp_path / "c.annclust")


def test_the_way_of_photos_in_a_bucket(made: Path, trip: str, bucket: Bucket) -> None:
    assert document("status", "-c", made)["roots"] == [{"path": trip, "offline": None}]
    assert f"\n{trip}" in run("status", "-c", made).stdout.replace("  ", "\n")
    again = document("index", f"{trip}/", "-c", made)
    assert (again["images"], again["added"], again["changed"], again["embedded"]) == (12, 0, 0, 0)
    query = f"{trip}/burst 0/IMG_00.jpg"
    (found,) = document("similar", query, "-c", made, "-n", "1")
    assert found["query"] == query
    assert found["matches"][0]["path"] == query
    assert document("cluster", "-c", made)["clusters"] == 3
    members = [
        photo["path"] for group in document("clusters", "-c", made) for photo in group["members"]
    ]
    assert sorted(members) == sorted(f"{bucket.url}/{key}" for key in bucket.listed())
    told = document("explain", query, f"{trip}/burst 0/IMG_01.jpg", "-c", made)
    assert told["together"] is True
    said = run("decide", "apart", query, f"{trip}/burst 0/IMG_01.jpg", "-c", made)
    assert said.returncode == 0, said.stderr
    rows = run("export", "-c", made, "--format", "csv").stdout
    assert query in rows
    assert document("check", "-c", made)["ok"] is True
    page = run("export", "-c", made, "--format", "html").stdout
    assert page.count("data:image/webp") == 12


def test_photos_in_a_bucket_are_never_purged(
    made: Path, trip: str, bucket: Bucket, tmp_path: Path
) -> None:
    run("cluster", "-c", made)
    keys, plan = bucket.listed(), tmp_path / "plan.json"
    done = run("purge", "plan", "-c", made, "-o", plan)
    assert done.returncode == 0, done.stderr
    written = json.loads(plan.read_text())
    left = [photo for group in written["groups"] for photo in group["left"]]
    assert len(left) == 12
    assert {why for photo in left for why in photo["reasons"]} == {
        "it is not on this machine's disks"
    }
    assert all(not group["moved"] for group in written["groups"])
    assert run("purge", "apply", plan, "-c", made, "--yes").returncode == 0
    for group in written["groups"]:  # as somebody might edit it
        kept, *moved = group["left"]
        group.update(kept=[kept], moved=moved, left=[])
    plan.write_text(json.dumps(written))
    there = run("purge", "apply", plan, "-c", made, "--yes", "--trash", f"{bucket.url}/trash")
    assert there.returncode == 1
    assert f"{bucket.url}/trash cannot be the trash: it is not on this" in there.stderr
    refused = run("purge", "apply", plan, "-c", made, "--yes")
    assert refused.returncode == 1
    assert "not on this machine's disks" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert bucket.listed() == keys


def test_copies_in_a_bucket_do_not_make_those_on_the_disk_go(
    made: Path, trip: str, photos: Path
) -> None:
    assert document("index", photos, "-c", made)["duplicates"] == 12
    planned = document("purge", "plan", "-c", made, "--level", "copies")
    assert planned["totals"]["photos"] == 0
    assert len(list(photos.rglob("*.jpg"))) == 12


def test_photos_on_the_disk_are_purged_and_put_back_beside_those_in_a_bucket(
    made: Path, bucket: Bucket, photos: Path, tmp_path: Path
) -> None:
    document("index", photos, "-c", made)
    run("cluster", "-c", made)
    keys, plan = bucket.listed(), tmp_path / "plan.json"
    planned = document("purge", "plan", "-c", made, "-o", plan)
    moving = planned["totals"]["photos"]
    assert 0 < moving < 12
    applied = run("purge", "apply", plan, "-c", made, "--yes", "--json", cwd=photos)
    assert json.loads(applied.stdout)["photos"] == moving, applied.stderr
    assert document("index", "-c", made)["images"] == 24 - moving
    assert document("purge", "undo", "-c", made)["photos"] == moving
    assert len([path for path in photos.rglob("*.jpg") if ".annclust-trash" not in str(path)]) == 12
    assert bucket.listed() == keys


def test_a_bucket_that_is_away_keeps_its_photos_and_comes_back(
    made: Path, trip: str, bucket: Bucket
) -> None:
    bucket.server.stop()
    try:
        report = document("index", "-c", made)
        assert (report["images"], report["removed"]) == (12, 0)
        assert report["offline"] == [{"path": trip, "reason": "the server cannot be reached"}]
        new = run("index", f"{bucket.url}/new", "-c", made)
        assert new.returncode == 1
        assert new.stderr == (
            f"annclust: {bucket.url}/new: the server cannot be reached. docs/remote.md says what"
            " photos behind URLs need.\n"
        )
        assert document("cluster", "-c", made)["images"] == 12
        asked = run("similar", f"{trip}/burst 0/IMG_00.jpg", "-c", made)
        assert asked.returncode == 1
        assert asked.stderr.count("\n") == 1
    finally:
        bucket.server.start()
    bucket.put("trip/new.jpg", jpeg(7))
    report = document("index", "-c", made)
    assert (report["images"], report["added"], report["offline"]) == (13, 1, [])


def test_a_file_url_is_a_folder_of_this_machine(tmp_path: Path) -> None:
    photos, path = album(tmp_path / "my photos"), tmp_path / "c.annclust"
    url = photos.as_uri()
    assert "%20" in url
    report = document("index", url, "-c", path, "--embedder", "color-histogram")
    assert report["added"] == 12
    assert document("status", "-c", path)["roots"] == [{"path": str(photos), "offline": None}]
    (found,) = document("similar", f"{url}/burst%200/IMG_00.jpg", "-c", path, "-n", "1")
    assert found["matches"][0]["path"] == str(photos / "burst 0" / "IMG_00.jpg")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["index", "gs://bucket/photos"], 1, "gs:// needs gcsfs: pip install gcsfs"),
        (["index", "nonsense://bucket"], 1, "no file system goes by nonsense://"),
        (["index", "az://me:secret@host/photos"], 2, "no password in it"),
        (["index", "sftp://host/photos"], 2, "photos cannot be read behind sftp://"),
        (["index", "s3:///photos"], 2, "names no bucket"),
        (["index", "photos", "-c", "s3://bucket/c.annclust"], 1, "storage behind a URL"),
        (["status", "-c", "s3://bucket/c.annclust"], 1, "no collection at s3://bucket/c.annclust"),
        (["purge", "plan", "--reference", "s3://bucket"], 1, "s3://bucket: there is no such"),
        (["purge", "plan", "-o", "s3://bucket/p.json"], 1, "s3://bucket/p.json cannot be written"),
        (["export", "-o", "s3://bucket/p.csv"], 1, "s3://bucket/p.csv cannot be written"),
    ],
)
def test_what_cannot_work_says_so_in_one_line(
    tmp_path: Path, words: list[str], code: int, told: str
) -> None:
    save(tmp_path / "photos" / "a.jpg", 1)
    if words[0] in ("purge", "export"):
        run("index", "photos", "--embedder", "color-histogram", cwd=tmp_path)
        run("cluster", cwd=tmp_path)
    done = run(*words, cwd=tmp_path)
    assert done.returncode == code
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr
    assert not (tmp_path / "s3:").exists()


def test_without_a_url_nothing_of_fsspec_is_loaded(tmp_path: Path, photos: Path) -> None:
    words = ["index", str(photos), "-c", str(tmp_path / "c"), "--embedder", "color-histogram"]
    code = (
        "import sys\nfrom annclust.cli.app import app\n"
        f"app({words!r}, standalone_mode=False)\n"
        "print('LOADED', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.rsplit("LOADED", 1)[1].split()
    assert "annclust.images.content" in loaded
    assert not {"fsspec", "s3fs", "annclust.images.remote_files"} & set(loaded)
