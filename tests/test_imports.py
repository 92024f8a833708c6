"""Start-up stays quick: nothing heavy is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import annclust
from tests.albums import album

HEAVY = ("scipy", "sklearn", "hdbscan", "faiss", "onnxruntime", "onnx", "numpy", "PIL", "rich")


def loaded_by(code: str) -> set[str]:
    """Packages that a fresh interpreter has loaded after running some code."""
    report = "import sys; print('LOADED', *sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.rsplit("LOADED", 1)[1].split())


def command(*arguments: object) -> str:
    """Code that runs an `annclust` command in the interpreter."""
    words = [str(argument) for argument in arguments]
    return f"from annclust.cli.app import app\napp({words!r}, standalone_mode=False)"


def test_importing_annclust_loads_nothing_heavy() -> None:
    assert not loaded_by("import annclust") & set(HEAVY)


def test_help_loads_nothing_heavy() -> None:
    assert not loaded_by(command("--help")) & set(HEAVY)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A collection and its photos."""
    folder = tmp_path_factory.mktemp("made")
    photos, path = album(folder / "photos"), folder / "c.annclust"
    with annclust.open(path, embedder="color-histogram") as collection:
        collection.index([photos])
    return path, photos


def test_a_query_loads_neither_scipy_nor_scikit_learn(made: tuple[Path, Path]) -> None:
    path, photos = made
    query = photos / "burst 0" / "IMG_00.jpg"
    loaded = loaded_by(command("similar", query, "-c", path))
    assert not loaded & {"scipy", "sklearn", "hdbscan", "onnx", "onnxruntime", "rich", "PIL"}


def test_a_rescan_without_changes_loads_no_model_and_no_index(made: tuple[Path, Path]) -> None:
    path, _ = made
    loaded = loaded_by(command("index", "-c", path))
    assert not loaded & {"scipy", "sklearn", "hdbscan", "faiss", "onnx", "onnxruntime", "PIL"}


def test_the_public_names_are_there() -> None:
    assert annclust.__all__ == sorted(annclust.__all__)
    for name in annclust.__all__:
        assert getattr(annclust, name).__name__
    assert set(annclust.__all__) <= set(dir(annclust))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        annclust.nonsense  # noqa: B018 - the attribute access is what is tested


def test_a_page_that_is_looked_at_loads_neither_a_model_nor_an_index(
    made: tuple[Path, Path],
) -> None:
    path, _ = made
    loaded = loaded_by(
        f"""
from annclust.collection import Collection
from annclust.web.opening import reviewed
with Collection({str(path)!r}, create=False) as collection, reviewed(collection) as server:
    server.stop()
    server.run()
"""
    )
    assert "uvicorn" in loaded
    assert not loaded & {"faiss", "onnxruntime", "onnx", "sklearn", "hdbscan"}


def test_only_the_page_loads_a_server(made: tuple[Path, Path]) -> None:
    path, _ = made
    assert not loaded_by(command("status", "-c", path)) & {"fastapi", "uvicorn", "pydantic"}
