"""Impatience: connections along which no whole request comes for a while are closed.

uvicorn waits forever for the rest of a head. Whoever opens connections and says little would take
all that there are.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE: Final = 20.0
"""Seconds that the head of a request may take, from its first byte or from the connection."""


def impatient(patience: float) -> type[ImpatientProtocol]:
    """HTTP for clients that come to the point within some seconds."""
    return type("ImpatientProtocol", (ImpatientProtocol,), {"patience": patience})


class ImpatientProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, but for that."""

    patience: ClassVar[float] = PATIENCE

    _leaving: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; with the whole head, waiting is over."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._wait_no_more()
        elif self._leaving is None:
            self._wait()

    def _wait(self) -> None:
        self._leaving = self.loop.call_later(self.patience, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
