"""The background that ships, and that of embedders that have none."""

from __future__ import annotations

import numpy as np
import pytest

from annclust.embedding.descriptor import DESCRIPTOR_LENGTH
from annclust.grouping.background import no_background, shipped_background
from annclust.settings import LinkSettings
from tests.grouping.samples import background, unit_vectors


def test_photos_and_pages_are_told_apart() -> None:
    vectors = unit_vectors(5, 4)
    both = background(vectors[:3], vectors[3:])
    assert both.photos.tolist() == vectors[:3].tolist()
    assert both.pages.tolist() == vectors[3:].tolist()


def test_no_background_has_no_vectors_and_yet_a_dimension() -> None:
    none = no_background(7)
    assert none.photos.shape == none.pages.shape == (0, 7)


def test_the_one_that_ships_is_descriptors_of_many_photos_and_some_pages() -> None:
    shipped = shipped_background()
    assert shipped.vectors.shape == (len(shipped.drawn), DESCRIPTOR_LENGTH)
    assert np.linalg.norm(shipped.vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert len(shipped.photos) > 100
    assert len(shipped.pages) > 10


def test_no_two_photos_of_it_show_the_same() -> None:
    photos = shipped_background().photos
    alike = photos @ photos.T - 2 * np.eye(len(photos))
    assert np.sqrt(2 - 2 * alike.max()) > 2 * LinkSettings().near
