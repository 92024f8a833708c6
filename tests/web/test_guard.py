"""The guard by itself: bodies that come slowly or in parts, whatever the application does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from annclust.web.admission import Admission
from annclust.web.guard import Guard

PORT = 8765


async def length_of_body(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers how long what was sent is."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


async def careless(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers all the same when somebody goes away."""
    try:
        await Request(scope, receive).body()
    except ClientDisconnect:
        await PlainTextResponse("all is well")(scope, receive, send)


def posted(
    app: Callable[..., object], parts: AsyncIterator[bytes], patience: float = 30.0
) -> httpx.Response:
    """The answer to a body that comes in parts."""
    admission = Admission(PORT)
    guard = Guard(app, admission, most_bytes=lambda _path: 10, patience=patience)  # type: ignore[arg-type]
    headers = {
        "origin": f"http://127.0.0.1:{PORT}",
        "x-annclust-csrf": admission.csrf,
        "cookie": admission.cookie.partition(";")[0],
    }

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=guard)  # type: ignore[arg-type]
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://127.0.0.1:{PORT}"
        ) as client:
            return await client.post("/", content=parts, headers=headers)

    return asyncio.run(ask())


async def body(*parts: bytes, wait: float = 0.0) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
        await asyncio.sleep(wait)


def test_a_body_that_is_as_long_as_it_may_be_comes_through() -> None:
    answer = posted(length_of_body, body(b"x" * 4, b"x" * 6))
    assert (answer.status_code, answer.text) == (200, "10")


@pytest.mark.parametrize("app", [length_of_body, careless])
def test_a_body_that_is_too_long_is_refused_whatever_the_application_says(
    app: Callable[..., object],
) -> None:
    answer = posted(app, body(b"x" * 4, b"x" * 7, b"x" * 99))
    assert answer.status_code == 413
    assert answer.json()["error"] == "That is too large. Send less at a time."


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    answer = posted(length_of_body, body(b"x", b"x", wait=5), patience=0.1)
    assert answer.status_code == 408


def test_what_goes_wrong_in_the_application_is_not_hidden() -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        posted(broken, body(b"x"))


def test_a_web_socket_is_refused() -> None:
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    admission = Admission(PORT)
    scope = {
        "type": "websocket",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8765"), (b"cookie", admission.cookie.encode())],
    }
    guard = Guard(length_of_body, admission, most_bytes=lambda _path: 10)
    asyncio.run(guard(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 403


def test_secrets_are_different_from_each_other_and_shown_to_nobody() -> None:
    admission = Admission(PORT)
    secrets = {admission.token, admission.csrf, admission.cookie.split("=")[1].split(";")[0]}
    assert len(secrets) == 3
    assert all(len(secret) >= 43 for secret in secrets)
    assert not any(secret in repr(admission) for secret in secrets)
