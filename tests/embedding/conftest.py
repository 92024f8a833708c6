"""What the tests of this room share: a cache folder, the default embedder, the drawn images."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from annclust.embedding.efficientnet_lite0 import EXACT_SPEC, load_efficientnet_lite0
from annclust.embedding.onnx_model import OnnxModel
from annclust.settings import EmbedSettings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that outlives the tests, so that the network is built once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def lite0(model_folder: Path) -> OnnxModel:
    return load_efficientnet_lite0(EmbedSettings(threads=1, batch=4), model_folder)


@pytest.fixture(scope="session")
def exact_lite0(model_folder: Path) -> OnnxModel:
    settings = EmbedSettings(threads=1, batch=4)
    return load_efficientnet_lite0(settings, model_folder, spec=EXACT_SPEC)


@pytest.fixture(scope="session")
def reference_images() -> NDArray[np.uint8]:
    script = runpy.run_path(str(ROOT / "scripts" / "reference_images.py"))
    images: NDArray[np.uint8] = script["reference_images"]()
    return images


@pytest.fixture(scope="session")
def shared_photos() -> Path:
    folder = ROOT.parent / "shared" / "photos"
    if not folder.is_dir():
        pytest.skip("the labelled photos (../shared/photos) are not here")
    return folder


@pytest.fixture
def importing() -> dict[str, str]:
    """Environment of another Python process that imports what this one can."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
