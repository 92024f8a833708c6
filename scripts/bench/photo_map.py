"""Photo map: what drawing costs, and how much of the neighborhoods can be seen on the map.

    python scripts/bench/photo_map.py [--photos FOLDER...] [--synthetic N...] [--peers FOLDER]
        [--peers-up-to N] [--pictures FOLDER]

Photos are embedded by default, synthetic vectors have the dimension of the default embedder. Each
map is drawn in a process of its own, from a graph that is there; peers are installed below FOLDER
and begin with the vectors. A map of nine tenths of the photos is drawn and then brought up to date,
to see how far they move.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peers import peer_python
from photo_map_peers import NEEDED, own_peak
from reporting import table, versions
from scale import fill
from scipy.spatial import KDTree

from annclust.collection import Collection
from annclust.photo_map.drawing import draw_map
from annclust.photo_map.frame import Framed
from annclust.pipeline.derived import refresh_graph
from annclust.pipeline.live_vectors import live_vectors
from annclust.pipeline.stored import stored_graph
from annclust.search.graph_build import build_graph
from annclust.settings import SearchSettings
from annclust.storage.store_writer import StoreWriter
from annclust.vector_source import ArrayVectors

NEAREST = 15
ASKED = 1_000
PEERS = ("umap", "opentsne")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A map, and what it cost."""

    program: str
    places: NDArray[Any]
    wall: float
    user: float
    peak: float


def graph_over(path: Path) -> Any:
    with StoreWriter(path) as store:
        return refresh_graph(store, live_vectors(store), SearchSettings())


def draw(path: Path, output: Path) -> None:
    with StoreWriter(path) as store:
        graph = stored_graph(store, live_vectors(store), SearchSettings())
        assert graph is not None
        np.save(output, draw_map(graph, threads=SearchSettings().threads).places)
    print(own_peak())


def vectors_of(path: Path) -> NDArray[np.float32]:
    with StoreWriter(path) as store:
        vectors = store.vectors().block(0, store.catalog.rows())
        return np.asarray(vectors, dtype=np.float32)[live_vectors(store).rows]


def drawn_by(program: str, command: Sequence[object], output: Path) -> Drawn:
    """Run what draws a map, and tells its own peak in kB."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    words = list(map(str, command))
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - begin
    peak = int(told.splitlines()[-1]) / 2**20
    return Drawn(program, np.load(output), wall, after.ru_utime - before.ru_utime, peak)


def maps_of(path: Path, vectors: NDArray[Any], python: Path | None) -> Iterator[Drawn]:
    with tempfile.TemporaryDirectory() as scratch:
        given, output = Path(scratch, "vectors.npy"), Path(scratch, "places.npy")
        here = [sys.executable, __file__, "--draw", path, "--output", output]
        yield drawn_by("annclust", here, output)
        np.save(given, vectors)
        script = Path(__file__).with_name("photo_map_peers.py")
        for peer in PEERS if python else ():
            yield drawn_by(peer, [python, script, peer, given, output], output)


def preserved(neighbors: NDArray[Any], places: NDArray[Any], among: int) -> float:
    """Share of the nearest neighbors that are among the nearest on the map."""
    found = KDTree(places).query(places, among + 1)[1]
    asked = np.linspace(0, len(places) - 1, min(ASKED, len(places))).astype(int)
    shares = [
        np.isin(neighbors[node, :NEAREST], found[node][found[node] != node][:among]).mean()
        for node in asked
    ]
    return float(np.mean(shares))


def trustworthiness(vectors: NDArray[Any], places: NDArray[Any]) -> float:
    """How few strangers are near on the map (Venna and Kaski 2001), from some of the photos."""
    n, found = len(vectors), KDTree(places).query(places, NEAREST + 1)[1]
    asked = np.linspace(0, n - 1, min(ASKED // 4, n)).astype(int)
    excess = 0.0
    for node, alike in zip(asked, (vectors @ vectors[asked].T).T, strict=True):
        alike[node] = np.inf
        rank = np.empty(n)
        rank[np.argsort(-alike, kind="stable")] = np.arange(n)
        shown = found[node][found[node] != node][:NEAREST]
        excess += np.maximum(rank[shown] - NEAREST, 0).sum()
    return 1 - excess * 2 / (len(asked) * NEAREST * (2 * n - 3 * NEAREST - 1))


def moved(vectors: NDArray[Any]) -> tuple[float, float]:
    """How far photos move when one in ten is new: the median, and nine tenths of them."""
    old = np.arange(len(vectors)) % 10 > 0
    first = draw_map(build_graph(ArrayVectors(vectors[old]), SearchSettings()).graph)
    before = np.full((len(vectors), 2), np.nan, dtype=np.float32)
    before[old] = first.places
    again = draw_map(
        build_graph(ArrayVectors(vectors), SearchSettings()).graph, Framed(before, first.unit)
    )
    away = np.linalg.norm(again.places[old] - first.places, axis=1)
    return float(np.median(away)), float(np.quantile(away, 0.9))


def rows(name: str, path: Path, python: Path | None, pictures: Path | None) -> Iterator[list[str]]:
    graph, vectors = graph_over(path), vectors_of(path)
    for drawn in maps_of(path, vectors, python):
        if pictures:
            picture(drawn.places, pictures / f"{name}-{drawn.program}.png")
        figures = [
            f"{name} ({graph.n:,}, k = {graph.k})",
            drawn.program,
            f"{drawn.wall:.1f}",
            f"{drawn.user:.1f}",
            f"{drawn.peak:.2f}",
            f"{preserved(graph.neighbors, drawn.places, NEAREST):.3f}",
            f"{preserved(graph.neighbors, drawn.places, 50):.3f}",
            f"{trustworthiness(vectors, drawn.places):.3f}",
        ]
        print(*figures, flush=True)
        yield figures


def picture(places: NDArray[Any], path: Path, side: int = 1_200) -> None:
    from PIL import Image

    scaled = (places - places.min(axis=0)) / np.ptp(places, axis=0).max() * (side - 1)
    across, down = scaled.astype(int).T
    shown = np.zeros((side, side), dtype=np.uint8)
    shown[down, across] = 255
    Image.fromarray(shown).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, nargs="*", default=[])
    parser.add_argument("--synthetic", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--peers-up-to", type=int, default=10_000)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--draw", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.draw:
        draw(options.draw, options.output)
    else:
        report(options)


def report(options: argparse.Namespace) -> None:
    found: list[list[str]] = []
    peers = peer_python(options.peers, NEEDED) if options.peers else None
    with tempfile.TemporaryDirectory() as scratch:
        if options.photos:
            path = Path(scratch, "photos.annclust")
            with Collection(path) as collection:
                collection.index(options.photos)
            found += rows("photos", path, peers, options.pictures)
            print("moved, photos:", json.dumps(moved(vectors_of(path))))
        for n in options.synthetic:
            path = Path(scratch, f"{n}.annclust")
            fill(path, n)
            python = peers if n <= options.peers_up_to else None
            found += rows("synthetic", path, python, options.pictures)
    columns = ("vectors", "program", "wall, s", "user, s", "peak, GiB", "15 of 15", "15 of 50",
               "trustworthiness")  # fmt: skip
    print(table(columns, found))
    print(f"\n{versions('numpy', 'scipy')}")


if __name__ == "__main__":
    main()
