"""What a person reads: one word for one thing, and nothing that is not so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import typer

from annclust.cli.app import app
from annclust.cli.listings import (
    NEWCOMER,
    capped_lines,
    cluster_lines,
    cluster_table,
    clustering_lines,
    counted_groups,
    demo_lines,
    out_of_date_line,
)
from annclust.collection import Collection
from annclust.errors import CollectionNotFoundError, NothingClusteredError
from annclust.pipeline.reports import ClusterReport
from tests.albums import save
from tests.cli.test_commands import run

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("number", "level", "text"),
    [
        (17, "shots", "17 shots"),
        (1, "scenes", "1 scene"),
        (0, "themes", "0 themes"),
        (14, "density", "14 groups by density"),
        (1, "copies", "1 group of exact copies"),
    ],
)
def test_groups_go_by_the_name_of_their_level(number: int, level: str, text: str) -> None:
    assert counted_groups(number, level) == text


def test_lists_and_status_count_shots(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    collection.cluster()
    table = list(cluster_table(collection.clusters(), "shots", all_of_them=False))
    assert table[0] == "3 shots"
    assert "3 shots, 0 alone" in run("status", "-c", collection.path).stdout
    assert "densest place first" in next(cluster_lines(collection.clusters()[0]))


def test_nothing_is_told_of_the_groups_of_nothing(collection: Collection, photos: Path) -> None:
    collection.cluster()
    assert run("cluster", "-c", collection.path).stdout == "no photos to group\n"
    only = save(photos / "only.jpg", 1)
    for path in photos.rglob("*"):
        if path.is_file() and path != only:
            path.unlink()
    collection.index([photos])
    done = run("cluster", "-c", collection.path).stdout
    assert done.splitlines()[0] == "0 shots with 0 of 1 photo, 1 alone"
    assert "largest" not in done
    assert "certified" not in done


def test_splits_of_giants_are_counted_also_within_each_other(collection: Collection) -> None:
    collection.cluster()
    report: ClusterReport = collection.last_clustering()
    assert list(capped_lines(report)) == []
    (line,) = capped_lines(replace(report, capped=8))
    assert line.endswith("such were split into the groups in them, 8 times")


def test_a_newcomer_hears_of_every_step() -> None:
    for command in ("index", "cluster", "clusters", "explain", "decide", "similar", "demo"):
        assert f"annclust {command}" in NEWCOMER


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_photos_are_called_photos(name: str) -> None:
    told = run(name, "--help").stdout.lower()
    assert "image" not in told.replace("imagesimilaritymodel", "")


def test_what_is_left_out_is_said_with_the_choices_of_cluster() -> None:
    told = " ".join(run("cluster", "--help").stdout.split())
    for default in ("2 if left out, 5 for density", "1 if left out", "eom (default)"):
        assert default in told


def test_commands_are_quoted_where_paths_need_it() -> None:
    path = Path("sp ace/x y.annclust")
    for error in (NothingClusteredError(path), CollectionNotFoundError(path)):
        assert "-c 'sp ace/x y.annclust'" in str(error)
    assert "annclust index 'sp ace'" in list(demo_lines(Path("sp ace"), 3))[1]


def test_a_folder_without_photos_is_said_to_have_none(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    path = tmp_path / "c.annclust"
    done = run("index", tmp_path / "empty", "-c", path, "--embedder", "color-histogram")
    assert "no photos were found" in done.stdout
    told = run("status", "-c", path).stdout
    assert "index       none: there are no photos" in told
    assert "graph       none: there are no photos" in told


def test_a_group_that_is_not_there_is_named_with_its_level(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    collection.cluster("scenes")
    done = run("clusters", "99999", "-c", collection.path)
    assert "there is no group 99999 of scenes" in done.stderr
    assert "annclust clusters --level scenes" in done.stderr


SHOTS = ClusterReport(
    level="shots",
    images=9,
    clusters=1,
    noise=7,
    largest=2,
    certified=1.0,
    lineage={"born": 1},
    seconds=0.1,
    recall=0.97,
    components=3,
    granularity=1.0,
)


def test_parts_are_joined_of_density_alone() -> None:
    told = list(clustering_lines(SHOTS))
    assert "neighbor graph: 97.0% of the true neighbors" in told
    assert "certified exact: 100.0% of the links that make shots" in told
    told = list(clustering_lines(replace(SHOTS, level="density", granularity=None)))
    assert "neighbor graph: 97.0% of the true neighbors, 3 parts joined" in told
    assert "certified exact: 100.0% of the merges that decide the groups" in told


def test_what_changed_is_said() -> None:
    where = Path("my trip")
    assert out_of_date_line(where, "scenes", "photos") == (
        "photos came or went since these groups were made;"
        " anew: annclust cluster -c 'my trip' --level scenes"
    )
    assert out_of_date_line(where, "shots", "decisions").startswith("something was decided since")
