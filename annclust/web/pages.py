"""Pages: the one page that there is, and the files that it is made of.

Which view is shown is a matter of the page's own scripts: every address gives the same page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import xxhash
from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.responses import HTMLResponse, Response

from annclust.web.admission import Admission
from annclust.web.session import UnknownIdError
from annclust.web.shown import shown_text

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"

_VIEWS: Final = (
    "/",
    "/groups",
    "/group/{photo:id}",
    "/one-offs",
    "/similar",
    "/similar/{photo:id}",
    "/map",
    "/purge",
    "/decisions",
)

_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""By the end of a name. What the system says of types is not asked: it may say anything."""


def page_routes(admission: Admission, name: str) -> APIRouter:
    """The page, which holds the secret that its scripts prove themselves with, and its files."""
    routes = APIRouter(include_in_schema=False)
    templates = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=select_autoescape()
    )

    def page() -> Response:
        shown = templates.get_template("index.html").render(
            csrf=admission.csrf, port=admission.port, name=shown_text(name)
        )
        return HTMLResponse(shown)

    for view in _VIEWS:
        routes.add_api_route(view, page)

    @routes.get("/static/{name:path}")
    def static(name: str, request: Request) -> Response:
        """A file of the page; of those that are there, by name: nothing is made of it."""
        path = static_files().get(name)
        if path is None:
            raise UnknownIdError("file")
        return _file(path, request.headers.get("if-none-match"))

    return routes


def static_files() -> dict[str, Path]:
    """Every file that may be asked for."""
    found = (each for each in STATIC.rglob("*") if each.is_file() and each.suffix in _TYPES)
    return {each.relative_to(STATIC).as_posix(): each for each in found}


def _file(path: Path, known: str | None) -> Response:
    body = path.read_bytes()
    tag = f'"{xxhash.xxh3_64_hexdigest(body)}"'
    headers = {"cache-control": "private, no-cache", "etag": tag}
    if known == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=_TYPES[path.suffix])
