"""Power loss: cuts the power of a real file system in the midst of a life, and looks what is left.

    sudo python scripts/faults/power_loss.py [--crashes 200] [--acknowledged 220]

A life (:mod:`workload`) runs on an ext4 file system of its own until, at a random moment, the file
system loses its power. The life is stopped just before, so that what it had acknowledged by then is
known to the last line. After the next start everything acknowledged must be there, and life must go
on; the same collection lives through several crashes, then another one begins.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from disks.lossy_disk import LossyDisk, unavailable
from living.bugs import plant
from living.inspection import inspect
from operations import COLLECTION
from workload import acknowledged, command

CRASHES_OF_A_LIFE = 5
UNAVAILABLE = 2
"""Exit code where no disk can lose its power."""

ENDLESS = 1_000_000
"""Rounds; the power goes long before."""

_LONGEST_STEP = 0.006
"""Seconds: so much longer than the last acknowledged step a life may run."""


@dataclass(frozen=True, slots=True)
class Crash:
    """A life that was cut short.

    Parameters
    ----------
    seed : int
    before : int
        The step that it went on from; 0 if it began.
    acknowledged : int
        The last step that was acknowledged.
    """

    seed: int
    before: int
    acknowledged: int


def crash(
    disk: LossyDisk, seed: int, before: int, steps: int, rng: random.Random, bug: str | None
) -> Crash:
    """Let a life go on until it has acknowledged so many more steps, and a little longer."""
    life = command(disk.folder, seed, ENDLESS, after=before, bug=bug)
    with subprocess.Popen(life, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        try:
            if not before:
                _wait_for(disk.folder / COLLECTION, running)
            output = _read_lines(running, steps)
            time.sleep(rng.random() * _LONGEST_STEP)
            running.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, running.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            disk.cut_power()
        finally:
            running.kill()
        rest, errors = running.communicate()
    if running.returncode != -signal.SIGKILL:
        raise RuntimeError(f"the workload ended by itself: {errors.decode(errors='replace')}")
    disk.restart()
    return Crash(seed, before, acknowledged(output + rest, before))


def _wait_for(path: Path, running: subprocess.Popen[bytes]) -> None:
    """Wait until a life begins."""
    while not path.exists() and running.poll() is None:
        time.sleep(0.001)


def _read_lines(running: subprocess.Popen[bytes], lines: int) -> bytes:
    """What a life says until it has acknowledged so many more steps."""
    if running.stdout is None:
        raise RuntimeError("the output of the workload is not read")
    output = b""
    while output.count(b"\n") < lines:
        part = os.read(running.stdout.fileno(), 1 << 16)
        if not part:
            return output
        output += part
    return output


@dataclass(slots=True)
class Tally:
    """What came of all crashes."""

    crashes: int = 0
    acknowledged: int = 0
    violations: int = 0


class Ordeal:
    """Life after life on one disk.

    Parameters
    ----------
    disk : LossyDisk
    steps : int
        How many steps a life acknowledges between two crashes, on average.
    seed : int
    bug : str or None
    """

    def __init__(self, disk: LossyDisk, steps: int, seed: int, bug: str | None) -> None:
        self._disk, self._steps, self._bug = disk, steps, bug
        self._rng = random.Random(seed)
        self._seed, self._step, self._crashes_left = 1_000 * seed, 0, CRASHES_OF_A_LIFE
        self.tally = Tally()

    def suffer(self) -> list[str]:
        """Crash once; gives the violations."""
        steps = self._rng.randrange(2 * self._steps)
        crashed = crash(self._disk, self._seed, self._step, steps, self._rng, self._bug)
        found = inspect(self._disk.folder, crashed.seed, crashed.acknowledged)
        gc.collect()  # maps of the vector file would keep the disk from being unmounted
        self.tally.crashes += 1
        self.tally.acknowledged += crashed.acknowledged - crashed.before
        self.tally.violations += len(found.violations)
        self._step, self._crashes_left = found.step, self._crashes_left - 1
        if found.violations or not self._crashes_left:
            self._begin_anew()
        return [f"VIOLATION {crashed}: {violation}" for violation in found.violations]

    def _begin_anew(self) -> None:
        shutil.rmtree(self._disk.folder / COLLECTION, ignore_errors=True)
        self._seed, self._step, self._crashes_left = self._seed + 1, 0, CRASHES_OF_A_LIFE


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Leave by way of everything that tidies up."""
    raise KeyboardInterrupt


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--crashes", type=int, default=200)
    parser.add_argument("--acknowledged", type=int, default=110, help="per crash, on average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--image", type=Path, help="folder for the image of the file system")
    parser.add_argument("--first", action="store_true", help="stop at the first violation")
    parser.add_argument("--bug", help="a bug to plant (planted_bugs.py lists them)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    reason = unavailable()
    if reason:
        print(f"There can be no power loss here: {reason}.", file=sys.stderr)
        sys.exit(UNAVAILABLE)
    plant(options.bug)
    started = time.monotonic()
    with LossyDisk(options.image) as disk:
        ordeal = Ordeal(disk, options.acknowledged, options.seed, options.bug)
        while ordeal.tally.crashes < options.crashes:
            for line in ordeal.suffer():
                print(line, flush=True)
            if options.first and ordeal.tally.violations:
                break
    tally = ordeal.tally
    print(f"{tally.acknowledged} acknowledged changes, {time.monotonic() - started:.0f} seconds")
    print(f"{tally.crashes} crashes, {tally.violations} violations")
    sys.exit(bool(tally.violations))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
