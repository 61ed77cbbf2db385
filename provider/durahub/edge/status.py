"""What gRPC clients are told when something goes wrong: one table, applied to every call.

Clients act on the code: .NET workers repeat a completion after ``UNAVAILABLE`` and ``INTERNAL`` and give
the work item back after any other; ``RESOURCE_EXHAUSTED`` is therefore never the answer to one. What is
refused for want of room says when to try again: see `durahub.edge.overload`.
"""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from durahub.errors import (
    CheckpointLost,
    DurahubError,
    InstanceExists,
    Malformed,
    NotAuthenticated,
    NotThere,
    Overloaded,
    Refused,
    RoleMissing,
    Unavailable,
    UsageError,
)

log = logging.getLogger(__name__)

LONGEST_DETAIL = 1_024  # characters; details travel in a header, whose size clients bound

_CODES: dict[type[DurahubError], grpc.StatusCode] = {
    UsageError: grpc.StatusCode.INVALID_ARGUMENT,
    NotThere: grpc.StatusCode.NOT_FOUND,
    InstanceExists: grpc.StatusCode.ALREADY_EXISTS,
    CheckpointLost: grpc.StatusCode.ABORTED,
    NotAuthenticated: grpc.StatusCode.UNAUTHENTICATED,
    RoleMissing: grpc.StatusCode.PERMISSION_DENIED,
    Refused: grpc.StatusCode.FAILED_PRECONDITION,
    Malformed: grpc.StatusCode.DATA_LOSS,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
    Overloaded: grpc.StatusCode.RESOURCE_EXHAUSTED,
}
"""A class stands for those below it that are not in the table themselves."""

INTERNAL_DETAIL = "internal error; the server's log tells more"


def code_of(error: type[DurahubError]) -> grpc.StatusCode:
    """Return the status code of a class of errors."""
    return next((_CODES[c] for c in error.__mro__ if c in _CODES), grpc.StatusCode.INTERNAL)


def guarded(call: Callable[..., Awaitable[Any]], rpc: str) -> Callable[..., Awaitable[Any]]:
    """Return *call*, the method *rpc* of a service, with what it raises turned into a status."""

    async def answer(request: Any, context: "grpc.aio.ServicerContext[Any, Any]") -> Any:
        hint: tuple[tuple[str, str | bytes], ...] = ()
        try:
            return await call(request, context)
        except (asyncio.CancelledError, grpc.aio.AbortError):
            raise
        except grpc.aio.BaseError:  # gRPC can send nothing more: the client is gone
            raise asyncio.CancelledError from None
        except DurahubError as error:
            code = code_of(type(error))
            if code is not grpc.StatusCode.NOT_FOUND:
                log.info("rpc-refused", extra={"rpc": rpc, "code": error.code})
            detail = str(error)[:LONGEST_DETAIL]
            if isinstance(error, Overloaded):
                hint = retry_hint(error, detail)
        except Exception as error:
            # The message of an unforeseen error may quote a payload; its place in the code does not.
            place = "".join(traceback.format_tb(error.__traceback__))
            log.error("rpc-failed", extra={"rpc": rpc, "error": type(error).__name__, "at": place})
            code, detail = grpc.StatusCode.INTERNAL, INTERNAL_DETAIL
        return await context.abort(code, detail, hint)

    return answer


def retry_hint(error: Overloaded, detail: str) -> tuple[tuple[str, str | bytes], ...]:
    """Return the trailing metadata that tell when to try again: seconds, and a ``RetryInfo``.

    Source: ``google/rpc/error_details.proto``; gRPC has the whole status in ``grpc-status-details-bin``.
    """
    told = Status(code=grpc.StatusCode.RESOURCE_EXHAUSTED.value[0], message=detail)
    told.details.add().Pack(RetryInfo(retry_delay=Duration(seconds=error.retry_after)))
    return (
        ("retry-after", str(error.retry_after)),
        ("grpc-status-details-bin", told.SerializeToString()),
    )
