"""What commands say to a person, line by line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from annclust.cli.listings import clustering_lines, out_of_date_line
from annclust.pipeline.reports import ClusterReport

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
