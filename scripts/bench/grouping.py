"""Grouping: shots of labelled photos by default, beside other programs, and how firm the rule is.

    python scripts/bench/grouping.py FOLDER LABELS.csv... --score SCORE.py --background FOLDER
        [--peers FOLDER] [--firm]

LABELS.csv have the columns `path` (below FOLDER) and `group` (empty for photos that are alone).
SCORE.py takes an export and labels and prints pair F (over pairs of photos of one group) and the
share of photos that are alone and were put into a group, as JSON. The background is a folder of
photos that are alone. Other programs are installed below the folder of peers. `--firm` chooses the
numbers of the rule on two sets and scores them on the third, moves each of them by a tenth, and
measures what times in the files bring: an hour.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from grouping_firmness import firmness
from grouping_peers import OF_PHOTOS, OF_VECTORS
from grouping_peers import __file__ as peers_file
from peers import peer_python
from photo_sets import (
    DRAWN,
    PhotoSet,
    burst,
    dark_album,
    drawn_album,
    half_alone,
    labelled,
    one_offs,
    together,
)
from reporting import table, versions

import annclust

NAMES = ("photos", "copies", "tracks")
Groups = Mapping[str, int]
"""Group of photos by file name; missing where they stand alone."""


@dataclass(frozen=True, slots=True)
class Score:
    """How well groups agree with labels."""

    f: float
    absorbed: float | None

    def __str__(self) -> str:
        alone = "" if self.absorbed is None else f", {self.absorbed:.3f}"
        return f"{self.f:.3f}{alone}"


def score(program: Path, groups: Groups, photos: PhotoSet, judged: PhotoSet | None = None) -> Score:
    """Let the program score the groups of some photos, or of a part of them."""
    judged = judged or photos
    with tempfile.TemporaryDirectory() as scratch:
        export, labels = Path(scratch, "export.csv"), Path(scratch, "labels.csv")
        judged.write_labels(labels)
        with export.open("w", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(("path", "cluster"))
            writer.writerows((name, groups.get(name, "")) for name in photos.groups)
        command = [sys.executable, str(program), str(export), str(labels)]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = json.loads(output)
    return Score(found["pair_f"], found["absorbed"])


def by_annclust(photos: PhotoSet, **choices: object) -> Groups:
    """Groups as the product makes them, by default."""
    with tempfile.TemporaryDirectory() as scratch, annclust.open(f"{scratch}/c") as opened:
        opened.index([photos.folder])
        opened.cluster(**choices)
        rows = list(opened.photo_table().records)
    return {
        Path(str(row["path"])).name: int(str(row["cluster"]))
        for row in rows
        if row["cluster"] is not None
    }


def by_peer(python: Path, task: str, given: Path) -> object:
    with tempfile.NamedTemporaryFile(suffix=".json") as found:
        command = [str(python), peers_file, task, str(given), found.name]
        subprocess.run(command, capture_output=True, check=True)
        return json.loads(Path(found.name).read_text())


def peers(folder: Path) -> dict[str, Callable[[PhotoSet], Groups]]:
    """Other programs: of photos, and of our vectors."""
    from grouping_firmness import embedded

    of_photos = peer_python(folder / "photos", OF_PHOTOS)
    of_vectors = peer_python(folder / "vectors", OF_VECTORS)

    def photo_program(task: str) -> Callable[[PhotoSet], Groups]:
        return lambda photos: dict(by_peer(of_photos, task, photos.folder))  # type: ignore[call-overload]

    def vector_program(task: str) -> Callable[[PhotoSet], Groups]:
        def run(photos: PhotoSet) -> Groups:
            with tempfile.TemporaryDirectory() as scratch:
                given = Path(scratch, "vectors.npy")
                np.save(given, embedded(photos))
                labels = by_peer(of_vectors, task, given)
            assert isinstance(labels, list)
            named = zip(photos.groups, labels, strict=True)
            return {name: label for name, label in named if label >= 0}

        return run

    return {
        "fastdup 2.54, default": photo_program("fastdup"),
        "PHash, 10 bits of 64": photo_program("phash"),
        "EVoC, default": vector_program("evoc"),
        "fast_hdbscan, default": vector_program("fast_hdbscan"),
    }


def row(
    program: Callable[[PhotoSet], Groups],
    sets: Mapping[str, PhotoSet],
    scorer: Path,
) -> list[str]:
    """Scores of a program on each set."""
    cells = [str(score(scorer, program(sets[name]), sets[name])) for name in NAMES]
    whole = program(sets["together"])
    parts = (score(scorer, whole, sets["together"], sets[name]) for name in NAMES)
    cells.append(" · ".join(map(str, parts)))
    found = program(sets["one-offs"])
    cells.append(f"{len(found) / len(sets['one-offs'].groups):.3f}")
    cells += [
        str(score(scorer, program(sets[name]), sets[name])) for name in ("burst", "half alone")
    ]
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("labels", type=Path, nargs="+")
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--background", type=Path, required=True)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--firm", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        made, stills = Path(scratch), sorted(options.background.iterdir())
        sets = labelled(options.folder, options.labels)
        sets["together"] = together("together", [sets[name] for name in NAMES], made / "together")
        sets["one-offs"] = one_offs(sets["photos"], options.background, made / "one-offs")
        sets["burst"] = burst(sets["photos"], stills[11], made / "burst")
        sets["half alone"] = half_alone(sets["copies"], made / "half-alone")
        programs: dict[str, Callable[[PhotoSet], Groups]] = {
            "annclust, default": by_annclust,
            "annclust --level density, pairs": lambda photos: by_annclust(
                photos, level="density", min_cluster_size=2, min_samples=1
            ),
        }
        if options.peers:
            programs |= peers(options.peers)
        print("Pair F, photos alone that were put into a group\n")
        header = ("", *(f"{name} ({len(sets[name].groups)})" for name in sets))
        rows = ([name, *row(each, sets, options.score)] for name, each in programs.items())
        print(table(header, rows))
        hard = [drawn_album(name, made / name) for name in DRAWN]
        hard.append(dark_album(made / "dark", stills[::5]))
        cells = [
            (each.name, len(each.groups), score(options.score, by_annclust(each), each))
            for each in hard
        ]
        print("\nAlbums of one kind, 12 pictures in each taken twice\n")
        print(table(("", "photos", "pair F, alone in a group"), cells))
        if options.firm:
            firmness(sets)
    print(f"\n{versions('numpy', 'scikit-learn', 'onnxruntime', 'pillow')}")


if __name__ == "__main__":
    main()
