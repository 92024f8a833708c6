"""`annclust review` on the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from annclust.collection import Collection
from tests.albums import album


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection that was never clustered."""
    folder = tmp_path_factory.mktemp("indexed")
    path = folder / "trip.annclust"
    with Collection(path, embedder="color-histogram") as made:
        made.index([album(folder / "photos")])
    return path


@contextmanager
def reviewing(path: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "annclust", "review", "-c", str(path), "--no-browser"]
    cache = {"ANNCLUST_CACHE": str(path.parent / "cache")}
    with subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | cache,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_address_is_all_that_is_printed_and_a_signal_ends_it_well(
    indexed: Path, number: signal.Signals
) -> None:
    with reviewing(indexed) as process:
        address = first_line(process).strip()
        with httpx.Client() as client:
            client.cookies.update(client.get(address).cookies)
            base = "{0.scheme}://{0.netloc}".format(urlsplit(address))
            found = client.get(f"{base}/api/collection").json()
            assert (found["name"], found["clustered"]) == ("trip", False)
            process.send_signal(number)
        assert process.communicate(timeout=30) == ("", "")
        assert process.returncode == 0


def test_scripts_get_the_address_as_json(indexed: Path) -> None:
    with reviewing(indexed, "--json") as process:
        assert json.loads(first_line(process))["address"].startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_told_and_the_other_page_goes_on(indexed: Path) -> None:
    with reviewing(indexed) as one:
        port = urlsplit(first_line(one)).port
        with reviewing(indexed, "--port", str(port)) as other:
            _, error = other.communicate(timeout=60)
        assert (other.returncode, one.poll()) == (1, None)
        assert error == (
            f"annclust: port {port} of this machine is taken. Give another one with --port, or"
            " leave it out.\n"
        )


def test_where_there_is_nothing_it_says_what_to_do(tmp_path: Path) -> None:
    with reviewing(tmp_path / "none.annclust") as process:
        _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "annclust index PHOTOS" in error


def test_without_its_parts_it_says_how_to_get_them(indexed: Path) -> None:
    blocked = (
        "import sys; sys.modules['fastapi'] = None; from annclust.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", blocked, "review", "-c", str(indexed), "--no-browser"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "annclust: the page needs fastapi. Install it with: pip install 'annclust[web]'\n"
    )
