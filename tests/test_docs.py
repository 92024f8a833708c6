"""The docs are true: examples run, commands and options are described, invariants checked."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from annclust.cli.app import app
from annclust.demo_album import draw_album
from annclust.storage.verify import CHECKS

DOCS = Path(__file__).parents[1] / "docs"
MANUAL = (DOCS / "cli.md").read_text()


def commands(group: Any, before: str = "") -> dict[str, Any]:
    """Every command by its name; those of a group as ``purge plan``."""
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        nested = hasattr(command, "commands")
        found |= commands(command, f"{name} ") if nested else {before + name: command}
    return found


COMMANDS = commands(typer.main.get_command(app))
SHARED = {"--collection", "--json", "--quiet", "--verbose", "--no-progress", "--help"}


@pytest.fixture
def old_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something in the place of Turi Create that reads features of the demo album.

    (Of its work there is a test with the real one.)
    """
    folder = tmp_path / "album" / "2024-03 City lights"
    album = [str(folder / f"IMG_{number}.jpg") for number in (1986, 1987)]
    plan = {"saved": "old.sframe", "labels": album, "model": "resnet-50", "dimension": 2048}
    (tmp_path / "saved work.json").write_text(json.dumps(plan))
    program = tmp_path / "python3.8"
    module = f"{sys.executable} -m tests.pipeline.fake_saved_work '{tmp_path}/saved work.json'"
    program.write_text(f"#!/bin/sh\ncd {DOCS.parent} && exec {module}\n")
    program.chmod(0o755)
    monkeypatch.setenv("ANNCLUST_TURICREATE_PYTHON", str(program))


def ended(words: list[str], folder: Path) -> tuple[int, str]:
    """Exit code and errors of a command; one that goes on is stopped once it said something."""
    with subprocess.Popen(
        [sys.executable, "-m", "annclust", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ANNCLUST_CACHE": str(folder / "cache")},
    ) as process:
        if words[0] == "review":
            assert process.stdout is not None
            assert process.stdout.readline().startswith("http://127.0.0.1:")
            process.terminate()
        _, error = process.communicate(timeout=300)
    return process.returncode, error


def command_of(example: str) -> str:
    """What an example is of: its first word, or two."""
    first, *rest = shlex.split(example)
    return first if first in COMMANDS else " ".join([first, *rest[:1]])


@pytest.mark.usefixtures("old_work")
def test_every_example_of_the_manual_runs(tmp_path: Path) -> None:
    examples = re.findall(r"^\$ annclust (.*)$", MANUAL, re.MULTILINE)
    assert {command_of(example) for example in examples} == set(COMMANDS)
    for example in examples:
        code, error = ended(shlex.split(example), tmp_path)
        assert code == 0, f"{example}: {error}"


def test_every_example_of_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", (DOCS / "python.md").read_text(), re.M | re.S)
    draw_album(tmp_path / "album")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert names["told"].together
    assert names["apart"].why == "said"
    assert names["said"].others == (Path(names["other"]),)
    assert names["report"].images == len(names["ids"])
    assert names["purged"].photos == names["undone"].photos == names["plan"].totals.photos > 0


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_is_described(name: str) -> None:
    section = re.search(rf"^## {name}:.*?(?=^## |\Z)", MANUAL, re.MULTILINE | re.DOTALL)
    assert section, f"docs/cli.md has no section on {name}"
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    for option in {o for o in options if o.startswith("--")} - SHARED:
        assert option in section[0], f"docs/cli.md does not describe {option} of {name}"


def test_every_shared_option_is_described() -> None:
    for option in SHARED - {"--help"}:
        assert option in MANUAL


def test_every_invariant_is_described_and_checked() -> None:
    described = re.findall(r"^\| \*\*(\w+)\*\* \|", (DOCS / "format.md").read_text(), re.MULTILINE)
    assert described == list(CHECKS)


def test_every_module_is_on_the_map() -> None:
    page = (DOCS / "architecture.md").read_text()
    package = Path(__file__).parents[1] / "annclust"
    for path in package.iterdir():
        name = path.stem if path.suffix == ".py" else path.name
        if name not in {"__pycache__", "py"}:
            assert re.search(rf"^  {re.escape(name)}\b", page, re.MULTILINE) or name == "py.typed"
