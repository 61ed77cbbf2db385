"""Entities as records: what the input of their start holds between two batches."""

import hashlib
import json

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.wellknown import optional_timestamp
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import Request
from durahub.engine.entities.scheduler_state import scheduler_state_of
from durahub.errors import Malformed
from durahub.model.json_text import member, read_object
from durahub.scheduler.proto_fields import write_text
from durahub.stored import StoredInstance
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.canonical import utf8
from durahub_migrate.bundle.records import started_of

__all__ = ("entity_of", "is_entity")


def entity_of(instance: StoredInstance, place: str) -> hb.EntityRecord:
    """Return what *instance*, an entity, holds by the input of its start; of its row if it has no history."""
    started = started_of(instance)
    text = started.input if started is not None else instance.input
    record = hb.EntityRecord()
    write_text(record, "instance_id", instance.instance_id)
    write_text(record.source, "place", place)
    record.sha256 = hashlib.sha256(utf8(text or "")).digest()
    try:
        state = scheduler_state_of(text)
        sorter = member(read_object(text), "sorter") if text not in (None, "", "null") else None
    except Malformed as error:
        record.problem = error.sentence
        return record
    if state.state is not None:
        write_text(record.state, "value", state.state)
    write_text(record, "locked_by", state.locked_by or "")
    record.suspended = state.suspended
    if sorter is not None:
        record.sorter_raw = json.dumps(sorter, separators=(",", ":")).encode()
    for request in state.queue:
        _fill(record.backlog.add(eventId=-1), request, instance.instance_id)
    return record


def _fill(event: pb.HistoryEvent, request: Request, target: str) -> None:
    """Write *request* in the protocol's own terms."""
    if request.is_lock:
        locks = event.entityLockRequested
        write_text(locks, "criticalSectionId", request.id)
        locks.lockSet.extend(request.lock_set or ())
        locks.position = request.position
        _put(locks, "parentInstanceId", request.parent)
        return
    body = event.entityOperationSignaled if request.signal else event.entityOperationCalled
    write_text(body, "requestId", request.id)
    write_text(body, "operation", request.operation or "")
    _put(body, "input", request.input)
    _put(body, "targetInstanceId", target)
    due = optional_timestamp(request.due)
    if due is not None:
        body.scheduledTime.CopyFrom(due)
    if isinstance(body, pb.EntityOperationCalledEvent):
        _put(body, "parentInstanceId", request.parent)
        _put(body, "parentExecutionId", request.parent_execution)


def _put(body: object, name: str, text: str | None) -> None:
    if text is not None:
        write_text(getattr(body, name), "value", text)
