"""Routing: what all routes share: how photos are named in paths, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException

from annclust.errors import (
    AnnclustError,
    CollectionLockedError,
    InputError,
    NoTextError,
    NothingClusteredError,
    PhotoGoneError,
    UnknownPhotoError,
    UnreadableImageError,
)
from annclust.web.documents import LARGEST_ID, Problem
from annclust.web.jobs import JobRunningError
from annclust.web.listing import MalformedCursorError, StaleCursorError
from annclust.web.session import GroupChangedError, NotReadYetError, UnknownIdError
from annclust.web.shown import shown_error, shown_text
from annclust.web.suggesting import NotJudgedYetError, SuggestionsChangedError


class _PhotoConvertor(Convertor[int]):
    """An id in a path: up to 19 of the ten digits, and nothing else that `int` would take."""

    regex = "[0-9]{1,19}"

    def convert(self, value: str) -> int:
        """The id that digits spell."""
        return int(value)

    def to_string(self, value: int) -> str:
        """The digits of an id."""
        return str(value)


register_url_convertor("id", _PhotoConvertor())

PathId = Annotated[int, Path(ge=0, le=LARGEST_ID)]
GranularityQuery = Annotated[float, Query(ge=0, le=3.5, allow_inf_nan=False)]
CursorQuery = Annotated[str | None, Query(max_length=64)]

PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem} for status in (400, 404, 409, 410, 413, 422, 503)
}
"""What every route may answer instead."""


_STATUS: Final[tuple[tuple[type[Exception], int], ...]] = (
    (UnknownIdError, 404),
    (UnknownPhotoError, 404),
    (PhotoGoneError, 410),
    (UnreadableImageError, 422),
    (NothingClusteredError, 409),
    (NoTextError, 409),
    (InputError, 422),
    (StaleCursorError, 409),
    (GroupChangedError, 409),
    (JobRunningError, 409),
    (NotJudgedYetError, 409),
    (SuggestionsChangedError, 409),
    (MalformedCursorError, 422),
    (NotReadYetError, 503),
    (AnnclustError, 503),
)
"""The first one that an error is."""

_WORDS: Final[dict[type[Exception], str]] = {
    CollectionLockedError: "Another annclust is writing to this collection; try again.",
    StaleCursorError: "The groups have changed; load them again.",
    GroupChangedError: "This group has changed since it was shown; look at it again.",
    MalformedCursorError: "There is no such page.",
}


def tell_problems(app: FastAPI, writing: Callable[[], str | None]) -> None:
    """Have an application say on one line what went wrong.

    Parameters
    ----------
    app : FastAPI
    writing : callable
        Gives the kind of the job that writes to the collection; None if none of ours does.
    """

    def tell_locked(_request: Request, _error: Exception) -> JSONResponse:
        kind = writing()
        told = _WORDS[CollectionLockedError] if kind is None else shown_error(JobRunningError(kind))
        return JSONResponse({"error": told}, 409)

    for kind, status in _STATUS:
        app.add_exception_handler(kind, _teller(kind, status))
    app.add_exception_handler(CollectionLockedError, tell_locked)
    app.add_exception_handler(HTTPException, _tell_refused)
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    app.add_exception_handler(Exception, _tell_unexpected)


def _teller(kind: type[Exception], status: int) -> Callable[[Request, Exception], JSONResponse]:
    def tell(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": _WORDS.get(kind) or shown_error(error)}, status)

    return tell


def _tell_refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": shown_text(str(error.detail))}, error.status_code, error.headers)


def _tell_invalid(_request: Request, error: Exception) -> JSONResponse:
    """Name what is wrong; what was sent is not sent back."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:3])
    return JSONResponse({"error": shown_text(f"{where}: {first['msg']}")}, 422)


def _tell_unexpected(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"error": "Something went wrong in annclust; see its terminal."}, 500)
