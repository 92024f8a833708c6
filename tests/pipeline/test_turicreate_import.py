"""What Turi Create saved becomes a collection; here another process plays its part."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import annclust
from annclust.errors import EmbeddingError, InputError
from annclust.pipeline.reports import IndexReport
from annclust.settings import DecodeSettings, IndexingSettings

ROOT = Path(__file__).parents[2]
ONE = IndexingSettings(decode=DecodeSettings(workers=1))
DIMENSION = 1000


class Saved:
    """Says what a process that reads saved work shall answer."""

    def __init__(self, folder: Path) -> None:
        self._plan = folder / "plan.json"

    def answers(
        self,
        labels: list[str],
        *,
        model: str = "squeezenet_v1.1",
        dimension: int = DIMENSION,
        **more: object,
    ) -> None:
        plan = {"labels": labels, "model": model, "dimension": dimension, **more}
        self._plan.write_text(json.dumps(plan))


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Saved:
    program = tmp_path / "python3.8"
    module = "tests.pipeline.fake_saved_work"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -m {module} {tmp_path}/plan.json\n")
    program.chmod(0o755)
    monkeypatch.chdir(ROOT)  # where the module of tests is found
    monkeypatch.setenv("ANNCLUST_TURICREATE_PYTHON", str(program))
    return Saved(tmp_path)


def imported(tmp_path: Path, **more: object) -> IndexReport:
    return annclust.import_turicreate(
        "saved work",
        tmp_path / "c.annclust",
        settings=ONE,
        **more,  # type: ignore[arg-type]
    )


def paths_of(photos: Path) -> list[Path]:
    return sorted(photos.rglob("*.jpg"))


def test_photos_that_are_called_by_their_paths_come_with_their_vectors(
    tmp_path: Path, photos: Path, saved: Saved
) -> None:
    saved.answers([str(path) for path in paths_of(photos)])
    report = imported(tmp_path)
    assert (report.images, report.added, report.duplicates, report.unreadable) == (12, 12, 0, ())
    with annclust.open(tmp_path / "c.annclust", settings=ONE) as collection:
        assert collection.embedder.name == "turicreate:squeezenet_v1.1"
        # The vectors of the stand-in turn slowly from the first row to the last.
        matches = collection.similar(paths_of(photos)[5], 3)
        assert matches[0].path == paths_of(photos)[5]
        assert {m.path for m in matches[1:]} == {paths_of(photos)[4], paths_of(photos)[6]}
        assert collection.check().ok
        again = collection.index()  # nothing new, and the folder is known
        assert (again.added, again.changed, again.removed, again.images) == (0, 0, 0, 12)


def test_photos_that_were_only_counted_need_their_paths(
    tmp_path: Path, photos: Path, saved: Saved
) -> None:
    paths = paths_of(photos)
    order = [3, 1, 0, 2, *range(4, 12)]
    saved.answers([str(row) for row in order], model="squeezenet_v1.1")
    with pytest.raises(InputError, match=r"only counts its photos.*--paths FILE"):
        imported(tmp_path)
    with pytest.raises(InputError, match="has 12 photos, but 11 paths were given"):
        imported(tmp_path, photos=paths[:11])
    assert imported(tmp_path, photos=paths).added == 12
    with annclust.open(tmp_path / "c.annclust", settings=ONE) as collection:
        found = collection.similar(paths[3], 2)
        assert [match.path for match in found] == [paths[3], paths[1]]  # rows 0 and 1


def test_paths_are_not_needed_twice(tmp_path: Path, photos: Path, saved: Saved) -> None:
    saved.answers([str(path) for path in paths_of(photos)])
    with pytest.raises(InputError, match="leave --paths out"):
        imported(tmp_path, photos=paths_of(photos))


def test_what_is_missing_or_no_picture_is_told_and_copies_are_one_content(
    tmp_path: Path, photos: Path, saved: Saved
) -> None:
    first, second, third, *_ = paths_of(photos)
    shutil.copy(first, second)
    third.write_bytes(b"no picture")
    gone = photos / "gone.jpg"
    saved.answers([str(path) for path in (*paths_of(photos), gone)])
    report = imported(tmp_path)
    assert (report.added, report.duplicates) == (11, 1)
    assert {each.path for each in report.unreadable} == {third, gone}
    with annclust.open(tmp_path / "c.annclust", settings=ONE) as collection:
        assert {m.path for m in collection.similar(first, 2)} == {first, second}


def test_the_folders_may_be_said(tmp_path: Path, photos: Path, saved: Saved) -> None:
    saved.answers([str(path) for path in paths_of(photos)])
    with pytest.raises(InputError, match=r"IMG_10.jpg lies in none of the folders.*--root"):
        imported(tmp_path, roots=[photos / "burst 0"])
    roots = [photos / f"burst {number}" for number in range(3)]
    assert imported(tmp_path, roots=roots).added == 12
    with annclust.open(tmp_path / "c.annclust", settings=ONE) as collection:
        assert collection.index().images == 12


def test_a_collection_with_photos_is_left_alone(tmp_path: Path, photos: Path, saved: Saved) -> None:
    saved.answers([str(path) for path in paths_of(photos)])
    imported(tmp_path)
    with pytest.raises(InputError, match="has photos already"):
        imported(tmp_path)


@pytest.mark.parametrize(
    ("model", "dimension", "said"),
    [
        ("VisionFeaturePrint_Scene", 2048, "come from VisionFeaturePrint_Scene"),
        ("", 2048, "does not say which network.*--model NAME"),
    ],
)
def test_features_of_other_networks_are_refused(
    tmp_path: Path, photos: Path, saved: Saved, model: str, dimension: int, said: str
) -> None:
    saved.answers([str(p) for p in paths_of(photos)], model=model, dimension=dimension)
    with pytest.raises(InputError, match=said):
        imported(tmp_path)
    assert not (tmp_path / "c.annclust").exists()


def test_an_sframe_does_not_say_which_network(tmp_path: Path, photos: Path, saved: Saved) -> None:
    labels = [str(path) for path in paths_of(photos)]
    saved.answers(labels, model="")
    with pytest.raises(InputError, match="features have 1000 numbers, not 2048"):
        imported(tmp_path, model="resnet-50")
    shutil.rmtree(tmp_path / "c.annclust")
    assert imported(tmp_path, model="squeezenet_v1.1").added == 12
    saved.answers(labels, model="resnet-50")
    with pytest.raises(InputError, match="come from resnet-50"):
        imported(tmp_path, model="squeezenet_v1.1")


def test_photos_that_lie_all_over_need_their_folders(
    tmp_path: Path, photos: Path, saved: Saved
) -> None:
    saved.answers([str(paths_of(photos)[0]), "/usr/nowhere/a.jpg"])
    with pytest.raises(InputError, match=r"lie all over /\. .*--root DIR"):
        imported(tmp_path)
    assert not (tmp_path / "c.annclust").exists()


def test_what_cannot_be_read_is_told(tmp_path: Path, photos: Path, saved: Saved) -> None:
    saved.answers([])
    with pytest.raises(InputError, match="saved work has no rows"):
        imported(tmp_path)
    saved.answers(["a.jpg"], refused="ValueError: this is neither an SFrame nor a model")
    with pytest.raises(InputError, match="cannot be imported: ValueError: this is neither"):
        imported(tmp_path)
    saved.answers([str(path) for path in paths_of(photos)], dies_after=1)
    with pytest.raises(InputError, match="cannot be imported: its process ended with status 3"):
        imported(tmp_path)
    saved.answers([str(path) for path in paths_of(photos)])
    with pytest.raises(InputError, match=r"an import that was not finished.*remove that one"):
        imported(tmp_path)  # whose vectors may be those of other photos


def test_without_turi_create_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNCLUST_TURICREATE_PYTHON", str(tmp_path / "nowhere"))
    with pytest.raises(EmbeddingError, match=r"It runs under Python 3\.8 alone"):
        imported(tmp_path)


def test_vectors_become_unit_rows(tmp_path: Path, photos: Path, saved: Saved) -> None:
    saved.answers([str(path) for path in paths_of(photos)])
    imported(tmp_path)
    from annclust.storage.store import Store

    with Store(tmp_path / "c.annclust") as store:
        rows = store.vectors().block(0, 12)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
