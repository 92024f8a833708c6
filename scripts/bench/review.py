"""Review: how long the page of `annclust review` lets a person wait, and the memory it takes.

    python scripts/bench/review.py [--photos 100000] [--folder DIR]

A collection of synthetic vectors of the default embedder's dimension, with generated thumbnails and
examinations; the files of its photos are not there. Every kind of request is sent again and again
along one connection, as scripts of the page do, thumbnails along six, as browsers do. Times are
those of the client, on the same machine. With `--folder`, the collection stays and is used again.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
from PIL import Image
from reporting import table, versions
from scale import fill

from annclust.collection import Collection
from annclust.images.examination import Examination
from annclust.images.thumbnail_files import ThumbnailFiles
from annclust.pipeline.examinations import store_examinations
from annclust.storage.store_writer import StoreWriter

_CONNECTIONS = 6
_SEED = 0


def make(path: Path, cache: Path, n: int) -> None:
    """A collection of n photos that was grouped and drawn, all of them examined."""
    fill(path, n)
    with Collection(path) as collection:
        collection.cluster()
        photos = collection.photo_ids()
    with StoreWriter(path) as store:
        digests = [photo.digest for photo in store.catalog.images_by_id(photos)]
        _examine(store, digests)
    _draw(cache, digests)


def _examine(store: StoreWriter, digests: list[bytes]) -> None:
    rng = np.random.default_rng(_SEED)
    plain = Examination(4032, 3024)
    for first in range(0, len(digests), 1000):
        some = digests[first : first + 1000]
        looks = rng.integers(0, 256, (len(some), len(plain.thumbnail)), dtype=np.uint8)
        sharp = rng.random(len(some)).tolist()
        store_examinations(
            store,
            {
                digest: replace(plain, sharpness=each, thumbnail=look.tobytes())
                for digest, each, look in zip(some, sharp, looks, strict=True)
            },
        )


def _draw(cache: Path, digests: list[bytes]) -> None:
    kept = ThumbnailFiles(cache)
    encoded = []
    for number in range(64):
        written = io.BytesIO()
        noise = Image.effect_noise((40, 30), 60 + number).resize((320, 240))
        noise.convert("RGB").save(written, "WEBP", quality=80)
        encoded.append(written.getvalue())
    for number, digest in enumerate(digests):
        kept.keep(digest, encoded[number % len(encoded)])


class Page:
    """A browser that was let in."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        address = httpx.URL(process.stdout.readline().strip())
        origin = f"{address.scheme}://{address.netloc.decode()}"
        self.client = httpx.Client(base_url=origin, timeout=60, headers={"origin": origin})
        self.client.cookies.update(self.client.get(address).cookies)
        page = self.client.get("/").text
        self.client.headers["x-annclust-csrf"] = page.partition('name="csrf" content="')[2][:43]
        self._process = process

    def get(self, path: str, **query: object) -> httpx.Response:
        """What a path answers."""
        answer = self.client.get(path, params={name: str(each) for name, each in query.items()})
        answer.raise_for_status()
        return answer

    def post(self, path: str, body: Mapping[str, object]) -> httpx.Response:
        """What comes of a change."""
        answer = self.client.post(path, json=body)
        answer.raise_for_status()
        return answer

    def memory(self) -> tuple[float, float]:
        """Megabytes of the server's process: now, and at most."""
        told = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        found = {line.split(":")[0]: line.split() for line in told}
        now, most = (int(found[name][1]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
        return now, most


@contextmanager
def looked_through(path: Path, cache: Path) -> Iterator[Page]:
    command = [sys.executable, "-m", "annclust", "review", "-c", str(path), "--no-browser"]
    environment = os.environ | {"ANNCLUST_CACHE": str(cache)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            page = Page(process)
            while page.get("/api/collection").json()["state"] == "reading":
                time.sleep(0.1)
            yield page
        finally:
            process.terminate()


def requests(page: Page) -> dict[str, Callable[[], object]]:
    """What is asked again and again, each time about something else."""
    chance = random.Random(_SEED)
    collection = page.get("/api/collection").json()
    leads = [each["lead"] for each in _all_groups(page)]
    photos = range(1, collection["photos"] + 1)

    def look() -> float:
        return round(chance.uniform(0.2, 3.5), 3)

    def groups() -> object:
        order = chance.choice(["largest", "least_certain", "newest"])
        return page.get("/api/groups", order=order, limit=100)

    def mark() -> object:
        return page.post("/api/marks", {"photos": [chance.choice(photos)], "mark": "keep"})

    return {
        "the page": lambda: page.get("/groups"),
        "the collection": lambda: page.get("/api/collection"),
        "100 groups": groups,
        "100 groups, cut anew": lambda: page.get("/api/groups", granularity=look()),
        "100 one-offs": lambda: page.get("/api/one-offs", limit=100),
        "a group": lambda: page.get(f"/api/groups/{chance.choice(leads)}"),
        "a photo": lambda: page.get(f"/api/photos/{chance.choice(photos)}"),
        "suggestions of all": lambda: page.get("/api/suggestions"),
        "a mark": mark,
        "a state": lambda: page.post(
            f"/api/groups/{chance.choice(leads)}/state", {"granularity": 1.0, "state": "resolved"}
        ),
        "decisions": lambda: page.get("/api/decisions"),
        "purges": lambda: page.get("/api/purges"),
        "the map": lambda: page.get("/api/map"),
        "a thumbnail": lambda: page.get(f"/photos/{chance.choice(photos)}/thumbnail"),
        "60 look-alikes": lambda: page.get(f"/api/photos/{chance.choice(photos)}/similar"),
    }


def _all_groups(page: Page) -> list[dict[str, int]]:
    found: list[dict[str, int]] = []
    after: dict[str, str] = {}
    while True:
        answer = page.get("/api/groups", limit=500, **after).json()
        found += answer["groups"]
        if answer["next"] is None:
            return found
        after = {"after": answer["next"]}


def milliseconds(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1000


def figures(name: str, times: list[float]) -> tuple[str, ...]:
    middle, most = np.percentile(times, [50, 95])
    return name, str(len(times)), f"{middle:.1f}", f"{most:.1f}", f"{max(times):.1f}"


def decided(page: Page) -> list[float]:
    """Times of decisions, each of which makes all groups anew; they are taken back."""
    times = []
    for lead in [each["lead"] for each in _all_groups(page)[100:120]]:
        photos = page.get(f"/api/groups/{lead}").json()["photos"]
        for say in ("apart", "forget"):
            wish = {"say": say, "photos": [photo["id"] for photo in photos[:2]]}
            times.append(milliseconds(lambda wish=wish: page.post("/api/decisions", wish)))  # type: ignore[misc]
    return times


def a_screen_of_thumbnails(page: Page, first: int, count: int = 60) -> list[float]:
    """Times of thumbnails that are asked for at once."""

    def ask(photo: int) -> float:
        return milliseconds(lambda: page.get(f"/photos/{photo}/thumbnail"))

    with ThreadPoolExecutor(_CONNECTIONS) as connections:
        return list(connections.map(ask, range(first, first + count)))


def measure(page: Page, times: int) -> None:
    rows = []
    asked = requests(page)
    before, _ = page.memory()
    for name, ask in asked.items():
        if name == "60 look-alikes":
            browsing = page.memory()
        rows.append(figures(name, [milliseconds(ask) for _ in range(times)]))
    rows.append(figures("a decision, and all groups anew", decided(page)))
    screens = [each for n in range(10) for each in a_screen_of_thumbnails(page, 1 + 1000 * n)]
    rows.append(figures("a thumbnail among 60 along six connections", screens))
    print(table(("request", "times", "p50, ms", "p95, ms", "most, ms"), rows))
    now, most = page.memory()
    print(f"\nmemory of the server, MB: {before:.0f} once read; {browsing[0]:.0f} after browsing")
    print(f"{now:.0f} with index and look-alikes; {most:.0f} at most")
    print(versions("fastapi", "uvicorn", "numpy", "faiss-cpu"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        path, cache = folder / "big.annclust", folder / "cache"
        if not path.exists():
            make(path, cache, options.photos)
        with looked_through(path, cache) as page:
            measure(page, options.times)


if __name__ == "__main__":
    main()
