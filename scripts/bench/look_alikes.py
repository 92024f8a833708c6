"""Look-alikes: of the 4 nearest photos of each photo, itself included, how many are of its group?

    python scripts/bench/look_alikes.py FOLDER LABELS.csv

LABELS.csv has the columns `path` and `group`; only the name of the path's last part counts. The
measure is that of the UKBench set (Nistér & Stewénius 2006): 4 is perfect for groups of 4.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

from reporting import table, versions

import annclust
from annclust.embedding.registry import embedder_names


def score(folder: Path, groups: dict[str, str], embedder: str) -> float:
    """Mean number of matches of the query's own group among the first 4."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        annclust.open(Path(scratch, "c.annclust"), embedder=embedder) as photos,
    ):
        photos.index([folder])
        queries = [path for path in sorted(folder.iterdir()) if path.name in groups]
        hits = [
            sum(groups.get(match.path.name) == groups[query.name] for match in found)
            for query in queries
            for found in [photos.similar(query, k=4)]
        ]
    return sum(hits) / len(hits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("labels", type=Path)
    options = parser.parse_args()
    with options.labels.open(newline="") as file:
        groups = {Path(row["path"]).name: row["group"] for row in csv.DictReader(file)}
    rows = [(name, f"{score(options.folder, groups, name):.3f}") for name in embedder_names()]
    print(table(("embedder", "of the 4 nearest"), rows))
    print(f"\n{versions('pillow', 'onnxruntime', 'faiss-cpu')}")


if __name__ == "__main__":
    main()
