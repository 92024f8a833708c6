"""The real Turi Create 6.4.1 under Python 3.8, with stand-ins for the files of its networks.

`scripts/check` builds the environment where it finds a Python 3.8.
"""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from numpy.typing import NDArray
from PIL import Image

from annclust.collection import Collection
from annclust.embedding.registry import find_embedder
from annclust.embedding.turicreate_bridge import TuriCreateBridge
from annclust.embedding.turicreate_models import MODELS
from annclust.errors import InputError
from annclust.images.decoding import decode
from annclust.pipeline.turicreate_import import import_turicreate
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings
from annclust.storage.store import Store
from tests.albums import picture

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parents[1] / ".venv-turicreate" / "bin" / "python"
SETTINGS = EmbedSettings(batch=64)
"""As Turi Create itself works: TensorFlow rounds otherwise with other batches or threads."""

pytestmark = pytest.mark.filterwarnings("ignore::annclust.errors.UnverifiedModelWarning")


@pytest.fixture(scope="session")
def python38() -> Path:
    found = Path(os.environ.get("ANNCLUST_CHECK_TURICREATE") or ENVIRONMENT)
    if not found.exists():
        pytest.skip("no Python 3.8 with Turi Create is here; scripts/check builds one if it can")
    return found


@pytest.fixture(scope="session")
def standins(python38: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of Turi Create with a model file for each name; made once for all tests."""
    folder = tmp_path_factory.getbasetemp().parent / "turicreate"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            run(python38, HERE / "turicreate_standin.py", f"{folder}.part/model_cache")
            Path(f"{folder}.part").rename(folder)
    return folder


@pytest.fixture
def at_hand(python38: Path, standins: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """annclust finds the real Turi Create; gives the cache folder."""
    monkeypatch.setenv("ANNCLUST_TURICREATE_PYTHON", str(python38))
    monkeypatch.setenv("ANNCLUST_TURICREATE_CACHE", str(standins))
    monkeypatch.setenv("ANNCLUST_TURICREATE_UNVERIFIED", "1")
    return standins


def run(python38: Path, script: Path, *arguments: object) -> None:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    command = [python38, script, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def said_by_turicreate(
    python38: Path, model: str, standins: Path, what: Path, out: Path
) -> NDArray[np.float32]:
    run(python38, HERE / "turicreate_reference.py", model, standins, what, out)
    rows: NDArray[np.float32] = np.load(out)
    return rows


@pytest.mark.parametrize("name", MODELS)
def test_features_are_those_of_turi_create_to_the_bit(
    python38: Path, at_hand: Path, tmp_path: Path, name: str
) -> None:
    side = MODELS[name].side
    images = np.random.default_rng(0).integers(0, 256, (9, side, side, 3), dtype=np.uint8)
    np.save(tmp_path / "pixels.npy", images)
    expected = said_by_turicreate(
        python38, name, at_hand, tmp_path / "pixels.npy", tmp_path / "features.npy"
    )
    bridge = find_embedder(f"turicreate:{name}", SETTINGS).load()
    assert isinstance(bridge, TuriCreateBridge)
    assert np.array_equal(bridge.features(list(images)), expected)
    bridge.close()

    file = at_hand / "model_cache" / MODELS[name].file_name
    own = find_embedder(f"turicreate-h5:{file}", SETTINGS, tmp_path / "cache").load()
    vectors = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.abs(own.embed(list(images)) - vectors).max() < 1e-5
    features = own.features(list(images))  # type: ignore[attr-defined]
    assert np.abs(features - expected).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("name", MODELS)
def test_pictures_are_scaled_as_turi_create_scales_them(
    python38: Path, at_hand: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    # Of even and odd sides, smaller and larger than what the network takes. (Of pictures one pixel
    # wide Turi Create reads what lies beyond them.)
    sizes = [(300, 200), (299, 201), (640, 480), (100, 227), (228, 452), (226, 114), (2, 7)]
    for number, size in enumerate(sizes):
        picture(number, size).save(folder / f"{number}.png")
    expected = said_by_turicreate(python38, name, at_hand, folder, tmp_path / "features.npy")
    bridge = find_embedder(f"turicreate:{name}", SETTINGS).load()
    assert isinstance(bridge, TuriCreateBridge)
    pixels = [
        decode((folder / f"{n}.png").read_bytes(), bridge.geometry, max_pixels=10**7).pixels
        for n in range(len(sizes))
    ]
    assert np.array_equal(bridge.features(pixels), expected)
    bridge.close()


def test_a_collection_is_made_with_it_though_it_is_killed_meanwhile(
    at_hand: Path, photos: Path, tmp_path: Path
) -> None:
    Image.new("RGB", (40, 30), "red").save(photos / "a web picture.webp")
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    settings = IndexingSettings(decode=DecodeSettings(workers=1), embed=SETTINGS)
    path = tmp_path / "c.annclust"
    with Collection(path, embedder="turicreate:squeezenet_v1.1", settings=settings) as collection:
        bridge = collection.embedder_loader().load()
        assert isinstance(bridge, TuriCreateBridge)
        bridge.embed([np.zeros((227, 227, 3), dtype=np.uint8)])
        assert bridge._process is not None
        os.kill(bridge._process.pid, signal.SIGKILL)
        report = collection.index(photos)
        assert (report.added, len(report.unreadable)) == (13, 1)
        assert collection.cluster().clusters >= 3
        found = collection.similar(photos / "burst 1" / "IMG_10.jpg", 4)
        assert {match.path.parent.name for match in found} == {"burst 1"}
        bridge.close()


SAVING = """
import sys
import numpy as np
import turicreate as tc

tc.config.set_runtime_config("TURI_CACHE_FILE_LOCATIONS", sys.argv[1])
photos, out = sys.argv[2:]
table = tc.image_analysis.load_images(photos, recursive=True, with_path=True).sort("path")
tc.image_similarity.create(table, model="squeezenet_v1.1", verbose=False).save(out + "/counted")
named = tc.image_similarity.create(table, "path", model="squeezenet_v1.1", verbose=False)
named.save(out + "/named")
features = tc.image_analysis.get_deep_features(table["image"], "squeezenet_v1.1", verbose=False)
table["__image_features__"] = features
table[["path", "__image_features__"]].save(out + "/table")
table[["__image_features__"]].save(out + "/counted table")
np.save(out + "/features.npy", np.array([np.asarray(row) for row in features]))
table["number"] = range(len(table))
tc.nearest_neighbors.create(table[["number"]], verbose=False).save(out + "/something else")
"""


def test_what_turi_create_saved_is_imported(
    python38: Path, at_hand: Path, photos: Path, tmp_path: Path
) -> None:
    script = tmp_path / "saving.py"
    script.write_text(SAVING)
    run(python38, script, at_hand, photos, tmp_path)
    expected = np.load(tmp_path / "features.npy")
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    paths = sorted(photos.rglob("*.jpg"))
    for name in ("table", "counted table", "named", "counted"):
        path = tmp_path / f"{name}.annclust"
        given = paths if name.startswith("counted") else None
        assert (
            import_turicreate(tmp_path / name, path, photos=given, model="squeezenet_v1.1").added
            == 12
        )
        with Store(path) as store:
            photo_rows = dict(zip(*(each.tolist() for each in store.catalog.live()), strict=True))
            found = {photo.full_path: photo.id for photo in store.catalog.images_under(1)}
            rows = [photo_rows[found[photo]] for photo in paths]
            vectors = store.vectors().take(np.array(rows))
            assert store.embedder.name == "turicreate:squeezenet_v1.1"
        np.testing.assert_allclose(vectors, expected, atol=2e-4)  # stored in half precision
    for name, said in [("something else", "not an ImageSimilarityModel"), ("model", "neither")]:
        with pytest.raises(InputError, match=said):
            import_turicreate(tmp_path / name, tmp_path / "c.annclust")
