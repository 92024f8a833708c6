from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annclust.arrays import Pixels, Vectors
from annclust.embedding.color_histogram import ColorHistogram

CELLS, BINS, SIDE = 4, 4, 64


def plain(*color: int) -> Pixels:
    return np.full((SIDE, SIDE, 3), color, dtype=np.uint8)


def embedded(*images: Pixels) -> Vectors:
    return ColorHistogram().embed(images)


def random_images(seed: int, n: int) -> list[Pixels]:
    return list(np.random.default_rng(seed).integers(0, 256, (n, SIDE, SIDE, 3), dtype=np.uint8))


def oracle(image: Pixels) -> Vectors:
    """Slow and obvious: each pixel is shared by the eight bins around its color."""
    histogram = np.zeros((2, 2, BINS, BINS, BINS))
    for y in range(SIDE):
        for x in range(SIDE):
            place = image[y, x] / 255 * (BINS - 1)
            low = np.minimum(place.astype(int), BINS - 2)
            for corner in np.ndindex(2, 2, 2):
                share = np.prod(np.where(corner, place - low, 1 - (place - low)))
                histogram[(y // 32, x // 32, *(low + corner))] += share
    return np.sqrt(histogram.ravel() / SIDE**2).astype(np.float32)


def test_a_black_image_fills_one_bin_of_each_cell() -> None:
    (vector,) = embedded(plain(0, 0, 0))
    assert vector[vector > 0].tolist() == [0.5] * CELLS


def test_colors_that_share_no_bin_are_orthogonal() -> None:
    black, white = embedded(plain(0, 0, 0), plain(255, 255, 255))
    assert black @ white == 0


def test_a_slight_change_of_light_is_a_slight_change_of_the_vector() -> None:
    one, other, far = embedded(plain(100, 100, 100), plain(104, 104, 104), plain(180, 180, 180))
    assert one @ other > 0.99 > one @ far


def test_it_knows_roughly_where_a_color_is() -> None:
    image = plain(0, 0, 0)
    image[:32] = 255
    upright, upside_down = embedded(image, image[::-1])
    assert upright @ upside_down == 0


def test_the_joint_histogram_agrees_with_a_count_pixel_by_pixel() -> None:
    (image,) = random_images(3, 1)
    np.testing.assert_allclose(embedded(image)[0], oracle(image), atol=1e-6)


def test_no_images_give_no_vectors() -> None:
    assert embedded().shape == (0, 256)


def test_every_bit_is_the_same_on_every_machine() -> None:  # else the revision has to change
    y, x = np.mgrid[:SIDE, :SIDE]
    image = np.stack([x * 4, y * 4, x + y], axis=-1).astype(np.uint8)
    digest = hashlib.sha256(embedded(image).astype("<f4").tobytes()).hexdigest()
    assert digest.startswith("32a7aa5c8c670535")


def test_an_image_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="image 0 has shape"):
        embedded(np.zeros((SIDE, SIDE + 1, 3), dtype=np.uint8))


@settings(deadline=None)  # a busy machine is no failure
@given(
    image=arrays(np.uint8, (SIDE, SIDE, 3), elements=st.integers(0, 255), fill=st.integers(0, 255))
)
def test_every_image_gives_a_unit_vector(image: Pixels) -> None:
    assert np.linalg.norm(embedded(image)[0]) == pytest.approx(1, abs=1e-6)


@settings(deadline=None)  # a busy machine is no failure
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 4))
def test_a_vector_depends_on_its_own_image_alone(seed: int, n: int) -> None:
    images = random_images(seed, n)
    assert (embedded(*images) == np.concatenate([embedded(image) for image in images])).all()
