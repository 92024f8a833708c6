"""What the default embedder keeps of a picture, against the same written down with NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from annclust.arrays import unit_rows
from annclust.embedding.descriptor import (
    COLOR_CELLS,
    DESCRIPTOR_LENGTH,
    LIGHT_CELLS,
    MEANING_LENGTH,
    TEXTURE_LENGTH,
)
from annclust.embedding.descriptor_graph import Statistics, descriptor, raw_parts
from annclust.embedding.onnx_graph import OnnxGraph
from annclust.embedding.onnx_session import OnnxSession

RNG = np.random.default_rng(0)
STATISTICS = Statistics(
    texture=np.stack([RNG.normal(size=6), RNG.uniform(1, 2, 6)]),
    layout=np.array([[120.0, -7.0, 5.0], [57.0, 14.0, 13.0]]),
)


def network(statistics: Statistics) -> OnnxSession:
    """A network whose feature maps are the planes of its pixels."""
    graph = OnnxGraph("planes")
    planes = graph.as_float(
        graph.apply("Transpose", graph.images("pixels", side=None), perm=[0, 3, 1, 2])
    )
    raw = raw_parts(graph, planes=planes, middle=planes, last=planes)
    width = 3 + 6 + LIGHT_CELLS**2 + 2 * COLOR_CELLS**2
    return OnnxSession(graph.serialized(descriptor(graph, raw, statistics), width=width), threads=1)


def blocks(plane: NDArray[np.float64], cells: int) -> NDArray[np.float64]:
    """Means over cells."""
    rows, columns = plane.shape
    return plane.reshape(cells, rows // cells, cells, columns // cells).mean(axis=(1, 3))


def written_down(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    planes = image.astype(np.float64).transpose(2, 0, 1)
    flat = planes.reshape(3, -1)
    meaning = np.cbrt((flat**3).mean(axis=1))
    texture = np.concatenate([flat.mean(axis=1), flat.std(axis=1)])
    texture = (texture - STATISTICS.texture[0]) / STATISTICS.texture[1]
    red, green, blue = planes
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    # Color is what is beside the light (ITU-T T.871): in proportion to blue and red.
    colors = (blue - light) / 1.772, (red - light) / 1.402
    means, spreads = STATISTICS.layout
    layout = np.concatenate(
        [
            (blocks(light, LIGHT_CELLS) - means[0]).ravel() / spreads[0] / 2,
            *(
                (blocks(color, COLOR_CELLS) - mean).ravel() / spread
                for color, mean, spread in zip(colors, means[1:], spreads[1:], strict=True)
            ),
        ]
    )
    return np.concatenate(
        [
            meaning / np.linalg.norm(meaning),
            texture / np.linalg.norm(texture) / 2,
            layout / np.linalg.norm(layout) / 3,
        ]
    )


@pytest.mark.parametrize("size", [(32, 32), (64, 96), (224, 160)])
def test_three_parts_stand_behind_each_other(size: tuple[int, int]) -> None:
    images = RNG.integers(0, 256, (3, *size, 3), dtype=np.uint8)
    session = network(STATISTICS)
    found = session.run(images, output=session.outputs[0].name)
    for row, image in zip(found, images, strict=True):
        np.testing.assert_allclose(row, written_down(image), atol=2e-4)


def test_a_black_picture_has_a_descriptor() -> None:
    flat = Statistics(np.stack([np.zeros(6), np.ones(6)]), np.array([[0.0] * 3, [1.0] * 3]))
    session = network(flat)
    found = session.run(np.zeros((1, 32, 32, 3), np.uint8), output=session.outputs[0].name)
    assert np.isfinite(found).all()
    assert not unit_rows(found).any()


def test_the_lengths_are_those_of_the_network() -> None:
    layout = LIGHT_CELLS**2 + 2 * COLOR_CELLS**2
    assert MEANING_LENGTH + TEXTURE_LENGTH + layout == DESCRIPTOR_LENGTH
