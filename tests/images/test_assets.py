from __future__ import annotations

import pytest

from annclust.images.assets import Shots, bond
from annclust.images.scan_plan import FileState

SECOND = 10**9


def file(path: str, seconds: float = 0, root: int = 1) -> FileState:
    return FileState(root, path.encode(), 1000, int(seconds * SECOND))


def companions(
    photos: list[FileState],
    videos: list[FileState] | None = None,
    *unreadable: FileState,
    known: dict[FileState, str] | None = None,
) -> dict[str, str]:
    """Which file belongs to which photo."""
    bonds = {
        bond(file.path, file.size, file.modified_ns, photo.encode())
        for file, photo in (known or {}).items()
    }
    found = Shots(photos, videos or [], bonds).companions(set(unreadable))
    assert all(each.is_raw == (each.file in photos) for each in found)
    return {each.file.path.decode(): each.photo.path.decode() for each in found}


@pytest.mark.parametrize("raw", ["a.CR2", "a.nef", "a.DNG", "A.arw"])
def test_a_raw_photo_belongs_to_what_the_camera_made_of_it(raw: str) -> None:
    assert companions([file("trip/" + raw), file("trip/a.JPG", 2)]) == {"trip/" + raw: "trip/a.JPG"}


@pytest.mark.parametrize("video", ["IMG_1.MOV", "img_1.mp4"])
def test_a_video_belongs_to_the_photo_of_its_name(video: str) -> None:
    assert companions([file("IMG_1.HEIC")], [file(video, 3)]) == {video: "IMG_1.HEIC"}


def test_all_that_is_of_one_shot_belongs_to_one_photo() -> None:
    photos = [file("a.jpg"), file("a.dng"), file("a.cr3")]
    assert companions(photos, [file("a.mov")]) == dict.fromkeys(
        ["a.dng", "a.cr3", "a.mov"], "a.jpg"
    )


def test_the_video_of_a_raw_photo_belongs_to_it() -> None:
    assert companions([file("a.dng")], [file("a.mov")]) == {"a.mov": "a.dng"}


def test_of_several_photos_the_nearest_in_time_counts() -> None:
    photos = [file("a.jpg", 4), file("a.heic", 1), file("a.png", 1)]
    assert companions(photos, [file("a.mov", 2)]) == {"a.mov": "a.heic"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (file("a.jpg"), file("b.cr2")),
        (file("a.jpg"), file("trip/a.cr2")),
        (file("a.jpg"), file("a.cr2", root=2)),
        (file("a.jpg"), file("a.b.cr2")),
        (file("a.jpg"), file("a.cr2", 10.1)),  # the camera counted around
        (file("a.jpg", 3600), file("a.cr2")),
        (file("a.cr2"), file("a.dng")),
        (file("a.jpg"), file("a.png")),
        (file("dng"), file("a/dng")),
    ],
)
def test_other_files_are_photos_of_their_own(one: FileState, other: FileState) -> None:
    assert companions([one, other]) == {}


def test_nothing_belongs_to_what_cannot_be_read() -> None:
    photos, videos = [file("a.jpg"), file("a.dng")], [file("a.mov")]
    assert companions(photos, videos, photos[0]) == {"a.mov": "a.dng"}
    assert companions(photos, videos, *photos) == {}
    # A raw photo that cannot be read belongs to one that can.
    assert companions(photos, videos, photos[1]) == {"a.dng": "a.jpg", "a.mov": "a.jpg"}


def test_a_film_is_no_companion_of_the_picture_beside_it() -> None:
    film = FileState(1, b"MVI_1.MOV", 200_000_000, 0)
    assert companions([file("MVI_1.JPG")], [film]) == {}


def test_what_belonged_together_does_so_though_the_photo_was_edited() -> None:
    photos, video = [file("a.jpg", 3600), file("a.dng")], file("a.mov")
    known = {photos[1]: "a.jpg", video: "a.jpg"}
    assert companions(photos, [video], known=known) == {"a.dng": "a.jpg", "a.mov": "a.jpg"}
    # ... and wherever all of it was moved to.
    moved, raw = [file("b/a.jpg", 3600), file("b/a.dng")], file("b/a.mov")
    assert companions(moved, [raw], known=known) == {"b/a.dng": "b/a.jpg", "b/a.mov": "b/a.jpg"}


def test_a_companion_that_was_replaced_is_looked_at_anew() -> None:
    photos = [file("a.jpg", 3600), file("a.dng", 50)]
    assert companions(photos, known={file("a.dng"): "a.jpg"}) == {}
    renamed = [file("b.jpg", 3600), file("b.dng")]
    assert companions(renamed, known={file("a.dng"): "a.jpg"}) == {}
