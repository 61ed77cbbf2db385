"""Instances under other IDs, where a plan gives them some."""

from collections.abc import Mapping
from dataclasses import replace

from durahub.model import history as h
from durahub.model.message import Message
from durahub.stored import StoredInstance, StoredMessage

Ids = Mapping[str, str]
"""The ID at the target by that at the source; the others stay."""


def renamed(instance: StoredInstance, ids: Ids) -> StoredInstance:
    """Return *instance* with the IDs of the target in its row and in its history."""
    if not ids:
        return instance
    history = tuple(replace(one, event=_event(one.event, ids)) for one in instance.history)
    new = ids.get(instance.instance_id, instance.instance_id)
    return replace(instance, instance_id=new, history=history)


def renamed_message(stored: StoredMessage, ids: Ids) -> StoredMessage:
    """Return *stored* with the IDs of the target."""
    if not ids:
        return stored
    message: Message = stored.message
    target = _execution(message.target, ids)
    sender = _execution(message.sender, ids) if message.sender is not None else None
    event = _event(message.event, ids)
    return replace(stored, message=replace(message, target=target, sender=sender, event=event))


def _event(event: h.Event, ids: Ids) -> h.Event:
    match event:
        case h.ExecutionStarted():
            parent = event.parent
            if parent is not None:
                parent = replace(parent, execution=_execution(parent.execution, ids))
            return replace(event, execution=_execution(event.execution, ids), parent=parent)
        case h.SubOrchestrationInstanceCreated() | h.EventSent():
            new = ids.get(event.instance_id or "", event.instance_id)
            return event if new == event.instance_id else replace(event, instance_id=new)
        case _:
            return event


def _execution(execution: h.Execution, ids: Ids) -> h.Execution:
    new = ids.get(execution.instance_id, execution.instance_id)
    return replace(execution, instance_id=new)
