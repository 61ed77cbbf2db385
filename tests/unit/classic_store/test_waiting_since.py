"""Since when what lies in queues waits to be taken: not since it was put there, if its time came later."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, cast

import pytest

from durahub.classic.backlog import backlog
from durahub.classic.dialect import DTFX_2_9
from durahub.classic.envelope import Envelope, encode, encode_wrapper, to_queue_text
from durahub.classic.queues import Peeked, Queues
from durahub.engine.entities.messages import delayed_name
from durahub.model.history import Event, EventRaised, Execution, ExecutionStarted, TimerFired
from durahub.model.message import Message
from durahub.model.ticks import Ticks, from_datetime

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=timezone.utc)
LONG_AGO = NOW - timedelta(hours=1)
ORDER, COUNTER = "order-7", "@counter@a"


def ago(seconds: int) -> Ticks:
    return from_datetime(NOW - timedelta(seconds=seconds))


def peeked(event: Event, target: str = ORDER) -> Peeked:
    message = Message(event=event, target=Execution(target, "e"))
    envelope = Envelope(message=message, activity_id="id", sequence_number=1)
    return Peeked(to_queue_text(encode(envelope, DTFX_2_9), DTFX_2_9), LONG_AGO)


class Shown:
    """Queues that show these messages."""

    def __init__(self, control: Sequence[Peeked]) -> None:
        self._shown = {"control": control, "activities": []}

    async def peek(self, queue: str) -> Sequence[Peeked]:
        return self._shown[queue]


async def found(*control: Peeked) -> Any:
    queues = cast("Queues", Shown(control))
    return await backlog(queues, ["control"], "activities")


TIMER = TimerFired(timestamp=ago(3_600), timer_id=1, fire_at=ago(5))
START = ExecutionStarted(
    timestamp=ago(3_600), execution=Execution(ORDER, "e"), name="O", scheduled_start=ago(5)
)
SIGNAL = EventRaised(timestamp=ago(3_600), name=delayed_name(ago(5), ago(3_600)))


@pytest.mark.parametrize("event", [TIMER, START])
async def test_a_timer_and_a_delayed_start_wait_since_their_time(event: Event) -> None:
    waiting = (await found(peeked(event))).orchestrations

    assert (waiting.count, waiting.since) == (1, ago(5))


async def test_a_delayed_signal_waits_since_its_time() -> None:
    waiting = (await found(peeked(SIGNAL, COUNTER))).entities

    assert (waiting.count, waiting.since) == (1, ago(5))


async def test_an_instance_waits_since_the_first_of_its_messages_could_be_taken() -> None:
    event = EventRaised(timestamp=ago(3_600), name="Go")

    waiting = (await found(peeked(TIMER), peeked(event))).orchestrations

    assert (waiting.count, waiting.since) == (1, from_datetime(LONG_AGO))


async def test_of_what_is_in_a_blob_only_the_time_is_known_when_it_was_put_there() -> None:
    wrapper = Peeked(to_queue_text(encode_wrapper("order-7/large.json.gz"), DTFX_2_9), LONG_AGO)

    assert (await found(wrapper)).orchestrations.since == from_datetime(LONG_AGO)
