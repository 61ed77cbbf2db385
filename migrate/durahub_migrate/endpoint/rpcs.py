"""The calls of the protocol: which of them may be sent again when nobody knows whether they have arrived."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from durahub.edge.backend import backend_service_pb2 as bs

SIDECAR: ServiceDescriptor = pb.DESCRIPTOR.services_by_name["TaskHubSidecarService"]
"""What SDKs speak."""
BACKEND: ServiceDescriptor = bs.DESCRIPTOR.services_by_name["BackendService"]
"""What DTFx speaks."""

ONCE: Mapping[str, frozenset[str]] = {
    SIDECAR.full_name: frozenset(
        {"RaiseEvent", "SignalEntity", "RewindInstance", "RestartInstance"}
    ),
    BACKEND.full_name: frozenset({"AddEvent", "AddEvents", "RestartInstance"}),
}
"""The calls of which a second one does something again: an event that is raised twice is two events.

All others find what the first has done: a start meets its own instance (ALREADY_EXISTS), a completion a
token that is used up.
"""


@dataclass(frozen=True, slots=True)
class Rpc:
    """A call of a service. *path* is as on the wire; *repeatable* as told by `ONCE`."""

    path: str
    name: str
    answer: type[Any]
    repeatable: bool


@cache
def rpc(service: ServiceDescriptor, name: str) -> Rpc:
    """Return the call *name* of a service. Raises ``KeyError``."""
    method = service.methods_by_name[name]
    return Rpc(
        f"/{service.full_name}/{name}",
        name,
        GetMessageClass(method.output_type),
        name not in ONCE[service.full_name],
    )
