"""Server: `annclust review` on a port of this machine, until it is told to stop."""

from __future__ import annotations

import errno
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from annclust.closing import Closing
from annclust.errors import PortTakenError
from annclust.web.admission import Admission
from annclust.web.app import make_app
from annclust.web.desk import Desk
from annclust.web.impatience import PATIENCE, impatient

_HOST: Final = "127.0.0.1"
_WAITING: Final = 128
"""Connections that the system holds until they are taken."""
_MOST_CONNECTIONS: Final = 256
_MOST_HEAD_BYTES: Final = 32 << 10
_SECONDS_TO_FINISH: Final = 3


class ReviewServer(Closing):
    """Answers on a port; connections are taken as soon as `run` is called.

    Parameters
    ----------
    desk : Desk
    port : int
        0 for any that is free.
    patience : float
        Seconds after which who has not said what they want is sent away.

    Raises
    ------
    PortTakenError
        If another program listens there.
    """

    def __init__(self, desk: Desk, *, port: int = 0, patience: float = PATIENCE) -> None:
        self._socket = _listen(port)
        self.admission = Admission(self._socket.getsockname()[1])
        config = uvicorn.Config(
            make_app(desk, self.admission),
            http=impatient(patience),
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MOST_CONNECTIONS,
            h11_max_incomplete_event_size=_MOST_HEAD_BYTES,
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        )
        self._server = _Server(config)

    @property
    def address(self) -> str:
        """Where to begin; it is good once."""
        return self.admission.address

    def run(self) -> None:
        """Answer until SIGINT or SIGTERM, or `stop`."""
        self._server.run([self._socket])

    def stop(self) -> None:
        """Let `run` come to an end; from any thread."""
        self._server.should_exit = True

    def close(self) -> None:
        """Let go of the port."""
        self._socket.close()


class _Server(uvicorn.Server):
    """Stops at a signal, and is content with that: to be stopped is how it ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear signals while the server runs, and give them back."""
        on_main = threading.current_thread() is threading.main_thread()
        numbers = (signal.SIGINT, signal.SIGTERM) if on_main else ()  # only it can hear
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _listen(port: int) -> socket.socket:
    # asyncio has small answers go at once only where the protocol is told: 40 ms each otherwise.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_HOST, port))
        listening.listen(_WAITING)
    except OSError as error:
        listening.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortTakenError(port) from error
        raise
    return listening
