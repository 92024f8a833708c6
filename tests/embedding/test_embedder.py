from __future__ import annotations

import numpy as np
import pytest

from annclust.embedding.embedder import PIXELS_VERSION, EmbedderSpec, revision, stacked
from annclust.input_geometry import InputGeometry

GEOMETRY = InputGeometry(short_side=6, crop=4)


def test_equal_specs_are_one_identity() -> None:
    assert EmbedderSpec("a", "1", 8) == EmbedderSpec("a", "1", 8)


def test_another_revision_is_another_identity() -> None:
    assert EmbedderSpec("a", "1", 8) != EmbedderSpec("a", "2", 8)


def test_a_revision_names_its_parts_and_the_edition_of_the_pixels() -> None:
    assert revision("abc", "fp32") == f"abc+fp32+pixels{PIXELS_VERSION}"


def test_images_are_stacked_in_their_order() -> None:
    images = [np.full((4, 4, 3), shade, dtype=np.uint8) for shade in (7, 9)]
    assert stacked(images, GEOMETRY)[:, 0, 0, 0].tolist() == [7, 9]


def test_no_images_make_an_empty_stack() -> None:
    assert stacked([], GEOMETRY).shape == (0, 4, 4, 3)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (6, 4, 3), (0, 0, 3)])
def test_an_image_of_another_shape_is_refused_by_its_position(shape: tuple[int, ...]) -> None:
    images = [np.zeros((4, 4, 3), dtype=np.uint8), np.zeros(shape, dtype=np.uint8)]
    with pytest.raises(ValueError, match=r"image 1 has shape .* needs \(4, 4, 3\)"):
        stacked(images, GEOMETRY)


def test_an_image_of_another_dtype_is_refused() -> None:
    with pytest.raises(ValueError, match="dtype float32"):
        stacked([np.zeros((4, 4, 3), dtype=np.float32)], GEOMETRY)
