"""Progress on a real (pseudo) terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path


def on_a_terminal(*arguments: object) -> str:
    """What a command shows on stderr, if that is a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "annclust", *map(str, arguments)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        while part := _read(ours):
            shown += part
        process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 0
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux says so when the other side is closed
        return b""


def test_a_terminal_sees_bars_with_rate_and_time_left(tmp_path: Path, photos: Path) -> None:
    arguments = ["index", photos, "-c", tmp_path / "c", "--embedder", "color-histogram"]
    shown = on_a_terminal(*arguments)
    for word in ("Looking for photos", "Decoding", "Embedding", "12/12", "photos/s", "left"):
        assert word in shown


def test_a_terminal_sees_none_if_the_user_wants_none(tmp_path: Path, photos: Path) -> None:
    arguments = ["index", photos, "-c", tmp_path / "c", "--embedder", "color-histogram"]
    assert on_a_terminal(*arguments, "--no-progress") == ""
    assert on_a_terminal("index", "-c", tmp_path / "c", "-q") == ""
