"""Scale, model: what a hundred million and a billion photos take, from what was measured here.

    python scripts/bench/scale_model.py            the clusters of docs/scale.md
    python scripts/bench/scale_model.py --million  what a stage takes of one processor
    python scripts/bench/scale_model.py --check    what was measured, predicted

Every stage as it is done today, and as it would be where rows of vectors travel instead of shards.
`formula` is the most that processors, links or the process that was started have to do, as if it
were done side by side; what is cut into tasks is simulated as well (`scale_simulation.py`).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from math import inf, log10

import numpy as np
from reporting import table
from scale_figures import KNOWN, MEASURED, ROWS, TODAY
from scale_formulas import Model
from scale_simulation import Cluster, Objects, Tasks, run

GIGABIT = 1e9 / 8
CLUSTERS = (
    (1_000_000, Cluster(4, 16, 64e9, 10 * GIGABIT)),
    (100_000_000, Cluster(8, 16, 64e9, 10 * GIGABIT)),
    (100_000_000, Cluster(16, 16, 64e9, 10 * GIGABIT)),
    (100_000_000, Cluster(8, 16, 1_024e9, 10 * GIGABIT)),
    (1_000_000_000, Cluster(64, 32, 256e9, 10 * GIGABIT)),
    (1_000_000_000, Cluster(128, 32, 256e9, 25 * GIGABIT)),
)
DESIGNS = {"as it is done": TODAY, "rows, not shards, asked for": ROWS}


def quantity(value: float, units: tuple[tuple[float, str], ...]) -> str:
    """A value in the largest unit that it reaches."""
    size, unit = next((each for each in units if value >= each[0]), units[-1])
    return f"{value / size:.3g} {unit}" if value else ""


TIME = (86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")
BYTES = (1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB")


def report(model: Model) -> str:
    rows, room = [], model.cluster.memory

    def shown(size: float) -> str:
        return quantity(size, BYTES) + (" (!)" if size > room else "")

    stages = list(model.stages())
    for stage in stages:
        done = stage.outcome
        rows.append(
            [
                stage.name,
                quantity(done.formula, TIME),
                quantity(done.seconds, TIME),
                done.bound,
                quantity(done.fetched, BYTES),
                shown(stage.driver),
                shown(stage.node),
            ]
        )
    whole = quantity(sum(stage.outcome.seconds for stage in stages), TIME)
    rows.append(["all, one after the other", "", whole, "", "", "", ""])
    header = "stage", "formula", "simulated", "bound by", "network", "driver", "a node"
    return table(header, rows)


def per_million() -> str:
    """What each stage takes for a million on one processor, and how that grows up to a billion.

    As where rows travel, and nothing else takes time.
    """
    alone = Cluster(1, 1, 1e18, inf, inf)
    few, many = (
        list(Model(n, alone, MEASURED, replace(TODAY, asks_for="rows"), sharded=True).stages())
        for n in (1_000_000, 1_000_000_000)
    )
    rows = []
    for one, thousand in zip(few, many, strict=True):
        grows = log10(thousand.outcome.formula / one.outcome.formula) / 3
        seconds = f"{one.outcome.formula:.3g}"
        rows.append([one.name, seconds, f"{grows:.2f}", quantity(one.driver, BYTES)])
    return table(("stage", "processor s", "exponent", "bytes of the driver"), rows)


def sound() -> None:
    """The simulation, where everybody knows what has to come out."""
    cluster = Cluster(2, 4, 1e9, 1e9)
    assert run(Tasks(80, 1.0), cluster).seconds == 10
    assert round(run(Tasks(80, 0.0, submitting=0.5), cluster).seconds, 6) == 40
    assert round(run(Tasks(80, 0.0, fetched=1e9), cluster).seconds, 6) == 40
    held = Objects(np.array([1e8]), np.zeros(1, np.int64), lambda _: np.ones(1, np.bool_))
    assert run(Tasks(80, 1.0, objects=held), cluster).fetched == 1e8  # once, by the other node


def check() -> str:
    """What was measured on this machine beside what the model says."""
    alone = Cluster(1, 2, 24e9, inf)
    here = replace(MEASURED, task=0.0, reference=0.0, hold=inf)
    rows = []
    for known in KNOWN:
        n, figures = known.n, here if known.local else MEASURED
        # A span is a good part of so few photos: it is given all shards.
        shards = replace(TODAY, shard=n / 40 * 2 * known.dimension, spread=((n, 1.0, 1.0),))
        model = Model(n, alone, figures, shards, known.sharded, known.local, known.dimension)
        found = sum(each.outcome.seconds for each in model.stages() if each.name in known.stages)
        ratio = f"{found / known.seconds:.2f}"
        rows.append([known.name, f"{n:,}", f"{found:.1f}", f"{known.seconds:.1f}", ratio])
    return table(("what", "photos", "predicted, s", "measured, s", "ratio"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--million", action="store_true")
    options = parser.parse_args()
    if options.million:
        print(per_million())
        return
    if options.check:
        sound()
        print(check())
        return
    for n, cluster in CLUSTERS:
        nodes = (
            f"{cluster.nodes} nodes of {cluster.cores} processors, {cluster.memory / 1e9:.0f} GB"
        )
        print(f"\n{n:,} photos, {nodes}, {cluster.network / GIGABIT:.0f} Gb/s")
        room = Model(n, cluster).room
        print(f"as it is done, each node has room for the work on {room / 1e6:.0f} million photos")
        for name, design in DESIGNS.items():
            model = Model(n, cluster, design=design)
            if design is TODAY or model.in_shards:
                print(f"\n{name}\n\n{report(model)}")


if __name__ == "__main__":
    main()
