"""End to end: how near the pipeline comes to what its two halves can do alone.

    python scripts/bench/end_to_end.py FOLDER

Decoding alone and inference alone, each on all cores, then `annclust index` on a new collection, in
turn and several times. Two figures: the pipeline's rate over that of the slower half, and over the
most that both halves can reach on the cores they share, 1 / (1 / decoding + 1 / inference): no
pipeline on these cores can be faster than that.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from reporting import seconds, table, versions

from annclust.embedding.registry import DEFAULT_EMBEDDER, find_embedder
from annclust.images.decode_workers import DecodeWorkers, ReadJob
from annclust.images.discovery import FoundFile, walk
from annclust.settings import DecodeSettings, EmbedSettings, ScanSettings


def photo_paths(folder: Path) -> list[bytes]:
    root = os.fsencode(folder.resolve())
    found = [each.path for each in walk(root, ScanSettings()) if isinstance(each, FoundFile)]
    return [root + b"/" + path for path in found]


def decoding_rate(paths: list[bytes], repeats: int) -> float:
    """Images per second of the workers alone, once they are up."""
    jobs = [ReadJob(number, path) for number, path in enumerate(paths * repeats)]
    with DecodeWorkers(find_embedder(DEFAULT_EMBEDDER).geometry, DecodeSettings()) as workers:
        list(workers.run(jobs[:8]))
        return len(jobs) / seconds(lambda: sum(1 for _ in workers.run(jobs)))


def inference_rate(paths: list[bytes], repeats: int) -> float:
    """Images per second of the embedder alone, in the pipeline's batches."""
    settings = EmbedSettings()
    embedder = find_embedder(DEFAULT_EMBEDDER, settings).load()
    jobs = [ReadJob(number, path) for number, path in enumerate(paths[:64])]
    with DecodeWorkers(embedder.geometry, DecodeSettings()) as workers:
        read = [result.image.pixels for result in workers.run(jobs) if result.image]
    batch = read[: settings.batch]
    embedder.embed(batch)
    batches = len(paths) * repeats // len(batch)
    taken = seconds(lambda: [embedder.embed(batch) for _ in range(batches)])
    return batches * len(batch) / taken


def pipeline_rates(folder: Path, count: int) -> tuple[float, float]:
    """Images per second of `annclust index`: by its own clock, and of the whole process."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "annclust", "index", str(folder), "--json", "-c"]
        output: list[str] = []

        def run() -> None:
            done = subprocess.run(
                [*command, f"{scratch}/c"], capture_output=True, text=True, check=False
            )
            output.append(done.stdout)

        whole = seconds(run)
    return count / json.loads(output[0])["seconds"], count / whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--repeats", type=int, default=3, help="passes over the files in the halves"
    )
    options = parser.parse_args()
    paths = photo_paths(options.folder)
    rounds = []
    for _ in range(options.rounds):
        decoding = decoding_rate(paths, options.repeats)
        inference = inference_rate(paths, options.repeats)
        pipeline, process = pipeline_rates(options.folder, len(paths))
        bound = 1 / (1 / decoding + 1 / inference)
        slower = min(decoding, inference)
        rounds.append(
            (decoding, inference, bound, pipeline, process, pipeline / slower,
             pipeline / bound, process / bound)
        )  # fmt: skip
    middle = [median(column) for column in zip(*rounds, strict=True)]
    names = ("decoding alone, img/s", "inference alone, img/s", "both on shared cores, img/s",
             "annclust index, img/s", "whole process, img/s", "index / slower half",
             "index / shared bound", "whole process / shared bound")  # fmt: skip
    print(
        table(("figure", "median"), ((n, f"{v:.2f}") for n, v in zip(names, middle, strict=True)))
    )
    print(f"\n{len(paths)} photos, {options.rounds} rounds; {versions('pillow', 'onnxruntime')}")


if __name__ == "__main__":
    main()
