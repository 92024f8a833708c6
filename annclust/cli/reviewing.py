"""The command that opens the page."""

from __future__ import annotations

import json
import webbrowser
from contextlib import suppress
from importlib.util import find_spec
from threading import Thread
from typing import Annotated

import typer

from annclust.cli.console import Console
from annclust.cli.shared_options import (
    DEFAULT_COLLECTION,
    CollectionOption,
    command,
    open_collection,
)

_LAST_PORT = 65_535
_PARTS = ("fastapi", "jinja2", "uvicorn")


def add_to(app: typer.Typer) -> None:
    """Add the command `review`."""

    @command(app)
    def review(
        console: Console,
        collection: CollectionOption = DEFAULT_COLLECTION,
        port: Annotated[
            int | None,
            typer.Option(
                metavar="N", min=1, max=_LAST_PORT, help="Port of the page; a free one if left out."
            ),
        ] = None,
        no_browser: Annotated[
            bool, typer.Option("--no-browser", help="Print the address, open nothing.")
        ] = False,
    ) -> None:
        """Look through the groups in the browser: compare, choose, decide."""
        _require_parts()
        from annclust.web.opening import reviewed

        with (
            open_collection(collection, console) as opened,
            reviewed(opened, port=port or 0) as server,
            suppress(KeyboardInterrupt),  # to be stopped is how it ends
        ):
            _tell(console, server.address)
            if not no_browser:
                # A browser in a terminal ends when it is left; others are waited for, for seconds.
                Thread(target=webbrowser.open, args=(server.address,), daemon=True).start()
            server.run()


def _require_parts() -> None:
    from annclust.errors import InputError

    lacking = [name for name in _PARTS if find_spec(name) is None]
    if lacking:
        raise InputError(
            f"the page needs {', '.join(lacking)}. Install it with: pip install 'annclust[web]'"
        )


def _tell(console: Console, address: str) -> None:
    """One line, at once: whoever started this waits for it."""
    typer.echo(json.dumps({"address": address}) if console.json else address)
