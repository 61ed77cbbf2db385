"""Well-formed histories for tests, and a target that is nothing but a list of events."""

from dataclasses import dataclass, field

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import StringValue
from hypothesis import strategies as st

from durahub_migrate.targets.ghost.actions import action_of
from durahub_migrate.targets.ghost.progress import Progress, is_final, looked_at, ready, to_feed
from durahub_migrate.targets.ghost.script import Script
from durahub_migrate.targets.ghost.signs import sign_of

PAST = Timestamp(seconds=1_600_000_000)


def turn() -> pb.HistoryEvent:
    return pb.HistoryEvent(eventId=-1, timestamp=PAST, orchestratorStarted={})


def start() -> pb.HistoryEvent:
    return pb.HistoryEvent(
        eventId=-1,
        executionStarted=pb.ExecutionStartedEvent(name="Order", input=StringValue(value="1")),
    )


def asked(kind: str, number: int) -> pb.HistoryEvent:
    event = pb.HistoryEvent(eventId=number)
    match kind:
        case "task":
            event.taskScheduled.name = "Pay"
        case "child":
            event.subOrchestrationInstanceCreated.instanceId = f"order:{number}"
            event.subOrchestrationInstanceCreated.name = "Leg"
        case "timer":
            event.timerCreated.fireAt.CopyFrom(PAST)
        case "call":
            event.entityOperationCalled.requestId = (
                f"0000000{number % 10}" + "-0000" * 3 + "-" + "0" * 12
            )
            event.entityOperationCalled.operation = "get"
            event.entityOperationCalled.targetInstanceId.value = "@stock@1"
        case _:
            event.eventSent.instanceId, event.eventSent.name = "other", "hello"
    return event


def answered(kind: str, question: pb.HistoryEvent) -> pb.HistoryEvent:
    event = pb.HistoryEvent(eventId=-1)
    match kind:
        case "task":
            event.taskCompleted.taskScheduledId = question.eventId
        case "child":
            event.subOrchestrationInstanceCompleted.taskScheduledId = question.eventId
        case "timer":
            event.timerFired.timerId = question.eventId
        case _:
            request = question.entityOperationCalled.requestId
            event.entityOperationCompleted.requestId = request
    return event


def raised(name: str, content: str) -> pb.HistoryEvent:
    return pb.HistoryEvent(
        eventId=-1, eventRaised=pb.EventRaisedEvent(name=name, input=StringValue(value=content))
    )


@st.composite
def histories(draw: st.DrawFn) -> list[pb.HistoryEvent]:
    """Draw the history of an orchestrator that asks for anything, and is answered in any order."""
    events = [turn(), start()]
    waiting: list[tuple[str, pb.HistoryEvent]] = []
    number = draw(st.integers(0, 1))
    for _ in range(draw(st.integers(0, 6))):
        kinds = st.sampled_from(("task", "child", "timer", "call", "sent"))
        for kind in draw(st.lists(kinds, max_size=3)):
            if kind == "call" and any(one == "call" for one, _ in waiting):
                continue
            question = asked(kind, number)
            number += 1
            events.append(question)
            if kind != "sent":
                waiting.append((kind, question))
        events.append(turn())
        choices = [*waiting, None]
        for _ in range(draw(st.integers(1, 3))):
            found = draw(st.sampled_from(choices))
            if found is None:
                events.append(raised(draw(st.sampled_from("ab")), draw(st.sampled_from("12"))))
                continue
            choices.remove(found)
            waiting.remove(found)
            events.append(answered(*found))
    return events


@dataclass
class Target:
    """A target that keeps what it is told; past timers fire at once, a child ends when it is told to."""

    past: list[pb.HistoryEvent] = field(default_factory=list)
    inbox: list[pb.HistoryEvent] = field(default_factory=list)
    under_way: set[str] = field(default_factory=set)

    def turn(self) -> list[pb.HistoryEvent]:
        """Return the new events of the next work item."""
        new, self.inbox = [turn(), *self.inbox], []
        return new

    def commit(self, new: list[pb.HistoryEvent], asked_for: list[pb.HistoryEvent]) -> None:
        """Keep a turn and what it has asked for."""
        self.past += [*new, *asked_for]
        for event in asked_for:
            action_of(event, "order", str)  # there is an action for each
            if event.HasField("timerCreated"):
                self.inbox.append(answered("timer", event))


def replayed(script: Script) -> tuple[Target, Progress]:
    """Replay *script*, an input at a time, as the ghost does."""
    target, known, fed = Target(), Progress(), 1
    target.inbox.append(script.inputs[0].event)
    while True:
        assert target.inbox, "the target has work for the ghost as long as it is not done"
        new = target.turn()
        found = looked_at(script, known, target.past, new)
        assert found.stray is None
        target.commit(new, [script.outputs[index].event for index in ready(script, found)])
        if is_final(script, found):
            known = looked_at(script, known, target.past, [])
            return target, known
        for index in to_feed(script, found, fed):
            fed = index + 1
            event = script.inputs[index].event
            if not event.HasField("timerFired"):
                target.inbox.append(event)


def inputs_of(events: list[pb.HistoryEvent]) -> list[object]:
    return [sign for sign in map(sign_of, events) if sign is not None and sign.is_input]


def actions_of(events: list[pb.HistoryEvent]) -> set[object]:
    return {sign for sign in map(sign_of, events) if sign is not None and not sign.is_input}
