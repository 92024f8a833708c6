"""One collection, seen through several embedders; none takes anything from the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.embedding.onnx_model import OnnxModel
from annclust.errors import CollectionLockedError, EmbedderMismatchError, InputError
from annclust.progress import StoppedError
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings
from annclust.storage.store_writer import StoreWriter
from tests.albums import save
from tests.embedding.networks import save_network, say
from tests.stopping import StopAt

HISTOGRAM = "color-histogram"
ONE = IndexingSettings(
    decode=DecodeSettings(workers=1), embed=EmbedSettings(threads=1, batch=2, commit_every=4)
)


@pytest.fixture
def eyes(tmp_path: Path) -> str:
    """Another embedder, small and quick."""
    model = save_network(tmp_path / "eyes.onnx", side=8, outputs=["places"])
    say(model, resize="squash", scale=1, mean=127.5, std=127.5, pooling="mean")
    return f"onnx:{model}"


def opened(path: Path, embedder: str | None = None, *, add: bool = False) -> Collection:
    return Collection(path, embedder=embedder, add=add, settings=ONE)


@pytest.fixture
def path(tmp_path: Path, photos: Path) -> Path:
    """A collection that knows the album by its colors, with groups."""
    with opened(tmp_path / "c.annclust", HISTOGRAM) as made:
        made.index(photos)
        made.cluster()
    return tmp_path / "c.annclust"


def seen(path: Path, embedder: str | None = None) -> tuple[object, ...]:
    """What somebody sees who asks."""
    with Collection(path, create=False, embedder=embedder, settings=ONE) as found:
        graph = found.neighbor_graph()
        return (
            found.embedder.name,
            list(found.photo_table().records),
            graph.neighbors.tolist(),
            graph.distances.tolist(),
        )


def test_another_embedder_is_added_and_nothing_is_lost(path: Path, eyes: str) -> None:
    before = seen(path)
    with opened(path, eyes, add=True) as added:
        report = added.index()
        assert (report.images, report.added, report.embedded) == (12, 0, 12)
        assert added.embedder.name == eyes
        assert added.cluster().clusters == 3
        assert added.check().ok
    assert seen(path)[0] == eyes
    with opened(path) as found:
        found.use(HISTOGRAM)
        assert found.embedder.name == HISTOGRAM
    assert seen(path) == before
    assert seen(path, eyes)[0] == eyes


def test_using_another_embedder_reads_no_photo(path: Path, eyes: str, photos: Path) -> None:
    with opened(path, eyes, add=True) as added:
        added.index()
    photos.rename(photos.with_name("unplugged"))
    with opened(path) as found:
        for name in (HISTOGRAM, eyes, HISTOGRAM):
            found.use(name)
            assert found.status().embedder == name
            assert [e.embedder for e in found.status().embedders if e.in_use] == [name]
            assert found.cluster().clusters == 3


def test_what_one_embedder_took_in_waits_for_the_other(
    path: Path, eyes: str, photos: Path, tmp_path: Path
) -> None:
    with opened(path, eyes, add=True) as added:
        added.index()
        save(photos / "more.jpg", 9)
        assert (added.index().embedded, added.status().images) == (1, 13)
        added.use(HISTOGRAM)
        waiting = {e.embedder: (e.photos, e.waiting) for e in added.status().embedders}
        assert waiting == {HISTOGRAM: (12, 1), eyes: (13, 0)}
        assert [problem.invariant for problem in added.check().problems] == ["S4"]
        assert len(added.similar(save(tmp_path / "query.jpg", 9), 20)) == 12
        report = added.index()
        assert (report.added, report.embedded) == (0, 1)
        assert added.check().ok
        best = added.similar(tmp_path / "query.jpg", 1)[0]
        assert best.path == photos / "more.jpg"
        added.use(eyes)
        assert added.index().embedded == 0


def test_an_embedder_is_in_use_once_it_has_seen_the_photos(
    path: Path, eyes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = seen(path)
    stopping = StopAt(12 + 8)  # after all were found and some decoded and embedded
    with (
        Collection(path, embedder=eyes, add=True, settings=ONE, progress=stopping) as added,
        pytest.raises(StoppedError),
    ):
        added.index()
    assert seen(path) == before
    embedded: list[int] = []
    embed = OnnxModel.embed

    def counted(model: OnnxModel, images: list[object]) -> object:
        embedded.append(len(images))
        return embed(model, images)  # type: ignore[arg-type]

    monkeypatch.setattr(OnnxModel, "embed", counted)
    with opened(path, eyes) as again:
        report = again.index()
        assert again.status().embedders[1].waiting == 0
    assert 0 < report.embedded == sum(embedded) < 12
    assert seen(path)[0] == eyes


def test_an_embedder_that_has_seen_only_a_part_is_not_in_use(
    path: Path, eyes: str, photos: Path, tmp_path: Path
) -> None:
    more = tmp_path / "more"
    for number in range(2):
        save(more / f"{number}.jpg", 20 + number)
    with opened(path, eyes, add=True) as added:
        report = added.index(more)
        assert (report.images, report.embedded, report.waiting) == (14, 2, 12)
        assert [e.in_use for e in added.status().embedders] == [True, False]
        assert added.index(photos).waiting == 0
        assert [e.in_use for e in added.status().embedders] == [False, True]


def test_who_names_no_embedder_changes_nothing_about_which_is_in_use(
    path: Path, eyes: str, photos: Path
) -> None:
    with opened(path) as before:
        with opened(path, eyes, add=True) as added:
            added.index()
        save(photos / "more.jpg", 9)
        assert before.index().added == 1
        assert before.embedder.name == HISTOGRAM
    with opened(path) as found:
        assert found.embedder.name == eyes


def test_an_embedder_that_could_not_be_taken_into_use_is_not_seen(path: Path, eyes: str) -> None:
    with opened(path, eyes, add=True) as added:
        added.index()
        with StoreWriter(path), pytest.raises(CollectionLockedError):
            added.use(HISTOGRAM)
        assert added.embedder.name == eyes


def test_two_revisions_of_one_model_are_told_apart_by_their_full_names(
    path: Path, eyes: str
) -> None:
    with opened(path, eyes, add=True) as added:
        added.index()
    model = save_network(Path(eyes.removeprefix("onnx:")), side=8, outputs=["places"], gain=3)
    say(model, resize="squash", scale=1, mean=127.5, std=127.5, pooling="mean")
    with opened(path, eyes, add=True) as added:
        assert added.index().embedded == 12
        _, before, after = (f"{e.embedder}@{e.revision}" for e in added.status().embedders)
        added.use(before)
        assert [e.in_use for e in added.status().embedders] == [False, True, False]
        added.use(eyes)  # what goes by the name now
        assert [e.in_use for e in added.status().embedders] == [False, False, True]
        with pytest.raises(InputError, match="@REVISION"):
            added.compact(forget=eyes)
        assert added.compact(forget=before).forgotten == eyes
        assert f"{added.embedder.name}@{added.embedder.revision}" == after


def test_what_another_embedder_lost_is_noted_without_the_one_in_use(path: Path, eyes: str) -> None:
    with opened(path, eyes, add=True) as added:
        added.index()
    Path(eyes.removeprefix("onnx:")).unlink()
    with (path / "vectors-000001.f16").open("r+b") as file:
        file.seek(64)
        file.write(b"\xff" * 512)
    with opened(path) as found:
        assert found.check(repair=True).ok


def test_an_embedder_must_be_added_before_it_is_used(path: Path, eyes: str) -> None:
    with pytest.raises(EmbedderMismatchError, match="--add"):
        opened(path, eyes)
    with opened(path) as found, pytest.raises(EmbedderMismatchError):
        found.use(eyes)
    with pytest.raises(InputError, match="which embedder"):
        opened(path, add=True)
    with opened(path, HISTOGRAM, add=True) as found:  # is there
        assert len(found.status().embedders) == 1


def test_the_vectors_of_an_embedder_are_dropped_when_asked_for(path: Path, eyes: str) -> None:
    with opened(path, eyes, add=True) as added:
        added.index()
        before = seen(path, eyes)
        with pytest.raises(InputError, match="in use"):
            added.compact(forget=eyes)
        report = added.compact(forget=HISTOGRAM)
        assert report.bytes_after < report.bytes_before
        assert [e.embedder for e in added.status().embedders] == [eyes]
        assert added.check().ok
        assert seen(path) == before
        with pytest.raises(EmbedderMismatchError):
            added.use(HISTOGRAM)


def test_what_is_damaged_of_another_embedder_is_mended_as_well(path: Path, eyes: str) -> None:
    with opened(path) as found:
        before = {row["id"]: row["cluster"] for row in found.photo_table().records}
    with opened(path, eyes, add=True) as added:
        added.index()
        with (path / "vectors-000001.f16").open("r+b") as file:
            file.seek(64 + 2 * 512)
            file.write(b"\xff" * 512)
        (tree,) = path.glob("groups-*links*")
        tree.write_bytes(b"")
        problems = added.check().problems
        assert [problem.invariant for problem in problems] == ["M4", "S1"]
        assert all(problem.message.startswith("color-histogram: ") for problem in problems)
        report = added.check(repair=True)
        assert report.ok
        added.use(HISTOGRAM)
        assert added.status().embedders[0].waiting == 1
        assert added.index().embedded == 1
        assert added.check().ok
        assert added.cluster().clusters == 3
        groups = {row["id"]: row["cluster"] for row in added.photo_table().records}
        assert groups == before


def test_photos_that_go_are_gone_for_all(path: Path, eyes: str, photos: Path) -> None:
    with opened(path, eyes, add=True) as added:
        added.index()
        added.cluster()
        next(photos.rglob("*.jpg")).unlink()
        assert added.index().removed == 1
        assert added.compact().removed == 1
        assert [(e.photos, e.waiting) for e in added.status().embedders] == [(11, 0), (11, 0)]
        for name in (HISTOGRAM, eyes):
            added.use(name)
            assert added.check().ok
            assert added.cluster().clusters == 3


def test_vectors_of_the_exact_edition_go_on_in_it(path: Path, photos: Path, tmp_path: Path) -> None:
    """Once the default had 32 bits, under the name that the one of 8 has now."""
    default, exact = "efficientnet-lite0", "efficientnet-lite0-fp32"
    with opened(path, exact, add=True) as added:
        added.index()
    with StoreWriter(path) as writer:
        writer.rename_embedder(default)
    save(photos / "more.jpg", 9)
    with opened(path) as found:
        assert found.embedder.name == default
        assert found.index().embedded == 1
        assert found.similar(photos / "more.jpg", 1)[0].path == photos / "more.jpg"
    for name in (default, exact, default):
        with opened(path, name) as found:
            assert (found.index().embedded, found.embedder.name) == (0, default)
    with opened(path, default, add=True) as added:
        assert added.index().embedded == 13
        assert [each.embedder for each in added.status().embedders] == [HISTOGRAM, exact, default]
