"""Networks of Keras files on onnxruntime, against the same computed slowly."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from annclust.embedding.embedder import Embedder
from annclust.embedding.registry import find_embedder, settled_name
from annclust.errors import EmbeddingError, ModelFileError
from annclust.input_geometry import InputGeometry
from annclust.settings import EmbedSettings
from tests.embedding.keras_files import Layer, computed, save_keras
from tests.embedding.networks import checkered

SIDE = 13


def weights(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng([seed, *shape]).normal(0, 0.3, shape).astype(np.float32)


def pixels(side: int = SIDE) -> Layer:
    return Layer("InputLayer", {"batch_input_shape": [None, side, side, 3]})


def convolution(channels: int, more: int, size: int = 3, **config: Any) -> Layer:
    usual = {"strides": [1, 1], "padding": "valid", "data_format": "channels_last"}
    kept = {"kernel": weights(size, size, channels, more), "bias": weights(more)}
    return Layer("Conv2D", usual | config, weights=kept)


def each_channel(channels: int, **config: Any) -> Layer:
    usual = {"strides": [1, 1], "padding": "valid"}
    kept = {"depthwise_kernel": weights(3, 3, channels, 2)}
    return Layer("DepthwiseConv2D", usual | config, weights=kept)


def normalization(channels: int, axis: object = (3,), **config: Any) -> Layer:
    kept = {"moving_mean": weights(channels), "moving_variance": weights(channels) ** 2 + 0.1}
    kept |= {} if config.pop("plain", False) else {"gamma": weights(channels, seed=1)}
    axis = list(axis) if isinstance(axis, tuple) else axis
    return Layer("BatchNormalization", {"axis": axis, "epsilon": 1e-3} | config, weights=kept)


def window(kind: str, **config: Any) -> Layer:
    return Layer(kind, {"pool_size": [3, 3], "strides": [2, 2], "padding": "valid"} | config)


def dense(channels: int, more: int, **config: Any) -> Layer:
    kept = {"kernel": weights(channels, more), "bias": weights(more)}
    return Layer("Dense", config, weights=kept)


NETWORKS: dict[str, Sequence[Layer]] = {
    "convolutions": [
        pixels(),
        convolution(3, 5, strides=[2, 2], padding="same", activation="relu"),
        each_channel(5, padding="same"),
        convolution(10, 4, 1, activation="tanh"),
    ],
    "no bias": [
        pixels(),
        Layer("Conv2D", {"strides": [1, 1]}, weights={"kernel": weights(2, 3, 3, 2)}),
    ],
    "normalized": [
        pixels(),
        convolution(3, 4, strides=[2, 2]),
        normalization(4, activation="relu"),
        normalization(4, -1, plain=True),
        Layer("GlobalAveragePooling2D"),
        normalization(4, 1),
    ],
    "pooled": [
        pixels(),
        Layer("ZeroPadding2D", {"padding": [[1, 2], [0, 3]]}),
        window("MaxPooling2D"),
        window("AveragePooling2D", padding="same"),
        window("MaxPooling2D", padding="same", strides=[1, 1]),
        Layer("Flatten"),
    ],
    "pooled at once": [pixels(), convolution(3, 4), Layer("GlobalMaxPooling2D")],
    "pooled, and left as maps": [
        pixels(),
        convolution(3, 4),
        Layer("GlobalAveragePooling2D", {"keepdims": True}),
        convolution(4, 3, 1),
    ],
    "branches": [
        pixels(),
        convolution(3, 4, 1),
        Layer(
            "Conv2D",
            {"strides": [1, 1], "padding": "same"},
            ["conv2d_1"],
            {"kernel": weights(3, 3, 4, 4)},
        ),
        Layer("Add", {}, ["conv2d_1", "conv2d_2", "conv2d_1"]),
        Layer("Concatenate", {"axis": -1}, ["add_3", "conv2d_2"]),
        Layer("ReLU", {"max_value": 6.0}),
        Layer("ReLU", {"max_value": None, "negative_slope": 0.0}),
        Layer("Flatten"),
        dense(13 * 13 * 8, 3, activation="softmax"),
        Layer("Dropout", {"rate": 0.5}),
        Layer("Activation", {"activation": "sigmoid"}),
        Layer("Flatten"),
    ],
    "two rows": [
        pixels(),
        Layer("GlobalAveragePooling2D"),
        dense(3, 2),
        Layer("Concatenate", {"axis": 1}, ["globalaveragepooling2d_1", "dense_2"]),
        Layer("Dense", {}, weights={"kernel": weights(5, 2)}),
    ],
}


def opened(path: Path) -> Embedder:
    settings = EmbedSettings(threads=1, batch=2)
    return find_embedder(f"turicreate-h5:{path}", settings, path.parent / "cache").load()


def features(embedder: Embedder, *images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return embedder.features(images)  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_gives_what_its_layers_say(tmp_path: Path, name: str) -> None:
    layers = NETWORKS[name]
    embedder = opened(save_keras(tmp_path / "model.h5", layers))
    assert embedder.geometry == InputGeometry.squash(SIDE, "nearest")
    images = [checkered(SIDE, seed) for seed in range(3)]
    expected = np.stack([computed(layers, image) for image in images])
    assert embedder.spec.dimension == expected.shape[1]
    largest = np.abs(expected).max()
    np.testing.assert_allclose(features(embedder, *images), expected, atol=2e-6 * largest)


def test_a_sequential_network_names_no_inputs(tmp_path: Path) -> None:
    layers = NETWORKS["pooled"]
    embedder = opened(save_keras(tmp_path / "model.h5", layers, sequential=True))
    image = checkered(SIDE)
    np.testing.assert_allclose(features(embedder, image)[0], computed(layers, image), rtol=1e-5)


def test_squeezenet_sees_blue_first(tmp_path: Path) -> None:
    layers = [pixels(227), Layer("GlobalAveragePooling2D")]
    image = checkered(227)
    found = features(opened(save_keras(tmp_path / "model.h5", layers)), image)[0]
    np.testing.assert_allclose(found, image[..., ::-1].mean(axis=(0, 1)), rtol=1e-5)


def test_what_was_built_is_kept_until_the_file_changes(tmp_path: Path) -> None:
    model = save_keras(tmp_path / "model.h5", NETWORKS["no bias"])
    first = opened(model).spec
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.onnx")}
    assert opened(model).spec == first
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert settled_name(f"turicreate-h5:{model}") == first.name == f"turicreate-h5:{model}"
    assert opened(save_keras(model, NETWORKS["convolutions"])).spec.revision != first.revision
    assert len(list((tmp_path / "cache").rglob("*.onnx"))) == 2


UNKNOWN: list[tuple[Sequence[Layer], str]] = [
    ([pixels(), Layer("LayerNormalization")], "a layer of the kind 'LayerNormalization'"),
    ([pixels(), convolution(3, 2, dilation_rate=[2, 2])], "has dilation_rate [2, 2]"),
    ([pixels(), convolution(3, 2, data_format="channels_first")], "has data_format"),
    ([pixels(), convolution(3, 2, activation="gelu")], "has activation 'gelu'"),
    ([pixels(), normalization(3, 1)], "has axis 1"),
    ([pixels(), Layer("ReLU", {"threshold": 1.0})], "has threshold 1.0"),
    ([pixels(), dense(3, 2)], "takes rows, but gets maps"),
    ([pixels(), Layer("Flatten"), window("MaxPooling2D")], "takes maps, but gets rows"),
    ([Layer("InputLayer", {"batch_shape": [None, 7, 9, 3]})], "takes no square pictures"),
]


@pytest.mark.parametrize(("layers", "said"), UNKNOWN)
def test_what_is_not_known_is_told_and_where_else_to_go(
    tmp_path: Path, layers: Sequence[Layer], said: str
) -> None:
    model = save_keras(tmp_path / "model.h5", layers)
    with pytest.raises(ModelFileError, match="--embedder turicreate:resnet-50") as caught:
        opened(model)
    assert said in str(caught.value)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    model = save_keras(tmp_path / "model.h5", NETWORKS["convolutions"])
    whole = model.read_bytes()
    for content, said in [
        (whole[: len(whole) // 2], "no HDF5 file, or damaged"),
        (b"hello", "no HDF5 file, or damaged"),
        (whole.replace(b"model_weights", b"model_weighty"), "no network of Keras, or damaged"),
        (whole.replace(b'"layers"', b'"lawyer"'), "no network of Keras, or damaged"),
    ]:
        model.write_bytes(content)
        with pytest.raises(ModelFileError, match="Get the file anew") as caught:
            opened(model)
        assert said in str(caught.value)
    model.unlink()
    with pytest.raises(ModelFileError, match="this model file is missing"):
        opened(model)


def test_without_h5py_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = save_keras(tmp_path / "model.h5", NETWORKS["no bias"])
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(EmbeddingError, match=r"pip install 'annclust\[turicreate\]'"):
        opened(model)
