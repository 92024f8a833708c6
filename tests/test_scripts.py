from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
CHECK = REPOSITORY / "scripts/check"
QUICKSTART = REPOSITORY / "scripts/quickstart"
CI_RUN = REPOSITORY / ".ci/run"
PYTHON_LIBRARY = REPOSITORY / "scripts/lib/python.sh"

pytestmark = pytest.mark.skipif(
    not CHECK.exists(), reason="an installed annclust has no scripts beside its tests"
)


def run(script: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [script, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def stand_in_python(folder: Path, body: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/usr/bin/env bash\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("script", [CHECK, QUICKSTART, CI_RUN])
def test_a_script_can_be_run_and_parsed(script: Path) -> None:
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/usr/bin/env bash\n")
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_has_no_complaint() -> None:
    scripts = [CHECK, QUICKSTART, CI_RUN, PYTHON_LIBRARY]
    found = subprocess.run(
        ["shellcheck", "-x", *scripts], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert found.stdout == ""


def test_ci_runs_the_gate_and_nothing_else() -> None:
    code = [line for line in CI_RUN.read_text().splitlines() if not line.startswith("#")]
    assert [line.split("/")[-1] for line in code] == ["set -euo pipefail", 'check"']


@pytest.mark.parametrize("script", [CHECK, QUICKSTART])
def test_help_says_how_a_script_is_called(script: Path) -> None:
    shown = run(script, "--help")
    assert shown.returncode == 0
    assert f"scripts/{script.name}" in shown.stdout


@pytest.mark.parametrize("script", [CHECK, QUICKSTART])
def test_an_unknown_option_is_a_usage_error(script: Path) -> None:
    refused = run(script, "--frobnicate")
    assert refused.returncode == 2
    assert f"scripts/{script.name}" in refused.stderr


def test_a_python_that_is_too_old_is_named_as_the_cause(tmp_path: Path) -> None:
    too_old = stand_in_python(tmp_path, "exit 1")
    refused = run(CHECK, ANNCLUST_PYTHON=too_old, ANNCLUST_CHECK_VENV=str(tmp_path / "venv"))
    assert refused.returncode == 1
    assert "needs Python 3.11 or newer" in refused.stderr
    assert not (tmp_path / "venv").exists()


def test_a_python_without_venv_is_told_from_one_that_is_too_old(tmp_path: Path) -> None:
    bare = stand_in_python(tmp_path, '[[ "$2" != *ensurepip* ]]')
    refused = run(CHECK, ANNCLUST_PYTHON=bare, ANNCLUST_CHECK_VENV=str(tmp_path / "venv"))
    assert refused.returncode == 1
    assert "apt install python3-venv" in refused.stderr


def test_an_environment_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    refused = run(CHECK, ANNCLUST_CHECK_VENV=str(tmp_path))
    assert refused.returncode == 1
    assert "left alone" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_quickstart_wants_a_folder_that_exists(tmp_path: Path) -> None:
    refused = run(QUICKSTART, str(tmp_path / "nowhere"))
    assert refused.returncode == 1
    assert f"There is no folder {tmp_path / 'nowhere'}" in refused.stderr
