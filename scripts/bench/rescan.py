"""Rescan: `annclust index` a second time over unchanged files, against the first.

    python scripts/bench/rescan.py FOLDER [--files 10000]

FOLDER holds some photos; each is saved again and again, cropped a little differently, until there
are enough files with contents of their own.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import cycle
from pathlib import Path
from statistics import median

from PIL import Image
from reporting import command_seconds, table, versions


def multiply(source: Path, target: Path, files: int, side: int = 1 << 16) -> None:
    """Write `files` different JPEGs made of the photos in `source`, no side longer than `side`."""
    photos = [Image.open(path).convert("RGB") for path in sorted(source.glob("*.jpg"))]
    for photo in photos:
        photo.thumbnail((side, side))
    for number, photo in zip(range(files), cycle(photos), strict=False):
        top, left = divmod(number // len(photos), 100)
        folder = target / f"{number // 500:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        photo.crop((left, top, photo.width, photo.height)).save(folder / f"{number:06d}.jpg")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        photos, collection = Path(scratch, "photos"), Path(scratch, "c.annclust")
        multiply(options.folder, photos, options.files)
        first = command_seconds("index", photos, "-c", collection)
        again = median(command_seconds("index", "-c", collection) for _ in range(5))
    rows = [("first run, s", f"{first:.1f}"), ("again, s", f"{again:.2f}"),
            ("ratio", f"{first / again:.0f}")]  # fmt: skip
    print(table(("figure", f"{options.files:,} files"), rows))
    print(f"\n{versions('pillow', 'onnxruntime', 'faiss-cpu')}")


if __name__ == "__main__":
    main()
