"""Messages of the protocol as JSON: what the scheduler's API answers with.

Names in camel case, enums by name, times as RFC 3339. Fields without presence are always there, for a
status of 0 (running) or an event's ID of 0 means something.
"""

from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from durahub.errors import BadRequest
from durahub.model.history import Status

PREFIX = "ORCHESTRATION_STATUS_"


def json_of_message(message: Message) -> dict[str, Any]:
    """Return *message* as a JSON object."""
    return MessageToDict(message, always_print_fields_with_no_presence=True)


def status_named(name: object) -> Status:
    """Return a status by its name on the wire, or by its short name. Raises `BadRequest`."""
    if isinstance(name, str):
        wanted = name.upper().removeprefix(PREFIX)
        for status in Status:
            if wanted in (wire_name(status).removeprefix(PREFIX), status.name.upper()):
                return status
    raise BadRequest(f"not an orchestration status: {str(name)[:60]!r}")


def wire_name(status: Status) -> str:
    """Return the name of a status on the wire: ``ORCHESTRATION_STATUS_RUNNING``."""
    return str(pb.OrchestrationStatus.Name(int(status)))
