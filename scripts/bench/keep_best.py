"""Keep-best: how often the original is put before its copies, beside simple rules.

    python scripts/bench/keep_best.py FOLDER LABELS.csv

LABELS.csv has the columns `path` (below FOLDER), `group`, and `note`, which is `original` for one
photo of each group; groups without one are left out. A second table tells how often each original
loses to a worse copy, made on the spot (worse_copies), if it alone is beside it: where no camera
wrote anything, where both kept what it wrote, and where the copy lost it.
"""

from __future__ import annotations

import argparse
import csv
import io
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps
from reporting import table, versions
from worse_copies import COPIES, OF_A_LATER_MOMENT

from annclust.images.capture import Capture, capture_of
from annclust.images.examining import examine
from annclust.images.formats import sniff
from annclust.purge.candidate import Candidate
from annclust.purge.keep_best import rank

Group = Sequence[tuple[str, Candidate]]
"""Notes and photos."""


CAMERA = Capture(taken_ns=10**18, exposure_seconds=0.01, f_number=8.0, iso=100)
LATER = replace(CAMERA, taken_ns=10**18 + 10**9)
"""What a camera could have written."""


def candidate(data: bytes, spent: list[float]) -> Candidate:
    picture = Image.open(io.BytesIO(data))
    tables: Mapping[int, Sequence[int]] = getattr(picture, "quantization", None) or {}
    exif = picture.getexif()
    pixels = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    started = time.perf_counter()
    examination = examine(pixels, jpeg_table=tables.get(0))
    spent.append(time.perf_counter() - started)
    capture = capture_of(exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo))
    return Candidate(examination, len(data), sniff(data) or "", capture)


def groups(folder: Path, labels: Path, spent: list[float]) -> list[Group]:
    found = defaultdict(list)
    with labels.open(newline="") as rows:
        for row in csv.DictReader(rows):
            found[row["group"]].append((row["note"], folder / row["path"]))
    return [
        [(note, candidate(path.read_bytes(), spent)) for note, path in photos]
        for photos in found.values()
        if [note for note, _ in photos].count("original") == 1
    ]


def first_by(measure: Callable[[Candidate], float]) -> Callable[[Group], str]:
    """Note of the photo with the most of something; none if several have as much."""

    def first(group: Group) -> str:
        most = max(measure(photo) for _, photo in group)
        notes = [note for note, photo in group if measure(photo) == most]
        return notes[0] if len(notes) == 1 else "a tie"

    return first


def first_by_rank(group: Group) -> str:
    return group[rank([photo for _, photo in group]).photos[0].place][0]


RULES: dict[str, Callable[[Group], str]] = {
    "keep-best": first_by_rank,
    "most pixels": first_by(lambda photo: photo.examination.pixels),
    "most bytes": first_by(lambda photo: photo.size),
    "sharpest": first_by(lambda photo: photo.examination.sharpness),
    "JPEG quality": first_by(lambda photo: photo.examination.jpeg_quality or 100),
}


def originals(folder: Path, labels: Path) -> list[bytes]:
    with labels.open(newline="") as rows:
        paths = [row["path"] for row in csv.DictReader(rows) if row["note"] == "original"]
    return [(folder / path).read_bytes() for path in paths]


def lost_to_copies(files: Sequence[bytes]) -> dict[str, list[int]]:
    """How many originals lose to each kind of copy: without a camera, kept, and taken away."""
    lost = {kind: [0, 0, 0] for kind in COPIES}
    for data in files:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
        original = replace(candidate(data, []), capture=Capture())
        for kind, made in COPIES.items():
            copy = replace(candidate(made(picture), []), capture=Capture())
            taken = replace(original, capture=CAMERA)
            kept = replace(copy, capture=LATER if kind in OF_A_LATER_MOMENT else CAMERA)
            for at, pair in enumerate(((copy, original), (kept, taken), (copy, taken))):
                lost[kind][at] += rank(pair).photos[0].place == 0
    return lost


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("labels", type=Path)
    options = parser.parse_args()
    spent: list[float] = []
    found = groups(options.folder, options.labels, spent)
    lines = []
    for name, rule in RULES.items():
        notes = Counter(rule(group) for group in found)
        others = ", ".join(f"{note} {n}" for note, n in notes.most_common() if note != "original")
        lines.append((name, f"{notes['original'] / len(found):.3f}", others))
    print(table(("first by", f"the original ({len(found)} groups)", "instead"), lines))
    print(f"\nExamining: {np.median(spent) * 1000:.1f} ms a photo. {versions('numpy', 'pillow')}\n")
    lost = lost_to_copies(originals(options.folder, options.labels))
    header = ("originals lost to", "no camera", "kept what it wrote", "lost it")
    print(table(header, [(kind, *counts) for kind, counts in lost.items()]))


if __name__ == "__main__":
    main()
