"""Pictures and examinations: what showing and measuring a photo takes, and how many come a second.

    python scripts/bench/pictures.py [FOLDER] [--rounds 7]

Photos of 12 megapixels are drawn: gradients, soft spots and grain. Processor milliseconds of the
worker, from file to answer; with FOLDER, also of its photos (the median), and thumbnails a second
over two workers.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image
from pillow_heif import register_heif_opener
from reporting import seconds, table, versions

from annclust.images.decode_workers import DecodeWorkers, ReadJob
from annclust.images.picture import FULL, LARGE, THUMBNAIL, PictureWish
from annclust.images.wish import EXAMINATION, VIEW, Wish
from annclust.input_geometry import InputGeometry
from annclust.settings import DecodeSettings

_WISHES: dict[str, Wish] = {
    "view": VIEW,
    "thumbnail": THUMBNAIL,
    "large": LARGE,
    "full": FULL,
    "examination": EXAMINATION,
}
_GEOMETRY = InputGeometry.frame(224)
_METHODS = range(5)


def drawn(width: int = 4000, height: int = 3000) -> Image.Image:
    """A photo with edges at all scales, and grain."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width]
    ramps = np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (x + y).max()], -1)
    coarse = Image.fromarray(rng.integers(0, 256, (height // 40, width // 40, 3), np.uint8))
    spots = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(int)
    grain = rng.normal(0, 4, (height, width, 1))
    return Image.fromarray((ramps / 2 + spots / 2 + grain).clip(0, 255).astype(np.uint8))


def photos(folder: Path) -> dict[str, Path]:
    """The drawn photo as files of two formats."""
    register_heif_opener()
    picture = drawn()
    found = {}
    for name, options in {"JPEG": {"quality": 90}, "HEIF": {"quality": 60}}.items():
        found[name] = folder / name
        picture.save(found[name], name, **options)
    return found


def processor_ms(workers: DecodeWorkers) -> float:
    """Milliseconds of processor time that the only worker has used."""
    (pid,) = workers.pids
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def spent(workers: DecodeWorkers, path: Path, wish: Wish, rounds: int) -> tuple[float, int]:
    """Median processor time of a worker for one file, and the bytes of its picture."""
    job = ReadJob(0, os.fsencode(path), wish=wish)
    (result,) = workers.run([job])  # which loads what it needs
    taken = []
    for _ in range(rounds):
        before = processor_ms(workers)
        (result,) = workers.run([job])
        taken.append(processor_ms(workers) - before)
    return median(taken), len(result.picture.encoded) if result.picture else 0


def of_one_photo(paths: Iterable[Path], rounds: int) -> list[str]:
    """For each wish, the median over files."""
    cells = []
    with DecodeWorkers(_GEOMETRY, DecodeSettings(workers=1)) as workers:
        for wish in _WISHES.values():
            figures = [spent(workers, path, wish, rounds) for path in paths]
            ms, size = (median(column) for column in zip(*figures, strict=True))
            cells.append(f"{ms:.0f}" + (f" ({size / 1000:.0f} kB)" if size else ""))
    return cells


def thumbnails_a_second(paths: list[Path]) -> float:
    """Over two workers, by the clock."""
    jobs = [ReadJob(key, os.fsencode(path), wish=THUMBNAIL) for key, path in enumerate(paths)]
    with DecodeWorkers(_GEOMETRY, DecodeSettings(workers=2)) as workers:
        list(workers.run(jobs[:2]))
        return len(paths) / seconds(lambda: list(workers.run(jobs)))


def webp_methods(wish: PictureWish, rounds: int) -> list[str]:
    """Milliseconds and bytes of encoding by each of WebP's methods."""
    picture = drawn().resize(wish.size_of((4000, 3000)))
    cells = []
    for method in _METHODS:
        file = io.BytesIO()
        picture.save(file, "WEBP", quality=wish.quality, method=method)
        size = len(file.getvalue())

        def encode(method: int = method) -> None:
            picture.save(io.BytesIO(), "WEBP", quality=wish.quality, method=method)

        ms = 1000 * min(seconds(encode) for _ in range(rounds))
        cells.append(f"{ms:.0f} ({size / 1000:.0f} kB)")
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        sets = {f"12 MP {name}": [path] for name, path in photos(Path(scratch)).items()}
        if options.folder is not None:
            own = sorted(path for path in options.folder.rglob("*") if path.is_file())
            sets[f"{len(own)} of a folder"] = own
        rows = [(name, *of_one_photo(some[:50], options.rounds)) for name, some in sets.items()]
        many = {name: some * (1 if len(some) > 1 else 64) for name, some in sets.items()}
        speeds = [(name, f"{thumbnails_a_second(some):.0f}") for name, some in many.items()]
    print(table(("photo", *_WISHES), rows), "\n")
    print(table(("photo", "thumbnails a second"), speeds), "\n")
    methods = [(str(w.side), *webp_methods(w, options.rounds)) for w in (THUMBNAIL, LARGE)]
    print(table(("WebP, ms by method", *map(str, _METHODS)), methods), "\n")
    print(versions("pillow", "pillow-heif", "numpy"))


if __name__ == "__main__":
    main()
