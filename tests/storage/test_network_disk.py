"""Collections are not written to disks that other machines may write to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from annclust.errors import NetworkDiskError
from annclust.storage import network_disk
from annclust.storage.network_disk import network_file_system
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.url_path import UrlPath
from tests.storage.conftest import SPEC


def _mount_as(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system say that a folder lies on such a disk."""
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    lines = ["22 1 0:1 / /other rw - nfs4 server:/other rw", f"23 1 {number} / / rw - {kind} x rw"]
    mounts = folder.parent / f"{folder.name}.mounts"
    mounts.write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(network_disk, "_MOUNTS", mounts)


def test_this_disk_is_none(tmp_path: Path) -> None:
    assert network_file_system(tmp_path) is None


def test_network_disks_are_known_by_the_name_of_their_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for kind, expected in {"nfs4": "nfs4", "cifs": "cifs", "ext4": None}.items():
        _mount_as(kind, folder, monkeypatch)
        assert network_file_system(folder) == expected


def test_a_system_that_does_not_tell_is_believed_to_be_local(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_disk, "_MOUNTS", tmp_path / "none")
    assert network_file_system(tmp_path) is None


def test_nothing_is_written_to_a_network_disk_but_all_is_read(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    StoreWriter.create(directory, SPEC).close()
    before = sorted(directory.iterdir())
    _mount_as("nfs4", directory, monkeypatch)
    with pytest.raises(NetworkDiskError, match=r"network disk \(nfs4\)"):
        StoreWriter(directory)
    with pytest.raises(NetworkDiskError):
        StoreWriter.create(directory / "new.annclust", SPEC)
    assert sorted(directory.iterdir()) == before
    with Store(directory) as reader:
        assert reader.catalog.rows() == 0


def test_no_collection_is_made_behind_a_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NetworkDiskError, match=r"s3://bucket/c\.annclust.*behind a URL"):
        StoreWriter.create(UrlPath("s3://bucket/c.annclust"), SPEC)
    assert list(tmp_path.iterdir()) == []
