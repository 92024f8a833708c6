"""The commands of purge, from outside."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from annclust.cli.purging import age_of
from annclust.errors import UsageError
from annclust.images.discovery import TRASH
from annclust.storage.store_writer import StoreWriter
from tests.albums import add_comment
from tests.cli.test_commands import document, made, run
from tests.purge.purges import in_trash, tree

__all__ = ["made"]


@pytest.fixture
def plan(made: Path, tmp_path: Path) -> Path:
    """A plan of the album, in a file."""
    path = tmp_path / "plan.json"
    done = run("purge", "plan", "-c", made, "-o", path)
    assert done.returncode == 0, done.stderr
    return path


def test_a_plan_is_told_and_touches_nothing(made: Path, photos: Path, tmp_path: Path) -> None:
    before = tree(photos)
    done = run("purge", "plan", "-c", made)
    assert "keep   " in done.stdout
    assert "  move " in done.stdout
    assert "9 photos of 3 shots would go to the trash" in done.stdout
    assert "nothing was touched" in done.stdout
    told = document("purge", "plan", "-c", made, "-o", tmp_path / "p.json")
    assert told == json.loads((tmp_path / "p.json").read_text())
    assert set(told) == {"format", "id", "level", "made", "totals", "groups"}
    assert told["totals"]["photos"] == 9
    assert tree(photos) == before


def test_photos_go_and_come_back(made: Path, photos: Path, plan: Path) -> None:
    before = tree(photos)
    report = document("purge", "apply", plan, "-c", made)
    assert set(report) == {"purge", "photos", "files", "bytes", "before", "trash", "not_moved"}
    assert (report["purge"], report["photos"], report["not_moved"]) == (1, 9, [])
    assert len(in_trash(photos)) == 9
    (listed,) = document("purge", "list", "-c", made)
    assert (listed["state"], listed["files"], listed["missing"]) == ("in trash", 9, [])
    assert listed["trash"] == report["trash"]
    shown = run("purge", "list", "-c", made).stdout
    assert "in trash" in shown
    assert report["trash"][0] in shown
    again = run("purge", "apply", plan, "-c", made)
    assert "9 photos had been moved before" in again.stdout
    undone = document("purge", "undo", plan, "-c", made)
    assert (undone["photos"], undone["unknown"], undone["not_restored"]) == (9, 0, [])
    assert tree(photos) == before
    assert document("purge", "list", "-c", made)[0]["state"] == "restored"


def test_what_stays_where_it_is_is_told_with_an_exit_code(
    made: Path, photos: Path, plan: Path
) -> None:
    assert run("purge", "apply", plan, "-c", made).returncode == 0
    (gone, *_) = (photos / TRASH).rglob("*.jpg")
    place = photos / gone.parent.name / gone.name
    place.write_text("somebody's")
    done = run("purge", "undo", "-c", made)
    assert done.returncode == 3
    assert f"{place}: file exists" in done.stdout
    add_comment(gone)
    kept = run("purge", "empty", "--older-than", "0d", "--yes", "-c", made)
    assert kept.returncode == 3
    assert "it was changed in the trash" in kept.stdout
    assert gone.exists()


def test_the_trash_is_emptied_of_what_is_old_enough(made: Path, photos: Path, plan: Path) -> None:
    run("purge", "apply", plan, "-c", made)
    assert "nothing in the trash is older than 30d" in run("purge", "empty", "-c", made).stdout
    unasked = run("purge", "empty", "--older-than", "0d", "-c", made)
    assert unasked.returncode == 2
    assert "say --yes" in unasked.stderr
    report = document("purge", "empty", "--older-than", "0d", "--yes", "-c", made)
    assert report == {"purges": 1, "files": 9, "bytes": report["bytes"], "kept": []}
    assert not (photos / TRASH).exists()
    assert "deleted 0" not in run("purge", "empty", "--older-than", "0d", "-c", made).stdout
    undone = run("purge", "undo", plan, "-c", made).stdout
    assert "9 files of it cannot be put back: deleted for good, or gone" in undone


def test_a_plan_that_is_out_of_date_moves_nothing(made: Path, photos: Path, plan: Path) -> None:
    add_comment(photos / "burst 0" / "IMG_00.jpg")
    before = tree(photos)
    done = run("purge", "apply", plan, "-c", made)
    assert done.returncode == 1
    assert "IMG_00.jpg is not what the plan says: it has another size" in done.stderr
    assert tree(photos) == before


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["apply", "missing.json"], 1, "No such file"),
        (["apply"], 2, "PLAN"),
        (["undo"], 1, "nothing was purged"),
        (["empty", "--older-than", "soon"], 2, "an age is a number of days"),
        (["plan", "--level", "rooms"], 2, "rooms"),
        (["plan", "--reference", "nowhere"], 1, "there is no such folder"),
        (["plan", "-o", "no/such/folder/plan.json"], 1, "cannot be written"),
        (["shred"], 2, "shred"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    made: Path, words: list[str], code: int, told: str
) -> None:
    done = run("purge", *words, *(["-c", str(made)] if words != ["shred"] else []))
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_purge_waits_for_nobody_else_who_writes(made: Path, plan: Path, photos: Path) -> None:
    with StoreWriter(made):
        done = run("purge", "apply", plan, "-c", made)
    assert done.returncode == 1
    assert "is being written by" in done.stderr
    assert in_trash(photos) == set()


def test_names_that_are_no_text_are_shown(tmp_path: Path, photos: Path) -> None:
    odd = photos / "burst 0" / os.fsdecode(b"\xff\x1b[31m.jpg")
    (photos / "burst 0" / "IMG_00.jpg").rename(odd)
    (photos / "link.jpg").hardlink_to(odd)
    path = tmp_path / "trip.annclust"
    run("index", photos, "-c", path, "--embedder", "color-histogram")
    done = run("purge", "plan", "-c", path, "--verbose", "-o", tmp_path / "plan.json")
    assert done.returncode == 0, done.stderr
    assert "\\xff\\x1b[31m.jpg" in done.stdout
    assert "(a hard link)" in done.stdout
    before = tree(photos)
    assert run("purge", "apply", tmp_path / "plan.json", "-c", path).returncode == 0
    assert run("purge", "undo", "-c", path).returncode == 0
    assert tree(photos) == before


def answered(answer: bytes, *words: object) -> tuple[int, str]:
    """Run a command at a terminal where somebody answers; its exit code and what it wrote."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "annclust", *map(str, words), "--no-progress"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, answer)
    written = b""
    try:
        while part := os.read(ours, 4096):
            written += part
    except OSError:  # the other end was closed
        pass
    finally:
        os.close(ours)
    return running.wait(60), written.decode()


def test_at_a_terminal_a_person_is_asked(made: Path, photos: Path, plan: Path) -> None:
    apply = ("purge", "apply", plan, "-c", made)
    code, written = answered(b"n\n", *apply)
    assert code == 0
    assert "Move 9 files" in written
    assert "nothing was touched" in written
    code, written = answered(b"\x04", *apply)  # the end of what there is to read
    assert code == 130
    assert in_trash(photos) == set()
    code, written = answered(b"y\n", *apply)
    assert (code, len(in_trash(photos))) == (0, 9)
    empty = ("purge", "empty", "--older-than", "0d", "-c", made)
    code, written = answered(b"n\n", *empty)
    assert "This cannot be undone." in written
    assert len(in_trash(photos)) == 9
    code, written = answered(b"", *empty, "--yes")
    assert "for good?" not in written
    assert in_trash(photos) == set()


@pytest.mark.parametrize(
    ("text", "seconds"), [("30d", 30 * 86_400), ("12h", 43_200), ("5m", 300), ("0d", 0)]
)
def test_an_age_is_read(text: str, seconds: int) -> None:
    assert age_of(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "d", "30", "-1d", "1.5d", "30 d", "٣d", "9999999d", "1w"])
def test_other_ages_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="an age is a number"):
        age_of(text)
