from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.images.discovery import FoundFile, SkippedFile, UnlistedFolder, walk
from annclust.settings import ScanSettings
from tests.images.samples import encode, landscape

USUAL = ScanSettings()
LINKS = ScanSettings(follow_symlinks=True)


def make(root: Path, *names: str) -> bytes:
    """Empty files, and the folders they lie in."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return os.fsencode(root)


def found(root: bytes, settings: ScanSettings = USUAL, skip: Iterable[bytes] = ()) -> list[bytes]:
    findings = walk(root, settings, skip=frozenset(skip))
    return [finding.path for finding in findings if isinstance(finding, FoundFile)]


def test_images_are_found_in_nested_folders_in_order(tmp_path: Path) -> None:
    root = make(tmp_path, "b.jpg", "sub/deep/d.HEIC", "sub/c.Png", "a.webp", "other/e.tif")
    expected = [b"a.webp", b"b.jpg", b"other/e.tif", b"sub/c.Png", b"sub/deep/d.HEIC"]
    assert found(root) == expected


def test_a_found_file_tells_its_state(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"12345")
    state = (tmp_path / "a.jpg").stat()
    (finding,) = walk(os.fsencode(tmp_path), USUAL)
    assert finding == FoundFile(b"a.jpg", 5, state.st_mtime_ns, state.st_dev, state.st_ino)


def test_a_slash_after_the_root_changes_nothing(tmp_path: Path) -> None:
    root = make(tmp_path, "sub/a.jpg")
    assert list(walk(root + b"/", USUAL)) == list(walk(root, USUAL))


def test_other_files_are_counted_as_skipped(tmp_path: Path) -> None:
    root = make(tmp_path, "notes.txt", "film.avi", "jpg", "mov", "a.jpg")
    skipped = [f.path for f in walk(root, USUAL) if isinstance(f, SkippedFile)]
    assert skipped == [b"film.avi", b"jpg", b"mov", b"notes.txt"]


def test_videos_that_may_belong_to_photos_are_told_apart(tmp_path: Path) -> None:
    root = make(tmp_path, "a.MOV", "a.heic", "b.mp4")
    found = [(f.path, f.is_video) for f in walk(root, USUAL) if isinstance(f, FoundFile)]
    assert found == [(b"a.MOV", True), (b"a.heic", False), (b"b.mp4", True)]


def test_raw_photos_and_drawings_are_candidates_so_that_they_get_reported(tmp_path: Path) -> None:
    root = make(tmp_path, "a.CR2", "b.svg", "c.dng")
    assert found(root) == [b"a.CR2", b"b.svg", b"c.dng"]


def test_names_are_bytes_of_any_kind(tmp_path: Path) -> None:
    names = [b"\xff\xfe broken.jpg", "Ünïcode 写真.jpg".encode(), b"new\nline.jpg"]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).touch()
    assert found(os.fsencode(tmp_path)) == sorted(names)


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.jpg",
        ".thumbnails/a.jpg",
        "@eaDir/a.jpg",
        "sub/#recycle/a.jpg",
        "$RECYCLE.BIN/a.jpg",
        "System Volume Information/a.jpg",
        "__MACOSX/a.jpg",
        "lost+found/a.jpg",
        "trip.annclust/a.jpg",
    ],
)
def test_what_is_nobodys_photo_is_left_out_without_a_word(tmp_path: Path, name: str) -> None:
    assert list(walk(make(tmp_path, name), USUAL)) == []


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("*.png", [b"a.jpg", b"sub/c.jpg", b"sub/deep/d.jpg"]),
        ("sub", [b"a.jpg", b"b.png"]),
        ("sub/", [b"a.jpg", b"b.png"]),
        ("sub/deep", [b"a.jpg", b"b.png", b"sub/c.jpg"]),
        ("sub/*.jpg", [b"a.jpg", b"b.png"]),
        ("[ab].*", [b"sub/c.jpg", b"sub/deep/d.jpg"]),
    ],
)
def test_excluded_names_and_paths_are_left_out(
    tmp_path: Path, pattern: str, left: list[bytes]
) -> None:
    root = make(tmp_path, "a.jpg", "b.png", "sub/c.jpg", "sub/deep/d.jpg")
    assert found(root, ScanSettings(exclude=(pattern,))) == left


def test_a_nested_root_is_not_entered(tmp_path: Path) -> None:
    root = make(tmp_path, "a.jpg", "sub/b.jpg", "subway/c.jpg")
    assert found(root, skip=[root + b"/sub/"]) == [b"a.jpg", b"subway/c.jpg"]


def test_without_an_extension_the_content_decides(tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(encode(landscape(), "jpg"))
    (tmp_path / "script").write_bytes(b"#!/bin/sh\n")
    (tmp_path / "notes").write_bytes(b"BMW drives on\n" * 9)
    (tmp_path / "track").write_bytes(b'<?xml version="1.0"?><gpx></gpx>')
    (tmp_path / "drawing").write_bytes(b"<svg></svg>")
    (tmp_path / "paper").write_bytes(b"%PDF-1.7\n")
    (tmp_path / "nothing").touch()
    findings = list(walk(os.fsencode(tmp_path), USUAL))
    assert [f.path for f in findings if isinstance(f, FoundFile)] == [b"photo"]
    skipped = [f.path for f in findings if isinstance(f, SkippedFile)]
    assert skipped == [b"drawing", b"notes", b"nothing", b"paper", b"script", b"track"]


def test_a_file_without_an_extension_that_cannot_be_read_is_no_photo(tmp_path: Path) -> None:
    (tmp_path / "memory").symlink_to("/proc/self/mem")  # whose first bytes nobody may read
    assert list(walk(os.fsencode(tmp_path), LINKS)) == [SkippedFile(b"memory")]


def test_links_are_skipped(tmp_path: Path) -> None:
    root = make(tmp_path / "root", "a.jpg")
    make(tmp_path / "elsewhere", "b.jpg")
    (tmp_path / "root" / "folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "root" / "link.jpg").symlink_to("a.jpg")
    assert found(root) == [b"a.jpg"]


def test_links_are_followed_when_asked(tmp_path: Path) -> None:
    root = make(tmp_path / "root", "a.jpg")
    make(tmp_path / "elsewhere", "b.jpg")
    (tmp_path / "root" / "folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "root" / "link.jpg").symlink_to("a.jpg")
    assert found(root, LINKS) == [b"a.jpg", b"link.jpg", b"folder/b.jpg"]


def test_followed_links_may_go_around_in_circles(tmp_path: Path) -> None:
    root = make(tmp_path, "sub/a.jpg")
    (tmp_path / "sub" / "back").symlink_to(tmp_path)
    (tmp_path / "sub" / "twice").symlink_to(tmp_path / "sub")
    assert found(root, LINKS) == [b"sub/a.jpg"]


def test_a_link_to_nothing_is_no_photo(tmp_path: Path) -> None:
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    for settings in (USUAL, LINKS):
        assert found(os.fsencode(tmp_path), settings) == []


def test_pipes_and_sockets_are_neither_opened_nor_found(tmp_path: Path) -> None:
    for name in ("pipe.jpg", "pipe"):
        os.mkfifo(tmp_path / name)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.jpg"))
        kinds = {type(finding) for finding in walk(os.fsencode(tmp_path), USUAL)}
    assert kinds == {SkippedFile}


def test_a_folder_that_cannot_be_listed_is_reported(tmp_path: Path) -> None:
    assert list(walk(os.fsencode(tmp_path / "gone"), USUAL)) == [UnlistedFolder(b"", "it vanished")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_forbidden_folder_is_reported(tmp_path: Path) -> None:
    root = make(tmp_path, "closed/a.jpg", "open/b.jpg")
    (tmp_path / "closed").chmod(0)
    try:
        findings = list(walk(root, USUAL))
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert UnlistedFolder(b"closed", "permission denied") in findings


def test_folders_nested_too_deeply_for_a_path_are_reported_and_nothing_else_lost(
    tmp_path: Path,
) -> None:
    root = make(tmp_path, "a.jpg", "zebra/z.jpg")
    name, depth = "d" * 200, 25  # 5,000 bytes; a path may have 4,096
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=folder)
        inner = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
        for file in ("p.jpg", "n" * 200):
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    findings = list(walk(root, USUAL))
    files = {f.path for f in findings if isinstance(f, FoundFile)}
    unlisted = {f.path: f.reason for f in findings if isinstance(f, UnlistedFolder)}
    photos = [os.fsencode(f"{name}/") * level + b"p.jpg" for level in range(1, depth + 1)]
    assert {b"a.jpg", b"zebra/z.jpg", photos[0]} <= files
    assert set(unlisted.values()) == {"its path is too long"}
    for photo in photos:
        assert photo in files or photo.startswith(tuple(unlisted))
    assert not any(path.endswith(b"n") for path in files)


def test_a_thousand_nested_folders_are_no_problem(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(1200):
        folder = folder / "d"
        folder.mkdir()
    (folder / "a.jpg").touch()
    try:
        assert found(os.fsencode(tmp_path)) == [b"d/" * 1200 + b"a.jpg"]
    finally:
        # What removes temporary folders would recurse.
        (folder / "a.jpg").unlink()
        while folder != tmp_path:
            folder.rmdir()
            folder = folder.parent


NAMES = st.sampled_from(["a.jpg", "b.txt", "c.PNG", ".d.jpg", "e", "f.annclust"])
TREES = st.recursive(
    st.just(None), lambda tree: st.dictionaries(NAMES, tree, max_size=4), max_leaves=12
)


def plant(folder: Path, tree: dict[str, object]) -> list[str]:
    """Make a tree; gives the files that should be found, slowly and obviously."""
    expected = []
    for name, below in tree.items():
        if isinstance(below, dict):
            (folder / name).mkdir()
            inner = plant(folder / name, below)
            if not name.startswith(".") and not name.endswith(".annclust"):
                expected += [f"{name}/{path}" for path in inner]
        else:
            (folder / name).touch()
            if name in ("a.jpg", "c.PNG"):
                expected.append(name)
    return expected


@given(tree=TREES.filter(lambda tree: tree is not None))
def test_exactly_the_images_of_any_tree_are_found(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, object]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    assert sorted(os.fsdecode(path) for path in found(os.fsencode(root))) == []
    expected = plant(root, tree)
    assert sorted(os.fsdecode(path) for path in found(os.fsencode(root))) == sorted(expected)
