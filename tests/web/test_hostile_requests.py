"""No request that is not meant well gets through, and none of them harms the server."""

from __future__ import annotations

import pytest

from tests.web.conftest import Page
from tests.web.hostile_requests import HOSTILE, Hostile


def test_there_are_enough_of_them_and_each_has_a_name() -> None:
    assert len(HOSTILE) >= 120
    assert len({hostile.name for hostile in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_a_hostile_request_is_refused_and_the_next_one_is_answered(
    shared_page: Page, hostile: Hostile
) -> None:
    before = shared_page.get("/api/collection")
    answer = shared_page.send(hostile.bytes_for(shared_page))
    status = int(answer.split(b" ", 2)[1])
    assert status == hostile.wants, answer
    assert shared_page.get("/api/collection") == before
