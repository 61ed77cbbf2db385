"""What a worker is given of an entity, and what it answers, whatever the protocol.

Lock requests and releases are the backend's own business: no worker ever sees them.
"""

from dataclasses import dataclass
from typing import TypeAlias

from durahub.model.failure import Failure
from durahub.model.history import Trace
from durahub.model.message import Message
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a batch. ``parent_instance_id`` is ``None`` for what a client sent.

    ``request_id`` is a GUID, dashed and in lower case.
    """

    request_id: str
    name: str
    signal: bool
    input: str | None = None
    scheduled: Ticks | None = None
    parent_instance_id: str | None = None
    parent_execution_id: str | None = None
    trace: Trace | None = None
    requested: Ticks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationResult:
    """What one operation came to: a result, or a failure."""

    result: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSignal:
    """Signal another entity (or this one), at ``scheduled`` or at once."""

    target: str
    name: str
    input: str | None = None
    scheduled: Ticks | None = None
    trace: Trace | None = None
    requested: Ticks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOrchestration:
    """Start an orchestration; an empty ``instance_id`` leaves the choice to the backend."""

    name: str
    instance_id: str = ""
    version: str | None = None
    input: str | None = None
    scheduled: Ticks | None = None
    trace: Trace | None = None
    requested: Ticks | None = None


EntityAction: TypeAlias = SendSignal | StartOrchestration


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityResult:
    """An SDK worker's answer to a batch. ``state`` is ``None`` when the entity is deleted.

    Fewer ``results`` than operations: the rest was not run.
    """

    results: tuple[OperationResult, ...]
    state: str | None
    actions: tuple[EntityAction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityBatchDone:
    """A DTFx worker's answer: it has written the messages, responses among them, itself.

    ``messages`` stand as they are stored (legacy form), without sorter labels.
    """

    executed: int
    state: str | None
    messages: tuple[Message, ...] = ()


EntityAnswer: TypeAlias = EntityResult | EntityBatchDone


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityStatus:
    """What an entity's row tells without its state (DTFx's ``EntityStatus``)."""

    exists: bool = False
    backlog: int = 0
    locked_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """An entity as clients see it. ``state`` is filled only where it was asked for."""

    instance_id: str
    last_modified: Ticks
    status: EntityStatus
    state: str | None = None
