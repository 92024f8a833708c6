"""Admission: the secrets of one server, and who shows which of them. Pure, but for chance.

The address that is printed holds a token that is good once. Whoever brings it gets a cookie; pages
hold a third secret, which scripts send with all that changes something. None tells another.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from threading import Lock
from typing import Final

_BYTES: Final = 32


def _secret() -> str:
    return secrets.token_urlsafe(_BYTES)


@dataclass(slots=True, eq=False)
class Admission:
    """Who may ask a server.

    Parameters
    ----------
    port : int
        That it listens at. Cookies know no ports: so the name of ours has it.
    """

    port: int
    token: str = field(default_factory=_secret, repr=False)
    csrf: str = field(default_factory=_secret, repr=False)
    _ticket: str = field(default_factory=_secret, repr=False)
    _used: bool = False
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def hosts(self) -> frozenset[bytes]:
        """What a browser may call the server."""
        names = ("127.0.0.1", "localhost")
        return frozenset(f"{name}:{self.port}".encode() for name in names)

    @property
    def address(self) -> str:
        """Where to begin, once."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    @property
    def cookie(self) -> str:
        """What a browser is told to bring from now on."""
        return f"{self._cookie_name}={self._ticket}; Path=/; HttpOnly; SameSite=Strict"

    @property
    def _cookie_name(self) -> str:
        return f"annclust_{self.port}"

    def redeem(self, token: str) -> bool:
        """Whether a token is the right one, and was never redeemed before."""
        with self._lock:
            right = _same(token, self.token) and not self._used
            self._used = self._used or right
            return right

    def knows(self, cookies: Sequence[str]) -> bool:
        """Whether a browser brings our cookie, among those of other pages of this machine."""
        pairs = (each.strip().partition("=") for header in cookies for each in header.split(";"))
        brought = [value for name, _, value in pairs if name == self._cookie_name]
        return any(_same(value, self._ticket) for value in brought)

    def is_ours(self, csrf: str) -> bool:
        """Whether a request comes from a script of our own pages."""
        return _same(csrf, self.csrf)


def _same(given: str, secret: str) -> bool:
    return compare_digest(given.encode("utf-8", "surrogatepass"), secret.encode())
