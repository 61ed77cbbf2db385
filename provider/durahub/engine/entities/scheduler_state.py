"""The state of an entity between its batches, as it stands in the ``Input`` of its start.

Members stand in DTFx's order, and what has its default value is left out. Durable Functions 2.x adds
``exists``, and believes without it that there is no entity: where it was read, where the entity's
messages come from such a host, or where such hosts share the hub, it is written.

Source: DurableTask.Core, ``Entities/StateFormat``; orchestration semantics 5.2 and 5.10.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from durahub.engine.entities.members import stamp_member, text_member
from durahub.engine.entities.messages import Request, request_object, request_of_object
from durahub.engine.entities.sorter import Sender
from durahub.engine.entities.stamps import NONE, Stamp
from durahub.engine.entities.work import EntityStatus
from durahub.errors import BadMessage
from durahub.model.json_text import member, read, read_object, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorting:
    """What `Labels` and `Receiver` keep between the batches; ``None`` where there is no such member."""

    sent: Mapping[str, Stamp] | None = None
    senders: Mapping[str, Sender] | None = None
    receive_horizon: Stamp = NONE
    send_horizon: Stamp = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerState:
    """What is known of an entity. ``state`` is JSON text, ``None`` if the entity does not exist."""

    state: str | None = None
    queue: tuple[Request, ...] = ()
    locked_by: str | None = None
    suspended: bool = False
    sorting: Sorting = field(default_factory=Sorting)
    writes_exists: bool = False

    @property
    def status(self) -> EntityStatus:
        """What the row tells of it."""
        return EntityStatus(
            exists=self.state is not None, backlog=len(self.queue), locked_by=self.locked_by
        )


def scheduler_state_text(state: SchedulerState) -> str:
    """Return the JSON text of a scheduler state."""
    written: dict[str, Any] = {}
    if state.state is not None:
        if state.writes_exists:
            written["exists"] = True
        written["state"] = state.state
    if state.queue:
        written["queue"] = [dict(request_object(request)) for request in state.queue]
    if state.locked_by is not None:
        written["lockedBy"] = state.locked_by
    if state.suspended:
        written["suspended"] = True
    written["sorter"] = _sorting_object(state.sorting)
    return write(written)


def scheduler_state_of(text: str | None) -> SchedulerState:
    """Return the scheduler state in a start's input; a new one in none. Raises `BadMessage`."""
    if text is None or text in ("", "null"):
        return SchedulerState()
    found = read_object(text)
    exists = member(found, "exists")
    return SchedulerState(
        state=None if exists is False else text_member(found, "state"),
        queue=tuple(request_of_object(one) for one in _objects(found, "queue")),
        locked_by=text_member(found, "lockedBy"),
        suspended=member(found, "suspended") is True,
        sorting=_sorting_of(member(found, "sorter")),
        writes_exists=exists is not None,
    )


# -- the status in the row -----------------------------------------------------------------------


def status_text(status: EntityStatus) -> str:
    """Return an entity's custom status. DTFx looks for the word ``entityExists``, not its value."""
    written: dict[str, Any] = {}
    if status.exists:
        written["entityExists"] = True
    if status.backlog:
        written["queueSize"] = status.backlog
    if status.locked_by is not None:
        written["lockedBy"] = status.locked_by
    return write(written)


def status_of(custom_status: str | None) -> EntityStatus:
    """Return what a row's custom status tells; of one that cannot be read, as much as DTFx sees."""
    text = custom_status or ""
    try:
        found = read(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return EntityStatus(exists="entityExists" in text)
    backlog, locked_by = member(found, "queueSize"), member(found, "lockedBy")
    return EntityStatus(
        exists=member(found, "entityExists") is True,
        backlog=backlog if isinstance(backlog, int) else 0,
        locked_by=locked_by if isinstance(locked_by, str) else None,
    )


# -- the sorter ----------------------------------------------------------------------------------


def _sorting_object(sorting: Sorting) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if sorting.sent is not None:
        sent = {instance_id: str(stamp) for instance_id, stamp in sorting.sent.items()}
        written["LastSentToInstance"] = sent
    if sorting.senders is not None:
        senders = {parent: _sender_object(sender) for parent, sender in sorting.senders.items()}
        written["ReceivedFromInstance"] = senders
    if sorting.receive_horizon.ticks:
        written["ReceiveHorizon"] = str(sorting.receive_horizon)
    if sorting.send_horizon.ticks:
        written["SendHorizon"] = str(sorting.send_horizon)
    return written


def _sender_object(sender: Sender) -> dict[str, Any]:
    written: dict[str, Any] = {"Last": str(sender.last)}
    if sender.execution_id is not None:
        written["ExecutionId"] = sender.execution_id
    if sender.held is not None:
        held = {str(request.timestamp): dict(request_object(request)) for request in sender.held}
        written["Buffered"] = held
    return written


def _sorting_of(found: Any) -> Sorting:
    if not isinstance(found, dict):
        return Sorting()
    sent, senders = member(found, "LastSentToInstance"), member(found, "ReceivedFromInstance")
    return Sorting(
        sent={name: stamp_member(sent, name) for name in sent if name != "$type"}
        if isinstance(sent, dict)
        else None,
        senders={name: _sender_of(one) for name, one in senders.items() if name != "$type"}
        if isinstance(senders, dict)
        else None,
        receive_horizon=stamp_member(found, "ReceiveHorizon"),
        send_horizon=stamp_member(found, "SendHorizon"),
    )


def _sender_of(found: Any) -> Sender:
    if not isinstance(found, dict):
        raise BadMessage("a sender in an entity's sorter is not an object")
    held = member(found, "Buffered")
    requests = None
    if isinstance(held, dict):
        values = (one for name, one in held.items() if name != "$type")
        requests = sorted(map(_request_of, values), key=lambda request: request.timestamp.ticks)
    return Sender(
        last=stamp_member(found, "Last"),
        execution_id=text_member(found, "ExecutionId"),
        held=tuple(requests) if requests is not None else None,
    )


def _request_of(found: Any) -> Request:
    if not isinstance(found, dict):
        raise BadMessage("a request in an entity's scheduler state is not an object")
    return request_of_object(found)


def _objects(found: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = member(found, name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise BadMessage(f"{name} of an entity's scheduler state is not a list of objects")
    return value
