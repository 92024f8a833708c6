"""Decoding workers as the processes of a whole program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import annclust
from tests.images.watching import wait_for_end

SCRIPT = """
import os, sys
from pathlib import Path
from annclust.images.decode_workers import DecodeWorkers, ReadJob
from annclust.input_geometry import InputGeometry
from annclust.settings import DecodeSettings

print("main module runs", flush=True)
jobs = [ReadJob(key, os.fsencode({photo!r})) for key in range(20)]
with DecodeWorkers(InputGeometry(32, 28), DecodeSettings(workers=2)) as workers:
    decoded = 0
    for result in workers.run(jobs):
        decoded += result.image is not None
    print(decoded, *workers.pids, flush=True)
    {last}
"""


def script(photo: Path, last: str = "") -> str:
    return SCRIPT.format(photo=str(photo), last=last)


def environment() -> dict[str, str]:
    """Lets a script find the package under test, wherever it lies."""
    return {**os.environ, "PYTHONPATH": str(Path(annclust.__file__).parents[1])}


@pytest.mark.parametrize("through_stdin", [False, True])
def test_a_plain_script_without_a_main_guard_runs_once(
    photo: Path, tmp_path: Path, through_stdin: bool
) -> None:
    plain = tmp_path / "plain.py"
    plain.write_text(script(photo))
    command = [sys.executable, "-W", "error", "-" if through_stdin else str(plain)]
    with plain.open() as text:
        done = subprocess.run(
            command, stdin=text, capture_output=True, text=True, env=environment(), check=False
        )
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert (first, second.split()[0]) == ("main module runs", "20")


@pytest.mark.parametrize("whole_group", [False, True])
def test_no_worker_outlives_a_killed_program(photo: Path, whole_group: bool) -> None:
    command = [sys.executable, "-c", script(photo, last="sys.stdin.read()")]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    ) as program:
        assert program.stdout is not None
        program.stdout.readline()
        pids = [int(pid) for pid in program.stdout.readline().split()[1:]]
        (os.killpg if whole_group else os.kill)(program.pid, signal.SIGKILL)
    assert len(pids) == 2
    for pid in pids:
        wait_for_end(pid)


def test_ctrl_c_ends_the_program_not_first_its_workers(photo: Path) -> None:
    last = "import signal; signal.sigwait({signal.SIGINT}); print(len(list(workers.run(jobs))))"
    text = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})"
    with subprocess.Popen(
        [sys.executable, "-c", text + script(photo, last)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        pids = program.stdout.readline().split()[1:]
        os.killpg(program.pid, signal.SIGINT)
        assert program.stdout.read().split() == ["20"]
        assert program.stderr.read() == ""
    assert len(pids) == 2
