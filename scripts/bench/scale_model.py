"""Scale, model: what a hundred million and a billion photos take, from what was measured here.

    python scripts/bench/scale_model.py            the clusters of docs/scale.md
    python scripts/bench/scale_model.py --check    what was measured, predicted

Every stage as it is done today, and as it would be where rows of vectors travel instead of shards.
`formula` is the most that processors, links or the process that was started have to do, as if it
were done side by side; what is cut into tasks is simulated as well (`scale_simulation.py`).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from math import inf

from reporting import table
from scale_figures import KNOWN, KNOWN_SPREAD, MEASURED, ROWS, TODAY, VECTOR
from scale_formulas import Model
from scale_simulation import Cluster

GIGABIT = 1e9 / 8
CLUSTERS = (
    (1_000_000, Cluster(4, 16, 64e9, 10 * GIGABIT)),
    (100_000_000, Cluster(8, 16, 64e9, 10 * GIGABIT)),
    (100_000_000, Cluster(16, 16, 64e9, 10 * GIGABIT)),
    (1_000_000_000, Cluster(64, 32, 256e9, 10 * GIGABIT)),
    (1_000_000_000, Cluster(128, 32, 256e9, 25 * GIGABIT)),
)
DESIGNS = {"as it is done": TODAY, "rows, not shards, asked for": ROWS}


def quantity(value: float, units: tuple[tuple[float, str], ...]) -> str:
    """A value in the largest unit that it reaches."""
    size, unit = next((each for each in units if value >= each[0]), units[-1])
    return f"{value / size:.3g} {unit}" if value else ""


TIME = (86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")
BYTES = (1e12, "TB"), (1e9, "GB"), (1e6, "MB")


def report(model: Model) -> str:
    rows = []
    for stage in model.stages():
        done, fits = stage.outcome, stage.node <= model.cluster.memory
        rows.append(
            [
                stage.name,
                quantity(done.formula, TIME),
                quantity(done.seconds, TIME),
                done.bound,
                quantity(done.fetched, BYTES),
                quantity(stage.driver, BYTES),
                quantity(stage.node, BYTES) + ("" if fits else " (does not fit)"),
            ]
        )
    header = "stage", "formula", "simulated", "bound by", "network", "driver", "a node"
    return table(header, rows)


def check() -> str:
    """What was measured on this machine beside what the model says."""
    alone = Cluster(1, 2, 24e9, inf)
    here = replace(MEASURED, task=0.0, reference=0.0, hold=inf)
    rows = []
    for name, n, sharded, local, wanted, measured in KNOWN:
        design = replace(TODAY, shard=n / 40 * VECTOR, spread=((n, *KNOWN_SPREAD),))
        model = Model(n, alone, here if local else MEASURED, design, sharded, local)
        found = sum(each.outcome.seconds for each in model.stages() if each.name in wanted)
        rows.append([name, f"{n:,}", f"{found:.1f}", f"{measured:.1f}", f"{found / measured:.2f}"])
    return table(("what", "photos", "predicted, s", "measured, s", "ratio"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        print(check())
        return
    for n, cluster in CLUSTERS:
        nodes = (
            f"{cluster.nodes} nodes of {cluster.cores} processors, {cluster.memory / 1e9:.0f} GB"
        )
        print(f"\n{n:,} photos, {nodes}, {cluster.network / GIGABIT:.0f} Gb/s")
        for name, design in DESIGNS.items():
            model = Model(n, cluster, design=design)
            if design is TODAY or model.in_shards:
                print(f"\n{name}\n\n{report(model)}")


if __name__ == "__main__":
    main()
