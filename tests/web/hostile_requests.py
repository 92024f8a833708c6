"""Requests that no page of ours sends, and what each is to be answered with.

By the classes of attacks on servers that listen on one's own machine: other names for it (DNS
rebinding), other pages' scripts (forged requests, reading across sites), guessed or used tokens,
paths that mean something to a file system, methods, sizes, encodings, uploads that are bombs, and
requests that two readers could understand in two ways.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from PIL import Image

from tests.web.conftest import Page

Header = tuple[str, str]

NOT_JSON = 422
CSRF = "X-Annclust-Csrf"


@dataclass(frozen=True)
class Hostile:
    """A request, the answer that it gets, and how it differs from one of our own.

    `without` and `headers` change the headers of a request of our own; `raw` is sent instead.
    """

    name: str
    wants: int
    method: str = "GET"
    path: str = "/api/collection"
    headers: Sequence[Header] = ()
    without: frozenset[str] = frozenset()
    body: bytes = b""
    raw: bytes | None = field(default=None, repr=False)

    def bytes_for(self, page: Page) -> bytes:
        """What goes through the wire; ``{port}``, ``{token}`` and others stand for what is so."""
        values = {
            "port": str(page.port),
            "cookie": page.cookie,
            "csrf": page.csrf,
            "ticket": page.cookie.partition("=")[2],
            "token": page.address.partition("token=")[2],
        }

        def filled(text: str) -> str:
            for name, value in values.items():
                text = text.replace("{" + name + "}", value)
            return text

        if self.raw is not None:
            return filled(self.raw.decode("latin-1")).encode("latin-1")
        own = [
            ("Host", "127.0.0.1:{port}"),
            ("Cookie", "{cookie}"),
            ("Connection", "close"),
            *([("Origin", "http://127.0.0.1:{port}"), (CSRF, "{csrf}")] if self.changes else []),
            *([("Content-Type", "application/json")] if self.changes else []),
            *([("Content-Length", str(len(self.body)))] if self.changes else []),
        ]
        replaced = {name.lower() for name, _ in self.headers} | {n.lower() for n in self.without}
        kept = [(name, value) for name, value in own if name.lower() not in replaced]
        lines = [f"{name}: {value}" for name, value in (*kept, *self.headers)]
        head = "\r\n".join([f"{self.method} {self.path} HTTP/1.1", *lines, "", ""])
        return filled(head).encode("latin-1") + self.body

    @property
    def changes(self) -> bool:
        """Whether it asks for a change."""
        return self.method not in ("GET", "HEAD")


def _hosts() -> Iterator[Hostile]:
    names = [
        "evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:1{port}",
        "127.0.0.1.evil.example:{port}", "localhost.evil.example:{port}", "localhost",
        "127.0.0.1:{port}@evil.example", "evil.example@127.0.0.1:{port}", "2130706433:{port}",
        "0x7f000001:{port}", "0177.0.0.1:{port}", "127.1:{port}", "0.0.0.0:{port}",
        "[::ffff:127.0.0.1]:{port}", "[::]:{port}", "127.0.0.1:{port}, evil.example",
        "[::1]:{port}", "127.0.0.1:{port}:{port}",
        "127.0.0.1.:{port}", "localhost.:{port}", "127.0.0.2:{port}",
        "http://127.0.0.1:{port}", "127.0.0.1:{port}/", "127.0.0.1 :{port}", "",
        "127.0.0.1:{port}#", "127.0.0.1%00:{port}",
    ]  # fmt: skip
    for name in names:
        yield Hostile(f"host {name or 'empty'}", 421, headers=[("Host", name)])
    own = "127.0.0.1:{port}"
    # Of these, the protocol itself says that they are none.
    yield Hostile("no host", 400, without=frozenset({"Host"}))
    yield Hostile("two hosts", 400, headers=[("Host", own), ("Host", "evil.example")])
    yield Hostile("one host twice", 400, headers=[("Host", own), ("Host", own)])
    yield Hostile("asked as a proxy", 421, path="http://127.0.0.1:{port}/api/collection")
    yield Hostile("asked as a proxy for another", 421, path="http://evil.example/")
    forwarded = [("X-Forwarded-Host", own), ("Host", "evil.example")]
    yield Hostile("forwarded host", 421, headers=forwarded)


def _sites() -> Iterator[Hostile]:
    origins = [
        "http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:9{port}",
        "https://127.0.0.1:{port}", "http://127.0.0.1:{port}.evil.example", "file://",
        "http://localhost:{port}", "http://localhost:{port}.", "http://127.0.0.1:{port}/", "http://127.0.0.1:{port}@evil",
        "http://evil.example, http://127.0.0.1:{port}", "chrome-extension://abc", "HTTP://EVIL", "",
    ]  # fmt: skip
    for origin in origins:
        named = [("Origin", origin)]
        yield Hostile(f"read from {origin or 'an empty origin'}", 403, headers=named)
        yield Hostile(
            f"changed from {origin or 'an empty origin'}", 403, "POST", "/api/marks", named
        )
    for site in ("cross-site", "same-site", "sideways", ""):
        named = [("Sec-Fetch-Site", site)]
        yield Hostile(f"fetched {site or 'from an empty site'}", 403, headers=named)
        yield Hostile(f"changed {site or 'from an empty site'}", 403, "POST", "/api/jobs", named)
    twice = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")]
    yield Hostile("two sites", 403, headers=twice)
    asked = [("Origin", "http://evil.example"), ("Access-Control-Request-Method", "POST")]
    yield Hostile("preflight", 403, "OPTIONS", "/api/marks", asked)
    yield Hostile(
        "picture on another page", 403, path="/photos/1/thumbnail",
        headers=[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Dest", "image")],
    )  # fmt: skip
    both = [("Origin", "http://127.0.0.1:{port}"), ("Origin", "http://evil.example")]
    yield Hostile("two origins", 403, "POST", "/api/marks", both)


def _proofs() -> Iterator[Hostile]:
    for path in (
        "/api/marks",
        "/api/jobs",
        "/api/decisions",
        "/api/similar",
        "/api/groups/1/state",
    ):
        yield Hostile(f"no proof for {path}", 403, "POST", path, without=frozenset({CSRF}))
        yield Hostile(f"no origin for {path}", 403, "POST", path, without=frozenset({"Origin"}))
    for proof in ("", "x", "{csrf}x", "{ticket}", "{token}", "undefined", "\xff" * 43):
        yield Hostile(f"proof {proof!r}", 403, "POST", "/api/marks", [(CSRF, proof)])
    yield Hostile("two proofs", 403, "POST", "/api/marks", [(CSRF, "{csrf}"), (CSRF, "{csrf}")])
    in_query = "/api/marks?x-annclust-csrf={csrf}"
    yield Hostile("proof in the query", 403, "POST", in_query, without=frozenset({CSRF}))
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    yield Hostile(
        "a form of another page", 403, "POST", "/api/marks", form, frozenset({CSRF}), b"mark=reject"
    )


def _tickets() -> Iterator[Hostile]:
    cookies = [
        "", "annclust_{port}=", "annclust_{port}=x", "annclust_{port}={token}",
        "annclust_{port}={csrf}", "annclust_1={ticket}", "annclust={ticket}", "{ticket}",
        "ANNCLUST_{port}={ticket}", "annclust_{port}={ticket}x", 'annclust_{port}="{ticket}"',
        "annclust_{port} ={ticket}", "annclust_{port}=\xe9\xff", ";;;===;;",
    ]  # fmt: skip
    for cookie in cookies:
        yield Hostile(f"cookie {cookie!r}", 401, headers=[("Cookie", cookie)])
    nobody = frozenset({"Cookie"})
    for path in ("/", "/groups", "/openapi.json", "/static/app.js", "/photos/1/thumbnail", "/none"):
        yield Hostile(f"{path} without a cookie", 401, path=path, without=nobody)
    bearer = [("Authorization", "Bearer {ticket}")]
    yield Hostile("a ticket that is no cookie", 401, headers=bearer, without=nobody)
    yield Hostile("a change without a cookie", 401, "POST", "/api/marks", without=nobody)
    for token in ("", "x", "{token}", "{csrf}", "{ticket}", "%00", "%FF", "x&token={token}"):
        yield Hostile(f"token {token!r}", 403, path=f"/?token={token}", without=nobody)
    yield Hostile("token of a change", 401, "POST", "/api/marks?token={token}", without=nobody)
    yield Hostile("token of a look", 401, "HEAD", "/?token={token}", without=nobody)


def _paths() -> Iterator[Hostile]:
    paths = [
        "/static/../app.py", "/static/../../../../etc/passwd", "/static/%2e%2e/app.py",
        "/static/..%2f..%2fapp.py", "/static/..%5c..%5capp.py", "/static//etc/passwd",
        "/static/%2fetc%2fpasswd", "/static/", "/static", "/static/app.js%00", "/static/app.js/",
        "/static/./app.js", "/static/styles", "/static/.git/config", "/static/app.js%20",
        "/photos/-1/thumbnail", "/photos/1e3/thumbnail", "/photos/%31%2f../thumbnail",
        "/photos/1%00/thumbnail", "/photos/0x1/thumbnail", "/photos/+1/thumbnail",
        "/photos/1_0/thumbnail", "/photos/%D9%A1/thumbnail", "/photos/1.0/thumbnail",
        "/photos/../../etc/passwd/thumbnail", "/photos/%2e%2e%2fetc%2fpasswd/picture",
        "/photos/C:%5cphotos%5c1.jpg/thumbnail", "/photos/9999999/thumbnail", "/photos//thumbnail",
        "/photos/99999999999999999999999999/thumbnail", "/photos/1/original", "/api/groups/x",
        "/api/photos/9223372036854775807", "/api/../openapi.json/", "/docs", "/redoc",
        "/.env", "/api", "//api/collection", "/api/collection/", "/api/collection%2f",
        "/photos/0/thumbnail",
    ]  # fmt: skip
    for path in paths:
        yield Hostile(f"path {path}", 404, path=path)
    yield Hostile("an id beyond all", 422, path="/api/photos/9999999999999999999")
    yield Hostile(
        "a purge by path",
        422,
        path="/api/purge/plans/..%2f..%2fplan.json/groups".replace("..%2f..%2f", ""),
    )


def _methods() -> Iterator[Hostile]:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        yield Hostile(f"{method} of the collection", 405, method, "/api/collection")
    yield Hostile("a change by GET", 405, path="/api/marks")
    yield Hostile("a job by GET", 405, path="/api/jobs")
    yield Hostile(
        "the method in lower case", 403, "get", "/api/collection", without=frozenset({CSRF})
    )
    overridden = [("X-HTTP-Method-Override", "POST")]
    yield Hostile("the method in a header", 405, path="/api/marks", headers=overridden)
    yield Hostile("a tunnel", 421, "CONNECT", "evil.example:443")
    yield Hostile("a question about everything", 421, "OPTIONS", "*")
    socket = [
        ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]  # fmt: skip
    yield Hostile("a web socket", 403, headers=socket)
    yield Hostile("a web socket that shouts", 403, headers=[("Upgrade", "WebSocket, h2c")])


def _sizes() -> Iterator[Hostile]:
    yield Hostile("a long path", 414, path="/" + "x" * 5000)
    yield Hostile("a long query", 414, path="/api/groups?after=" + "x" * 5000)
    yield Hostile("a long header", 431, headers=[("X-Long", "x" * 17_000)])
    yield Hostile("many headers", 431, headers=[(f"X-{n}", "x") for n in range(80)])
    yield Hostile("an endless header", 431, headers=[("X-Long", "x" * 70_000)])
    large = b'{"photos": [1], "mark": null, "x": "' + b"x" * 70_000 + b'"}'
    yield Hostile("a large body", 413, "POST", "/api/marks", body=large)
    promised = [("Content-Length", str(1 << 40))]
    yield Hostile("a body that promises to be large", 413, "POST", "/api/marks", promised)
    upload = [("Content-Length", str((64 << 20) + 1))]
    yield Hostile("an upload that promises to be large", 413, "POST", "/api/similar", upload)
    huge = [("Content-Length", "9" * 19)]
    yield Hostile("a body of many digits", 413, "POST", "/api/marks", huge)
    chunks = b"".join(b"4000\r\n" + b"x" * 0x4000 + b"\r\n" for _ in range(5)) + b"0\r\n\r\n"
    yield Hostile(
        "a large body in parts", 413, "POST", "/api/marks", [("Transfer-Encoding", "chunked")],
        frozenset({"Content-Length"}), chunks,
    )  # fmt: skip
    yield Hostile("a body of a question", 413, headers=promised)
    many = b'{"photos": [' + b"1," * 5_000 + b'1], "mark": "keep"}'
    yield Hostile("too many photos", NOT_JSON, "POST", "/api/marks", body=many)


def _bodies() -> Iterator[Hostile]:
    bodies: dict[str, tuple[bytes, int]] = {
        "nothing": (b"", 422),
        "no JSON": (b"photos=1", 422),
        "half of it": (b'{"photos": [1]', 422),
        "a list": (b"[1]", 422),
        "null": (b"null", 422),
        "deep": (b"[" * 30_000 + b"]" * 30_000, 400),
        "more than is known": (b'{"photos": [1], "mark": "keep", "path": "/etc/passwd"}', 422),
        "a path": (b'{"photos": ["/etc/passwd"], "mark": "keep"}', 422),
        "a negative id": (b'{"photos": [-1], "mark": "keep"}', 422),
        "an id beyond all": (b'{"photos": [9223372036854775808], "mark": "keep"}', 422),
        "an id of many digits": (b'{"photos": [' + b"9" * 5000 + b'], "mark": "keep"}', 400),
        "an infinite id": (b'{"photos": [1e999], "mark": "keep"}', 422),
        "NaN": (b'{"photos": [NaN], "mark": "keep"}', 422),
        "half an id": (b'{"photos": [1.5], "mark": "keep"}', 422),
        "a yes": (b'{"photos": [true], "mark": "keep"}', 422),
        "another mark": (b'{"photos": [1], "mark": "burn"}', 422),
        "no UTF-8": (b'{"photos": [1], "mark": "\xff\xfe"}', 400),
        "half a character": (b'{"photos": [1], "mark": "\\ud800"}', 422),
        "a zero": (b'{"photos": [1], "mark": "keep\\u0000"}', 422),
        "no photos": (b'{"photos": [], "mark": "keep"}', 422),
    }
    for name, (body, wants) in bodies.items():
        yield Hostile(f"marks of {name}", wants, "POST", "/api/marks", body=body)
    kinds: dict[str, bytes] = {
        "an unknown kind": b'{"kind": "shell", "command": "true"}',
        "no kind": b"{}",
        "no number": b'{"kind": "examine", "granularity": NaN}',
        "an infinite granularity": b'{"kind": "accept", "granularity": 1e999}',
        "a plan by path": b'{"kind": "apply", "plan": "../../plan", "digest": "00"}',
        "a purge by path": b'{"kind": "undo", "purge": "/"}',
    }
    for name, body in kinds.items():
        yield Hostile(f"a job of {name}", 422, "POST", "/api/jobs", body=body)
    unknown = b'{"kind": "apply", "plan": "' + b"0" * 32 + b'", "digest": "' + b"0" * 64 + b'"}'
    yield Hostile("a plan that nobody made", 404, "POST", "/api/jobs", body=unknown)
    text = [("Content-Type", "text/plain")]
    good = b'{"photos": [1], "mark": null}'
    yield Hostile("JSON that says it is text", 422, "POST", "/api/marks", text, body=good)
    packed = [("Content-Encoding", "gzip")]
    bomb = zlib.compress(b" " * (1 << 20), wbits=31)
    yield Hostile("a packed body", 400, "POST", "/api/marks", packed, body=bomb)


def _queries() -> Iterator[Hostile]:
    queries = [
        "granularity=nan", "granularity=inf", "granularity=-1", "granularity=1e9", "granularity=x",
        "granularity=", "order=random", "state=all'--", "limit=0", "limit=-1", "limit=501",
        "limit=99999999999999999999", "limit=1.5", "after=x", "after=%00", "after=" + "9" * 60,
        "after=%F0%9F%98%80", "after=" + "x" * 65, "after=-1.0000000000000000.1",
        "after=1.0000000000000000.%D9%A1",
    ]  # fmt: skip
    for query in queries:
        yield Hostile(f"groups of {query}", 422, path=f"/api/groups?{query}")
    stale = "after=1.0000000000000000.1"
    yield Hostile("groups behind those of another listing", 409, path=f"/api/groups?{stale}")
    yield Hostile("a picture of any size", 422, path="/photos/1/picture?side=100000")
    yield Hostile("too many look-alikes", 422, path="/api/photos/1/similar?n=100000")
    yield Hostile("an empty text", 422, path="/api/similar?text=")
    yield Hostile("a blank text", 422, path="/api/similar?text=%20")
    yield Hostile("a long text", 422, path="/api/similar?text=" + "x" * 2000)


def _uploads() -> Iterator[Hostile]:
    files = {
        "no picture": b"hello",
        "nothing": b"",
        "a script": b"<script>alert(1)</script>",
        "a drawing with a script": b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
        "a program": b"\x7fELF" + bytes(100),
        "half a picture": _png(64)[:60],
        "a damaged picture": _png(64)[:40] + bytes(200),
        "a picture larger than any": _png_header(60_000, 60_000),
        "a picture of no size": _png_header(0, 0),
        "a JPEG of two bytes": b"\xff\xd8",
        "a packed file": zlib.compress(bytes(1 << 20), wbits=31),
        "a PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "a PDF": b"%PDF-1.7\n",
    }
    for name, content in files.items():
        yield Hostile(f"upload of {name}", 422, "POST", "/api/similar", body=content)


def _png(side: int) -> bytes:
    written = io.BytesIO()
    Image.effect_noise((side, side), 90).save(written, "PNG")
    return written.getvalue()


def _png_header(width: int, height: int) -> bytes:
    """A PNG that says to be of a size, and holds nothing."""
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    chunks = [
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


_OWN = (
    b"Host: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nOrigin: http://127.0.0.1:{port}\r\n"
    b"X-Annclust-Csrf: {csrf}\r\nContent-Type: application/json\r\n"
)
_POST = b"POST /api/marks HTTP/1.1\r\n" + _OWN
_HIDDEN = b"GET /api/collection HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n"


def _ambiguous() -> Iterator[Hostile]:
    requests = {
        "a length and parts": (
            _POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + _HIDDEN
        ),
        "parts and a length": (
            _POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + _HIDDEN
        ),
        "two lengths": _POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!" + _HIDDEN,
        "two lengths in one": _POST + b"Content-Length: 5, 6\r\n\r\nhello!" + _HIDDEN,
        "a length below nothing": _POST + b"Content-Length: -1\r\n\r\n",
        "a length with a sign": _POST + b"Content-Length: +2\r\n\r\n{}",
        "a length in hexadecimal": _POST + b"Content-Length: 0x2\r\n\r\n{}",
        "parts twice": (
            _POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        "parts of another kind": _POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "packed parts": _POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "a part of no length": _POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n",
        "a blank before a colon": _POST + b"Content-Length : 2\r\n\r\n{}",
        "a folded header": _POST.replace(b"Origin:", b"X: y\r\n Origin:") + b"\r\n",
        "a header without a name": _POST + b": x\r\n\r\n",
        "a zero in a header": _POST + b"X: a\0b\r\n\r\n",
        "no protocol": b"GET /api/collection\r\n\r\n",
        "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "a handshake": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n",
        "protocol 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "a blank in the path": b"GET /api/ collection HTTP/1.1\r\n" + _OWN + b"\r\n",
        "a letter beyond ASCII in the path": b"GET /\xe9 HTTP/1.1\r\n" + _OWN + b"\r\n",
        "a line feed alone": b"GET / HTTP/1.1\nHost: evil.example\n\n",
    }
    other = {"a folded header": 403, "a line feed alone": 421, "protocol 2": 421}
    for name, raw in requests.items():
        yield Hostile(f"ambiguous: {name}", other.get(name, 400), raw=raw)
    old = b"GET / HTTP/1.0\r\n\r\n"
    yield Hostile("an old protocol, without a host", 421, raw=old)


HOSTILE: tuple[Hostile, ...] = (
    *_hosts(),
    *_sites(),
    *_proofs(),
    *_tickets(),
    *_paths(),
    *_methods(),
    *_sizes(),
    *_bodies(),
    *_queries(),
    *_uploads(),
    *_ambiguous(),
)
