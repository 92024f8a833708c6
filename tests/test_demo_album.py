from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps
from pillow_heif import open_heif

from annclust.demo_album import draw_album
from annclust.demo_album.album_plan import PlannedPhoto, plan_album
from annclust.demo_album.camera import PHOTO_SIZE
from annclust.demo_album.canvas import HEIGHT, WIDTH
from annclust.demo_album.scenes import SCENES
from annclust.errors import InputError

PLAN = plan_album(7)
ONE_OFFS = {"leaves", "moon", "sunflower", "sunset"}


class CountingStage:
    def __init__(self) -> None:
        self.done = 0

    def advance(self, steps: int = 1, /) -> None:
        self.done += steps

    def expect(self, total: int, /) -> None:
        raise AssertionError("the number of photos is known from the start")


class CountingProgress:
    def __init__(self) -> None:
        self.only_stage = CountingStage()
        self.total: int | None = None

    @contextmanager
    def stage(
        self, title: str, /, total: int | None = None, *, unit: str = ""
    ) -> Iterator[CountingStage]:
        self.total = total
        yield self.only_stage


@pytest.fixture(scope="module")
def progress() -> CountingProgress:
    return CountingProgress()


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory, progress: CountingProgress) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "new" / "album"
    files = draw_album(folder, progress=progress)
    assert files == sorted(path for path in folder.rglob("*") if path.is_file())
    return folder


def upright(path: Path) -> Image.Image:
    if path.suffix == ".HEIC":
        return open_heif(path).to_pillow()
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def thumbnail(path: Path) -> NDArray[np.float64]:
    return np.asarray(upright(path).resize((16, 16)), dtype=float).ravel()


def test_every_planned_photo_is_drawn_and_nothing_else(album: Path) -> None:
    drawn = {path.relative_to(album).as_posix() for path in album.rglob("*") if path.is_file()}
    assert drawn == {photo.path for photo in PLAN}


def test_the_album_is_small(album: Path) -> None:
    sizes = [path.stat().st_size for path in album.rglob("*") if path.is_file()]
    assert 40 <= len(sizes) <= 60
    assert sum(sizes) < 15_000_000


def test_progress_hears_of_every_photo(album: Path, progress: CountingProgress) -> None:
    assert progress.only_stage.done == progress.total == len(PLAN)


def test_every_photo_is_an_image_of_the_format_its_name_says(album: Path) -> None:
    formats = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
    for photo in PLAN:
        path = album / photo.path
        if path.suffix == ".HEIC":
            assert open_heif(path).size == PHOTO_SIZE
        else:
            with Image.open(path) as image:
                image.load()
                assert image.format == formats[path.suffix]


def test_equal_seeds_give_equal_files(album: Path, tmp_path: Path) -> None:
    again = draw_album(tmp_path)
    assert [p.read_bytes() for p in again] == [
        (album / p.relative_to(tmp_path)).read_bytes() for p in again
    ]


def test_only_the_duplicate_has_the_bytes_of_another_photo(album: Path) -> None:
    holders = defaultdict(list)
    for photo in PLAN:
        holders[(album / photo.path).read_bytes()].append(photo)
    shared = [photos for photos in holders.values() if len(photos) > 1]
    assert [[p.treatment for p in photos] for photos in shared] == [["original", "duplicate"]]


def test_a_photo_on_its_side_is_upright_once_exif_is_obeyed(album: Path) -> None:
    turned = next(photo for photo in PLAN if photo.treatment == "turned")
    with Image.open(album / turned.path) as image:
        assert image.size == PHOTO_SIZE[::-1]
    assert upright(album / turned.path).size == PHOTO_SIZE


def test_exif_says_when_a_photo_was_taken(album: Path) -> None:
    photo = PLAN[0]
    with Image.open(album / photo.path) as image:
        moment = image.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal]
    assert datetime.strptime(moment, "%Y:%m:%d %H:%M:%S") == photo.taken


def test_a_photo_sent_by_messenger_lost_its_exif(album: Path) -> None:
    sent = next(photo for photo in PLAN if photo.treatment == "messenger")
    with Image.open(album / sent.path) as image:
        assert not image.getexif()


def test_the_nearest_photo_shows_the_same_scene(album: Path) -> None:
    twins = [photo for photo in PLAN if photo.scene not in ONE_OFFS]
    pixels = np.stack([thumbnail(album / photo.path) for photo in twins])
    distances = np.linalg.norm(pixels[:, np.newaxis] - pixels, axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argmin(axis=1)
    assert [twins[i].scene for i in nearest] == [photo.scene for photo in twins]


def test_the_photos_of_a_burst_are_not_the_same(album: Path) -> None:
    burst = [photo for photo in PLAN if photo.scene == "beach" and photo.treatment == "original"]
    frames = [thumbnail(album / photo.path) for photo in burst]
    assert all(np.abs(a - b).max() > 4 for a, b in pairwise(frames))


@given(seed=st.integers(0, 2**32))
def test_any_seed_plans_groups_and_photos_without_a_twin(seed: int) -> None:
    planned = plan_album(seed)
    sizes = Counter(photo.scene for photo in planned)
    assert {scene for scene, size in sizes.items() if size == 1} == ONE_OFFS
    assert min(size for scene, size in sizes.items() if scene not in ONE_OFFS) >= 6
    assert len({photo.path for photo in planned}) == len(planned)


@given(seed=st.integers(0, 2**32))
def test_a_burst_takes_seconds(seed: int) -> None:
    bursts = defaultdict(list)
    for photo in plan_album(seed):
        bursts[photo.scene].append(photo)
    assert all(_seconds(burst) < 15 for burst in bursts.values())


def _seconds(burst: list[PlannedPhoto]) -> float:
    taken = [photo.taken for photo in burst]
    return (max(taken) - min(taken)).total_seconds()


def test_another_seed_gives_other_looks() -> None:
    assert [photo.look for photo in plan_album(1)] != [photo.look for photo in plan_album(2)]


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_paints_every_pixel(name: str) -> None:
    backdrop = SCENES[name].paint_backdrop(seed=3)
    assert backdrop.shape == (HEIGHT, WIDTH, 3)
    assert np.isfinite(backdrop).all()
    assert backdrop.std() > 0.05


@pytest.mark.parametrize("name", sorted(SCENES.keys() - ONE_OFFS))
def test_something_moves_through_a_scene(name: str) -> None:
    canvas = np.full((HEIGHT, WIDTH, 3), 0.4)
    first, last = canvas.copy(), canvas.copy()
    SCENES[name].passerby(first, 0.0)
    SCENES[name].passerby(last, 1.0)
    assert not np.array_equal(first, canvas)
    assert not np.array_equal(first, last)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="is not empty"):
        draw_album(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_cannot_be_the_album(tmp_path: Path) -> None:
    path = tmp_path / "album"
    path.write_text("")
    with pytest.raises(InputError, match="is not a folder"):
        draw_album(path)


def test_a_folder_that_cannot_be_made_is_an_error_with_its_cause(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Not a directory"):
        draw_album(tmp_path / "file" / "album")
