"""Tries are found as the server's own reading finds them, for any number of failures at once."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.numbering import numbers_in
from durahub.model.history import (
    Event,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub_migrate.monitor.telling.tries import tries_of
from tests.golden.recorded import HUBS, RecordedHub
from tests.monitor.telling.histories import at, recorded, started, turn


def by_the_engine(events: Sequence[Event]) -> dict[int, int]:
    number_of = numbers_in(events)
    first: dict[tuple[type, int], int] = {}
    return {
        number: first.setdefault((type(event), number_of(event.event_id)), number)
        for number, event in enumerate(events)
        if isinstance(event, TaskScheduled | SubOrchestrationInstanceCreated)
    }


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_the_tries_of_a_recorded_history_are_those_of_the_server(hub: RecordedHub) -> None:
    for instance_id, history in recorded(hub):
        assert tries_of(history.events).first == by_the_engine(history.events), instance_id


class Orchestrator:
    """Makes histories of activities and children with retries, as chance has it."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.next = 0
        self.events: list[Event] = []
        self.open: list[tuple[str, int]] = []  # kind and ID of what is running
        self.timers: list[int] = []
        self.waits: dict[int, str] = {}  # timer to the name that is tried again

    def asked(self, name: str, seconds: int) -> Event:
        number = self.next
        self.next += 1
        self.open.append((name, number))
        if name.startswith("child"):
            return SubOrchestrationInstanceCreated(
                timestamp=at(seconds), event_id=number, name=name, instance_id=f"{name}:{number}"
            )
        return TaskScheduled(timestamp=at(seconds), event_id=number, name=name)

    def run(self) -> list[Event]:
        names = st.sampled_from(["a", "b", "child"])
        begin = [self.asked(name, 0) for name in self.draw(st.lists(names, min_size=1, max_size=4))]
        self.events += turn(0, started(), *begin)
        for seconds in range(1, self.draw(st.integers(1, 8))):
            self.events += turn(seconds, *self.turn(seconds))
        return self.events

    def turn(self, seconds: int) -> list[Event]:
        """Return a turn that is woken by answers alone, or by one timer."""
        arrived: list[Event] = []
        done: list[Event] = []
        if self.timers and self.draw(st.booleans()):
            count = self.draw(st.integers(1, len(self.timers)))
            for timer in self.timers[:count]:
                arrived.append(TimerFired(timestamp=at(0), timer_id=timer, fire_at=at(seconds)))
                if self.draw(st.booleans()):
                    done.append(self.asked(self.waits[timer], seconds))
            del self.timers[:count]
            return arrived + done
        while self.open and self.draw(st.booleans()):
            name, number = self.open.pop(0)
            if self.draw(st.booleans()):
                arrived.append(self.answer(name, number, seconds))
                if self.draw(st.booleans()):
                    timer, self.next = self.next, self.next + 1
                    self.timers.append(timer)
                    self.waits[timer] = name
                    done.append(
                        TimerCreated(timestamp=at(seconds), event_id=timer, fire_at=at(seconds + 1))
                    )
            elif not name.startswith("child"):
                arrived.append(TaskCompleted(timestamp=at(seconds), task_scheduled_id=number))
        if self.draw(st.booleans()):
            done.append(self.asked(self.draw(st.sampled_from(["a", "c"])), seconds))
        return arrived + done

    def answer(self, name: str, number: int, seconds: int) -> Event:
        kind = SubOrchestrationInstanceFailed if name.startswith("child") else TaskFailed
        return kind(timestamp=at(seconds), task_scheduled_id=number, reason="broke")


@given(st.data())
def test_the_tries_of_any_history_are_those_of_the_server(data: st.DataObject) -> None:
    events = Orchestrator(data.draw).run()
    assert tries_of(events).first == by_the_engine(events)


def test_a_number_that_the_writer_noted_tells_what_is_a_try_of_what() -> None:
    events = [
        *turn(0, started(), TaskScheduled(timestamp=at(0), event_id=0, name="a")),
        *turn(
            1,
            TaskFailed(timestamp=at(1), task_scheduled_id=0),
            TaskScheduled(timestamp=at(1), event_id=1, name="a", worker_number=1),
        ),
    ]
    assert tries_of(events).first == {2: 2, 6: 2}


def test_a_pause_longer_than_a_timer_may_be_is_one_with_its_first_part() -> None:
    events = [
        *turn(0, started(), TaskScheduled(timestamp=at(0), event_id=0, name="a")),
        *turn(
            1,
            TaskFailed(timestamp=at(1), task_scheduled_id=0),
            TimerCreated(timestamp=at(1), event_id=1, fire_at=at(100)),
        ),
        *turn(
            100,
            TimerFired(timestamp=at(1), timer_id=1, fire_at=at(100)),
            TimerCreated(timestamp=at(100), event_id=2, fire_at=at(200)),
        ),
        *turn(
            200,
            TimerFired(timestamp=at(100), timer_id=2, fire_at=at(200)),
            TaskScheduled(timestamp=at(200), event_id=3, name="a"),
        ),
    ]
    found = tries_of(events)
    assert found.first == {2: 2, 14: 2}
    assert set(found.pauses.values()) == {2}
    assert len(found.pauses) == 2
