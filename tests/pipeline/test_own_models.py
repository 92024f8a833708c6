"""A collection whose embedder is a network of the user's own, which may be moved or replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.errors import EmbedderMismatchError, ModelFileError, UnknownEmbedderError
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings
from tests.albums import save
from tests.embedding.keras_files import Layer, save_keras
from tests.embedding.networks import save_network, say

ONE = IndexingSettings(decode=DecodeSettings(workers=1), embed=EmbedSettings(threads=1))


def indexed(path: Path, embedder: str, photos: Path) -> int:
    with Collection(path, embedder=embedder, settings=ONE) as collection:
        return collection.index(photos).added


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A network that sees the whole picture, 8 pixels wide."""
    model = save_network(tmp_path / "eyes.onnx", side=8, outputs=["places"])
    say(model, resize="squash", scale=1, mean=127.5, std=127.5, pooling="mean")
    return model


def test_photos_are_found_by_what_the_network_sees(
    tmp_path: Path, photos: Path, model: Path
) -> None:
    path = tmp_path / "c.annclust"
    assert indexed(path, f"onnx:{model}", photos) == 12
    with Collection(path, settings=ONE) as collection:
        assert collection.embedder.name == f"onnx:{model}"
        assert collection.status().dimension == 24
        query = save(tmp_path / "query.jpg", 1, shift=1, quality=60)
        assert {match.path.parent.name for match in collection.similar(query, 4)} == {"burst 1"}
        assert collection.cluster().clusters == 3


def test_a_network_that_was_moved_is_the_same(tmp_path: Path, photos: Path, model: Path) -> None:
    path, moved = tmp_path / "c.annclust", tmp_path / "elsewhere" / "other name.onnx"
    indexed(path, f"onnx:{model}", photos)
    moved.parent.mkdir()
    model.rename(moved)
    model.with_name("eyes.onnx.json").rename(moved.with_name("other name.onnx.json"))
    save(photos / "more.jpg", 9)
    with (
        Collection(path, settings=ONE) as collection,
        pytest.raises(ModelFileError, match=r"eyes\.onnx: this model file is missing.*--embedder"),
    ):
        collection.index(photos)
    assert indexed(path, f"onnx:{moved}", photos) == 1
    with Collection(path, settings=ONE) as collection:  # remembered from now on
        assert collection.embedder.name == f"onnx:{moved}"
        save(photos / "even more.jpg", 10)
        assert collection.index().added == 1


def test_another_network_is_refused_wherever_it_lies(
    tmp_path: Path, photos: Path, model: Path
) -> None:
    path = tmp_path / "c.annclust"
    indexed(path, f"onnx:{model}", photos)
    other = save_network(tmp_path / "other.onnx", side=8, outputs=["places"], gain=2)
    for given in (f"onnx:{other}", "color-histogram"):
        with pytest.raises(EmbedderMismatchError, match=r"eyes\.onnx"):
            Collection(path, embedder=given, settings=ONE)
    save_network(model, side=8, outputs=["places"], gain=3)
    save(photos / "more.jpg", 9)
    with (
        Collection(path, settings=ONE) as collection,
        pytest.raises(EmbedderMismatchError, match="cannot be compared"),
    ):
        collection.index(photos)


@pytest.mark.parametrize("embedder", ["onnx:nowhere.onnx", "resnet", "turicreate-h5:nowhere.h5"])
def test_where_the_embedder_cannot_be_had_no_collection_is_made(
    tmp_path: Path, embedder: str
) -> None:
    with pytest.raises((ModelFileError, UnknownEmbedderError)):
        Collection(tmp_path / "c.annclust", embedder=embedder)
    assert not (tmp_path / "c.annclust").exists()


def test_a_network_of_keras_looks_at_photos(tmp_path: Path, photos: Path) -> None:
    layers = [
        Layer("InputLayer", {"batch_input_shape": [None, 16, 16, 3]}),
        Layer("AveragePooling2D", {"pool_size": [4, 4], "strides": [4, 4], "padding": "valid"}),
        Layer("Flatten"),
    ]
    model = save_keras(tmp_path / "small.h5", layers)
    path = tmp_path / "c.annclust"
    assert indexed(path, f"turicreate-h5:{model}", photos) == 12
    with Collection(path, settings=ONE) as collection:
        assert collection.cluster().clusters == 3
