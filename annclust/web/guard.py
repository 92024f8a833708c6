"""Guard: what every request has to pass before anything is read or changed for it.

Every page in the person's browser can send requests to this machine, and so can every program on
it. So a request must name us as its host (else a name that an attacker owns, pointed at 127.0.0.1,
would make our pages his), must not come from another site, and must bring our cookie. Whatever
changes something must also say that it comes from one of our pages, in two ways.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from annclust.web import refusals
from annclust.web.admission import Admission
from annclust.web.refusals import Refusal, RefusedError

_POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        "img-src 'self' blob:",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "connect", "font", "manifest")),
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ]
)
_HEADERS: Final = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
"""Of every answer that says nothing else."""

_LONGEST_ADDRESS: Final = 4096
_MOST_HEADER_BYTES: Final = 16_384
_MOST_HEADERS: Final = 64
_DIGITS: Final = 20
"""Of a length; whether that is a number, the protocol has seen to."""
_SECONDS_BETWEEN_CHUNKS: Final = 30.0
_READING: Final = ("GET", "HEAD")


class Guard:
    """Lets requests of one browser through to an application.

    Parameters
    ----------
    app : ASGI application
    admission : Admission
    most_bytes : callable
        How long a body may be, by the path it is sent to.
    patience : float
        Seconds that the next part of a body may take to arrive.
    """

    def __init__(
        self,
        app: ASGIApp,
        admission: Admission,
        *,
        most_bytes: Callable[[str], int],
        patience: float = _SECONDS_BETWEEN_CHUNKS,
    ) -> None:
        self._app, self._admission = app, admission
        self._most_bytes, self._patience = most_bytes, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or have the application answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = _Headers(scope)
        answer = _Answer(send)
        try:
            self._check_host(scope, headers)
            _check_head(scope, headers)
            self._check_site(headers)
            response = self._entry(scope, headers)
            if response is None:
                self._check_sender(scope, headers)
                await self._pass_on(scope, receive, answer, headers)
        except RefusedError as refused:
            response = refused.refusal.response(page="text/html" in headers.text(b"accept"))
        if response is not None:
            await response(scope, receive, answer.begin)

    def _check_host(self, scope: Scope, headers: _Headers) -> None:
        """Refuse what is not meant for us."""
        hosts = headers.all(b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self._admission.hosts:
            raise RefusedError(refusals.WRONG_HOST)
        if not scope["raw_path"].startswith(b"/"):  # the way proxies are asked
            raise RefusedError(refusals.WRONG_HOST)
        if scope["type"] != "http" or b"websocket" in headers.joined(b"upgrade").lower():
            raise RefusedError(refusals.NO_SOCKETS)

    def _check_site(self, headers: _Headers) -> None:
        """Refuse what comes from a page that is not ours."""
        sites, origins = headers.all(b"sec-fetch-site"), headers.all(b"origin")
        if any(site not in (b"same-origin", b"none") for site in sites):
            raise RefusedError(refusals.OTHER_SITE)
        own = b"http://" + headers.joined(b"host").lower()  # one that the check of hosts let pass
        if len(origins) > 1 or any(each != own for each in origins):
            raise RefusedError(refusals.OTHER_SITE)

    def _entry(self, scope: Scope, headers: _Headers) -> Response | None:
        """The answer to who brings a token: a cookie, and the way to where they wanted."""
        asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        tokens = [value for name, value in asked if name == "token"]
        if scope["method"] != "GET" or not tokens:
            return None
        known = self._is_known(headers)
        if not known and not self._admission.redeem(tokens[0]):
            raise RefusedError(refusals.USED_TOKEN)
        rest = urlencode([(name, value) for name, value in asked if name != "token"])
        path = "/" + scope["raw_path"].decode("latin-1").lstrip("/")  # never //another.host
        response = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
        if not known:
            response.headers["set-cookie"] = self._admission.cookie
        return response

    def _check_sender(self, scope: Scope, headers: _Headers) -> None:
        """Refuse who was not let in, and changes that come from elsewhere."""
        if not self._is_known(headers):
            raise RefusedError(refusals.NOT_ADMITTED)
        if scope["method"] in _READING:
            return
        proofs = headers.all(b"x-annclust-csrf")
        if not headers.all(b"origin") or len(proofs) != 1:
            raise RefusedError(refusals.NOT_OURS)
        if not self._admission.is_ours(proofs[0].decode("latin-1")):
            raise RefusedError(refusals.NOT_OURS)

    def _is_known(self, headers: _Headers) -> bool:
        return self._admission.knows([each.decode("latin-1") for each in headers.all(b"cookie")])

    async def _pass_on(
        self, scope: Scope, receive: Receive, answer: _Answer, headers: _Headers
    ) -> None:
        """Have the application answer, as long as the body is no longer than it may be."""
        body = _Body(receive, self._most_bytes(scope["path"]), self._patience)
        body.check_announced(headers.all(b"content-length"))
        try:
            await self._app(scope, body.receive, answer.unless(body))
        except Exception:
            if body.refusal is None:  # else it is of the body's being cut off
                raise
        if body.refusal is not None and not answer.begun:
            raise RefusedError(body.refusal)


def _check_head(scope: Scope, headers: _Headers) -> None:
    """Refuse what no browser sends."""
    if len(scope["raw_path"]) + len(scope["query_string"]) > _LONGEST_ADDRESS:
        raise RefusedError(refusals.LONG_ADDRESS)
    if headers.are_too_many:
        raise RefusedError(refusals.MANY_HEADERS)
    if headers.all(b"transfer-encoding") and headers.all(b"content-length"):
        raise RefusedError(refusals.TWO_LENGTHS)


class _Headers:
    """The headers of a request."""

    def __init__(self, scope: Scope) -> None:
        self._pairs: Sequence[tuple[bytes, bytes]] = scope["headers"]

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a header, in lower case."""
        return [value for key, value in self._pairs if key.lower() == name]

    def joined(self, name: bytes) -> bytes:
        """All that a header says."""
        return b",".join(self.all(name))

    def text(self, name: bytes) -> str:
        """All that a header says, as text."""
        return self.joined(name).decode("latin-1")

    @property
    def are_too_many(self) -> bool:
        """Whether they are more than any browser sends."""
        length = sum(len(name) + len(value) for name, value in self._pairs)
        return len(self._pairs) > _MOST_HEADERS or length > _MOST_HEADER_BYTES


class _Body:
    """The body of a request, counted while it comes in."""

    def __init__(self, receive: Receive, most: int, patience: float) -> None:
        self._receive, self._most, self._patience = receive, most, patience
        self._ended = False
        self.refusal: Refusal | None = None

    def check_announced(self, lengths: Sequence[bytes]) -> None:
        """Refuse a body that says that it is too long."""
        if any(len(each) > _DIGITS or int(each) > self._most for each in lengths):
            raise RefusedError(refusals.LARGE_BODY)

    async def receive(self) -> Message:
        """The next part; once there were too many, the application learns that nobody listens."""
        if self._ended:
            return await self._receive()  # until the browser goes away
        try:
            async with asyncio.timeout(self._patience):
                message = await self._receive()
        except TimeoutError:
            return self._cut_off(refusals.SLOW_BODY)
        self._most -= len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        return self._cut_off(refusals.LARGE_BODY) if self._most < 0 else message

    def _cut_off(self, refusal: Refusal) -> Message:
        self.refusal, self._ended = refusal, True
        return {"type": "http.disconnect"}


class _Answer:
    """What goes back to the browser, with the headers that every answer has."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    def unless(self, body: _Body) -> Send:
        """What an application answers, unless it never got all of the body."""

        async def send(message: Message) -> None:
            if body.refusal is None or self.begun:
                await self.begin(message)

        return send

    async def begin(self, message: Message) -> None:
        """Send a part."""
        if message["type"] == "http.response.start":
            self.begun = True
            told = {name.lower() for name, _ in message["headers"]}
            added = [(name, value) for name, value in _HEADERS if name not in told]
            message = {**message, "headers": [*message["headers"], *added]}
        await self._send(message)
