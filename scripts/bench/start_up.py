"""Start-up: how long a cold process takes to help, and to answer a query.

    python scripts/bench/start_up.py FOLDER [--vectors 10000]

FOLDER holds some photos to ask for. The collection behind the queries holds synthetic vectors of
the default embedder's dimension; the photos that are asked for are in it, or not.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from statistics import median

from blake3 import blake3
from reporting import command_seconds, table, versions
from synthetic import photos as synthetic_vectors

from annclust.arrays import Vectors
from annclust.embedding.registry import DEFAULT_EMBEDDER, find_embedder
from annclust.pipeline.derived import refresh
from annclust.settings import SearchSettings
from annclust.storage.store_writer import EmbeddedContent, StoreWriter

ROUNDS = 7


def fill_collection(
    store: StoreWriter, rows: Vectors, *, first: bytes = b"0", root: bytes = b"/synthetic"
) -> None:
    """Store a photo for each vector under a root; the content of the first one is `first`."""
    digests = [blake3(b"%s %d" % (root, number)).digest() for number in range(len(rows))]
    digests[0] = blake3(first).digest()
    contents = [
        EmbeddedContent(digest, 1, 640, 480, "JPEG", row)
        for digest, row in zip(digests, rows, strict=True)
    ]
    for start in range(0, len(rows), 1000):
        store.append(contents[start : start + 1000])
    with store.catalog.transaction():
        root_id = store.catalog.add_root(root, None).id
        for number, digest in enumerate(digests):
            store.catalog.add_image(root_id, b"%d.jpg" % number, 1, 0, digest)


def make_collection(path: Path, vectors: int, known: Path) -> None:
    """A collection of synthetic vectors; the first one is said to be of the photo `known`."""
    spec = find_embedder(DEFAULT_EMBEDDER).spec
    with StoreWriter.create(path, spec) as store:
        rows = synthetic_vectors(vectors, spec.dimension)
        fill_collection(store, rows, first=known.read_bytes())
        refresh(store, SearchSettings())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vectors", type=int, default=10_000)
    options = parser.parse_args()
    known, outside = sorted(options.folder.glob("*.jpg"))[:2]
    with tempfile.TemporaryDirectory() as scratch:
        collection = Path(scratch, "c.annclust")
        make_collection(collection, options.vectors, known)
        query = Path(shutil.copy(outside, scratch))
        command_seconds("similar", query, "-c", collection)  # the model's graph is built once
        figures = {
            "annclust --help": ["--help"],
            "similar, a photo of the collection": ["similar", known, "-c", collection],
            "similar, any other image": ["similar", query, "-c", collection],
            "status": ["status", "-c", collection],
        }
        rows = [
            (name, f"{median(command_seconds(*command) for _ in range(ROUNDS)):.2f}")
            for name, command in figures.items()
        ]
    print(table(("command", "s"), rows))
    packages = versions("typer", "numpy", "faiss-cpu", "onnxruntime")
    print(f"\n{options.vectors:,} vectors, median of {ROUNDS} cold processes; {packages}")


if __name__ == "__main__":
    main()
