"""Descriptor: how well its parts, and all of it, find photos of the same group.

    python scripts/bench/descriptor.py FOLDER LABELS.csv...

LABELS.csv have the columns `path` (below FOLDER) and `group` (empty for photos that are alone).
Mean average precision over all photos of groups, each set (first part of the path) by itself; and
how much the edition in 8 bits moves vectors.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from photo_sets import PhotoSet, labelled
from reporting import table, versions

from annclust.arrays import Pixels, Vectors, unit_rows
from annclust.embedding.descriptor import MEANING_LENGTH, TEXTURE_LENGTH
from annclust.embedding.efficientnet_lite0 import (
    EXACT_NAME,
    GEOMETRY,
    NAME,
    WEIGHTS_SHA256,
    installed_weights,
)
from annclust.embedding.efficientnet_lite0_graph import build_observed
from annclust.embedding.onnx_session import OnnxSession
from annclust.embedding.registry import find_embedder
from annclust.embedding.torch_checkpoint import read_checkpoint
from annclust.images.decoding import decode
from annclust.input_geometry import InputGeometry
from annclust.settings import EmbedSettings

MIDDLE_SQUARE = InputGeometry(short_side=256, crop=224)
PARTS = {
    "meaning": slice(0, MEANING_LENGTH),
    "texture": slice(MEANING_LENGTH, MEANING_LENGTH + TEXTURE_LENGTH),
    "layout": slice(MEANING_LENGTH + TEXTURE_LENGTH, None),
}

Groups = NDArray[np.str_]


def precision(vectors: Vectors, groups: Groups) -> float:
    """Mean average precision of looking for the other photos of a photo's group."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    return float(np.mean([*_precisions(cosines, groups)]))


def _precisions(cosines: Vectors, groups: Groups) -> Iterator[float]:
    for row, group in zip(cosines, groups, strict=True):
        right = (groups == group)[np.argsort(-row, kind="stable")[:-1]]
        if group and right.any():
            yield float((np.cumsum(right)[right] / (np.flatnonzero(right) + 1)).mean())


def trained_features(images: list[Pixels]) -> Vectors:
    """What the network was trained to give: means of its last maps, of the middle square."""
    weights = read_checkpoint(installed_weights(), sha256=WEIGHTS_SHA256, remedy="")
    session = OnnxSession(build_observed(weights)[0], threads=2)
    output = session.outputs[0].name
    return unit_rows(
        np.concatenate([session.run(image[np.newaxis], output=output) for image in images])
    )


def seen(photos: PhotoSet, geometry: InputGeometry) -> list[Pixels]:
    """Pixels of photos."""
    return [decode(path.read_bytes(), geometry, max_pixels=10**9).pixels for path in photos.paths]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("labels", type=Path, nargs="+")
    options = parser.parse_args()
    sets = labelled(options.folder, options.labels)
    exact, rounded = (
        find_embedder(name, EmbedSettings(threads=2)).load() for name in (EXACT_NAME, NAME)
    )
    figures: dict[str, list[str]] = defaultdict(list)
    for photos in sets.values():
        groups = np.array([*photos.groups.values()])
        images = seen(photos, GEOMETRY)
        whole, in_8_bits = exact.embed(images), rounded.embed(images)
        before = trained_features(seen(photos, MIDDLE_SQUARE))
        figures["as trained, middle square"].append(f"{precision(before, groups):.3f}")
        for name, part in PARTS.items():
            found = precision(unit_rows(whole[:, part]), groups)
            figures[f"{name} alone, whole frame"].append(f"{found:.3f}")
        figures["descriptor, 32 bits"].append(f"{precision(whole, groups):.3f}")
        figures["descriptor, 8 bits"].append(f"{precision(in_8_bits, groups):.3f}")
        cosines = (whole * in_8_bits).sum(axis=1)
        figures["cosine of the two, mean"].append(f"{cosines.mean():.4f}")
        nearest = [
            (each @ each.T - 2 * np.eye(len(each))).argmax(axis=1) for each in (whole, in_8_bits)
        ]
        figures["same nearest photo"].append(f"{(nearest[0] == nearest[1]).mean():.3f}")
    header = ("", *(f"{name} ({len(photos.groups)})" for name, photos in sets.items()))
    print(table(header, ((name, *row) for name, row in figures.items())))
    print(f"\n{versions('pillow', 'onnxruntime')}")


if __name__ == "__main__":
    main()
