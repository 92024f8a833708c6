"""What is examined in the background goes on, whatever happened to what was wanted before."""

from __future__ import annotations

from threading import Event

import pytest

from annclust.errors import StorageError
from annclust.settings import DecodeSettings
from annclust.storage.store import Store
from annclust.web.examiner import Examiner, Wanted
from annclust.web.session import Session
from tests.web.conftest import Page
from tests.web.test_session import eventually


def test_a_failure_is_told_and_ends_nothing(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    path, done = page.collection.path, Event()

    def unexpected(_store: Store) -> None:
        raise ZeroDivisionError("of all things")

    def expected(_store: Store) -> None:
        raise StorageError(path, reason="the disk is failing")

    def asked_again() -> bool:  # as a page does, as long as it is shown
        examiner.want([Wanted([], lambda _store: done.set())])
        return done.is_set()

    with (
        Session(path, page.collection.vector_set) as session,
        Examiner(session, DecodeSettings(workers=1)) as examiner,
    ):
        examiner.want([Wanted([], unexpected)])
        eventually(lambda: "of all things" in caplog.text)
        examiner.want([Wanted([], expected)])
        eventually(lambda: "the disk is failing" in (session.problem or ""))
        eventually(asked_again)
        eventually(lambda: session.problem is None)
