"""Scale: what a collection of many photos costs after embedding, stage by stage.

    python scripts/bench/scale.py [--sizes 10000 100000]

Each size runs in a process of its own, on synthetic vectors of the default embedder's dimension:
storing, index and graph, groups, other looks at them, one warm query; then the peak memory of the
process and the bytes on disk.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from reporting import seconds, table, versions
from start_up import fill_collection
from synthetic import photos as synthetic_vectors

from annclust.collection import Collection
from annclust.embedding.registry import DEFAULT_EMBEDDER, find_embedder
from annclust.pipeline.derived import refresh_graph
from annclust.pipeline.live_vectors import live_vectors
from annclust.pipeline.querying import Searcher
from annclust.settings import SearchSettings
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter


def fill(path: Path, n: int) -> float:
    """Make a collection of n synthetic vectors; gives the seconds that storing them took."""
    spec = find_embedder(DEFAULT_EMBEDDER).spec
    rows = synthetic_vectors(n, spec.dimension)
    with StoreWriter.create(path, spec) as store:
        return seconds(lambda: fill_collection(store, rows))


def measure(path: Path) -> dict[str, str]:
    """Figures of a filled collection, by name."""
    settings = SearchSettings()
    with StoreWriter(path) as store:
        live = live_vectors(store)
        joining = seconds(lambda: refresh_graph(store, live, settings))
        generation = store.catalog.generation("graph")
        recall = json.loads(generation.spec)["recall"] if generation else 0.0
    with Collection(path) as collection:
        grouping = seconds(collection.cluster)
        report = collection.last_clustering()
        looking = seconds(lambda: collection.groups_at(2.5))
        cutting = seconds(lambda: collection.cluster(level="scenes"))
        size = collection.status().bytes
    with Store(path) as store:
        searcher, query = Searcher(store, settings), store.vectors().block(7, 8)
        searcher.similar(query, 10)
        asking = seconds(lambda: searcher.similar(query, 10))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "index and graph, s": f"{joining:.1f}",
        "recall of the graph": f"{recall:.3f}",
        "groups, s": f"{grouping:.1f}",
        "a look at another granularity, s": f"{looking:.2f}",
        "groups of another level, stored, s": f"{cutting:.1f}",
        "shots": f"{report.clusters:,}",
        "largest, share": f"{report.largest / report.images:.3f}",
        "certified": f"{report.certified:.3f}",
        "a warm query, ms": f"{1000 * asking:.1f}",
        "peak memory, GiB": f"{peak / 2**20:.2f}",
        "on disk, MB": f"{size / 1e6:.0f}",
    }


def in_a_process_of_its_own(*arguments: object) -> str:
    command = [sys.executable, __file__, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 20_000, 50_000, 100_000])
    parser.add_argument("--fill", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill:
        print(f"{fill(options.path, options.fill):.1f}")
    elif options.path:
        print(json.dumps(measure(options.path)))
    else:
        report(options.sizes)


def report(sizes: list[int]) -> None:
    columns = []
    for n in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch, "c.annclust")
            storing = in_a_process_of_its_own("--fill", n, "--path", path).strip()
            figures = json.loads(in_a_process_of_its_own("--path", path))
            columns.append({"storing vectors, s": storing} | figures)
    rows = [(name, *(column[name] for column in columns)) for name in columns[0]]
    print(table(("figure", *(f"{n:,}" for n in sizes)), rows))
    print(f"\n{versions('numpy', 'faiss-cpu', 'scipy', 'scikit-learn', 'hdbscan')}")


if __name__ == "__main__":
    main()
