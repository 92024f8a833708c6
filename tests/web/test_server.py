"""The server on its port: who waits, who is sent away, and how it ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from annclust.collection import Collection
from annclust.errors import InputError, PortTakenError
from annclust.web.opening import reviewed
from tests.web.conftest import Page, looked_through

_SECURITY = {
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
    "cache-control",
}


def connected(page: Page) -> socket.socket:
    return socket.create_connection(("127.0.0.1", page.port), timeout=30)


@pytest.fixture(scope="module")
def hasty_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with looked_through(tmp_path_factory.mktemp("hasty"), patience=0.5) as found:
        yield found


def test_who_says_half_a_request_keeps_nobody_waiting_and_is_sent_away(hasty_page: Page) -> None:
    slow = [connected(hasty_page) for _ in range(20)]
    for connection in slow:
        connection.sendall(b"GET /api/collection HTTP/1.1\r\nHost: 127.0")
    assert hasty_page.get("/api/collection")["state"] == "ready"
    assert [connection.recv(1) for connection in slow] == [b""] * 20
    for connection in slow:
        connection.close()


def test_who_says_nothing_is_sent_away(hasty_page: Page) -> None:
    with connected(hasty_page) as silent:
        assert silent.recv(1) == b""


def test_half_a_request_after_a_whole_one_is_not_waited_for(hasty_page: Page) -> None:
    head = f"GET /static/app.js HTTP/1.1\r\nHost: 127.0.0.1:{hasty_page.port}"
    with connected(hasty_page) as connection:
        connection.sendall(f"{head}\r\nCookie: {hasty_page.cookie}\r\n\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 200"
        connection.sendall(b"GET /")
        while connection.recv(65536):
            pass
    assert hasty_page.get("/api/collection")["state"] == "ready"


def test_who_asks_twice_along_one_connection_is_answered_twice(page: Page) -> None:
    head = f"GET /api/collection HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nCookie: {page.cookie}"
    request = f"{head}\r\n\r\n{head}\r\nConnection: close\r\n\r\n".encode()
    assert page.send(request).count(b"HTTP/1.1 200") == 2


def test_every_answer_says_what_browsers_may_not_do_with_it(page: Page) -> None:
    for path in (
        "/",
        "/api/groups",
        "/api/none",
        "/photos/1/thumbnail",
        "/static/app.js",
        "/?token",
    ):
        assert page.client.get(path).headers.keys() >= _SECURITY
    assert page.client.get("/", headers={"host": "evil.example"}).headers.keys() >= _SECURITY


def test_every_view_has_the_page_with_the_proof_in_it(page: Page) -> None:
    for view in ("/", "/groups", "/group/5?g=1.5", "/one-offs", "/similar", "/similar/3", "/map"):
        answer = page.client.get(view)
        assert answer.headers["content-type"].startswith("text/html")
        assert f'content="{page.csrf}"' in answer.text
    assert page.client.get("/elsewhere").status_code == 404


def test_files_of_the_page_are_asked_for_again_and_sent_only_if_they_changed(page: Page) -> None:
    first = page.client.get("/static/app.js")
    assert first.headers["content-type"].startswith("text/javascript")
    assert first.headers["cache-control"] == "private, no-cache"
    again = page.client.get("/static/app.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_token_is_good_once_and_leads_to_where_it_was_brought(fresh_page: Page) -> None:
    page = fresh_page
    stranger = {"cookie": "", "accept": "text/html"}
    again = page.client.get(page.address, headers=stranger)
    assert again.status_code == 403
    assert "start it again" in again.text
    known = page.client.get(page.address.replace("/?", "/group/5?g=1.5&"))
    assert (known.status_code, known.headers["location"]) == (303, "/group/5?g=1.5")
    assert "set-cookie" not in known.headers


def test_a_token_never_leads_to_another_site(page: Page) -> None:
    token = page.address.partition("token=")[2]
    for path in ("//evil.example/", "/\\evil.example/", "///evil.example"):
        request = (
            f"GET {path}?token={token} HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\n"
            f"Cookie: {page.cookie}\r\nConnection: close\r\n\r\n"
        )
        answer = page.send(request.encode()).decode().lower()
        assert "location: /evil.example" in answer or "location: /%5cevil.example" in answer


def test_a_port_that_is_taken_is_told(page: Page) -> None:
    opened = reviewed(page.collection, port=page.port)
    with pytest.raises(PortTakenError, match=str(page.port)), opened:
        pass


def test_nothing_to_look_through_is_told(collection: Collection) -> None:
    with pytest.raises(InputError, match="no photos yet"), reviewed(collection):
        pass


def test_a_page_has_one_name_at_a_time(page: Page) -> None:
    local = {"host": f"localhost:{page.port}"}
    own = local | {"origin": f"http://localhost:{page.port}"}
    unmark = {"photos": [1], "mark": None}
    assert page.client.post("/api/marks", json=unmark, headers=own).status_code == 200
    assert page.client.post("/api/marks", json=unmark, headers=local).status_code == 403
