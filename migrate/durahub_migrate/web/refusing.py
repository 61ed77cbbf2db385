"""What callers are told when something goes wrong: one table of statuses, one form."""

import logging
import traceback

from starlette.responses import JSONResponse

from durahub.errors import (
    BudgetSpent,
    DurahubError,
    EndpointBusy,
    Malformed,
    NotGranted,
    NotLoggedIn,
    NotThere,
    OverLimit,
    Refused,
    ServerUnavailable,
    StorageThrottled,
    StorageUnavailable,
    Unavailable,
    UntrustedRequest,
    UsageError,
)
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.web.shapes import Problem

log = logging.getLogger(__name__)

STATUSES: dict[type[DurahubError], int] = {
    UntrustedRequest: 403,
    OverLimit: 413,
    UsageError: 400,
    NotThere: 404,
    NotLoggedIn: 401,
    NotGranted: 403,
    Refused: 409,
    Malformed: 502,
    BudgetSpent: 429,
    EndpointBusy: 429,
    StorageUnavailable: 503,
    ServerUnavailable: 503,
    StorageThrottled: 503,
    Unavailable: 502,
}
"""A class stands for those below it that are not in the table themselves; the rest is 500."""


def status_of(error: type[DurahubError]) -> int:
    """Return the HTTP status of a class of errors."""
    return next((STATUSES[one] for one in error.__mro__ if one in STATUSES), 500)


def refusal(error: DurahubError, login: str | None = None) -> JSONResponse:
    """Return the answer; *login* is where somebody without a login is sent."""
    status = status_of(type(error))
    problem = Problem(
        code=error.code,
        sentence=error.sentence,
        next=f"durahub explain {error.code}",
        login=login if status == 401 else None,
    )
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(to_json(problem), status, headers=headers)


def failure(error: Exception) -> JSONResponse:
    """Return the answer to an error that nobody foresaw. Its message may quote a payload: it is not told."""
    place = "".join(traceback.format_tb(error.__traceback__))
    log.error("monitor-failed", extra={"error": type(error).__name__, "at": place})
    problem = Problem(
        code="internal",
        sentence="internal error; the monitor's log tells more",
        next="durahub monitor --log info",
    )
    return JSONResponse(to_json(problem), 500)
