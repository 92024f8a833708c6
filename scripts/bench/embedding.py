"""Embedding: photos a second of processor time, against other programs on the same photos.

    python scripts/bench/embedding.py PHOTOS [--folder DIR] [--turicreate PYTHON --cache DIR]

Three sets are made of a folder of ordinary photos: as they are, and enlarged to 1.9 and 12 million
pixels with a little grain, so that they have as many bytes as a camera gives them. Each program
looks at each set in a process of its own, in turn and several times, and once at 8 photos, which
shows what its start takes; annclust and fastdup go on to neighbors, Turi Create to a model that can
be asked for them. Their networks are their own, and different ones: annclust EfficientNet-Lite0
(1,600 numbers), fastdup what it brings (576), Turi Create ResNet-50 (2,048). fastdup and simplejpeg
are installed into DIR; Turi Create needs an interpreter that has it, and the folder of its model
file.

Besides: what decoding alone and embedding alone take, and so the least that `annclust index` could;
12-million-pixel JPEGs against simplejpeg.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from peers import peer_python
from PIL import Image
from reporting import table, versions

from annclust.arrays import Pixels
from annclust.embedding.efficientnet_lite0 import GEOMETRY
from annclust.embedding.registry import find_embedder
from annclust.images.decoding import decode
from annclust.settings import EmbedSettings, usable_cores

SIZES = {"as they are": 0.0, "1.9 MP": 1.9e6, "12 MP": 12e6}
MOST = {"as they are": 600, "1.9 MP": 330, "12 MP": 200}
PEERS = ("fastdup==2.54", "simplejpeg")
MOST_PIXELS = 300_000_000

FASTDUP = """
import sys, fastdup
fastdup.create(work_dir=sys.argv[2], input_dir=sys.argv[1]).run(
    overwrite=True, print_summary=False)
"""
TURICREATE = """
import sys, turicreate
from pathlib import Path
paths = sorted(str(p) for p in Path(sys.argv[1]).iterdir())
images = turicreate.SArray([turicreate.Image(p) for p in paths])
data = turicreate.SFrame({"image": images})
turicreate.image_similarity.create(data, model="resnet-50", verbose=False)
"""
SIMPLEJPEG = """
import sys, time, json
from pathlib import Path
import numpy as np
import simplejpeg
from PIL import Image
files = [p.read_bytes() for p in sorted(Path(sys.argv[1]).iterdir())][:40]
def frame(data):
    height, width, *_ = simplejpeg.decode_jpeg_header(data)
    sides = 224 * (width / height) ** 0.5, 224 * (height / width) ** 0.5
    across, down = (32 * round(side / 32) for side in sides)
    pixels = simplejpeg.decode_jpeg(
        data, "RGB", min_height=2 * down, min_width=2 * across, min_factor=1)
    picture = Image.fromarray(pixels)
    size = across, down
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0))
frame(files[0])
started = time.process_time()
found = [frame(data) for data in files]
print(json.dumps((time.process_time() - started) / len(files)))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, by the clock and of processors."""

    clock: float
    processor: float


def grainy(picture: Image.Image, pixels: float, rng: np.random.Generator) -> Image.Image:
    """Enlarge a picture, and add what a sensor adds."""
    factor = (pixels / (picture.width * picture.height)) ** 0.5
    size = (round(picture.width * factor), round(picture.height * factor))
    large = np.asarray(picture.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)
    grain = rng.standard_normal((*large.shape[:2], 1), dtype=np.float32) * 2
    return Image.fromarray(np.clip(large + grain, 0, 255).astype(np.uint8))


def make_sets(photos: Path, folder: Path) -> dict[str, Path]:
    """The three sets, as JPEGs."""
    paths = sorted(p for p in photos.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg"))
    sets = {}
    for name, pixels in SIZES.items():
        sets[name] = folder / name.replace(" ", "-")
        if sets[name].exists():
            continue
        beside = folder / f"{name}.part"
        beside.mkdir(parents=True, exist_ok=True)
        chosen = paths[: MOST[name]]
        for number, path in enumerate(chosen):
            target = beside / f"{number:04}.jpg"
            if not pixels:
                target.write_bytes(path.read_bytes())
                continue
            with Image.open(path) as picture:
                made = grainy(picture.convert("RGB"), pixels, np.random.default_rng(number))
            made.save(target, quality=88)
        beside.rename(sets[name])
    return sets


def cost(*command: object, environment: dict[str, str] | None = None) -> Cost:
    """What a command takes, with all processes that it starts."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    clock = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(clock, spent)


def annclust_cost(photos: Path) -> Cost:
    with tempfile.TemporaryDirectory() as scratch:
        index = ("-m", "annclust", "index", photos, "-c", f"{scratch}/c", "-q")
        return cost(sys.executable, *index)


def fastdup_cost(python: Path) -> Callable[[Path], Cost]:
    def run(photos: Path) -> Cost:
        with tempfile.TemporaryDirectory() as scratch:
            return cost(python, "-c", FASTDUP, photos, scratch)

    return run


def turicreate_cost(python: Path, cache: Path) -> Callable[[Path], Cost]:
    place = {"TURI_CACHE_FILE_LOCATIONS": str(cache)}
    return lambda photos: cost(python, "-c", TURICREATE, photos, environment=place)


def processor_seconds(action: Callable[[], object]) -> float:
    started = time.process_time()
    action()
    return time.process_time() - started


def alone(photos: Path, name: str) -> tuple[float, float]:
    """Processor seconds a photo of decoding alone, and of an embedder alone, in this process."""
    paths = sorted(photos.iterdir())
    files = [path.read_bytes() for path in paths[8 :: max(1, len(paths) // 120)]]
    frames: list[Pixels] = []

    def decode_all() -> None:
        frames.extend(decode(data, GEOMETRY, max_pixels=MOST_PIXELS).pixels for data in files)

    decoding = processor_seconds(decode_all) / len(files)
    settings = EmbedSettings()
    model = find_embedder(name, settings).load()
    batch = frames[: 2 * settings.batch]
    model.embed(batch)
    taken = processor_seconds(lambda: [model.embed(batch) for _ in range(8)])
    return decoding, taken / (8 * len(batch))


def index_figures(sets: dict[str, Path], rounds: int) -> Iterator[tuple[str, ...]]:
    """For each set: the two halves, and what `annclust index` takes beyond them."""
    for name, photos in sets.items():
        count, rows = len(list(photos.iterdir())), []
        with first_of(photos, 8) as few:
            for _ in range(rounds):
                decoding, embedding = alone(photos, "efficientnet-lite0")
                whole, start = annclust_cost(photos), annclust_cost(few)
                each = (whole.processor - start.processor) / (count - 8)
                clock = (whole.clock - start.clock) / (count - 8)
                halves = decoding + embedding
                rows.append((decoding * 1e3, embedding * 1e3, each * 1e3, halves / each,
                             halves / usable_cores() / clock))  # fmt: skip
        yield (name, *(f"{median(column):.2f}" for column in zip(*rows, strict=True)))


@contextmanager
def first_of(photos: Path, count: int) -> Iterator[Path]:
    """A folder with the first photos of a set."""
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(photos.iterdir())[:count]:
            (Path(scratch) / path.name).write_bytes(path.read_bytes())
        yield Path(scratch)


def peer_figures(
    sets: dict[str, Path], programs: dict[str, Callable[[Path], Cost]], rounds: int
) -> Iterator[tuple[str, ...]]:
    """For each set and program: photos a second of processor time and of the clock, ratios."""
    for name, photos in sets.items():
        count = len(list(photos.iterdir()))
        found: dict[str, list[Cost]] = {program: [] for program in programs}
        with first_of(photos, 8) as few:
            starts = {program: run(few) for program, run in programs.items()}
        for _ in range(rounds):
            for program, run in programs.items():
                found[program].append(run(photos))
        beyond = {
            program: [cost.processor - starts[program].processor for cost in costs]
            for program, costs in found.items()
        }
        for program, costs in found.items():
            whole = zip(costs, found["annclust"], strict=True)
            steady = zip(beyond[program], beyond["annclust"], strict=True)
            yield (
                name,
                program,
                f"{median(count / c.processor for c in costs):.1f}",
                f"{median(count / c.clock for c in costs):.1f}",
                f"{median((count - 8) / seconds for seconds in beyond[program]):.1f}",
                f"{median(c.processor / ours.processor for c, ours in whole):.1f}",
                f"{median(theirs / ours for theirs, ours in steady):.1f}",
            )


def precision_figures() -> Iterator[tuple[str, ...]]:
    """8 bits against 32, on one core."""
    rng = np.random.default_rng(0)
    images = list(rng.integers(0, 256, (16, 224, 224, 3), dtype=np.uint8))
    names = ("efficientnet-lite0", "efficientnet-lite0-fp32")
    models = {name: find_embedder(name, EmbedSettings(threads=1)).load() for name in names}
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(7):
        for name, model in models.items():
            taken[name].append(processor_seconds(lambda m=model: m.embed(images)) / 16)
    ratio = median(b / a for a, b in zip(taken[names[0]], taken[names[1]], strict=True))
    for name in names:
        yield name, f"{1 / median(taken[name]):.0f}"
    yield "ratio", f"{ratio:.2f}"


def decoding_figures(photos: Path, peers: Path) -> Iterator[tuple[str, ...]]:
    """Large JPEGs: annclust, simplejpeg, and all pixels by Pillow; vectors against the last."""
    files = [path.read_bytes() for path in sorted(photos.iterdir())][:40]
    frames: list[Pixels] = []
    decode(files[0], GEOMETRY, max_pixels=MOST_PIXELS)  # as the other one, which is warm
    ours = processor_seconds(
        lambda: frames.extend(decode(f, GEOMETRY, max_pixels=MOST_PIXELS).pixels for f in files)
    )
    theirs = float(subprocess.check_output([peers, "-c", SIMPLEJPEG, photos], text=True))
    full = [_in_full(path) for path in sorted(photos.iterdir())[:40]]
    model = find_embedder("efficientnet-lite0-fp32").load()
    cosines = (model.embed(frames) * model.embed(full)).sum(axis=1)
    yield "annclust, ms", f"{ours / len(files) * 1e3:.1f}"
    yield "simplejpeg with Pillow's filter, ms", f"{theirs * 1e3:.1f}"
    yield "ratio", f"{ours / len(files) / theirs:.2f}"
    yield "cosine to all pixels, mean and least", f"{cosines.mean():.5f}, {cosines.min():.5f}"


def _in_full(path: Path) -> Pixels:
    """All pixels of a JPEG, scaled in the same way, as no decoder shrinks a BMP."""
    whole = io.BytesIO()
    with Image.open(path) as picture:
        picture.save(whole, "BMP")
    return decode(whole.getvalue(), GEOMETRY, max_pixels=MOST_PIXELS).pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "embedding")
    parser.add_argument("--turicreate", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    peers = peer_python(options.folder / "peers", PEERS)
    sets = make_sets(options.photos, options.folder / options.photos.name)
    programs = {"annclust": annclust_cost, "fastdup": fastdup_cost(peers)}
    if options.turicreate:
        programs["Turi Create"] = turicreate_cost(options.turicreate, options.cache)
    print(table(("embedder", "img/CPU-s"), precision_figures()))
    print(table(("12 MP", "figure"), decoding_figures(sets["12 MP"], peers)))
    halves = ("photos", "decoding, ms", "embedding, ms", "index, ms", "CPU", "clock")
    print(table(halves, index_figures(sets, options.rounds)))
    header = ("photos", "program", "img/CPU-s", "img/s", "img/CPU-s without start",
              "annclust is faster by", "without starts")  # fmt: skip
    print(table(header, peer_figures(sets, programs, options.rounds)))
    print(f"\n{versions('pillow', 'onnxruntime')}, {', '.join(PEERS)}")


if __name__ == "__main__":
    main()
