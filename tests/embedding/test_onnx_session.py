from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from annclust.embedding.onnx_graph import OnnxGraph
from annclust.embedding.onnx_session import OnnxSession, usable_providers
from annclust.errors import InputError
from annclust.settings import EmbedSettings


def flattened(*, side: int) -> bytes:
    """A network that gives its pixels as they are."""
    graph = OnnxGraph("flattened")
    pixels = graph.as_float(graph.images("pixels", side=side))
    return graph.serialized(graph.apply("Flatten", pixels), width=3 * side**2)


@pytest.mark.parametrize("n", [1, 2, 9])
def test_each_image_gives_one_row(n: int) -> None:
    images = np.random.default_rng(n).integers(0, 256, (n, 2, 2, 3), dtype=np.uint8)
    rows = OnnxSession(flattened(side=2), threads=1).run(images)
    assert rows.dtype == np.float32
    assert rows.tolist() == images.reshape(n, -1).tolist()


def test_more_threads_give_the_same_rows() -> None:
    images = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    one, two = (OnnxSession(flattened(side=2), threads=n).run(images) for n in (1, 2))
    assert (one == two).all()


def test_the_runtime_says_nothing(importing: dict[str, str]) -> None:
    program = (
        "from annclust.embedding.onnx_session import OnnxSession\n"
        "from annclust.embedding.onnx_graph import OnnxGraph\n"
        "graph = OnnxGraph('g'); pixels = graph.as_float(graph.images('pixels', side=1))\n"
        "OnnxSession(graph.serialized(graph.apply('Flatten', pixels), width=3), threads=1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=importing, capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"", b"")


def test_the_runtime_keeps_no_record_of_its_use(importing: dict[str, str], tmp_path: Path) -> None:
    """From 1.29 on onnxruntime collects events below the home folder, and sends them."""
    # In continuous integration it holds back by itself.
    environment = {name: value for name, value in importing.items() if name != "CI"}
    program = "import annclust.embedding.onnx_session"
    subprocess.run(
        [sys.executable, "-c", program],
        env=environment | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        check=True,
    )
    assert list(tmp_path.iterdir()) == []


def test_a_network_runs_on_the_first_provider_that_is_there(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", logger="annclust")
    session = OnnxSession(flattened(side=2), threads=1, providers=("cuda", "coreml", "cpu"))
    assert session.provider == "cpu"  # the only one of them in this build of onnxruntime
    assert "runs on CPUExecutionProvider" in caplog.text


def test_providers_are_taken_in_the_order_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = ["OpenVINOExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: there)
    assert usable_providers(("cuda", "openvino")) == ["cuda", "openvino", "cpu"]
    assert usable_providers(("coreml", "cpu", "cuda")) == ["cpu", "cuda"]
    assert usable_providers(()) == ["cpu"]


def test_an_unknown_provider_is_answered_with_the_known_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(InputError, match="no provider is called 'tpu'; there are: cpu, cuda"):
        EmbedSettings(providers=("tpu",))
    monkeypatch.setenv("ANNCLUST_PROVIDERS", "CUDA, cpu,")
    assert EmbedSettings().providers == ("cuda", "cpu")
    monkeypatch.setenv("ANNCLUST_PROVIDERS", "gpu")
    with pytest.raises(InputError, match="no provider is called 'gpu'"):
        EmbedSettings()
