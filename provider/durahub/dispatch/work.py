"""Work items and the streams that take them, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from durahub.model.history import Event, ExecutionStarted, TaskScheduled


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestratorWork:
    """A turn of an orchestrator for a worker: the history before it and the events that are new."""

    token: str
    instance_id: str
    execution_id: str
    past: tuple[Event, ...]
    new: tuple[Event, ...]
    started: ExecutionStarted  # of this execution, wherever it stands


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityWork:
    """An activity for a worker."""

    token: str
    instance_id: str
    execution_id: str | None
    task: TaskScheduled
    orchestration_version: str | None = None


Work: TypeAlias = OrchestratorWork | ActivityWork


@dataclass(frozen=True, slots=True)
class Filters:
    """Which work a stream takes: name → versions (empty: any). An empty kind takes nothing of it."""

    orchestrations: Mapping[str, frozenset[str]]
    activities: Mapping[str, frozenset[str]]
    entities: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """What a worker said when it opened its stream. ``filters`` is ``None`` when it takes everything."""

    worker_id: str
    max_orchestrations: int
    max_activities: int
    max_entities: int
    history_streaming: bool = False
    filters: Filters | None = None
