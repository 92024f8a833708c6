"""Scale, model: what a hundred million and a billion photos take, from what was measured here.

    python scripts/bench/scale_model.py            the clusters of docs/scale.md
    python scripts/bench/scale_model.py --million  what a stage takes of one processor
    python scripts/bench/scale_model.py --shards   how many are best
    python scripts/bench/scale_model.py --check    what was measured, predicted

Stages are cut into tasks as annclust does it, and these are simulated (`scale_simulation.py`).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from math import inf, log10

from reporting import table
from scale_figures import KNOWN, MEASURED
from scale_formulas import Model
from scale_simulation import Cluster, Pairs, Tasks

GIGABIT = 1e9 / 8
BILLION = 1_000_000_000
CLUSTERS = (
    (BILLION // 10, Cluster(8, 16, 64e9, 10 * GIGABIT), 0),
    (BILLION // 10, Cluster(16, 16, 128e9, 10 * GIGABIT), 0),
    (BILLION, Cluster(64, 32, 256e9, 10 * GIGABIT), 0),
    (BILLION, Cluster(128, 32, 256e9, 25 * GIGABIT), 0),
)
"""Photos, machines, and shards: as annclust cuts them if 0."""

SHARDS = (32, 64, 128, 256, 512, 1_490)

TIME = (86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")
BYTES = (1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB")


def quantity(value: float, units: tuple[tuple[float, str], ...]) -> str:
    """A value in the largest unit that it reaches."""
    size, unit = next((each for each in units if value >= each[0]), units[-1])
    return f"{value / size:.3g} {unit}" if value else ""


def report(model: Model) -> str:
    """A row for each stage; (!) where memory does not do."""
    rows, room = [], model.cluster.memory

    def shown(size: float) -> str:
        return quantity(size, BYTES) + (" (!)" if size > room else "")

    stages = list(model.stages())
    for each in stages:
        done = each.outcome
        figures = quantity(done.seconds, TIME), done.bound, quantity(done.travelled, BYTES)
        rows.append([each.name, *figures, shown(each.driver), shown(each.node)])
    whole = quantity(sum(each.outcome.seconds for each in stages), TIME)
    rows.append(["all, one after the other", whole, "", "", "", ""])
    return table(("stage", "takes", "bound by", "travels", "driver", "a node"), rows)


def per_million() -> str:
    """What each stage takes and moves for a million, in 8 shards, and how that grows to a billion.

    On one processor to which nothing is far; what travels: where there are many.
    """
    alone, many = Cluster(1, 1, inf, inf, inf), Cluster(64, 64, inf, GIGABIT)
    one, thousand, spread = (
        list(Model(n, cluster, replace(MEASURED, task=0.0, reference=0.0), shards).stages())
        for n, cluster, shards in ((10**6, alone, 8), (BILLION, alone, 256), (10**6, many, 128))
    )
    rows = []
    for each, larger, far in zip(one, thousand, spread, strict=True):
        seconds = each.outcome.cores or each.outcome.driver
        more = larger.outcome.cores or larger.outcome.driver
        figures = f"{seconds:.3g}", f"{log10(more / seconds) / 3:.2f}"
        moved = quantity(far.outcome.travelled, BYTES)
        rows.append([each.name, *figures, moved, quantity(each.driver, BYTES)])
    return table(("stage", "processor s", "exponent", "travels", "driver"), rows)


def best_shards() -> str:
    """Hours of what is done in shards, by their number."""
    rows = []
    for count in SHARDS:
        row: list[str] = [f"{count:,}"]
        for n, cluster, _ in CLUSTERS[:3]:
            model = Model(n, cluster, shards=count)
            names = "joining", "measuring", "bridges and questions"
            stages = [*model.in_shards(), *model.tree()]
            taken = [each.outcome.seconds for each in stages if each.name in names]
            row += [" + ".join(f"{each / 3_600:.2f}" for each in taken)]
        rows.append(row)
    return table(("shards", *(f"{n:,} on {c.nodes}" for n, c, _ in CLUSTERS[:3])), rows)


def sound() -> None:
    """The simulation, where everybody knows what has to come out."""
    cluster = Cluster(2, 4, inf, 1e9)
    assert Tasks(80, 1.0).run(cluster).seconds == 10
    assert round(Tasks(80, 0.0, submitting=0.5).run(cluster).seconds, 6) == 40
    assert round(Tasks(80, 0.0, fetched=1e9).run(cluster).seconds, 6) == 40
    pairs = Pairs(40, 40.0, 1 / 40, 1 / 40, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert 200 <= pairs.run(cluster).seconds < 203
    sending = replace(pairs, seconds=0.0, sent=2e9, held=1e15)
    assert 20 <= sending.run(cluster).seconds <= 41


def check() -> str:
    """What was measured on this machine beside what the model says."""
    alone = Cluster(1, 2, inf, inf)
    here = replace(MEASURED, task=0.0, reference=0.0, hold=inf)
    rows = []
    for known in KNOWN:
        figures = here if known.local else MEASURED
        model = Model(known.n, alone, figures, known.shards, known.local, known.dimension)
        found = sum(each.outcome.seconds for each in model.stages() if each.name in known.stages)
        ratio = f"{found / known.seconds:.2f}"
        rows.append([known.name, f"{known.n:,}", f"{found:.1f}", f"{known.seconds:.1f}", ratio])
    return table(("what", "photos", "predicted, s", "measured, s", "ratio"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    shown = {"--million": per_million, "--shards": best_shards, "--check": check}
    for name in shown:
        parser.add_argument(name, action="store_true")
    options = vars(parser.parse_args())
    sound()
    chosen = [function for name, function in shown.items() if options[name[2:]]]
    for function in chosen:
        print(function())
    for n, cluster, shards in () if chosen else CLUSTERS:
        nodes = f"{cluster.nodes} nodes of {cluster.cores}, {cluster.memory / 1e9:.0f} GB"
        print(f"\n{n:,} photos, {nodes}, {cluster.network / GIGABIT:.0f} Gb/s\n")
        print(report(Model(n, cluster, shards=shards)))


if __name__ == "__main__":
    main()
