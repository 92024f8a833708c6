"""Flipped bits: damages derived files, one after the other, and looks whom a reader believes.

    python scripts/faults/flipped_bits.py [--mutants 300]

A reader must take a damaged file for none, and `annclust check` must name it (S1).
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from living.bugs import plant
from living.inspection import DECEIVES, deceptions
from living.life import life
from living.life_states import State
from operations import COLLECTION
from scratch import scratch
from workload import Living

from annclust.storage.layout import KINDS
from annclust.storage.records import DerivedFile
from annclust.storage.store import Store
from annclust.storage.verify import verify

_SEED = 1
_SECTOR = 512


def step_with_everything() -> int:
    """A step after which there is a generation of every kind that such a life has."""
    lived = life(_SEED)
    step = 1
    while lived.state(step).derived.keys() < DECEIVES.keys():
        step += 1
    return step


def mutant(content: bytes, rng: random.Random) -> bytes:
    """Damaged content: a flipped bit, zeros, a copy of another place, or less of it."""
    changed = bytearray(content)
    place = rng.randrange(len(content))
    match rng.randrange(4):
        case 0:
            changed[place] ^= 1 << rng.randrange(8)
        case 1:
            changed[place : place + _SECTOR] = bytes(len(changed[place : place + _SECTOR]))
        case 2:
            other = rng.randrange(len(content))
            width = min(rng.randint(1, 64), len(content) - max(place, other))
            changed[place : place + width] = content[other : other + width]
        case _:
            del changed[place:]
    return bytes(changed)


def derived_files(path: Path) -> list[DerivedFile]:
    """Every file of a current generation."""
    with Store(path) as store:
        current = [store.catalog.generation(kind) for kind in KINDS]
        return [file for generation in current if generation for file in generation.files]


def violations(path: Path, state: State, name: str) -> Iterator[str]:
    """Everything that is not as promised while a file is damaged."""
    with Store(path) as store:
        try:
            yield from deceptions(store, state)
        except Exception as error:  # what a reader makes of a damaged file may be anything
            yield f"a reader stumbles: {type(error).__name__}: {error}"
        if not any(p.invariant == "S1" and name in p.message for p in verify(store)):
            yield "the damage is not named"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutants", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", action="store_true", help="stop at the first violation")
    parser.add_argument("--bug", help="a bug to plant (planted_bugs.py lists them)")
    options = parser.parse_args()
    plant(options.bug)
    rng, step = random.Random(options.seed), step_with_everything()
    mutants = bad = 0
    with scratch() as folder:
        living = Living(Path(folder), _SEED)
        while living.step < step:
            living.go_on()
        living.close()
        path, state = Path(folder, COLLECTION), life(_SEED).state(step)
        files = derived_files(path)
        while mutants < options.mutants and not (bad and options.first):
            damaged = path / files[mutants % len(files)].name
            content = damaged.read_bytes()
            worse = mutant(content, rng)
            if worse == content:
                continue
            damaged.write_bytes(worse)
            found = list(violations(path, state, damaged.name))
            damaged.write_bytes(content)
            mutants, bad = mutants + 1, bad + bool(found)
            for violation in found:
                print(f"VIOLATION {damaged.name}, mutant {mutants}: {violation}", flush=True)
    print(f"{mutants} mutants, {bad} violations")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
