"""Corruption: damages one file of a collection, ten thousand times, and looks what it says then.

    python scripts/faults/corruption.py [--mutants 10000] [--seed 0] [--jobs 2] [--repair-every 5]
    python scripts/faults/corruption.py --only 1234      # that mutant again, and all that it said

Asked without any check before, a damaged collection must give the right answers, or an error that a
user can read: no wrong answer, no other exception, no hang, no crash. `check` must name the damage,
unless it has no effect (harmless.py has the list). `check --repair` must make everything right, or
leave the damage named, and must not make anything worse.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from corrupting.examination import Verdict, examine
from corrupting.mutants import Mutant, draw
from corrupting.specimens import Specimen
from watched import LostError, Watched, beside

PATIENCE = 15.0
"""Seconds for all that is done with one mutant; it takes 0.1, and a second with a repair."""

COLUMNS = (
    *("mutants", "answered", "error", "wrong", "failure", "lost"),
    *("named", "no effect", "mispaired", "unnamed", "healed", "remains", "unhealed", "worse"),
)


def examined(mutants: Iterable[Mutant], lanes: list[Watched[Mutant, Verdict]]) -> Iterator[Verdict]:
    """Examine mutants in several processes; verdicts come in the same order."""
    idle: SimpleQueue[Watched[Mutant, Verdict]] = SimpleQueue()
    for lane in lanes:
        idle.put(lane)

    def run(mutant: Mutant) -> Verdict:
        lane = idle.get()
        try:
            return lane.do(mutant)
        except LostError as error:
            return Verdict(["lost"], [str(error)])
        finally:
            idle.put(lane)

    with ThreadPoolExecutor(len(lanes)) as pool:
        yield from pool.map(run, mutants)


def attack(options: argparse.Namespace, scratch: Path) -> list[tuple[Mutant, Verdict]]:
    """Make the specimens and examine all mutants of them."""
    specimens = {specimen.name: specimen for specimen in beside(_specimens, scratch)}
    numbers = range(options.mutants) if options.only is None else [options.only]
    mutants = [draw(specimens, options.seed, number, options.repair_every) for number in numbers]
    places = [scratch / f"place {number}" for number in range(options.jobs)]
    lanes = [Watched(partial(examine, specimens, place), PATIENCE) for place in places]
    found = []
    try:
        for mutant, verdict in zip(mutants, examined(mutants, lanes), strict=True):
            for violation in verdict.violations:
                print(f"VIOLATION {mutant}: {violation}", flush=True)
            found.append((mutant, verdict))
    finally:
        for lane in lanes:
            lane.close()
    return found


def _specimens(scratch: Path) -> list[Specimen]:
    """Make them; imported here as it takes seconds, and this process does not need it."""
    from corrupting.growing import make

    return make(scratch)


def table(found: list[tuple[Mutant, Verdict]]) -> Iterator[str]:
    """How often which damage of which kind of file was seen to do what."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for mutant, verdict in found:
        for row in ((mutant.kind, mutant.way), (mutant.kind, "all"), ("all", "")):
            counts[row].update(["mutants", *verdict.seen])
    yield f"{'file':14}{'damage':20}" + "".join(f"{column:>11}" for column in COLUMNS)
    for (kind, way), seen in sorted(counts.items()):
        cells = "".join(f"{seen[column] or '·':>11}" for column in COLUMNS)
        yield f"{kind:14}{way:20}{cells}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repair-every", type=int, default=5, help="repair every n-th of a kind")
    parser.add_argument("--only", type=int, help="the number of one mutant")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = attack(options, Path(scratch))
    if options.only is not None:
        print(*(remark for _, verdict in found for remark in verdict.remarks), sep="\n")
    print(*table(found), sep="\n")
    bad = sum(bool(verdict.violations) for _, verdict in found)
    print(f"{len(found)} mutants, {bad} violations")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
