"""The instances of a tree with what the bundle knows of them: script, inputs, what is on its way."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.classic.doctor.rules.messages import POISON
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import guid_of
from durahub.engine.state import same_execution
from durahub.errors import Malformed
from durahub.model import history as h
from durahub.model.ticks import MINIMUM
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.inflight import message_of
from durahub_migrate.moving.content import Content, Held
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.ghost.recorded import Recorded
from durahub_migrate.targets.ghost.script import Output, Script, script_of
from durahub_migrate.targets.ghost.signs import Sign, request_of, sign_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An orchestration of a tree. *script* is ``None`` for one that has not begun.

    *inputs* are those of activities that wait, by number; *later* are answers on their way, by the indexes of
    the outputs; *raised* is what else is on its way, in the order of sending. *taken* of all these were seen
    in queues, with those that the replay tells by itself: starts, and inputs of activities. *left*
    counts messages that are not delivered, by reason.
    """

    held: Held
    target_id: str
    script: Script | None
    inputs: Mapping[int, str | None] = field(default_factory=dict)
    later: Mapping[int, pb.HistoryEvent] = field(default_factory=dict)
    raised: tuple[h.Event, ...] = ()
    taken: int = 0
    left: Counter[str] = field(default_factory=Counter)

    @property
    def instance_id(self) -> str:
        """Its ID at the source."""
        return self.held.instance.instance_id

    @property
    def text(self) -> str | None:
        """The input of its current execution."""
        if self.script is not None:
            started = self.script.started
            return started.input.value if started.HasField("input") else None
        return self.held.instance.input

    @property
    def is_suspended(self) -> bool:
        """Whether it was suspended at the source."""
        return self.script is not None and self.script.suspended_before(len(self.script.inputs))


def member_of(
    held: Held, content: Content, unit: Unit, numbering: int | None, *, retries_alike: bool
) -> Member:
    """Return the member that *held* is."""
    instance = held.instance
    history = [stored.event for stored in instance.history]
    recorded = Recorded(
        history, base=held.numbering_base, numbering=numbering, retries_alike=retries_alike
    )
    status = None if instance.custom_status == "null" else instance.custom_status
    script = script_of(instance.instance_id, recorded.history(), status)
    target_id = unit.target_id(instance.instance_id)
    arriving = _Arriving(script, recorded, instance.execution_id)
    for record in content.messages_to(instance.instance_id):
        arriving.add(record)
    return Member(
        held=held,
        target_id=target_id,
        script=script,
        inputs=arriving.inputs,
        later=arriving.later,
        raised=(*_behind(script), *sorted(arriving.raised, key=lambda event: event.timestamp)),
        taken=arriving.replayed + len(arriving.later) + len(arriving.raised),
        left=arriving.left,
    )


def _behind(script: Script | None) -> list[h.Event]:
    found: list[h.Event] = []
    for one in script.behind if script is not None else ():
        raised = one.event.eventRaised
        content = raised.input.value if raised.HasField("input") else None
        found.append(h.EventRaised(timestamp=MINIMUM, name=raised.name, input=content))
    return found


class _Arriving:
    """Sorts what is on its way to one instance."""

    def __init__(self, script: Script | None, recorded: Recorded, execution_id: str | None) -> None:
        self._recorded = recorded
        self._execution_id = execution_id
        self.inputs: dict[int, str | None] = {}
        self.later: dict[int, pb.HistoryEvent] = {}
        self.raised: list[h.Event] = []
        self.replayed = 0  # messages that the replay tells, too
        self.left: Counter[str] = Counter()
        self._waiting: dict[Sign, int] = {}
        self._is_over = script is not None and script.end is not None
        if script is None:
            return
        for index, output in enumerate(script.outputs):
            if output.event.taskScheduled.HasField("input"):
                self.inputs[output.event.eventId] = output.event.taskScheduled.input.value
            if output.waits and output.sign.kind != "sent":
                self._waiting[Sign(output.sign.kind, output.sign.key, is_input=True)] = index
            elif output.waits:
                request = request_of(output.event) or ""
                self._waiting[Sign("entity", request, is_input=True)] = index

    def add(self, record: hb.InFlight) -> None:
        if record.evidence != hb.InFlight.QUEUE:
            return  # it tells what the history tells, too
        if record.dequeue_count >= POISON:
            self.left["poison"] += 1
            return
        try:
            message = message_of(record).message
        except Malformed:
            self.left["unreadable"] += 1
            return
        event = message.event
        target = message.target.execution_id
        is_foreign = (
            target is not None
            and self._execution_id is not None
            and not same_execution(target, self._execution_id)
        )
        match event:
            case h.TaskScheduled():
                shown = self._recorded.shown([event])[0]
                self.inputs[shown.eventId] = event.input
                self.replayed += 1
            case h.ExecutionStarted():
                self.replayed += 1  # its row or its parent tells it
            case h.TimerFired():
                self.left["timers that fire anew"] += 1
            case _ if is_foreign:
                self.left["for an earlier execution"] += 1
            case h.ExecutionRewound() | h.GenericEvent():
                self.left["rewinds"] += 1
            case (
                h.TaskCompleted()
                | h.TaskFailed()
                | h.SubOrchestrationInstanceCompleted()
                | h.SubOrchestrationInstanceFailed()
            ):
                self._answer(self._recorded.shown([event])[0])
            case h.EventRaised(name=name) if guid_of(name or "") is not None:
                shown = self._recorded.shown([event])[0]
                if shown.HasField("eventRaised"):
                    self.raised.append(event)
                else:
                    self._answer(shown)
            case _ if self._is_over:
                self.left["for nobody"] += 1
            case _:
                self.raised.append(event)

    def _answer(self, answer: pb.HistoryEvent) -> None:
        sign = sign_of(answer)
        index = self._waiting.get(sign) if sign is not None else None
        if index is None or index in self.later:
            self.left["answered before"] += 1
            return
        self.later[index] = answer


class Closing(Enum):
    """What is done when the last recorded input has been seen."""

    ANSWER = auto()  # all is sent, or the execution ends
    HOLD = auto()  # all is sent when the ghost takes no activities any more
    LEAVE = auto()  # what waits is not sent: the app's own worker asks for it


@dataclass(frozen=True, slots=True)
class Final:
    """How a member is left. *rest* are outputs for which the app's own workers have to do something."""

    closing: Closing
    rest: frozenset[int] = frozenset()
    dropped: frozenset[int] = frozenset()  # outputs that are never sent
    is_answered: bool = True  # the last turn; else the app is given it as it is


def _tells_entity(output: Output) -> bool:
    event = output.event
    return event.HasField("entityOperationSignaled") or event.HasField("entityUnlockSent")


def _sends(output: Output) -> bool:
    event = output.event
    return event.HasField("eventSent") and not is_entity(event.eventSent.instanceId)


def final_of(member: Member, is_known: Mapping[str, object], *, is_careful: bool = False) -> Final:
    """Return how *member* is left; *is_known* has the children that can be made, by their source IDs.

    What an ended execution still waited for is never asked for again: nobody would take the answer. What
    waits is asked for by the ghost if it knows the input, which rows leave out, and has nothing to
    do behind it; else by the app itself, whose code tells the input.
    """
    script = member.script
    assert script is not None  # noqa: S101 (for the types)
    rest, dropped, unknown = set(), set(), False
    # What entities are told while the ghost is their worker they do not do again:
    last = script.outputs_at(len(script.inputs))
    # ... and events to others are sent before those are there, if the target would deliver them again:
    follow_up = any(map(_tells_entity, last)) or (is_careful and any(map(_sends, last)))
    for index in script.waiting:
        output = script.outputs[index]
        kind = output.sign.kind
        if kind == "child":
            child = output.event.subOrchestrationInstanceCreated.instanceId
            if child in is_known or index in member.later:
                follow_up = True
            elif script.end is not None:
                dropped.add(index)
            else:
                rest.add(index)
                unknown = True
        elif kind == "timer":
            continue
        elif index in member.later:
            follow_up = True
        elif script.end is not None:
            dropped.add(index)
        else:
            rest.add(index)
            unknown |= kind == "task" and output.event.eventId not in member.inputs
    if script.end is not None or not rest:
        return Final(Closing.ANSWER, dropped=frozenset(dropped))
    if not unknown and not follow_up:
        return Final(Closing.HOLD, frozenset(rest))
    total = len(script.inputs)
    others = any(
        output.due == total and index not in rest for index, output in enumerate(script.outputs)
    )
    return Final(Closing.LEAVE, frozenset(rest), is_answered=others or bool(member.later))
