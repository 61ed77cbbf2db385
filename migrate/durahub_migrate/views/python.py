"""Histories as ``durabletask.extensions.history_export`` of Python writes them, by its own serializer.

A file for each instance: JSON Lines in gzip, first a line of the instance's state, then an event a line.
What Python's events lack is lost: whether a failure may be tried again, the seventh decimal of times.
"""

from durabletask.client import parse_orchestration_state
from durabletask.extensions.history_export.models import ExportFormat, ExportFormatKind
from durabletask.extensions.history_export.serialization import (
    orchestration_state_to_dict,
    serialize_history,
)
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.history_helpers import collect_history_events

from durahub.model.ticks import MINIMUM, Ticks, to_round_trip_text
from durahub.stored import StoredInstance
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.records import parts_of
from durahub_migrate.views.dotnet import name_digest

_FORMAT = ExportFormat(kind=ExportFormatKind.JSONL_GZIP, schema_version="1.0")


def file_name(instance: StoredInstance) -> str:
    """Return what the file of an instance is called: as .NET does, but to the microsecond."""
    updated = instance.last_updated if instance.last_updated is not None else Ticks(MINIMUM)
    moment = to_round_trip_text(Ticks(updated - updated % 10))[:-1] + "+00:00"
    return f"{name_digest(moment, instance)}.jsonl.gz"


def content(instance: StoredInstance, head: hb.InstanceHead) -> bytes:
    """Return the file of an instance; the same bytes every time.

    Raises `ValueError`, `OverflowError` for what Python's events cannot hold.
    """
    events = [event for part in parts_of(instance.history) for event in part.events]
    state = pb.OrchestrationState()
    state.CopyFrom(head.state)
    for event in events:
        if event.executionCompleted.HasField("failureDetails"):
            state.failureDetails.CopyFrom(event.executionCompleted.failureDetails)
    told = parse_orchestration_state(state)
    return serialize_history(
        collect_history_events([pb.HistoryChunk(events=events)]),
        instance_id=state.instanceId,
        fmt=_FORMAT,
        metadata=orchestration_state_to_dict(told),
    )
