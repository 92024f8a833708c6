"""Measure what the descriptor's parts are made of, over ordinary pictures.

    python scripts/descriptor_statistics.py PHOTOS

Writes annclust/embedding/efficientnet_lite0_statistics.json: mean and standard deviation of each
value of the texture, and of light and colors over all cells. PHOTOS is a folder of ordinary photos;
the file that is in the repository was made from 280 photos of many subjects, each by itself.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from activation_ranges import photos

from annclust.embedding.descriptor_graph import STATISTICS_FILE
from annclust.embedding.efficientnet_lite0 import WEIGHTS_SHA256, installed_weights
from annclust.embedding.efficientnet_lite0_graph import build_raw
from annclust.embedding.onnx_session import OnnxSession
from annclust.embedding.torch_checkpoint import read_checkpoint

DIGITS = 6


def rounded(*values: np.ndarray) -> list[list[float]]:
    return [[float(f"{value:.{DIGITS}g}") for value in row] for row in values]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", type=Path)
    weights = read_checkpoint(installed_weights(), sha256=WEIGHTS_SHA256, remedy="")
    session = OnnxSession(build_raw(weights), threads=2)
    parts: list[list[np.ndarray]] = [
        [session.run(pixels[np.newaxis], output=output.name)[0] for output in session.outputs[1:]]
        for pixels in photos(parser.parse_args().photos)
    ]
    texture, light, color = (np.stack(part) for part in zip(*parts, strict=True))
    channels = [light.ravel(), color[:, 0].ravel(), color[:, 1].ravel()]
    document = {
        "weights": WEIGHTS_SHA256,
        "photos": len(parts),
        "texture": rounded(texture.mean(axis=0), texture.std(axis=0)),
        "layout": rounded(
            np.array([each.mean() for each in channels]),
            np.array([each.std() for each in channels]),
        ),
    }
    STATISTICS_FILE.write_text(json.dumps(document, indent=1) + "\n")
    print(f"{len(parts)} photos: {STATISTICS_FILE}")


if __name__ == "__main__":
    main()
