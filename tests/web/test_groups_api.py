"""What the page asks about groups and photos, and what it changes."""

from __future__ import annotations

from tests.web.conftest import Page


def test_an_album_comes_as_its_groups(page: Page) -> None:
    found = page.get("/api/groups")
    assert [group["size"] for group in found["groups"]] == [4, 4, 4]
    assert found["counts"] == {"open": 3, "resolved": 0, "skipped": 0}
    assert found["next"] is None
