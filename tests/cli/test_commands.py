from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from annclust.cli.shared_options import MOST_SAMPLES
from annclust.collection import Collection
from annclust.search.graph_plan import neighbors_wanted
from annclust.settings import SearchSettings
from annclust.storage.store_writer import StoreWriter
from tests.albums import save
from tests.embedding.networks import save_network
from tests.html_reader import ReadPage


def run(*arguments: object, cwd: Path | None = None, **environment: str) -> Any:
    """Run `annclust` in a process of its own, as a shell would."""
    return subprocess.run(
        [sys.executable, "-m", "annclust", *map(str, arguments)],
        capture_output=True,
        cwd=cwd,
        text=True,
        errors="surrogateescape",
        env={**os.environ, "COLUMNS": "200", **environment},
        timeout=120,
    )


def document(*arguments: object, code: int = 0) -> Any:
    """Run with ``--json``; the one document on stdout."""
    done = run(*arguments, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def made(tmp_path: Path, photos: Path) -> Path:
    """A collection of the shipped embedder over the album."""
    return collection_over(photos, tmp_path / "trip.annclust")


def collection_over(photos: Path | str, path: Path) -> Path:
    """What `annclust index` makes, without the time that a command takes to start."""
    with Collection(path, embedder="color-histogram") as collection:
        collection.index(photos)
    return path


def test_without_arguments_a_newcomer_is_told_what_to_do() -> None:
    done = run()
    assert done.returncode == 0
    assert "annclust index" in done.stdout
    assert "annclust demo" in done.stdout


def test_the_version_is_shown() -> None:
    assert run("--version").stdout.startswith("annclust ")


def test_index_reports_what_the_contract_names(tmp_path: Path, photos: Path) -> None:
    (photos / "broken.jpg").write_bytes(b"no picture")
    path = tmp_path / "c.annclust"
    report = document("index", photos, "-c", path, "--embedder", "color-histogram", code=3)
    assert {key: report[key] for key in ("images", "added", "changed", "moved", "removed")} == {
        "images": 12, "added": 12, "changed": 0, "moved": 0, "removed": 0,
    }  # fmt: skip
    assert report["duplicates"] == 0
    assert report["seconds"] > 0
    (unreadable,) = report["unreadable"]
    assert unreadable["path"] == str(photos / "broken.jpg")
    assert unreadable["reason"]


def test_unreadable_files_are_named_on_stderr(tmp_path: Path, photos: Path) -> None:
    (photos / "broken.jpg").write_bytes(b"no picture")
    done = run("index", photos, "-c", tmp_path / "c", "--embedder", "color-histogram")
    assert done.returncode == 3
    assert "broken.jpg" in done.stderr
    assert "12 photos" in done.stdout


def test_similar_reports_what_the_contract_names(made: Path, photos: Path) -> None:
    query = photos / "burst 1" / "IMG_10.jpg"
    (answer,) = document("similar", query, "-c", made, "-n", 4)
    assert answer["query"] == str(query)
    assert [set(match) for match in answer["matches"]] == [
        {"id", "path", "similarity", "distance"}
    ] * 4
    assert answer["matches"][0]["path"] == str(query)


def test_cluster_and_clusters_report_what_the_contract_names(made: Path) -> None:
    report = document("cluster", "-c", made)
    assert set(report) >= {
        "level", "images", "clusters", "noise", "largest", "certified", "lineage", "seconds",
    }  # fmt: skip
    assert set(report["lineage"]) == {"born", "kept", "grown", "merged", "split", "gone"}
    listed = document("clusters", "-c", made)
    assert len(listed) == report["clusters"] == 3
    for cluster in listed:
        assert set(cluster) == {"cluster", "size", "representative", "members"}
        assert cluster["representative"] in cluster["members"]
        assert len(cluster["members"]) == cluster["size"]
    assert document("clusters", listed[1]["cluster"], "-c", made) == [listed[1]]


def test_export_writes_one_row_a_photo(made: Path, tmp_path: Path) -> None:
    run("cluster", "-c", made)
    done = run("export", "-c", made, "--format", "csv", "-o", tmp_path / "trip.csv")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "trip.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert list(rows[0]) == ["id", "path", "cluster", "probability", "representative", "digest"]
    assert sum(row["representative"] == "true" for row in rows) == 3
    assert len(rows[0]["digest"]) == 64
    # Ids, and clusters with them, are given in the order in which photos happen to be decoded.
    by_path = sorted((row["path"], row["cluster"]) for row in rows)
    groups = [{cluster for _, cluster in by_path[first : first + 4]} for first in (0, 4, 8)]
    assert all(len(group) == 1 for group in groups)
    assert set.union(*groups) == {"0", "1", "2"}


def test_export_goes_to_stdout_too(made: Path) -> None:
    lines = run("export", "-c", made).stdout.splitlines()
    assert len(lines) == 13
    assert [row["cluster"] for row in document("export", "-c", made)] == [None] * 12


def test_the_graph_is_exported_by_its_edges(made: Path) -> None:
    edges = document("export", "-c", made, "--what", "graph")
    assert len(edges) == 12 * 11
    assert set(edges[0]) == {"source", "target", "distance"}


def test_parquet_is_written_whole(made: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is an extra")
    output = tmp_path / "trip.parquet"
    assert document("export", "-c", made, "--format", "parquet", "-o", output)["format"] == (
        "parquet"
    )
    table = parquet.read_table(output)
    assert table.num_rows == 12
    assert table.column_names[:2] == ["id", "path"]


def test_a_page_of_the_groups_is_written_whole(made: Path, tmp_path: Path, photos: Path) -> None:
    run("cluster", "-c", made)
    output = tmp_path / "trip.html"
    written = document("export", "-c", made, "--format", "html", "-o", output)
    assert written == {"output": str(output), "format": "html", "what": "photos"}
    page = ReadPage(output.read_bytes())
    assert page.text["h1"] == "trip"
    assert [len(group.photos) for group in page.groups] == [4, 4, 4]
    save(photos / "burst 0" / "IMG_04.jpg", 0, shift=4)
    document("index", "-c", made)
    done = run("export", "-c", made, "--format", "html")
    assert "annclust cluster" in done.stderr  # it is of old groups
    assert ReadPage(done.stdout.encode()).numbers["in no group, not shown"] == 1
    assert len(document("export", "-c", made, "--format", "html")) == 13  # JSON is JSON


def test_status_reports_what_the_contract_names(made: Path) -> None:
    status = document("status", "-c", made)
    assert set(status) >= {
        "images", "vectors", "embedder", "dimension", "index", "graph", "clustering", "bytes",
    }  # fmt: skip
    assert (status["images"], status["embedder"]) == (12, "color-histogram")
    assert status["clustering"] is None
    assert "12" in run("status", "-c", made).stdout


def test_check_finds_a_sound_collection_sound(made: Path) -> None:
    assert document("check", "-c", made) == {"ok": True, "problems": [], "repaired": []}


def test_check_names_and_repairs_a_damaged_derived_file(made: Path) -> None:
    run("cluster", "-c", made)
    run("cluster", "-c", made, "--level", "density")
    run("export", "-c", made, "--what", "map")
    for kind in ("index", "graph", "tree", "groups", "map"):
        damaged = next(made.glob(f"{kind}-*"))
        damaged.write_bytes(damaged.read_bytes()[:-1])
    report = document("check", "-c", made, code=1)
    assert not report["ok"]
    assert {problem["invariant"] for problem in report["problems"]} == {"S1"}
    assert set(report["problems"][0]) == {"invariant", "message", "ids"}
    repaired = document("check", "--repair", "-c", made)
    assert repaired["ok"]
    assert len(repaired["repaired"]) == 5
    assert document("check", "-c", made)["ok"]


def test_check_says_what_can_be_mended_and_what_can_not(made: Path) -> None:
    vectors = made / "vectors-000001.f16"
    whole = vectors.read_bytes()
    vectors.write_bytes(whole[:100] + b"\xff\xff" + whole[102:])
    shown = run("check", "-c", made)
    assert shown.returncode == 1
    assert "invariant M4" in shown.stdout
    assert "check --repair" in shown.stdout
    vectors.write_bytes(whole[:100])
    shown = run("check", "-c", made)
    assert "invariant M2" in shown.stdout
    assert "and 2 more" in shown.stdout
    assert "check --repair" in shown.stdout
    vectors.write_bytes(whole)
    catalog = made / "catalog.sqlite"
    kept = catalog.read_bytes()
    catalog.write_bytes(kept[:5000] + b"?" + kept[5001:])
    assert "new collection" in run("check", "-c", made).stdout
    catalog.write_bytes(kept)
    assert "as it should be" in run("check", "-c", made).stdout


def test_models_are_listed_with_the_default_first() -> None:
    models = document("models")
    assert [model["name"] for model in models][:1] == ["efficientnet-lite0"]
    assert "color-histogram" in run("models").stdout


def test_the_collection_may_come_from_the_environment(made: Path) -> None:
    done = run("status", "--json", ANNCLUST_COLLECTION=str(made))
    assert json.loads(done.stdout)["images"] == 12


def test_the_default_collection_lies_in_the_current_folder(tmp_path: Path, photos: Path) -> None:
    assert run("index", photos, "--embedder", "color-histogram", cwd=tmp_path).returncode == 0
    assert (tmp_path / "photos.annclust" / "catalog.sqlite").is_file()


def test_nothing_but_the_result_is_printed_when_piped(made: Path) -> None:
    done = run("index", "-c", made)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


ERRORS = {
    "a missing folder": (("index", "{tmp}/none"), "no such folder"),
    "a file instead of a folder": (("index", "{photo}"), "not a folder"),
    "a collection that is not there": (("status", "-c", "{tmp}/none"), "no collection"),
    "a folder that is no collection": (("status", "-c", "{photos}"), "not an annclust collection"),
    "a rescan of nothing": (("index", "-c", "{tmp}/none"), "no collection"),
    "a collection in a folder of photos": (("index", "{photos}", "-c", "{photos}"), "other files"),
    "an unknown embedder": (("index", "{photos}", "--embedder", "psychic"), "no embedder"),
    "another embedder": (
        ("index", "{photos}", "-c", "{made}", "--embedder", "efficientnet-lite0"),
        "cannot be compared",
    ),
    "an unreadable query": (("similar", "{tmp}/bad.jpg", "-c", "{made}"), "bad.jpg"),
    "a missing query": (("similar", "{tmp}/none.jpg", "-c", "{made}"), "none.jpg"),
    "a page before clustering": (
        ("export", "-c", "{made}", "--format", "html"),
        "annclust cluster",
    ),
    "clusters before clustering": (("clusters", "-c", "{made}"), "annclust cluster"),
    "an output in a missing folder": (
        ("export", "-c", "{made}", "-o", "{tmp}/none/x.csv"),
        "cannot be written: No such file",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_an_expected_error_is_a_line_or_two_and_exit_code_1(
    case: str, made: Path, tmp_path: Path, photos: Path
) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    arguments, message = ERRORS[case]
    places = {
        "tmp": tmp_path, "photos": photos, "made": made, "photo": save(tmp_path / "p.jpg", 1),
    }  # fmt: skip
    done = run(*(argument.format(**places) for argument in arguments), cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stdout == ""
    assert 1 <= len(done.stderr.splitlines()) <= 2
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "photos.annclust").exists()
    assert not (photos / "writer.lock").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("similar",),
        ("nonsense",),
        ("cluster", "--min-cluster-size", "1"),
        ("similar", "x", "-n", "0"),
        ("cluster", "--level", "dreams"),
        ("export", "--format", "xls"),
        ("cluster", "--min-samples", "33"),
        ("cluster", "--min-cluster-size", "9" * 30),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("decide", "together"),
        ("cluster", "--level", "density", "--granularity", "2"),
        ("cluster", "--level", "shots", "--granularity", "2"),
        ("cluster", "--granularity", "nan"),
        ("cluster", "--memory", "foo"),
        ("cluster", "--memory", "10M"),
        ("export", "--format", "svg"),
        ("export", "--format", "html", "--what", "graph"),
        ("export", "--format", "html", "--what", "tree"),
        ("index", "--add"),
    ],
)
def test_choices_that_cannot_be_are_wrong_usage(made: Path, arguments: tuple[str, ...]) -> None:
    done = run(*arguments, "-c", made)
    assert done.returncode == 2
    assert done.stderr.startswith("annclust: ")
    assert len(done.stderr.splitlines()) == 1


def test_of_several_images_one_bad_one_costs_a_line(
    made: Path, photos: Path, tmp_path: Path
) -> None:
    good, bad = photos / "burst 1" / "IMG_10.jpg", tmp_path / "none.jpg"
    done = run("similar", bad, good, "-c", made, "--json")
    assert done.returncode == 3
    assert "there is no such file" in done.stderr
    assert [answer["query"] for answer in json.loads(done.stdout)] == [str(good)]


def test_a_photo_comes_before_its_copies(made: Path, photos: Path) -> None:
    twin = photos / "a twin.jpg"
    shutil.copy(photos / "burst 1" / "IMG_10.jpg", twin)
    document("index", "-c", made)
    for query in (twin, photos / "burst 1" / "IMG_10.jpg"):
        (answer,) = document("similar", query, "-c", made, "-n", 2)
        assert answer["matches"][0]["path"] == str(query)
        assert answer["matches"][1]["distance"] == 0


def test_the_most_samples_are_the_neighbors_of_the_graph() -> None:
    assert neighbors_wanted(1, SearchSettings()) == MOST_SAMPLES


def test_both_levels_can_be_seen(made: Path) -> None:
    shots = document("cluster", "-c", made)
    document("cluster", "-c", made, "--level", "scenes", "--min-cluster-size", 4)
    assert len(document("clusters", "-c", made, "--level", "shots")) == shots["clusters"]
    assert run("clusters", "-c", made).stdout.splitlines()[0] == "3 scenes"
    assert "representative" in run("export", "-c", made, "--level", "shots").stdout
    done = run("clusters", "-c", made, "--level", "shots", "--json")
    assert done.stderr == ""


def test_groups_that_photos_came_to_or_left_are_said_to_be_old(made: Path, photos: Path) -> None:
    document("cluster", "-c", made)
    for shot in ("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg"):
        (photos / "burst 0" / shot).unlink()
    document("index", "-c", made, "--forget-missing")
    done = run("clusters", "-c", made)
    assert "annclust cluster" in done.stderr
    assert len(json.loads(run("clusters", "-c", made, "--json").stdout)) == 2  # not that of one
    rows = document("export", "-c", made)
    assert sum(row["representative"] for row in rows) == 3


def test_a_full_output_is_an_error_without_a_traceback(made: Path) -> None:
    for command in ("export", "status"):
        done = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m annclust {command} -c {made} > /dev/full"],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 1
        assert done.stderr == ("annclust: the output cannot be written: No space left on device.\n")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("MemoryError()", "annclust: the machine has too little memory left."),
        ("OSError(24, 'Too many open files', 'a\\nb.py')", r"annclust: a\nb.py: Too many open"),
        ("ImportError('no memory for it')", "annclust: a part of annclust cannot be loaded: no"),
        ("OSError(9, 'Bad file descriptor', 7)", "annclust: the output cannot be written: Bad"),
    ],
)
def test_what_the_system_refuses_anywhere_is_a_line(error: str, line: str) -> None:
    lines = f"""
from annclust.cli.app import app
from annclust.cli.shared_options import command
@command(app)
def refused(console):
    raise {error}
app(["refused"])
"""
    done = subprocess.run(
        [sys.executable, "-c", lines], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(line)


def test_a_damaged_derived_file_is_told_and_made_again(made: Path, photos: Path) -> None:
    query = next(photos.rglob("*.jpg"))
    right = run("similar", query, "-c", made).stdout
    for path in made.glob("*.faiss"):
        path.write_bytes(bytes(path.stat().st_size))
    line = (
        "annclust: index-000001.faiss does not have the content that was written;"
        " annclust makes it again when it writes next.\n"
    )
    for command in (("similar", query), ("index",)):
        done = run(*command, "-c", made, "--no-progress")
        assert (done.returncode, done.stderr) == (0, line)
        assert command == ("index",) or done.stdout == right
    for command in (("similar", query), ("index",), ("check",)):
        done = run(*command, "-c", made)
        assert (done.returncode, done.stderr) == (0, "")


def test_check_reports_what_it_can_not_even_open(made: Path) -> None:
    catalog = made / "catalog.sqlite"
    os.truncate(catalog, catalog.stat().st_size // 2)
    report = document("check", "-c", made, code=1)
    assert [problem["invariant"] for problem in report["problems"]] == ["M1"]
    assert "malformed" in report["problems"][0]["message"]


def test_nothing_stays_in_the_log(made: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.annclust"
    copy.mkdir()
    for path in made.iterdir():
        if not path.name.endswith(("-wal", "-shm")):
            shutil.copy(path, copy)
    assert document("status", "-c", copy)["images"] == 12
    assert document("check", "-c", copy)["ok"]


def test_a_home_folder_may_be_written_as_a_tilde(made: Path, photos: Path) -> None:
    home = {"HOME": str(made.parent)}
    done = run("status", "-c", f"~/{made.name}", "--json", **home)
    assert json.loads(done.stdout)["images"] == 12
    query = f"~/{photos.name}/burst 1/IMG_10.jpg"
    assert run("similar", query, "-c", made, **home).returncode == 0


def test_a_second_writer_is_told_to_wait(made: Path) -> None:
    with StoreWriter(made):
        done = run("index", "-c", made)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"process {os.getpid()}" in done.stderr
        assert run("status", "-c", made).returncode == 0


def hear_ctrl_c() -> None:
    """As in a terminal, even if these tests run in the background, where shells ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_so_and_the_next_one_goes_on(
    tmp_path: Path, kind: signal.Signals
) -> None:
    for number in range(400):
        save(tmp_path / "photos" / f"{number}.jpg", number)
    path = tmp_path / "c.annclust"
    arguments = ["index", tmp_path / "photos", "-c", path, "--embedder", "color-histogram"]
    process = subprocess.Popen(
        [sys.executable, "-m", "annclust", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c,
    )  # fmt: skip
    while not (path / "catalog.sqlite").exists():
        assert process.poll() is None
    process.send_signal(kind)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert document(*arguments)["images"] == 400
    assert document("check", "-c", path)["ok"]


def test_odd_names_are_shown_escaped_and_survive_in_json(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9\n\x1b[31m.jpg")
    save(tmp_path / "photos" / "x.jpg", 1).rename(tmp_path / "photos" / name)
    made = tmp_path / "c.annclust"
    run("index", tmp_path / "photos", "-c", made, "--embedder", "color-histogram")
    shown = run("similar", tmp_path / "photos" / name, "-c", made).stdout
    assert "\x1b" not in shown
    assert r"caf\xe9\n\x1b[31m.jpg" in shown
    (answer,) = document("similar", tmp_path / "photos" / name, "-c", made)
    assert answer["matches"][0]["path"] == str(tmp_path / "photos" / name)
    done = run("export", "-c", made)
    assert b"caf\xe9" in done.stdout.encode("utf-8", "surrogateescape")


def test_a_reader_that_has_seen_enough_is_no_error(made: Path) -> None:
    for what, columns in (("graph", "source,target,distance"), ("photos", "id,path")):
        command = f"{sys.executable} -m annclust export -c {made} --what {what} | head -n 1"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
        assert done.stdout.startswith(columns)
        assert done.stderr == ""


def test_import_from_turi_create_says_what_it_needs(tmp_path: Path, photos: Path) -> None:
    saved, path = tmp_path / "old.sframe", tmp_path / "c.annclust"
    nowhere = {"ANNCLUST_TURICREATE_PYTHON": str(tmp_path / "nowhere")}
    done = run("import-turicreate", saved, "-c", path, **nowhere)
    assert done.returncode == 1
    assert done.stderr.startswith("annclust: Turi Create does not start: No such file")
    assert len(done.stderr.splitlines()) == 1
    done = run("import-turicreate", saved, "-c", path, "--paths", tmp_path / "none", **nowhere)
    assert (done.returncode, "none cannot be read: No such file" in done.stderr) == (1, True)
    assert not path.exists()


def test_import_from_turi_create_reports_as_index_does(tmp_path: Path, photos: Path) -> None:
    names = sorted(str(path.relative_to(tmp_path)) for path in photos.rglob("*.jpg"))
    (tmp_path / "paths.txt").write_text("\n".join([*names, "photos/gone.jpg"]) + "\n")
    plan = {"labels": [str(row) for row in range(13)], "model": "resnet-50", "dimension": 2048}
    (tmp_path / "plan.json").write_text(json.dumps(plan | {"saved": "old.model"}))
    program = tmp_path / "python3.8"
    root = Path(__file__).parents[2]
    module = f"{sys.executable} -m tests.pipeline.fake_saved_work {tmp_path}/plan.json"
    program.write_text(f"#!/bin/sh\ncd {root} && exec {module}\n")
    program.chmod(0o755)
    arguments = ("--paths", tmp_path / "paths.txt", "--root", photos, "--threads", 1, "--json")
    done = run(
        "import-turicreate", tmp_path / "old.model", "-c", tmp_path / "c.annclust", *arguments,
        ANNCLUST_TURICREATE_PYTHON=str(program),
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    report = json.loads(done.stdout)
    assert (report["images"], report["added"], report["duplicates"]) == (12, 12, 0)
    assert [Path(each["path"]).name for each in report["unreadable"]] == ["gone.jpg"]
    matches = document("similar", tmp_path / names[0], "-c", tmp_path / "c.annclust", "-n", 1)
    assert matches[0]["matches"][0]["path"] == str(tmp_path / names[0])


def test_a_collection_is_seen_through_several_embedders(
    made: Path, photos: Path, tmp_path: Path
) -> None:
    eyes = save_network(tmp_path / "eyes.onnx", side=8, outputs=["places"])
    name = f"onnx:{eyes}"
    refused = run("index", "-c", made, "--embedder", name)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "--add" in refused.stderr
    added = document("index", "-c", made, "--embedder", name, "--add")
    assert (added["added"], added["embedded"], added["images"]) == (0, 12, 12)
    assert document("use", "-c", made)["embedder"] == name
    save(photos / "more.jpg", 9)
    run("index", "-c", made)
    used = document("use", "color-histogram", "-c", made)
    assert [(e["embedder"], e["waiting"], e["in_use"]) for e in used["embedders"]] == [
        ("color-histogram", 1, True),
        (name, 0, False),
    ]
    told = run("use", "-c", made).stdout
    assert "12 photos, 1 without a vector, in use" in told
    assert "annclust index" in told
    assert "one of 2" in run("status", "-c", made).stdout
    assert "1 embedded" in run("index", "-c", made).stdout
    nobody = run("use", "efficientnet-lite0", "-c", made)
    assert (nobody.returncode, len(nobody.stderr.splitlines())) == (1, 1)
    assert run("compact", "-c", made, "--forget", "color-histogram").returncode == 1
    nothing = run("compact", "-c", made, "--forget", "never-there")
    assert (nothing.returncode, "no vectors of never-there" in nothing.stderr) == (0, True)
    dropped = document("compact", "-c", made, "--forget", name)
    assert dropped["forgotten"] == name
    assert [e["embedder"] for e in document("use", "-c", made)["embedders"]] == ["color-histogram"]
