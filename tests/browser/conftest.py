"""A real browser on the page of a real server, over three hundred photos."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from annclust.collection import Collection
from tests.albums import picture

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_BURSTS, _SHOTS, _PHOTOS = 60, 4, 300


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where a Chromium is."""
    named = os.environ.get("ANNCLUST_CHECK_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium is installed: scripts/check installs one where it may")
    return found


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    """A browser for one test: as long as Playwright is there, no other event loop can run."""
    with sync_playwright() as playwright:
        # Root may run it without a sandbox only; it sees nothing but our own page.
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


def album(folder: Path) -> Path:
    """Sixty bursts of four photos, one of which is smaller and one less sharp, and sixty others."""
    for burst in range(_BURSTS):
        whole = picture(burst, (480, 360))
        for shot in range(_SHOTS):
            path = folder / f"day {burst % 5}" / f"IMG_{burst:02}{shot}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            taken: Image.Image = whole.crop((shot, shot, shot + 472, shot + 352))
            if shot == 2:
                taken = taken.resize((236, 176))
            taken.save(path, quality=72 if shot == 3 else 92)
    for single in range(_PHOTOS - _BURSTS * _SHOTS):
        picture(1000 + single, (480, 360)).save(folder / f"single {single:02}.jpg", quality=90)
    return folder


@dataclass(frozen=True, slots=True)
class Trip:
    """Photos, and a collection of them."""

    photos: Path
    collection: Path


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """An album, indexed and grouped by the commands a person types."""
    folder = tmp_path_factory.mktemp("trip")
    trip = Trip(album(folder / "photos"), folder / "trip.annclust")
    for command in (["index", str(trip.photos)], ["cluster"]):
        done = _annclust(*command, "-c", str(trip.collection))
        assert done.returncode == 0, done.stderr
    return trip


@pytest.fixture
def trip(drawn: Trip, tmp_path: Path) -> Trip:
    """The same with a collection of one's own, whose decisions nobody else sees."""
    own = Trip(drawn.photos, tmp_path / "trip.annclust")
    shutil.copytree(drawn.collection, own.collection)
    return own


def _annclust(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "annclust", *command],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@dataclass(frozen=True, slots=True)
class Review:
    """`annclust review` at work.

    Parameters
    ----------
    address : str
        With the token that opens it once.
    """

    address: str

    @property
    def origin(self) -> str:
        """Without the token."""
        return self.address.split("/?")[0]


@pytest.fixture
def review(trip: Trip, tmp_path: Path) -> Iterator[Review]:
    """The server, as a person starts it; ended as Ctrl-C ends it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "annclust", "review", "--no-browser", "-c", str(trip.collection)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ANNCLUST_CACHE": str(tmp_path / "cache")},
    )
    assert process.stdout
    yield Review(process.stdout.readline().strip())
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1280, "height": 860})
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, review: Review) -> Iterator[Page]:
    """The page, open; nothing may go wrong in its console, whatever a test does."""
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda told: troubles.append(told.text) if told.type == "error" else None)
    opened.goto(review.address)
    opened.get_by_test_id("group-card").first.wait_for()
    yield opened
    assert troubles == []


@pytest.fixture
def photos_of(trip: Trip) -> Iterator[Collection]:
    """The collection, to ask it what the page did."""
    with Collection(trip.collection, create=False) as opened:
        yield opened
