"""What HTTP callers are told when something goes wrong: one table, applied to every request.

The scheduler's API answers ``{"code", "message", "howToFix"}``; that of Durable Functions as its host
does: ``{"Message", "ExceptionMessage"}``.
"""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from functools import lru_cache
from importlib import resources
from typing import Any, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from durahub.edge.lifetime import stopping
from durahub.errors import (
    BadRequest,
    DurahubError,
    InstanceExists,
    NotAuthenticated,
    NotThere,
    OverLimit,
    Overloaded,
    Refused,
    RoleMissing,
    Unavailable,
    UsageError,
    WrongStatus,
)

log = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
Refusal: TypeAlias = Callable[[int, DurahubError | None], Response]

_STATUSES: dict[type[DurahubError], int] = {
    OverLimit: 413,
    UsageError: 400,
    NotThere: 404,
    NotAuthenticated: 401,
    RoleMissing: 403,
    Refused: 409,
    Unavailable: 503,
    Overloaded: 429,
}
"""A class stands for those below it that are not in the table themselves; the rest is 500."""

_FUNCTIONS_STATUSES: dict[type[DurahubError], int] = _STATUSES | {
    InstanceExists: 409,
    WrongStatus: 412,
}

INTERNAL = "internal error; the server's log tells more"
METHOD = BadRequest("this path does not answer to that method; docs/http.md lists what it does")
PATH = BadRequest("there is nothing at this path; docs/http.md lists what there is")


def status_of(error: type[DurahubError]) -> int:
    """Return the HTTP status of a class of errors in the scheduler's API."""
    return _looked_up(_STATUSES, error)


def functions_status_of(error: type[DurahubError]) -> int:
    """Return the HTTP status of a class of errors in the API of Durable Functions."""
    return _looked_up(_FUNCTIONS_STATUSES, error)


def _looked_up(table: dict[type[DurahubError], int], error: type[DurahubError]) -> int:
    return next((table[c] for c in error.__mro__ if c in table), 500)


def scheduler_refusal(status: int, error: DurahubError | None) -> Response:
    """Return an answer of the scheduler's API; ``None`` is an error that nobody foresaw."""
    if error is None:
        return JSONResponse({"code": "internal", "message": INTERNAL, "howToFix": ""}, status)
    body = {"code": error.code, "message": error.sentence, "howToFix": how_to_fix(error.code)}
    return JSONResponse(body, status)


def functions_refusal(status: int, error: DurahubError | None) -> Response:
    """Return an answer of Durable Functions' API; what is not there or not allowed has no body."""
    told = str(error) if error is not None else INTERNAL
    head = (
        "One or more of the arguments submitted is incorrect"
        if status == 400
        else "Something went wrong while processing your request"
    )
    return JSONResponse({"Message": head, "ExceptionMessage": told}, status)


@lru_cache
def how_to_fix(code: str) -> str:
    """Return what the page of an error code says to do, its first paragraph."""
    page = resources.files("durahub") / "pages" / f"{code}.md"
    _, _, advice = page.read_text(encoding="utf-8").partition("## What to do")
    return advice.strip().partition("\n\n")[0].replace("\n", " ")


def guarded(handler: Handler, api: str) -> Handler:
    """Return *handler* with every error answered; *api* is ``scheduler`` or ``functions``."""
    refuse, status_for = (
        (functions_refusal, functions_status_of)
        if api == "functions"
        else (scheduler_refusal, status_of)
    )

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except HTTPException:
            raise
        except asyncio.CancelledError:  # the server stops, and this request has waited too long
            return refuse(503, stopping())
        except DurahubError as error:
            status = status_for(type(error))
            if status != 404:
                log.info("http-refused", extra={"api": api, "status": status, "code": error.code})
            refusal = refuse(status, error)
            if status == 401:
                refusal.headers["www-authenticate"] = "Bearer"
            return refusal
        except Exception as error:
            # The message of an unforeseen error may quote a payload; its place in the code does not.
            place = "".join(traceback.format_tb(error.__traceback__))
            extra = {"api": api, "error": type(error).__name__, "at": place}
            log.error("http-failed", extra=extra)
            return refuse(500, None)

    return answered


def scheduler_route_errors() -> dict[Any, Any]:
    """Return what answers to a path or a method that the scheduler's API does not have."""

    async def refuse(_: Request, error: HTTPException) -> Response:
        refusal = scheduler_refusal(error.status_code, METHOD if error.status_code == 405 else PATH)
        refusal.headers.update(error.headers or {})
        return refusal

    return {HTTPException: refuse}


def functions_route_errors() -> dict[Any, Any]:
    """Return what answers without a key (401), and to a path or a method that Functions lack: 404."""

    async def refuse(_: Request, error: HTTPException) -> Response:
        return Response(status_code=401 if error.status_code == 401 else 404)

    return {HTTPException: refuse}
