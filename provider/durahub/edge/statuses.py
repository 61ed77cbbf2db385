"""The states of an instance; their numbers are the same on the wire."""

from collections.abc import Iterable
from typing import cast

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import BadRequest
from durahub.model.history import Status


def status_to_proto(status: Status) -> pb.OrchestrationStatus:
    """Return *status* for the wire."""
    return cast("pb.OrchestrationStatus", int(status))


def status_from_proto(number: int) -> Status:
    """Return the state; raise `BadRequest` for a number of no state that we know."""
    try:
        return Status(number)
    except ValueError:
        raise BadRequest(f"not an orchestration status: {number}") from None


def statuses_from_proto(numbers: Iterable[int]) -> frozenset[Status]:
    """Return the states, without order."""
    return frozenset(status_from_proto(number) for number in numbers)
