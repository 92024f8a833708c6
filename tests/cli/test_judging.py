from __future__ import annotations

from pathlib import Path

import pytest

from tests.albums import save
from tests.cli.test_commands import document, run


@pytest.fixture
def grouped(tmp_path: Path, photos: Path) -> Path:
    save(photos / "alone.jpg", 50)
    path = tmp_path / "trip.annclust"
    for command in (("index", photos, "--embedder", "color-histogram"), ("cluster",)):
        done = run(*command, "-c", path)
        assert done.returncode == 0, done.stderr
    return path


def shots(photos: Path) -> tuple[Path, Path]:
    return photos / "burst 0" / "IMG_00.jpg", photos / "burst 0" / "IMG_01.jpg"


def test_a_chain_is_shown_link_by_link(grouped: Path, photos: Path) -> None:
    first, other = shots(photos)
    told = run("explain", first, other, "-c", grouped).stdout
    assert "are both in group 0 of shots" in told
    assert "% of the distance at which unrelated photos begin" in told
    found = document("explain", first, other, "-c", grouped)
    assert (found["together"], found["apart"], found["level"]) == (True, None, "shots")
    assert found["links"][0]["left"]["path"] == str(first)


def test_a_photo_that_is_alone_is_told_why(grouped: Path, photos: Path) -> None:
    told = run("explain", photos / "alone.jpg", "-c", grouped).stdout
    assert "is alone" in told
    assert "times as far as photos of one shot may be" in told
    found = document("explain", photos / "alone.jpg", "-c", grouped)
    assert (found["together"], found["cluster"], found["other"]) == (False, None, None)
    assert found["apart"]["times"] > 1


def test_copies_and_lonely_photos_are_told_in_words(tmp_path: Path) -> None:
    photos, path = tmp_path / "photos", tmp_path / "c"
    only = save(photos / "only.jpg", 1)
    for command in (("index", photos, "--embedder", "color-histogram"), ("cluster",)):
        run(*command, "-c", path)
    assert "nothing to compare it with" in run("explain", only, "-c", path).stdout
    (photos / "copy.jpg").write_bytes(only.read_bytes())
    run("index", "-c", path)
    run("cluster", "-c", path)
    told = run("explain", only, photos / "copy.jpg", "-c", path).stdout
    assert "one and the same content" in told


def test_decisions_are_made_listed_and_explained(grouped: Path, photos: Path) -> None:
    first, other = shots(photos)
    assert run("decide", "-c", grouped).stdout == "nothing was said about any photos\n"
    made = run("decide", "apart", first, other, "-c", grouped)
    assert "are not the same shot" in made.stdout
    assert "the next annclust cluster" in made.stderr
    run("cluster", "-c", grouped)
    told = run("explain", first, other, "-c", grouped).stdout
    assert "had you not said" in told
    run("decide", "together", first, photos / "alone.jpg", "-c", grouped)
    run("cluster", "-c", grouped)
    assert "as you said" in run("explain", photos / "alone.jpg", "-c", grouped).stdout
    said = document("decide", "-c", grouped)
    assert sorted(each["together"] for each in said) == [False, True]
    assert document("decide", "forget", first, other, "-c", grouped)[0]["together"]


def test_a_decision_names_two_photos(grouped: Path, photos: Path) -> None:
    done = run("decide", "apart", shots(photos)[0], "-c", grouped)
    assert done.returncode == 2
    assert done.stderr == "annclust: name a photo, and at least one other.\n"
    done = run("explain", Path(__file__), "-c", grouped)
    assert done.returncode == 1
    assert "is not in this collection" in done.stderr
    assert run("decide", "maybe", "-c", grouped).returncode == 2
