"""A worker that goes away between the grant of a slot and the hand-over of its work item loses nothing."""

import asyncio
import itertools

import pytest

from durahub.dispatch.streams import Kind, Need, StreamClosed, Streams, WorkStream
from durahub.dispatch.tokens import Abandoned, Tokens
from durahub.dispatch.work import ActivityWork, Filters, StreamOptions
from durahub.errors import WorkItemNotFound
from durahub.model.history import TaskScheduled
from tests.unit.engine.scenes import NOW

GREET = Need(Kind.ACTIVITY, "Greet")


def options(filters: Filters | None = None, most: int = 1) -> StreamOptions:
    return StreamOptions(
        worker_id="w",
        max_orchestrations=most,
        max_activities=most,
        max_entities=most,
        filters=filters,
    )


def work(token: str) -> ActivityWork:
    task = TaskScheduled(event_id=1, timestamp=NOW, name="Greet")
    return ActivityWork(token=token, instance_id="a", execution_id="x", task=task)


class Calls:
    """Streams with a note of what they tell the hub."""

    def __init__(self) -> None:
        self.changes = 0
        self.removed: list[WorkStream] = []
        self.streams = Streams(self._changed, self.removed.append)

    def _changed(self) -> None:
        self.changes += 1


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def tokens() -> Tokens[str]:
    count = itertools.count()
    return Tokens(lambda: f"token-{next(count)}")


async def test_an_item_for_a_stream_that_closed_meanwhile_is_lost_at_once(
    calls: Calls, tokens: Tokens[str]
) -> None:
    stream = calls.streams.add(options())
    slot = await calls.streams.slot(GREET)
    stream.close()  # the hub has been told of the stream's items, and this one was not among them
    item = tokens.give_out("a", 1, slot)

    with pytest.raises(Abandoned) as raised:
        await item.answer
    assert raised.value.lost
    assert len(tokens) == 0
    with pytest.raises(WorkItemNotFound):
        tokens.complete(item.token, "a", 1, "late")


async def test_a_closed_stream_sends_what_it_had_and_nothing_new(calls: Calls) -> None:
    stream = calls.streams.add(options())
    stream.push(work("before"))
    stream.close()
    stream.push(work("after"))

    assert await stream.next() == work("before")
    with pytest.raises(StreamClosed):
        await stream.next()
    with pytest.raises(StreamClosed):
        await stream.next()


async def test_a_slot_of_a_closed_stream_can_be_given_back(calls: Calls) -> None:
    stream = calls.streams.add(options())
    slot = await calls.streams.slot(GREET)
    stream.close()
    slot.release()

    assert stream.room(Kind.ACTIVITY) == 0
    assert len(calls.streams) == 0


async def test_the_hub_hears_of_streams_that_come_and_go_and_of_room(calls: Calls) -> None:
    stream = calls.streams.add(options())
    assert calls.changes == 1
    slot = await calls.streams.slot(GREET)
    slot.release()
    assert calls.changes == 2
    stream.close()
    stream.close()
    assert (calls.changes, calls.removed) == (3, [stream])


async def test_closing_all_streams_closes_each(calls: Calls) -> None:
    opened = [calls.streams.add(options()) for _ in range(3)]
    calls.streams.close()

    assert all(stream.closed for stream in opened)
    assert calls.removed == opened


async def test_waiting_work_counts_against_the_room(calls: Calls) -> None:
    nobody_takes = asyncio.create_task(calls.streams.slot(Need(Kind.ACTIVITY, "Other")))
    filters = Filters(orchestrations={}, activities={"Greet": frozenset()}, entities={})
    calls.streams.add(options(filters, most=3))
    await asyncio.sleep(0)

    assert calls.streams.room(Kind.ACTIVITY) == 2
    nobody_takes.cancel()
    await asyncio.gather(nobody_takes, return_exceptions=True)
    assert calls.streams.room(Kind.ACTIVITY) == 3


async def test_who_comes_later_is_not_served_before_who_waits(calls: Calls) -> None:
    first = asyncio.create_task(calls.streams.slot(GREET))
    await asyncio.sleep(0)
    second = asyncio.create_task(calls.streams.slot(GREET))
    calls.streams.add(options(most=1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert (first.done(), second.done()) == (True, False)
    first.result().release()
    assert (await second).stream.room(Kind.ACTIVITY) == 0


async def test_who_gave_up_waiting_is_passed_over(calls: Calls) -> None:
    gone, next_one = (asyncio.create_task(calls.streams.slot(GREET)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    calls.streams.add(options(most=1))  # before the one that gave up has left the line

    assert (await next_one).stream.room(Kind.ACTIVITY) == 0
    assert gone.cancelled()


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_kind_without_filters_of_its_own_is_not_delivered(calls: Calls, kind: Kind) -> None:
    # 7.2: an empty category list delivers nothing of that category
    named = {"Greet": frozenset({"", "1"})}
    tables = {
        other: (named if other is kind else {})
        for other in (Kind.ORCHESTRATION, Kind.ACTIVITY, Kind.ENTITY)
    }
    filters = Filters(tables[Kind.ORCHESTRATION], tables[Kind.ACTIVITY], tables[Kind.ENTITY])
    stream = calls.streams.add(options(filters))

    for other in Kind:
        assert stream.accepts(Need(other, "Greet")) == (other is kind)
        assert stream.accepts(Need(other, "Greet", "1")) == (other is kind)
        assert not stream.accepts(Need(other, "Greet", "2"))
        assert not stream.accepts(Need(other, "greet"))


async def test_a_completion_must_name_the_instance_of_its_item(
    calls: Calls, tokens: Tokens[str]
) -> None:  # 2.3 [21]
    calls.streams.add(options(most=9))
    item = tokens.give_out("a", None, await calls.streams.slot(GREET))
    with pytest.raises(WorkItemNotFound):
        tokens.complete(item.token, "b", None, "x")

    assert tokens.is_open(item)
    tokens.complete(item.token, "a", None, "done")
    assert not tokens.is_open(item)
    assert await item.answer == "done"


async def test_a_decided_item_stays_decided(calls: Calls, tokens: Tokens[str]) -> None:
    calls.streams.add(options(most=9))
    item = tokens.give_out("a", 1, await calls.streams.slot(GREET))
    tokens.complete(item.token, "a", 1, "done")
    tokens.revoke(item, lost=True)

    assert await item.answer == "done"
    assert tokens.find("a") is None


async def test_a_completion_after_its_waiter_went_away_is_quiet(
    calls: Calls, tokens: Tokens[str]
) -> None:
    calls.streams.add(options(most=9))
    item = tokens.give_out("a", 1, await calls.streams.slot(GREET))
    item.answer.cancel()
    tokens.complete(item.token, "a", 1, "late")

    assert len(tokens) == 0
