"""The process that runs Turi Create, and everything that may happen to it.

Here another process plays its part; :mod:`test_real_turicreate` has the real one.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from annclust.collection import Collection
from annclust.embedding.embedder import Unembeddable, UnembeddableError
from annclust.embedding.registry import find_embedder
from annclust.embedding.turicreate_bridge import TuriCreateBridge
from annclust.embedding.turicreate_models import MODELS
from annclust.embedding.turicreate_process import TuriCreateProcess
from annclust.errors import (
    EmbeddingError,
    ModelFileError,
    UnknownEmbedderError,
    UnreadableImageError,
    UnverifiedModelWarning,
)
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings
from tests.albums import save
from tests.embedding import fake_turicreate as fake

SIDE = 224
SETTINGS = EmbedSettings(threads=1, batch=4)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Turi Create is played by `fake_turicreate`; gives the file where each start is noted."""
    program = tmp_path / "python3.8"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -m tests.embedding.fake_turicreate\n")
    program.chmod(0o755)
    folder = tmp_path / "turi" / "model_cache"
    folder.mkdir(parents=True)
    for model in MODELS.values():
        (folder / model.file_name).write_bytes(b"a network")
    monkeypatch.chdir(ROOT)  # where the module of tests is found
    monkeypatch.setenv("ANNCLUST_TURICREATE_PYTHON", str(program))
    monkeypatch.setenv("ANNCLUST_TURICREATE_CACHE", str(folder.parent))
    monkeypatch.setenv("ANNCLUST_TURICREATE_UNVERIFIED", "1")
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log"))
    (tmp_path / "log").touch()
    return tmp_path / "log"


@pytest.fixture
def bridge(log: Path) -> TuriCreateBridge:
    with pytest.warns(UnverifiedModelWarning, match="not ac73d2cc"):
        found = find_embedder("turicreate:resnet-50", SETTINGS).load()
    assert isinstance(found, TuriCreateBridge)
    return found


def pictures(*first: int | None) -> list[NDArray[np.uint8]]:
    """Pictures of one color each; of those that shall fail, the first pixel says how."""
    found = []
    for number, kind in enumerate(first):
        picture = np.full((SIDE, SIDE, 3), (number, 100, 200), dtype=np.uint8)
        if kind is not None:
            picture[0, 0] = kind, 0, 255
        found.append(picture)
    return found


def assert_in_order(rows: NDArray[np.float32]) -> None:
    assert rows.shape[1] == 2048
    expected = np.arange(len(rows))
    np.testing.assert_allclose(rows[:, 0], expected, atol=0.1)


def test_every_picture_gets_its_own_row(bridge: TuriCreateBridge, log: Path) -> None:
    assert_in_order(bridge.features(pictures(*[None] * 19)))
    assert_in_order(bridge.features(pictures(*[None] * 3)))
    assert bridge.features([]).shape == (0, 2048)
    vectors = bridge.embed(pictures(None, None))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    (start,) = log.read_text().splitlines()  # one process for all of it
    assert start.split()[:3] == ["resnet-50", os.environ["ANNCLUST_TURICREATE_CACHE"], "1"]


def test_the_other_model_sees_pictures_of_its_own_size(log: Path) -> None:
    with pytest.warns(UnverifiedModelWarning):
        loader = find_embedder("turicreate:squeezenet_v1.1", SETTINGS)
    picture = np.zeros((227, 227, 3), dtype=np.uint8)
    assert loader.geometry.crop == 227
    assert loader.load().embed([picture]).shape == (1, loader.spec.dimension) == (1, 1000)


@pytest.mark.parametrize("position", [0, 3, 4, 10, 18])
def test_a_picture_that_kills_it_is_found_and_the_others_get_their_rows(
    bridge: TuriCreateBridge, position: int
) -> None:
    kinds: list[int | None] = [None] * 19
    kinds[position] = fake.DIES
    with pytest.raises(UnembeddableError) as caught:
        bridge.features(pictures(*kinds))
    assert list(caught.value.images) == [position]
    why = caught.value.images[position]
    assert "ended with status 7 (Illegal instruction)" in why.reason
    assert not why.retry
    kinds[position] = None
    assert_in_order(bridge.features(pictures(*kinds)))


def test_several_pictures_that_fail_are_all_found(bridge: TuriCreateBridge) -> None:
    kinds = [None, fake.DIES, None, fake.IS_REFUSED, None, None, None, fake.DIES, None, None]
    with pytest.raises(UnembeddableError) as caught:
        bridge.features(pictures(*kinds))
    assert sorted(caught.value.images) == [1, 3, 7]
    expected = Unembeddable("Turi Create refused it (ValueError: too colorful)", retry=False)
    assert caught.value.images[3] == expected


def test_a_picture_is_not_to_blame_for_one_death(bridge: TuriCreateBridge, log: Path) -> None:
    rows = bridge.features(pictures(None, fake.DIES_ONCE, None))
    np.testing.assert_allclose(rows[0::2, 0], [0, 2], atol=0.1)
    assert len(log.read_text().splitlines()) == 2


def test_one_that_is_killed_from_outside_may_do_another_time(bridge: TuriCreateBridge) -> None:
    with pytest.raises(UnembeddableError) as caught:
        bridge.features(pictures(None, fake.IS_KILLED))
    assert caught.value.images[1].retry
    assert "killed by signal 9" in caught.value.images[1].reason


def test_a_process_that_is_killed_between_calls_is_started_again(
    bridge: TuriCreateBridge, log: Path
) -> None:
    bridge.features(pictures(None))
    os.kill(int(log.read_text().split()[-1]), signal.SIGKILL)
    assert_in_order(bridge.features(pictures(*[None] * 9)))
    assert len(log.read_text().splitlines()) == 2


def test_where_every_picture_kills_it_the_pictures_are_not_blamed(
    bridge: TuriCreateBridge,
) -> None:
    with pytest.raises(EmbeddingError, match=r"Turi Create does not run: .*its process ended"):
        bridge.features(pictures(*[fake.DIES] * 16))


def test_where_it_refuses_every_picture_the_pictures_are_not_blamed(
    bridge: TuriCreateBridge,
) -> None:
    with pytest.raises(EmbeddingError, match=r"does not run: .*too colorful"):
        bridge.features(pictures(*[fake.IS_REFUSED] * 16))


def test_in_large_batches_one_picture_is_found_as_well(
    bridge: TuriCreateBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "_settings", EmbedSettings(threads=1, batch=64))
    with pytest.raises(UnembeddableError) as caught:
        bridge.features(pictures(fake.DIES, fake.DIES, *[None] * 40))
    assert sorted(caught.value.images) == [0, 1]


def test_answers_that_nobody_waited_for_are_not_taken_for_others(
    bridge: TuriCreateBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = TuriCreateProcess.receive

    def interrupted(process: TuriCreateProcess, patience: float | None = None) -> object:
        if patience is None:  # not the greeting
            raise KeyboardInterrupt
        return receive(process, patience)

    monkeypatch.setattr(TuriCreateProcess, "receive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bridge.features(pictures(*[None] * 8))
    monkeypatch.undo()
    monkeypatch.setattr(TuriCreateProcess, "receive", receive)
    assert bridge._process is None


@pytest.mark.filterwarnings("ignore::annclust.errors.UnverifiedModelWarning")
def test_a_collection_ends_it_when_it_is_closed(log: Path, tmp_path: Path) -> None:
    photo = save(tmp_path / "photos" / "a.jpg", 1)
    with Collection(tmp_path / "c.annclust", embedder="turicreate:resnet-50") as collection:
        collection.index(photo.parent)
        collection.similar(save(tmp_path / "b.jpg", 2))
        (_, last) = log.read_text().splitlines()  # one for the index, and one for the query
        assert Path(f"/proc/{last.split()[-1]}").exists()
    assert not Path(f"/proc/{last.split()[-1]}").exists()


def test_one_that_does_not_answer_is_ended(
    bridge: TuriCreateBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annclust.embedding.turicreate_process._ANSWER_PATIENCE", 1.0)
    with pytest.raises(UnembeddableError, match="1") as caught:
        bridge.features(pictures(None, fake.HANGS, None))
    assert "did not answer" in caught.value.images[1].reason


def test_nonsense_is_told(bridge: TuriCreateBridge) -> None:
    with pytest.raises(EmbeddingError, match="gave 2047 numbers for 1 images, instead of 2048"):
        bridge.features(pictures(fake.GIVES_NONSENSE))


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("dies", "its process ended with status 1 (ImportError: no module named turicreate). It r"),
        ("refuses", "RuntimeError: no such model."),
    ],
)
def test_one_that_does_not_start_says_why_and_what_it_needs(
    bridge: TuriCreateBridge, monkeypatch: pytest.MonkeyPatch, start: str, said: str
) -> None:
    monkeypatch.setenv("FAKE_START", start)
    with pytest.raises(EmbeddingError) as caught:
        bridge.features(pictures(None))
    assert str(caught.value).startswith(f"Turi Create does not start: {said}")


def test_without_any_python_for_it_that_is_told(
    bridge: TuriCreateBridge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANNCLUST_TURICREATE_PYTHON", str(tmp_path / "nowhere"))
    with pytest.raises(EmbeddingError, match=r"No such file or directory\. It runs under"):
        bridge.features(pictures(None))
    monkeypatch.delenv("ANNCLUST_TURICREATE_PYTHON")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setitem(sys.modules, "uv", None)
    with pytest.raises(EmbeddingError, match=r"cannot be started\. It runs under Python 3"):
        bridge.features(pictures(None))


def test_uv_is_found_on_the_path_and_asked_to_run_the_worker(
    bridge: TuriCreateBridge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = Path(os.environ["ANNCLUST_TURICREATE_PYTHON"]).rename(tmp_path / "uv")
    program.write_text(program.read_text().replace("exec", f'echo "$@" > {tmp_path}/said\nexec'))
    monkeypatch.delenv("ANNCLUST_TURICREATE_PYTHON")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert_in_order(bridge.features(pictures(None)))
    said = (tmp_path / "said").read_text().split()
    assert said[:3] == ["run", "--quiet", "--no-project"]
    assert said[-1].endswith("turicreate_worker.py")


def test_an_unknown_model_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownEmbedderError, match="turicreate:resnet-50, turicreate:squeezenet"):
        find_embedder("turicreate:vgg")


def test_a_missing_model_file_says_where_to_put_it_and_how_to_get_it(
    log: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANNCLUST_TURICREATE_CACHE", str(tmp_path / "empty"))
    with pytest.raises(ModelFileError) as caught:
        find_embedder("turicreate:resnet-50")
    said = str(caught.value)
    assert said.startswith(f"{tmp_path}/empty/model_cache/resnet-50-TuriCreate-6.0.h5: ")
    assert said.endswith(f"turicreate_worker.py fetch resnet-50 {tmp_path}/empty")


def test_half_a_download_is_not_believed(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANNCLUST_TURICREATE_UNVERIFIED")
    with pytest.raises(ModelFileError, match=r"it has 9 bytes and MD5 .* as published") as caught:
        find_embedder("turicreate:resnet-50")
    assert "uv run --script" in str(caught.value)


@pytest.mark.filterwarnings("ignore::annclust.errors.UnverifiedModelWarning")
def test_another_file_under_the_same_name_gives_another_revision(log: Path) -> None:
    first = find_embedder("turicreate:resnet-50").spec
    folder = Path(os.environ["ANNCLUST_TURICREATE_CACHE"], "model_cache")
    (folder / MODELS["resnet-50"].file_name).write_bytes(b"another network")
    second = find_embedder("turicreate:resnet-50").spec
    assert first.name == second.name
    assert not first.matches(second)


@pytest.mark.filterwarnings("ignore::annclust.errors.UnverifiedModelWarning")
def test_a_photo_that_kills_it_is_one_line_of_the_report(log: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for seed in range(30):
        save(photos / f"{seed}.jpg", seed)
    poison = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    poison[0, 0] = fake.DIES, 0, 255
    from PIL import Image

    for name in ("poison.png", "copy of poison.png"):
        Image.fromarray(poison).save(photos / name)
    settings = IndexingSettings(decode=DecodeSettings(workers=1), embed=SETTINGS)
    path = tmp_path / "c.annclust"
    with Collection(path, embedder="turicreate:resnet-50", settings=settings) as collection:
        report = collection.index(photos)
        assert (report.images, report.added, report.duplicates) == (30, 30, 0)
        assert [each.path.name for each in report.unreadable] == [
            "copy of poison.png",
            "poison.png",
        ]
        assert all("Turi Create died of it" in each.reason for each in report.unreadable)
        with pytest.raises(UnreadableImageError, match=r"poison.png: Turi Create died of it"):
            collection.similar(photos / "poison.png")
        assert len(collection.similar(photos / "3.jpg", 5)) == 5
        deaths = len(log.read_text().splitlines())
        assert collection.index().unreadable == report.unreadable  # remembered, not tried again
        assert len(log.read_text().splitlines()) == deaths
