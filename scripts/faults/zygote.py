"""Zygote: a process that has all of annclust loaded, and runs each command in a fork of itself.

Loading takes most of a command's time, and touches nothing that matters here. A command that runs
in a fork is a process like any other: it can be traced, broken and killed.

As a program it reads commands from its standard input, a line of JSON each, forks, says the child's
number, and, once that has ended, its exit code. The child stops itself before it begins, so that
whoever wants to trace it has time to.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, Self

from tracing import Outcome, tracer

_LOADED_LATE = (
    *("faiss", "hdbscan._hdbscan_linkage", "hdbscan._hdbscan_tree"),
    "sklearn.cluster._hdbscan._linkage",
)
LIMIT = 120.0
"""Seconds that a command may take."""


class Zygote:
    """The process, as its parent sees it. Use as a context manager."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._hear()  # loaded
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()

    def _hear(self) -> int:
        assert self._process.stdout
        return int(self._process.stdout.readline())

    def run(
        self,
        arguments: Sequence[str],
        folder: Path,
        *options: str,
        log: Path | None = None,
        few_are_many: bool = False,
    ) -> Outcome:
        """Run `annclust` with arguments in a folder; under strace if there are options or a log.

        Parameters
        ----------
        arguments : sequence of str
        folder : Path
        *options : str
            Of strace, as for `tracing.run`.
        log : Path or None
            Where the system calls go.
        few_are_many : bool
            Whether collections of any size have inverted lists.
        """
        output, errors = folder / "output", folder / "errors"
        task = {"arguments": [*arguments], "folder": str(folder), "few_are_many": few_are_many}
        assert self._process.stdin
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        child = self._hear()
        _wait(lambda: _state(child) == "T", "the child does not stop")
        strace = _attach(child, options, log) if options or log else None
        os.kill(child, signal.SIGCONT)
        code = self._hear()
        if strace is not None:
            strace.wait(LIMIT)
        return Outcome(code, output.read_text(errors="replace"), errors.read_text(errors="replace"))


def _attach(child: int, options: Sequence[str], log: Path | None) -> subprocess.Popen[bytes]:
    strace = subprocess.Popen(
        [*tracer(log), *options, "-p", str(child)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _wait(lambda: _traced(child) or strace.poll() is not None, "strace does not attach")
    if strace.poll() is not None:
        raise RuntimeError("strace cannot attach to a process")
    return strace


def _status(process: int) -> dict[str, str]:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def _state(process: int) -> str:
    return _status(process)["State"][0]


def _traced(process: int) -> bool:
    return _status(process)["TracerPid"] != "0"


def _wait(reached: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not reached():
        if time.monotonic() > deadline:
            raise TimeoutError(complaint)
        time.sleep(0.001)


def _load_everything() -> None:
    import importlib
    import pkgutil

    import annclust

    packages = pkgutil.walk_packages(annclust.__path__, "annclust.")
    for name in (*(module.name for module in packages), *_LOADED_LATE):
        if not name.endswith("__main__"):
            importlib.import_module(name)


def _count_few_as_many() -> None:
    from annclust.settings import SearchSettings

    usual = SearchSettings.__init__

    def as_many(self: SearchSettings, *values: object, **named: object) -> None:
        usual(self, *values, **{"exact_up_to": 0, **named})  # type: ignore[arg-type]

    SearchSettings.__init__ = as_many  # type: ignore[method-assign]


def _become(arguments: Sequence[str], folder: str) -> NoReturn:
    """Be the command, and end at once: taking the interpreter down takes longer than that."""
    os.chdir(folder)
    for number, name in ((1, "output"), (2, "errors")):
        target = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(target, number)
        os.close(target)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.argv = ["annclust", *arguments]
    os.kill(os.getpid(), signal.SIGSTOP)
    from annclust.__main__ import main

    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def serve() -> None:
    """Fork a command for each line."""
    _load_everything()
    print(0, flush=True)
    for line in iter(sys.stdin.readline, ""):
        task = json.loads(line)
        child = os.fork()
        if not child:
            if task["few_are_many"]:
                _count_few_as_many()
            _become(task["arguments"], task["folder"])
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
