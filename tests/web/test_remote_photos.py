"""The page over photos in a bucket: they are seen and judged, and stay where they are."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from annclust.collection import Collection
from tests.albums import album
from tests.object_storage import Bucket
from tests.web.conftest import SETTINGS, Page, page_of


@pytest.fixture
def remote_page(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Three groups of four shots in a bucket, looked through."""
    monkeypatch.setenv("ANNCLUST_CACHE", str(tmp_path / "cache"))
    photos = album(tmp_path / "photos")
    bucket.put_folder(photos, "trip")
    path = tmp_path / "c.annclust"
    with Collection(path, embedder="color-histogram", settings=SETTINGS) as collection:
        collection.index([f"{bucket.url}/trip"])
        collection.cluster()
        with page_of(collection, photos) as page:
            yield page


def test_photos_in_a_bucket_are_shown_and_judged_but_not_purged(
    remote_page: Page, bucket: Bucket
) -> None:
    page, keys = remote_page, bucket.listed()
    for address in ("/photos/1/thumbnail", "/photos/1/picture"):
        answer = page.client.get(address)
        assert answer.status_code == 200, answer.text
        assert Image.open(io.BytesIO(answer.content)).size == (96, 72)
    page.job({"kind": "examine", "granularity": 1.0})
    shown = page.get("/api/groups/1")["photos"]
    assert len(shown) == 4
    assert all(each["alone"] is None for each in shown)
    assert page.get("/api/photos/1")["folder"] == "burst 0"

    planned = page.job({"kind": "plan", "granularity": 1.0, "only": "all"})["result"]
    assert planned["photos"] == 0
    groups = page.get(f"/api/purge/plans/{planned['plan']}/groups")["groups"]
    reasons = {each["why"] for group in groups for each in group["left"]}
    assert reasons == {"it is not on this machine's disks"}
    assert bucket.listed() == keys


def test_what_was_seen_once_is_shown_while_the_server_is_away(
    remote_page: Page, bucket: Bucket
) -> None:
    page, thumbnail = remote_page, "/photos/1/thumbnail"
    seen = page.client.get(thumbnail).content
    assert seen.startswith(b"RIFF")
    bucket.remove("trip/burst 0/IMG_00.jpg")
    assert page.client.get(thumbnail).content == seen
    assert page.client.get("/photos/1/picture").status_code == 410
