"""Measure where the values of the default embedder's layers lie, so that 8 bits can hold them.

    python scripts/activation_ranges.py PHOTOS

Writes annclust/embedding/efficientnet_lite0_ranges.json. PHOTOS is a folder of ordinary photos; the
file that is in the repository was made from 280 photos of many subjects, each by itself. Of each
layer those bounds are kept whose rounding changes its values least, in the mean of squares: values
beyond are cut off.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from annclust.embedding.efficientnet_lite0 import (
    GEOMETRY,
    RANGES_FILE,
    WEIGHTS_SHA256,
    installed_weights,
)
from annclust.embedding.efficientnet_lite0_graph import build_observed
from annclust.embedding.onnx_session import OnnxSession
from annclust.embedding.quantization import Quantization
from annclust.embedding.torch_checkpoint import read_checkpoint
from annclust.images.decoded_image import UndecodableError
from annclust.images.decoding import decode

MOST_PHOTOS = 280
SAMPLED = 1_000
"""Values kept of each layer of each photo."""
CUTS = np.linspace(0.4, 1.2, 81)


def photos(folder: Path) -> Iterator[np.ndarray]:
    """The pixels of photos, in the order of their names."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file())[:MOST_PHOTOS]:
        try:
            yield decode(path.read_bytes(), GEOMETRY, max_pixels=300_000_000).pixels
        except UndecodableError as error:
            print(f"left out {path.name}: {error.reason}")


def sampled(folder: Path) -> tuple[dict[str, np.ndarray], int]:
    """Values of every layer, picked at random."""
    weights = read_checkpoint(installed_weights(), sha256=WEIGHTS_SHA256, remedy="")
    model, layers = build_observed(weights)
    session = OnnxSession(model, threads=2)
    found: dict[str, list[np.ndarray]] = {layer: [] for layer in layers}
    rng = np.random.default_rng(0)
    for pixels in photos(folder):
        for layer, output in zip(layers, session.outputs[1:], strict=True):
            values = session.run(pixels[np.newaxis], output=output.name).ravel()
            found[layer].append(rng.choice(values, SAMPLED))
    return {layer: np.concatenate(parts) for layer, parts in found.items()}, len(found[layers[0]])


def best_range(values: np.ndarray) -> tuple[float, float]:
    """The bounds whose rounding changes some values least."""
    low, high = min(values.min(), 0.0), max(values.max(), 0.0)

    def error(cut: float) -> float:
        to = Quantization.of_range(low * cut, high * cut)
        whole = np.clip(np.rint(values / to.scale) + to.zero, 0, 255)
        return float(np.square((whole - to.zero) * to.scale - values).mean())

    cut = min(CUTS, key=error)
    # Layers without negative values end at ReLU6, whose bound rounding takes over.
    most = 6.0 if low == 0 else np.inf
    return round(float(low * cut), 5), round(float(min(high * cut, most)), 5)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", type=Path)
    values, count = sampled(parser.parse_args().photos)
    ranges = {layer: best_range(found) for layer, found in values.items()}
    document = {"weights": WEIGHTS_SHA256, "photos": count, "ranges": ranges}
    RANGES_FILE.write_text(json.dumps(document, indent=1) + "\n")
    print(f"{len(ranges)} layers, {count} photos: {RANGES_FILE}")


if __name__ == "__main__":
    main()
