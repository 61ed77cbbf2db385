"""Work items and the streams that take them, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from durahub.engine.entities.work import Operation
from durahub.engine.numbering import Counting
from durahub.model.history import Event, ExecutionStarted, TaskScheduled
from durahub.model.ticks import Ticks


@dataclass(eq=False, slots=True)
class Projected:
    """What the edge has made of an execution's past events, so that the next turn only adds to it.

    Nobody but the edge reads ``value``. It is kept and forgotten with the history, as ``size`` bytes of it.
    The past events of the turns that come with one `Projected` go on from each other: those of a later
    one begin with those of every earlier one, under the same numbers.
    """

    value: object = None
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestratorWork:
    """A turn of an orchestrator for a worker: the history before it and the events that are new.

    Their actions have the numbers that this worker gives them. ``past`` may be long, and makes its events
    when they are asked for: a slice from where one has come to costs only what is new.
    """

    token: str
    instance_id: str
    execution_id: str
    past: Sequence[Event]
    new: tuple[Event, ...]
    started: ExecutionStarted  # of this execution, wherever it stands
    projected: Projected = field(default_factory=Projected)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityWork:
    """An activity for a worker."""

    token: str
    instance_id: str
    execution_id: str | None
    task: TaskScheduled
    orchestration_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityWork:
    """A batch of operations on an entity for a worker. ``state`` is ``None`` where it does not exist."""

    token: str
    instance_id: str
    execution_id: str
    state: str | None
    operations: tuple[Operation, ...]
    given_at: Ticks


Work: TypeAlias = OrchestratorWork | ActivityWork | EntityWork


@dataclass(frozen=True, slots=True)
class Filters:
    """Which work a stream takes: name → versions (empty: any). An empty kind takes nothing of it."""

    orchestrations: Mapping[str, frozenset[str]]
    activities: Mapping[str, frozenset[str]]
    entities: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """What a worker said when it opened its stream. ``filters`` is ``None`` when it takes everything.

    ``principal`` is who opened it, as the gate knows callers; ``""`` where they are not asked.
    """

    worker_id: str
    principal: str = ""
    max_orchestrations: int
    max_activities: int
    max_entities: int
    history_streaming: bool = False
    native_entities: bool = True  # sends and understands the protocol's own entity events
    counting: Counting = Counting.AS_STORED
    filters: Filters | None = None
