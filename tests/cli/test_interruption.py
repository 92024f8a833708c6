"""What Ctrl-C does, from outside: real processes, real signals."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from annclust.cli.interruption import Interruption, StoppableProgress
from annclust.progress import Stage

SCRIPT = """
import signal, sys
from annclust.cli.interruption import Interruption, StoppableProgress
from annclust.progress import SILENT

signal.signal(signal.SIGINT, signal.{parent})
interruption = Interruption(patient={patient}, silent={silent})
interruption.listen()
try:
    with StoppableProgress(SILENT, interruption).stage("Working") as stage:
        for line in sys.stdin:
            print("heard nothing yet", flush=True)
            signal.raise_signal(getattr(signal, line.strip()))
            print("went on", flush=True)
            {report}
        print("came to the end")
except KeyboardInterrupt:
    print("stopped")
"""


def lines(
    *signals: str,
    patient: bool = True,
    silent: bool = False,
    report: str = "",
    parent: str = "default_int_handler",
) -> tuple[list[str], str]:
    """What a process prints that gets some signals, one after another, and what it says of them."""
    code = SCRIPT.format(patient=patient, silent=silent, report=report, parent=parent)
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="".join(f"{name}\n" for name in signals),
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stdout.split("\n")[:-1], done.stderr


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_first_signal_stops_a_patient_run_where_it_reports(name: str) -> None:
    shown, said = lines(name, report="stage.advance()")
    assert shown == ["heard nothing yet", "went on", "stopped"]
    assert said == "annclust: stopping after this batch; once more to stop at once.\n"


def test_a_run_is_stopped_before_its_next_stage_too() -> None:
    report = "StoppableProgress(SILENT, interruption).stage('Next').__enter__()"
    assert lines("SIGINT", report=report)[0][-1] == "stopped"


def test_a_second_signal_stops_it_at_once() -> None:
    shown, _ = lines("SIGINT", "SIGINT")
    assert shown == ["heard nothing yet", "went on", "heard nothing yet", "stopped"]


def test_a_run_that_ends_before_it_reports_again_is_done() -> None:
    assert lines("SIGTERM")[0][-1] == "came to the end"


def test_an_impatient_run_stops_at_once() -> None:
    assert lines("SIGTERM", patient=False) == (["heard nothing yet", "stopped"], "")


def test_nothing_is_said_to_somebody_who_wants_quiet() -> None:
    assert lines("SIGINT", silent=True, report="stage.advance()")[1] == ""


def test_a_signal_that_the_parent_ignores_stays_ignored() -> None:
    shown, _ = lines("SIGINT", parent="SIG_IGN", report="stage.advance()")
    assert shown[-1] == "came to the end"


def test_a_stage_passes_its_reports_on() -> None:
    heard: list[object] = []

    class Listener:
        def advance(self, steps: int = 1, /) -> None:
            heard.append(steps)

        def expect(self, total: int, /) -> None:
            heard.append(f"of {total}")

    class Listening:
        @contextmanager
        def stage(
            self, title: str, /, total: int | None = None, *, unit: str = ""
        ) -> Iterator[Stage]:
            heard.append((title, total, unit))
            yield Listener()

    progress = StoppableProgress(Listening(), Interruption(patient=True))
    with progress.stage("Working", 7, unit="photos") as stage:
        stage.expect(8)
        stage.advance(3)
    assert heard == [("Working", 7, "photos"), "of 8", 3]
