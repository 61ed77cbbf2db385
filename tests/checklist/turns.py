"""What a worker was given: the turns of orchestrators, as they came over the wire."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from durabletask.internal import orchestrator_service_pb2 as pb

from tests.checklist.answers import Action, Answer


@dataclass(frozen=True)
class Turn:
    """One work item of an orchestrator."""

    item: pb.WorkItem

    @property
    def request(self) -> pb.OrchestratorRequest:
        return self.item.orchestratorRequest

    @property
    def token(self) -> str:
        return str(self.item.completionToken)

    @property
    def instance_id(self) -> str:
        return str(self.request.instanceId)

    @property
    def past(self) -> list[pb.HistoryEvent]:
        return list(self.request.pastEvents)

    @property
    def new(self) -> list[pb.HistoryEvent]:
        return list(self.request.newEvents)

    @property
    def events(self) -> list[pb.HistoryEvent]:
        return [*self.past, *self.new]

    @property
    def number(self) -> int:
        """Which turn of its execution this is, from 1."""
        return sum(kind == "orchestratorStarted" for kind in kinds(self.events))

    @property
    def started(self) -> pb.ExecutionStartedEvent:
        """The start of the execution."""
        return only(self.events, "executionStarted").executionStarted

    @property
    def given(self) -> Any:
        """The input."""
        return json.loads(self.started.input.value or "null")

    def has(self, *arms: str) -> bool:
        """Tell whether there is an event of each of these kinds."""
        return set(arms) <= set(kinds(self.events))

    def raised(self) -> list[str]:
        """Return the names of the external events, in order."""
        return [e.eventRaised.name for e in self.events if e.HasField("eventRaised")]


Script: TypeAlias = Callable[[Turn], "Answer | Sequence[Action] | None"]
"""What an orchestrator does in a turn; with ``None`` the turn is held, for the test to answer."""


def in_turns(*scripts: Script) -> Script:
    """Return the script that does the first of *scripts* in the first turn, and so on."""
    return lambda turn: scripts[min(turn.number, len(scripts)) - 1](turn)


def always(*actions: Action) -> Script:
    """Return the script that answers every turn with the same."""
    return lambda turn: actions


def kinds(events: Sequence[pb.HistoryEvent]) -> list[str]:
    """Return the kinds of *events* by the names of their fields."""
    return [str(event.WhichOneof("eventType")) for event in events]


def only(events: Sequence[pb.HistoryEvent], kind: str) -> pb.HistoryEvent:
    """Return the only event of a *kind*."""
    (found,) = (event for event in events if event.HasField(kind))
    return found
