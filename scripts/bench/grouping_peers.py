"""Other programs that group photos, in an environment of their own.

    python scripts/bench/grouping_peers.py TASK INPUT OUTPUT

INPUT is a folder of photos, or vectors (NumPy's format) for what clusters these; OUTPUT gets a JSON
object: group of each photo by file name, or a list of groups, -1 or missing for none.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

OF_PHOTOS = ("fastdup==2.54", "ImageHash==4.3.2")
OF_VECTORS = ("evoc==0.3.2", "fast_hdbscan==0.3.4", "pynndescent==0.7.0")
"""Programs that cannot be in one environment."""

BITS = 10


def fastdup(photos: Path) -> dict[str, int]:
    """Connected components, by default."""
    import fastdup

    with tempfile.TemporaryDirectory() as scratch:
        run = fastdup.create(work_dir=scratch, input_dir=str(photos))
        run.run(overwrite=True, print_summary=False)
        found = run.connected_components()[0]
    if "filename" not in found:  # it found none
        return {}
    sizes = found["component_id"].value_counts()
    grouped = found[found["component_id"].map(sizes) > 1]
    names = [Path(name).name for name in grouped["filename"]]
    return dict(zip(names, map(int, grouped["component_id"]), strict=True))


def phash(photos: Path) -> dict[str, int]:
    """Components of perceptual hashes that differ in 10 bits of 64 at most."""
    import imagehash
    from PIL import Image
    from scipy.sparse.csgraph import connected_components

    paths = sorted(photos.iterdir())
    bits = np.array([imagehash.phash(Image.open(path)).hash.ravel() for path in paths])
    near = (bits[:, np.newaxis] != bits[np.newaxis]).sum(axis=2) <= BITS
    labels = connected_components(near, directed=False)[1]
    several = np.bincount(labels)[labels] > 1
    return {p.name: int(label) for p, label, s in zip(paths, labels, several, strict=True) if s}


def evoc(vectors: Path) -> list[int]:
    from evoc import EVoC

    return EVoC(random_state=0).fit(np.load(vectors)).labels_.tolist()


def fast_hdbscan(vectors: Path) -> list[int]:
    from fast_hdbscan import HDBSCAN

    return HDBSCAN().fit(np.load(vectors)).labels_.tolist()


TASKS: dict[str, Callable[[Path], object]] = {
    task.__name__: task for task in (fastdup, phash, evoc, fast_hdbscan)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    options.output.write_text(json.dumps(TASKS[options.task](options.input)))


if __name__ == "__main__":
    main()
