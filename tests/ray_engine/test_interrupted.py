"""A command that works on a cluster is killed: what it stored stays, and nothing else is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.storage.store import Store
from tests.albums import save

_PHOTOS, _SECONDS = 700, 120


@pytest.fixture
def many(tmp_path: Path) -> Path:
    for number in range(_PHOTOS):
        save(tmp_path / "photos" / f"{number:03}.jpg", number)
    return tmp_path / "photos"


def indexing(photos: Path, path: Path) -> subprocess.Popen[str]:
    command = ["index", str(photos), "-c", str(path), "--embedder", "color-histogram"]
    return subprocess.Popen(
        [sys.executable, "-m", "annclust", *command, "--engine", "ray", "--no-progress"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def stored(path: Path) -> int:
    """Photos that were committed."""
    if not Store.exists(path):
        return 0
    with Store(path) as store:
        return store.catalog.counts()["images"]


def wait_for_a_commit(running: subprocess.Popen[str], path: Path) -> None:
    until = time.monotonic() + _SECONDS
    while not stored(path):
        assert running.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)


def rays_of(session: int) -> list[str]:
    """Ray's processes that a command started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getsid(int(entry.name)) == session:
                    found.append((entry / "cmdline").read_text())
            except OSError:
                continue
    return [line for line in found if "raylet" in line or "gcs_server" in line]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_what_was_committed_stays_and_the_same_command_goes_on(
    many: Path, tmp_path: Path, how: signal.Signals
) -> None:
    path = tmp_path / "c.annclust"
    running = indexing(many, path)
    wait_for_a_commit(running, path)
    os.kill(running.pid, how)
    _, errors = running.communicate(timeout=_SECONDS)
    before = stored(path)
    assert running.returncode == (-signal.SIGKILL if how == signal.SIGKILL else 130)
    assert "Traceback" not in errors
    until = time.monotonic() + _SECONDS
    while rays_of(running.pid):
        assert time.monotonic() < until
        time.sleep(0.1)
    with Collection(path, engine="ray") as collection:
        report = collection.index()
    assert 0 < before < _PHOTOS
    assert (report.images, report.embedded) == (_PHOTOS, _PHOTOS - before)
