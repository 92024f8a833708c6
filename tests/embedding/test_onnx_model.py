"""Networks that the user brings: what is guessed, what is said beside, and what does not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from annclust.arrays import Vectors
from annclust.embedding.embedder import Embedder
from annclust.embedding.onnx_session import OnnxSession
from annclust.embedding.registry import find_embedder, settled_name
from annclust.errors import EmbeddingError, ModelFileError
from annclust.input_geometry import InputGeometry
from annclust.settings import EmbedSettings
from tests.embedding.networks import checkered, save_network, say

ONE = EmbedSettings(threads=1, batch=2)
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tmp_path / "model.onnx"


def opened(model: Path) -> Embedder:
    return find_embedder(f"onnx:{model}", ONE).load()


def features(embedder: Embedder, *images: np.ndarray) -> Vectors:
    """Before they become unit rows."""
    return embedder.features(images)  # type: ignore[attr-defined,no-any-return]


def test_without_a_card_a_network_gets_what_imagenet_networks_get(model: Path) -> None:
    embedder = opened(save_network(model, side=224))
    assert embedder.geometry == InputGeometry(256, 224)
    image = checkered(224)
    expected = ((image / 255 - MEAN) / STD).mean(axis=(0, 1))
    np.testing.assert_allclose(features(embedder, image)[0], expected, atol=1e-5)


def test_any_number_of_images_gives_as_many_unit_rows(model: Path) -> None:
    embedder = opened(save_network(model))
    images = [checkered(4, seed) for seed in range(5)]
    vectors = embedder.embed(images)
    assert (vectors.shape, embedder.spec.dimension) == ((5, 3), 3)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert np.array_equal(vectors[3:4], embedder.embed(images[3:4]))
    assert embedder.embed([]).shape == (0, 3)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("dtype", [TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.UINT8])
def test_the_kind_of_input_is_found_out(model: Path, layout: str, dtype: int) -> None:
    maps = "map" if layout == "NCHW" else "map_last"
    embedder = opened(save_network(model, layout=layout, dtype=dtype, outputs=[maps]))
    image = checkered(4)
    plain = image if dtype == TensorProto.UINT8 else (image / 255 - MEAN) / STD
    found = features(embedder, image)[0]
    np.testing.assert_allclose(found, plain.mean(axis=(0, 1)), atol=2e-3)


def test_a_card_beside_the_file_is_obeyed(model: Path) -> None:
    say(save_network(model), resize="squash", scale=1, mean=[1, 2, 3], std=2, colors="BGR")
    embedder = opened(model)
    assert embedder.geometry == InputGeometry.squash(4)
    image = checkered(4)
    expected = (image[..., ::-1].mean(axis=(0, 1)) - [1, 2, 3]) / 2
    np.testing.assert_allclose(features(embedder, image)[0], expected, rtol=1e-5)


def test_a_network_for_any_size_takes_the_size_that_its_card_says(model: Path) -> None:
    save_network(model, side="side")
    assert opened(model).geometry == InputGeometry(256, 224)
    say(model, short_side=40, crop=32, filter="bilinear")
    assert opened(model).geometry == InputGeometry(40, 32, resample="bilinear")


@pytest.mark.parametrize(
    ("pooling", "output", "expected"),
    [
        ("none", "rows", lambda p: p.mean(axis=(0, 1))),
        (None, "map", lambda p: p.mean(axis=(0, 1))),
        (None, "places", lambda p: p[0].T.ravel()),
        ("mean", "places", lambda p: p.mean(axis=0).T.ravel()),
        ("cls", "map", lambda p: p[0, 0]),
    ],
)
def test_features_of_many_places_become_one_row(
    model: Path, pooling: str | None, output: str, expected: Any
) -> None:
    card = {"output": output, "scale": 1, "mean": 0, "std": 1}
    save_network(model, outputs=["map", "rows", "places"])
    say(model, **card, **({} if pooling is None else {"pooling": pooling}))
    image = checkered(4)
    found = features(opened(model), image)[0]
    np.testing.assert_allclose(found, expected(image.astype(float)), rtol=1e-5)


def test_of_several_outputs_the_only_one_with_rows_is_taken(model: Path) -> None:
    assert opened(save_network(model, outputs=["map", "rows", "places"])).spec.dimension == 3


HUGGING_FACE: list[tuple[dict[str, Any], InputGeometry]] = [
    (
        {"size": {"shortest_edge": 5}, "crop_size": {"height": 4, "width": 4}, "resample": 3},
        InputGeometry(5, 4),
    ),
    ({"size": {"height": 4, "width": 4}, "resample": 2}, InputGeometry.squash(4, "bilinear")),
    ({"size": 4, "do_center_crop": True, "resample": 1}, InputGeometry(4, 4, resample="lanczos")),
    ({}, InputGeometry(5, 4)),
]


@pytest.mark.parametrize(("said", "geometry"), HUGGING_FACE)
@pytest.mark.parametrize("above", [False, True])
def test_what_hugging_face_keeps_beside_a_model_is_understood(
    tmp_path: Path, said: dict[str, Any], geometry: InputGeometry, above: bool
) -> None:
    model = tmp_path / "onnx" / "model.onnx"
    model.parent.mkdir()
    save_network(model)
    beside = tmp_path if above else model.parent
    more = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "something": "else"}
    (beside / "preprocessor_config.json").write_text(json.dumps(said | more))
    embedder = opened(model)
    assert embedder.geometry == geometry
    image = checkered(4)
    expected = (image / 255 - 0.5).mean(axis=(0, 1)) / 0.5
    np.testing.assert_allclose(features(embedder, image)[0], expected, atol=1e-5)


def test_hugging_face_may_switch_scaling_off(model: Path) -> None:
    save_network(model)
    said = {"do_rescale": False, "do_normalize": False}
    (model.parent / "preprocessor_config.json").write_text(json.dumps(said))
    image = checkered(4)
    np.testing.assert_allclose(
        features(opened(model), image)[0], image.mean(axis=(0, 1)), rtol=1e-5
    )


def test_a_vector_names_all_that_changes_it(model: Path) -> None:
    revisions = [opened(save_network(model)).spec.revision]
    revisions.append(opened(save_network(model, gain=2)).spec.revision)
    for card in ({"scale": 1}, {"colors": "BGR"}, {"resize": "squash"}, {"filter": "bilinear"}):
        say(model, **card)
        revisions.append(opened(model).spec.revision)
    assert len(set(revisions)) == len(revisions)
    model.with_name("model.onnx.json").unlink()
    assert opened(model).spec.revision == revisions[1]


def test_weights_in_another_file_count_too(model: Path) -> None:
    first = opened(save_network(model, external=True, gain=3))
    assert features(first, checkered(4)).any()
    weights = model.parent / "weights.bin"
    content = bytearray(weights.read_bytes())
    content[3] ^= 1
    weights.write_bytes(content)
    assert opened(model).spec.revision != first.spec.revision
    weights.unlink()
    with pytest.raises(ModelFileError, match=r"weights.bin: this model file is missing"):
        opened(model)


@pytest.mark.parametrize("choice", ["model.onnx", "model.onnx.json", "model.json", "./model.onnx"])
def test_a_network_is_remembered_by_its_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    monkeypatch.chdir(tmp_path)
    save_network(tmp_path / "model.onnx")
    assert settled_name(f"onnx:{choice}") == f"onnx:{tmp_path}/model.onnx"
    assert find_embedder(f"onnx:{choice}", ONE).spec.name == f"onnx:{tmp_path}/model.onnx"


WRONG_NETWORKS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"dtype": TensorProto.INT64}, {}, "takes no images"),
    ({"outputs": ["map", "places"]}, {}, 'Say "output"; there are: map, places'),
    ({}, {"output": "pooler"}, "no output is called 'pooler'; there are: rows"),
    ({}, {"crop": 8}, "does not take squares of 8 pixels"),
    ({}, {"layout": "NHWC"}, "is not NHWC"),
    ({}, {"crop": 4, "short_side": 3}, "need 0 < crop <= short_side"),
    ({}, {"resize": "squash", "short_side": 5}, "a squashed picture is seen whole"),
    ({}, {"text_pad": -1}, "not a whole number from 0"),
    ({"dtype": TensorProto.UINT8}, {"mean": 0.5}, "takes whole numbers"),
    ({"outputs": ["places"]}, {"pooling": "none"}, "is no row for each image"),
    ({"gain": float("nan")}, {}, "is no number for a gray picture"),
]


@pytest.mark.parametrize(("network", "card", "said"), WRONG_NETWORKS)
def test_what_does_not_fit_is_told(
    model: Path, network: dict[str, Any], card: dict[str, Any], said: str
) -> None:
    save_network(model, **network)
    if card:
        say(model, **card)
    with pytest.raises(ModelFileError, match=r"docs/embedders\.md") as caught:
        opened(model)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


WRONG_CARDS = [
    ("{", "no JSON"),
    ("[1]", "it is no JSON object"),
    (b"\xff\xfe", "no JSON"),
    ('{"means": 1}', "no key is called 'means'; there are: resize, short_side, crop"),
    ('{"mean": [1, 2]}', "'mean' is [1, 2], not three numbers"),
    ('{"mean": "dark"}', "'mean' is \"dark\", not a number"),
    ('{"std": 0}', "'std' is 0, not above 0"),
    ('{"std": [1, true, 1]}', "'std' is [1, true, 1], not a number"),
    ('{"crop": 0}', "'crop' is 0, not a whole number from 1"),
    ('{"crop": 2.5}', "'crop' is 2.5, not a whole number from 1"),
    ('{"layout": "CHW"}', "'layout' is \"CHW\", not one of NCHW, NHWC"),
    ('{"layout": ["NCHW"]}', "'layout' is [\"NCHW\"], not one of NCHW, NHWC"),
    ('{"output": 3}', "'output' is 3, not a text"),
]


@pytest.mark.parametrize(("content", "said"), WRONG_CARDS)
def test_a_card_that_cannot_be_meant_is_told(model: Path, content: str | bytes, said: str) -> None:
    save_network(model)
    card = model.with_name("model.json")
    card.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ModelFileError) as caught:
        opened(model)
    assert str(caught.value).startswith(f"{card}: {said}")


@pytest.mark.parametrize(
    "said",
    [
        {"resample": 0},
        {"size": {"height": 4, "width": 5}},
        {"size": {"longest_edge": 4}},
        {"rescale_factor": -1},
    ],
)
def test_of_hugging_face_what_cannot_be_done_is_told(model: Path, said: dict[str, Any]) -> None:
    save_network(model)
    (model.parent / "preprocessor_config.json").write_text(json.dumps(said))
    with pytest.raises(ModelFileError, match=r"preprocessor_config\.json: '"):
        opened(model)


@pytest.mark.parametrize("content", [b"", b"no network", b"\x08\x08 location"])
def test_a_file_that_is_no_network_is_told(model: Path, content: bytes) -> None:
    model.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"model\.onnx: ") as caught:
        opened(model)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(model: Path) -> None:
    with pytest.raises(ModelFileError, match="this model file is missing"):
        opened(model)


def test_a_card_that_may_not_be_read_is_told(model: Path) -> None:
    save_network(model)
    model.with_name("model.onnx.json").symlink_to("model.onnx.json")  # which is no file
    assert opened(model).geometry == InputGeometry(5, 4)


def running_elsewhere(model: Path) -> OnnxSession:
    """A session of a network that claims to run on another device."""
    session = OnnxSession(model, threads=1)
    session.provider = "openvino"
    return session


def test_a_device_counts_only_if_its_vectors_are_others(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = opened(save_network(model, outputs=["places"])).spec.revision
    rounded = save_network(tmp_path / "rounded.onnx", outputs=["places"], shift=1e-5)
    other = save_network(tmp_path / "other.onnx", outputs=["places"], shift=0.5)
    for network, expected in (
        (rounded, here),
        (other, here.replace("+pixels", "+openvino+pixels")),
    ):
        session = running_elsewhere(network)
        monkeypatch.setattr("annclust.embedding.onnx_model.open_session", lambda *_, s=session: s)
        assert opened(model).spec.revision == expected


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_network_for_a_fixed_number_of_images_gets_that_number(model: Path, at_once: int) -> None:
    images = [checkered(4, seed) for seed in range(5)]
    expected = features(opened(save_network(model)), *images)
    found = features(opened(save_network(model, at_once=at_once)), *images)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_channels_may_come_last_in_features_too(model: Path) -> None:
    embedder = opened(save_network(model, layout="NHWC", outputs=["map_last"]))
    image = checkered(4)
    expected = ((image / 255 - MEAN) / STD).mean(axis=(0, 1))
    np.testing.assert_allclose(features(embedder, image)[0], expected, atol=1e-5)


def test_what_fails_later_is_told(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = opened(save_network(model))

    def fails(*_: object, **__: object) -> None:
        raise ValueError("no memory on the device")

    monkeypatch.setattr(embedder._session, "run", fails)  # type: ignore[attr-defined]
    with pytest.raises(EmbeddingError, match=r"cannot be run: no memory on the device\.$"):
        embedder.embed([checkered(4)])


@pytest.mark.parametrize(
    ("said", "geometry"),
    [
        ({"size": 4}, InputGeometry.squash(4)),
        ({"size": 5, "crop_size": 4}, InputGeometry(5, 4)),
    ],
)
def test_sides_without_names_mean_what_they_meant_then(
    model: Path, said: dict[str, Any], geometry: InputGeometry
) -> None:
    save_network(model)
    (model.parent / "preprocessor_config.json").write_text(json.dumps(said))
    assert opened(model).geometry == geometry


@pytest.mark.parametrize(
    "said",
    [
        {"size": {"height": 6, "width": 6}, "crop_size": {"height": 4, "width": 4}},
        {"size": {"shortest_edge": 4}, "crop_pct": 0.875},
        {"do_resize": False},
    ],
)
def test_what_cannot_be_done_is_not_done_otherwise(model: Path, said: dict[str, Any]) -> None:
    save_network(model)
    (model.parent / "preprocessor_config.json").write_text(json.dumps(said))
    with pytest.raises(ModelFileError, match=r"preprocessor_config\.json: "):
        opened(model)


def test_a_home_of_nobody_is_no_home() -> None:
    with pytest.raises(ModelFileError, match="this model file is missing"):
        find_embedder("onnx:~nobody-of-that-name/m.onnx")
