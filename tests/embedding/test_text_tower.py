"""Texts among the vectors of pictures, by a small network that knows the words for colors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from annclust.collection import Collection
from annclust.embedding.embedder import TextEmbedder
from annclust.embedding.registry import find_embedder
from annclust.errors import EmbeddingError, InputError, ModelFileError
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings
from tests.cli.test_commands import document, run
from tests.embedding.networks import save_network, save_text_network, say

ONE = EmbedSettings(threads=1)
COLORS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A network that sees how much there is of each color."""
    folder = tmp_path / "model"
    folder.mkdir()
    path = save_network(folder / "vision_model.onnx")
    say(path, scale=1, mean=0, std=1)
    return path


def texts(model: Path) -> TextEmbedder:
    found = find_embedder(f"onnx:{model}", ONE).load()
    assert isinstance(found, TextEmbedder)
    return found


@pytest.mark.parametrize("mask", [True, False])
@pytest.mark.parametrize("length", ["tokens", 5])
def test_words_lie_where_their_pictures_do(model: Path, mask: bool, length: int | str) -> None:
    save_text_network(model.parent, mask=mask, length=length)
    rows = texts(model).embed_texts(["red", "blue blue", "a green thing"])
    np.testing.assert_allclose(rows, [[1, 0, 0], [0, 0, 1], [0, 1, 0]], atol=1e-6)
    embedder = find_embedder(f"onnx:{model}", ONE).load()
    picture = np.zeros((4, 4, 3), dtype=np.uint8)
    picture[..., 0] = 255
    assert (embedder.embed([picture]) @ rows.T).argmax() == 0


def test_long_texts_are_cut_and_short_ones_filled_as_the_card_says(model: Path) -> None:
    save_text_network(model.parent, mask=False)
    say(model, scale=1, mean=0, std=1, text="text_model.onnx", text_length=2)
    rows = texts(model).embed_texts(["red red blue blue blue", "green"])
    np.testing.assert_allclose(rows, [[1, 0, 0], [0, 1, 0]], atol=1e-6)


def test_the_tokenizer_may_lie_in_the_folder_above(model: Path) -> None:
    save_text_network(model.parent)
    tokenizer = model.parent / "tokenizer.json"
    tokenizer.rename(model.parent.parent / "tokenizer.json")
    assert texts(model).embed_texts(["red"]).tolist() == [[1, 0, 0]]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"rows": False}, "none of its outputs has a row for each text"),
    ({"wide": 2}, "it gives 5 numbers, but pictures have 3"),
    ({"extra_input": True}, "its inputs are input_ids, attention_mask, more"),
]


@pytest.mark.parametrize(("network", "said"), WRONG)
def test_what_does_not_fit_is_told(model: Path, network: dict[str, Any], said: str) -> None:
    path = save_text_network(model.parent, **network)
    with pytest.raises(ModelFileError) as caught:
        texts(model).embed_texts(["red"])
    assert str(caught.value).startswith(f"{path}: {said}")


def test_what_is_missing_is_told(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="knows pictures alone"):
        texts(model).embed_texts(["red"])
    path = save_text_network(model.parent)
    (model.parent / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelFileError, match="no tokenizer, or damaged"):
        texts(model).embed_texts(["red"])
    (model.parent / "tokenizer.json").unlink()
    with pytest.raises(ModelFileError, match="this tokenizer is missing"):
        texts(model).embed_texts(["red"])
    path.write_bytes(b"no network")
    with pytest.raises(ModelFileError, match=r"text_model\.onnx: "):
        texts(model).embed_texts(["red"])
    save_text_network(model.parent)
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(EmbeddingError, match=r"pip install 'annclust\[hub\]'"):
        texts(model).embed_texts(["red"])


@pytest.fixture
def painted(tmp_path: Path) -> Path:
    folder = tmp_path / "painted"
    folder.mkdir()
    for name in COLORS:
        Image.new("RGB", (20, 20), name).save(folder / f"{name}.png")
    return folder


def test_photos_are_found_by_what_they_show(model: Path, painted: Path, tmp_path: Path) -> None:
    save_text_network(model.parent)
    path = tmp_path / "c.annclust"
    settings = IndexingSettings(decode=DecodeSettings(workers=1), embed=ONE)
    with Collection(path, embedder=f"onnx:{model}", settings=settings) as collection:
        collection.index(painted)
        for name in COLORS:
            found = collection.similar(text=f"something {name}", k=2)
            assert [match.path.name for match in found][:1] == [f"{name}.png"]
            assert len(found) == 2
        with pytest.raises(InputError, match="no text to look for"):
            collection.similar(text="  ")
        for both in ({}, {"image": painted / "red.png", "text": "red"}):
            with pytest.raises(InputError, match="one of the two"):
                collection.similar(**both)  # type: ignore[arg-type]
    found = document("similar", "-c", path, "--text", "blue", painted / "red.png", "-n", 1)
    assert [(each["query"], Path(each["matches"][0]["path"]).name) for each in found] == [
        (str(painted / "red.png"), "red.png"),
        ("blue", "blue.png"),
    ]
    shown = run("similar", "-c", path, "--text", "blue", "--text", "green", "-n", 1).stdout
    assert [line.split("/")[-1] for line in shown.splitlines()] == [
        "blue:", "blue.png", "green:", "green.png",
    ]  # fmt: skip
    nothing = run("similar", "-c", path)
    assert nothing.returncode == 2
    assert "--text" in nothing.stderr


@pytest.mark.parametrize("embedder", ["color-histogram"])
def test_an_embedder_that_knows_no_text_says_so(
    painted: Path, tmp_path: Path, embedder: str
) -> None:
    with Collection(tmp_path / "c.annclust", embedder=embedder) as collection:
        collection.index(painted)
        with pytest.raises(InputError, match="color-histogram knows pictures alone"):
            collection.similar(text="red")
