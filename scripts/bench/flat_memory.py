"""Flat memory: what `annclust index` takes while it embeds photo after photo.

    python scripts/bench/flat_memory.py FOLDER [--files 100000]

FOLDER holds some photos; each is saved again and again, small and cropped a little differently,
until there are enough. Meanwhile the proportional set size of the process and its decoding workers
is looked at every half second, and told by how many vectors the collection has by then.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from reporting import table, versions
from rescan import multiply

from annclust.storage.store import Store

_SIDE = 480
_MEBIBYTE = 1 << 20
_STEPS = 10


def proportional_memory(process: int) -> int:
    """Bytes that a process has, what it shares with others in parts; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def children(process: int) -> list[int]:
    """Processes that a process started."""
    try:
        told = [task.read_text() for task in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for child in " ".join(told).split()]


def vectors(collection: Path) -> int:
    """How many vectors are committed."""
    try:
        with Store(collection) as store:
            return store.catalog.rows()
    except Exception:  # it is being made
        return 0


def watch(photos: Path, collection: Path) -> Iterator[tuple[int, int, int]]:
    """Index photos; gives how many are embedded, and bytes of the process and of its workers."""
    command = [sys.executable, "-m", "annclust", "index", str(photos), "-q", "-c", str(collection)]
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            own = proportional_memory(process.pid)
            yield vectors(collection), own, sum(map(proportional_memory, children(process.pid)))
            time.sleep(0.5)
        if process.returncode:
            sys.exit(f"{' '.join(command)} failed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=100_000)
    options = parser.parse_args()
    step = options.files // _STEPS
    most: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    all_of_them = 0.99 * options.files  # some crops are equal
    with tempfile.TemporaryDirectory() as scratch:
        multiply(options.folder, Path(scratch, "photos"), options.files, side=_SIDE)
        for embedded, own, workers in watch(Path(scratch, "photos"), Path(scratch, "c.annclust")):
            tenth = _STEPS if embedded >= all_of_them else embedded // step
            before = most[tenth]
            most[tenth] = max(before[0], own), max(before[1], workers)
    header = ("embedded", "process, MiB", "its workers, MiB")
    names = [f"{tenth * step:,} and more" for tenth in range(_STEPS)] + ["all: index and graph"]
    rows = [
        (names[tenth], own // _MEBIBYTE, workers // _MEBIBYTE)
        for tenth, (own, workers) in sorted(most.items())
    ]
    print(table(header, rows))
    print(f"\nmost at any moment; {options.files:,} photos; {versions('onnxruntime', 'faiss-cpu')}")


if __name__ == "__main__":
    main()
