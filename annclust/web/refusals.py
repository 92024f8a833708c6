"""Refusals: what somebody sees who may not ask, or asks for too much."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>annclust</title>
<h1>{title}</h1>
<p>{remedy}</p>
</html>
"""

_LAST: Final = {"connection": "close"}
"""Whatever else comes along the same connection is not looked at."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered, and what to do about it.

    Parameters
    ----------
    status : int
    title, remedy : str
        Two sentences for a person.
    """

    status: int
    title: str
    remedy: str = "Use the address that annclust review printed."

    def response(self, *, page: bool) -> Response:
        """The answer: a page for who looks at one, JSON for scripts."""
        if page:
            told = _PAGE.format(title=html.escape(self.title), remedy=html.escape(self.remedy))
            return Response(told, self.status, _LAST, media_type="text/html")
        error = json.dumps({"error": f"{self.title} {self.remedy}"})
        return Response(error, self.status, _LAST, media_type="application/json")


class RefusedError(Exception):
    """A request is not answered."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.title)


WRONG_HOST: Final = Refusal(421, "This is not the address of annclust.")
NO_SOCKETS: Final = Refusal(403, "annclust has no web sockets.")
OTHER_SITE: Final = Refusal(
    403,
    "Another page asked for this.",
    "Copy the address that annclust review printed into the address bar.",
)
NOT_ADMITTED: Final = Refusal(
    401,
    "This browser has not been let in.",
    "Open the address that annclust review printed; it holds a token that is good once.",
)
USED_TOKEN: Final = Refusal(
    403,
    "This address was used before, or is not the one that annclust review printed.",
    "Go on in the window that it opened; or stop annclust review, start it again, and open the new"
    " address.",
)
NOT_OURS: Final = Refusal(
    403,
    "This change does not come from a page of annclust review.",
    "Load the page again.",
)
TWO_LENGTHS: Final = Refusal(400, "This says twice how long it is.", "Send it again.")
LONG_ADDRESS: Final = Refusal(414, "The address is too long.")
MANY_HEADERS: Final = Refusal(431, "The browser says too much about itself.")
LARGE_BODY: Final = Refusal(413, "That is too large.", "Send less at a time.")
SLOW_BODY: Final = Refusal(408, "That took too long to arrive.", "Send it again.")
