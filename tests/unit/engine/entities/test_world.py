"""A small world of orchestrations and entities, whose messages come late, out of order and twice."""

from dataclasses import dataclass, field, replace
from itertools import groupby
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.actions import SendEntityMessage
from durahub.engine.commit import NO_HISTORY, Commit, Delivery, HistoryVersion
from durahub.engine.entities.batch import EntityLimits, begin_batch, finish_batch
from durahub.engine.entities.messages import guid_text
from durahub.engine.entities.scheduler_state import SchedulerState, scheduler_state_of
from durahub.engine.entities.sending import Calls
from durahub.engine.entities.work import EntityResult, OperationResult
from durahub.model.history import Event, EventRaised, Execution, ExecutionStarted
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later

from .counters import (
    NOW,
    call,
    count_up,
    finished,
    guid,
    guids,
    lock,
    raised,
    sent,
    signal,
    state_of,
    told,
    turn_of,
)

A, B = "@counter@a", "@counter@b"


@dataclass
class Visitor:
    """An orchestration that locks entities, calls each of them, and lets go of them."""

    name: str
    number: int
    locks: tuple[str, ...]
    calls: int
    labels: Calls = field(default_factory=lambda: Calls(clock=NOW))
    asked: str = ""
    step: int = 0

    def next_messages(self) -> list[Message]:
        """Return what it sends next; each step but the last waits for one answer."""
        steps = [self._message("lock", self.locks[0])]
        steps += [self._message("call", entity) for entity in self.locks * self.calls]
        if self.step < len(steps):
            action = steps[self.step]
            self.asked = guid_text(action.request_id)
            self.step += 1
            return [self._sent(action)]
        self.asked = ""
        return [self._sent(self._message("unlock", entity)) for entity in self.locks]

    def _message(self, kind: str, target: str) -> SendEntityMessage:
        section = kind in ("lock", "unlock")
        number = self.number * 1000 + (0 if section else self.step)
        return SendEntityMessage(
            id=self.step,
            kind=kind,  # type: ignore[arg-type]
            request_id=guid(number),
            target=target,
            operation="visit",
            lock_set=self.locks,
        )

    def _sent(self, action: SendEntityMessage) -> Message:
        me = Execution(self.name, "run-1")
        event = self.labels.event(action, me, NOW)
        raised = EventRaised(timestamp=NOW, name=event.name, input=event.input)
        return Message(event=raised, target=Execution(action.target), sender=me)


@dataclass
class World:
    """Entities and visitors; every message is in the air until chance delivers it."""

    random: Random
    visitors: dict[str, Visitor]
    air: list[Message] = field(default_factory=list)
    events: dict[str, tuple[Event, ...]] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)  # entity, who visits it
    now: Ticks = NOW

    def run(self) -> None:
        for visitor in self.visitors.values():
            self.air += visitor.next_messages()
        while self.air:
            self.now = later(self.now, 0.01)
            self.random.shuffle(self.air)
            target = self.air[0].target.instance_id
            if target in self.visitors:
                self._visitor(self.visitors[target], self.air.pop(0))
            else:
                self._entity(target)

    def _visitor(self, visitor: Visitor, message: Message) -> None:
        assert isinstance(message.event, EventRaised)
        if message.event.name == visitor.asked:  # else a second answer
            self.air += visitor.next_messages()

    def _entity(self, entity: str) -> None:
        here = [m for m in self.air if m.target.instance_id == entity]
        batch = here[: self.random.randint(1, len(here))]
        self.air = [m for m in self.air if not any(m is one for one in batch)]
        events = self.events.get(entity, ())
        version = HistoryVersion("x", 3, "") if events else NO_HISTORY
        deliveries = [Delivery("", "", one) for one in batch]
        limits = EntityLimits(operations=self.random.choice([None, 1]))
        turn = begin_batch(entity, version, events, deliveries, self.now, limits=limits)
        self.log += [(entity, o.parent_instance_id or "") for o in turn.operations]
        results = tuple(OperationResult(result="1") for _ in turn.operations)
        commit = finish_batch(turn, EntityResult(results=results, state="1"), self.now, guids())
        self.events[entity] = commit.events
        self.air += commit.outbound
        self.air += [m for m in batch if self._comes_again(m)]

    def _comes_again(self, message: Message) -> bool:
        """A message that its sender labelled may come twice; what is passed on is not labelled."""
        assert isinstance(message.event, EventRaised)
        labelled = message.event.name == "op" and '"pos"' not in (message.event.input or "")
        return labelled and self.random.random() < 0.3


@given(st.integers(0, 2**32).map(Random), st.integers(1, 4), st.integers(1, 3))
def test_orchestrations_that_lock_the_same_entities_never_interleave(
    random: Random, visitors: int, calls: int
) -> None:
    world = World(
        random,
        {f"order-{n}": Visitor(f"order-{n}", n + 1, (A, B), calls) for n in range(visitors)},
    )
    world.run()
    visits = [visitor for visitor, _ in groupby(who for _, who in world.log)]
    assert sorted(visits) == sorted(world.visitors)  # each one visit, undisturbed
    assert len(world.log) == visitors * calls * 2  # every call once
    for entity in (A, B):
        for visitor in world.visitors:
            assert world.log.count((entity, visitor)) == calls
        state = state_after(world.events[entity])
        assert state.locked_by is None
        assert state.queue == ()


def state_after(events: tuple[Event, ...]) -> SchedulerState:
    (started,) = (event for event in events if isinstance(event, ExecutionStarted))
    return scheduler_state_of(started.input)


# -- batches that are lost -----------------------------------------------------------------------

ARRIVALS = st.lists(
    st.one_of(
        st.integers(1, 5).map(lambda n: sent(signal("add", str(n)))),
        st.integers(1, 5).map(lambda n: sent(call("add", str(n), at=later(NOW, n)))),
        st.just(sent(signal("delete"))),
        st.just(sent(lock("@counter@a"))),
        st.just(raised("release", f'{{"parent":"order-7","id":"{guid(3)}"}}')),
        st.just(raised("continue", None)),
    ),
    min_size=1,
    max_size=8,
)


def essence(commit: Commit) -> object:
    """Return what must not depend on the time at which a batch runs."""
    state = state_of(commit)
    return (
        commit.execution_id,
        replace(state, sorting=replace(state.sorting, sent=None)),
        told(commit),
        commit.consumed,
    )


@given(st.lists(ARRIVALS, min_size=1, max_size=4), st.data())
def test_a_batch_whose_commit_was_lost_comes_to_the_same(
    batches: list[list[Delivery]], data: st.DataObject
) -> None:
    events: tuple[Event, ...] = ()
    for batch in batches:
        turn = turn_of(events, *batch, operations=3)
        commit = finished(turn)
        for seconds in data.draw(st.lists(st.integers(0, 99), max_size=2)):
            again = turn_of(events, *batch, operations=3, now=later(NOW, seconds))
            assert again.operations == turn.operations
            answer = count_up(again.state, again.operations)
            assert essence(finished(again, answer, later(NOW, seconds))) == essence(commit)
        events = commit.events


@given(ARRIVALS, st.integers(1, 8))
def test_nothing_that_came_is_lost_or_done_twice(batch: list[Delivery], most: int) -> None:
    turn = turn_of((), *batch, operations=most)
    taken = [*turn.requests, *([turn.lock] if turn.lock else []), *turn.scheduler.queue]
    of_clients = [request for request in taken if request.parent is None]
    texts = [text for _, name, text in map(heard, batch) if name == "op"]
    assert len(of_clients) == sum('"parent"' not in (text or "") for text in texts)
    stamps = [request.timestamp.ticks for request in taken if request.parent is not None]
    assert len(set(stamps)) == len(stamps)


def heard(delivery: Delivery) -> tuple[str, str | None, str | None]:
    event = delivery.message.event
    assert isinstance(event, EventRaised)
    return delivery.message.target.instance_id, event.name, event.input
