"""How an instance stands, for a target that takes its history over: what is kept, open, on its way. Pure.

What waits for the app's own workers can be handed over only if all of it is known. Rows leave out the inputs
of activities, and a child may be missing; then the request is left out of the history. The app's own
code asks for it again when it replays, under the same number: so nothing is lost, and nothing runs twice.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

from durahub.classic.doctor.rules.messages import POISON
from durahub.engine import state as states
from durahub.engine.action_numbers import Shifted, renumbered
from durahub.engine.entities.calls import request_sent
from durahub.engine.entities.messages import guid_of, guid_text
from durahub.engine.numbering import RetriesAlike
from durahub.engine.retries import SPLIT_TIMER
from durahub.errors import Malformed
from durahub.model import history as h
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.inflight import message_of
from durahub_migrate.moving.content import Content, Held

E = TypeVar("E", bound=h.Event)

_ANSWERS = (
    h.TaskCompleted,
    h.TaskFailed,
    h.SubOrchestrationInstanceCompleted,
    h.SubOrchestrationInstanceFailed,
)
_ROWS_WITH_INPUTS = "endpoint"
"""The kind of source whose histories have the inputs of activities: there ``None`` is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An orchestration. *history* is without what the app asks for again, ``again`` of them.

    *inbox* is what is on its way to it, in order: answers to what is open, events, what steers it. *left*
    counts messages that are not delivered, by reason; *told* were seen, and the target makes them again:
    starts, timers, activities. *tasks* have their inputs.
    """

    held: Held
    history: tuple[h.Event, ...]
    tasks: tuple[h.TaskScheduled, ...] = ()
    timers: tuple[h.TimerCreated, ...] = ()
    children: tuple[h.SubOrchestrationInstanceCreated, ...] = ()
    inbox: tuple[h.Event, ...] = ()
    again: int = 0
    told: int = 0
    left: Counter[str] = field(default_factory=Counter)

    @property
    def instance_id(self) -> str:
        """Its ID at the source."""
        return self.held.instance.instance_id

    @property
    def started(self) -> h.ExecutionStarted | None:
        """The start of its execution; ``None`` if it has not begun."""
        return next((one for one in self.history if isinstance(one, h.ExecutionStarted)), None)

    @property
    def end(self) -> h.ExecutionCompleted | None:
        """The end of its execution, ``None`` while it lives."""
        ends = [one for one in self.history if isinstance(one, h.ExecutionCompleted)]
        return ends[-1] if ends else None

    @property
    def is_suspended(self) -> bool:
        """Whether it pauses."""
        return states.read(self.history).suspended

    @property
    def pause(self) -> h.ExecutionSuspended | None:
        """The event since which it pauses."""
        pauses = [one for one in self.history if isinstance(one, h.ExecutionSuspended)]
        return pauses[-1] if pauses and self.is_suspended else None

    @property
    def pause_reason(self) -> str | None:
        """Why it pauses, if that was said."""
        return self.pause.reason if self.pause is not None else None

    @property
    def custom_status(self) -> str | None:
        """Its custom status; a row says ``null`` where there is none."""
        text = self.held.instance.custom_status
        return None if text == "null" else text

    @property
    def must_wake(self) -> bool:
        """Whether nothing would cause the turn in which the app asks again."""
        return bool(self.again) and not self.inbox and not self.is_suspended


def standing_of(
    held: Held,
    content: Content,
    *,
    asks_again: bool = False,
    inside: frozenset[str],
    numbering: int | None = None,
    retries_alike: bool = True,
) -> Standing:
    """Return how *held* stands. *inside* are the members of its tree.

    With *asks_again* the app asks for everything that is open, but for children that are *inside*.
    *numbering* is the first number of an action in the app at the target, ``None`` for the recorded one.
    """
    events = [stored.event for stored in held.instance.history]
    renumber = _Renumber(events, held.numbering_base, numbering, retries_alike=retries_alike)
    traffic = _Traffic(events, held.instance.execution_id)
    for record in content.messages_to(held.instance.instance_id):
        traffic.add(record)
    open_ = _Open()
    state = states.read(events)
    if state.is_live:
        has_inputs = content.manifest.source.kind == _ROWS_WITH_INPUTS
        for index, event in enumerate(events):
            _sort(index, event, state, traffic, open_, inside, has_inputs, asks_again)
    kept = [event for index, event in enumerate(events) if index not in open_.again]
    return Standing(
        held=held,
        history=renumber.all(kept),
        tasks=tuple(renumber.one(task) for task in open_.tasks),
        timers=tuple(renumber.one(timer) for timer in open_.timers),
        children=tuple(renumber.one(child) for child in open_.children),
        # Senders' clocks tell the order best: a bundle has messages in an order of its own.
        inbox=tuple(
            renumber.one(event) for event in sorted(traffic.inbox, key=lambda one: one.timestamp)
        ),
        again=len(open_.again),
        told=traffic.told,
        left=traffic.left,
    )


def unbegun(members: Mapping[str, Standing]) -> Mapping[str, Standing]:
    """Return those that have not begun."""
    return {name: one for name, one in members.items() if one.started is None}


@dataclass(slots=True)
class _Open:
    tasks: list[h.TaskScheduled] = field(default_factory=list)
    timers: list[h.TimerCreated] = field(default_factory=list)
    children: list[h.SubOrchestrationInstanceCreated] = field(default_factory=list)
    again: set[int] = field(default_factory=set)  # indexes of events that are left out


def _sort(
    index: int,
    event: h.Event,
    state: states.State,
    traffic: "_Traffic",
    open_: _Open,
    inside: frozenset[str],
    has_inputs: bool,
    asks_again: bool,
) -> None:
    """Note what *event* of a live instance leaves open."""
    question = states.question_of(event)
    if question in state.answers or question in traffic.answered:
        return
    match event:
        case h.TimerCreated(event_id=number):
            if asks_again and number != SPLIT_TIMER:
                open_.again.add(index)
            else:
                open_.timers.append(event)
        case h.SubOrchestrationInstanceCreated(instance_id=child):
            if child in inside:
                open_.children.append(event)
            else:
                open_.again.add(index)
        case h.TaskScheduled(event_id=number):
            is_known = number in traffic.inputs or event.input is not None or has_inputs
            if asks_again or not is_known:
                open_.again.add(index)
            else:
                text = traffic.inputs.get(number, event.input)
                open_.tasks.append(replace(event, input=text))
        case h.EventSent():
            request = request_sent(event)
            if request is None or request.signal:
                return
            asked = guid_text(request.id)
            if asked not in state.raised and asked not in traffic.named:
                open_.again.add(index)


class _Traffic:
    """Sorts what was seen on its way to one instance."""

    def __init__(self, history: Sequence[h.Event], execution_id: str | None) -> None:
        self._state = states.read(history)
        self._execution_id = execution_id
        self._asked = {states.question_of(event) for event in history} - {None}
        self.inbox: list[h.Event] = []
        self.answered: set[states.Answer] = set()
        self.named: set[str] = set()  # GUIDs of entities' answers
        self.inputs: dict[int, str | None] = {}
        self.told = 0
        self.left: Counter[str] = Counter()

    def add(self, record: hb.InFlight) -> None:
        """Take a message in."""
        if record.evidence != hb.InFlight.QUEUE:
            return  # it tells what the rows tell, too
        try:
            message = message_of(record).message
        except Malformed:
            self.left["unreadable"] += 1
            return
        event = message.event
        reason = self._reason_to_leave(record, event, message.target.execution_id)
        if reason:
            self.left[reason] += 1
        elif isinstance(event, h.TaskScheduled):
            self.inputs[event.event_id] = event.input
            self.told += 1
        elif isinstance(event, h.ExecutionStarted | h.TimerFired):
            self.told += 1
        else:
            self.inbox.append(event)

    def _reason_to_leave(self, record: hb.InFlight, event: h.Event, execution: str | None) -> str:
        if record.dequeue_count >= POISON:
            return "poison"
        if self._state.completed is not None:
            return "for nobody"
        own = self._execution_id
        if execution and own and not states.same_execution(execution, own):
            return "for an earlier execution"
        match event:
            case _ if isinstance(event, _ANSWERS):
                answer = states.answer_of(event)
                assert answer is not None  # noqa: S101 (for the types)
                if answer in self._state.answers or answer in self.answered:
                    return "seen twice"
                if answer not in self._asked:
                    return "for nobody"
                self.answered.add(answer)
            case h.EventRaised(name=name) if guid_of(name or "") is not None:
                named = guid_text(name or "")
                if named in self._state.requested and (
                    named in self._state.raised or named in self.named
                ):
                    return "seen twice"
                self.named.add(named)
            case h.ExecutionRewound() | h.GenericEvent():
                return "rewinds"
        return ""


class _Renumber:
    """Gives actions the numbers that the app at the target gives them; SDKs begin with 0 or with 1."""

    def __init__(
        self,
        history: Sequence[h.Event],
        base: int,
        numbering: int | None,
        *,
        retries_alike: bool,
    ) -> None:
        self._shift = 0 if numbering is None or base < 0 else numbering - base
        self._alike: RetriesAlike | Shifted | None = None
        if self._shift > 0:
            self._alike = RetriesAlike(history) if retries_alike else Shifted(self._shift)

    def all(self, events: Sequence[h.Event]) -> tuple[h.Event, ...]:
        """Return the events of a history."""
        if self._alike is not None:
            return self._alike.shown(events)
        return tuple(map(self.one, events))

    def one(self, event: E) -> E:
        """Return an event of the history, or one on its way to the instance."""
        if self._alike is not None:
            return cast("E", self._alike.shown([event])[0])
        return cast("E", renumbered(event, lambda number: number - 1)) if self._shift else event
