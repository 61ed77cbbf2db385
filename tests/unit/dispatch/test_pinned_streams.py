"""Streams that are pinned to one instance: its turns come there, and no others, while they are open."""

import pytest

from durahub.dispatch.streams import Kind, Need, PinnedStream, StreamClosed, Streams, WorkStream
from durahub.dispatch.tokens import Abandoned, Tokens
from durahub.dispatch.work import StreamOptions

OPTIONS = StreamOptions(worker_id="w", max_orchestrations=1, max_activities=1, max_entities=1)
ORDER_7 = Need(Kind.ORCHESTRATION, "Order", "", "order-7")
ORDER_8 = Need(Kind.ORCHESTRATION, "Order", "", "order-8")


@pytest.fixture
def removed() -> list[WorkStream]:
    return []


@pytest.fixture
def streams(removed: list[WorkStream]) -> Streams:
    return Streams(on_change=lambda: None, on_remove=removed.append)


async def test_an_instances_turns_go_to_its_pinned_stream_however_many(streams: Streams) -> None:
    worker = streams.add(OPTIONS)
    pinned = PinnedStream(OPTIONS, streams, ORDER_7)
    assert [(await streams.slot(ORDER_7)).stream for _ in "12"] == [pinned, pinned]
    assert (await streams.slot(ORDER_8)).stream is worker
    assert len(streams) == 1


async def test_a_slot_of_a_pinned_stream_takes_no_room_of_a_worker(streams: Streams) -> None:
    worker = streams.add(OPTIONS)
    PinnedStream(OPTIONS, streams, ORDER_7)
    slot = await streams.slot(ORDER_7)
    slot.release()
    assert worker.room(Kind.ORCHESTRATION) == 1


async def test_a_closed_one_gives_its_instance_to_others(
    streams: Streams, removed: list[WorkStream]
) -> None:
    worker = streams.add(OPTIONS)
    pinned = PinnedStream(OPTIONS, streams, ORDER_7)
    pinned.close()
    pinned.close()
    assert (await streams.slot(ORDER_7)).stream is worker
    assert removed == [pinned]
    with pytest.raises(StreamClosed):
        await pinned.next()


async def test_the_later_of_two_stays_when_the_earlier_one_closes(streams: Streams) -> None:
    earlier = PinnedStream(OPTIONS, streams, ORDER_7)
    later = PinnedStream(OPTIONS, streams, ORDER_7)
    earlier.close()
    assert (await streams.slot(ORDER_7)).stream is later


async def test_all_end_when_the_hub_stops(streams: Streams) -> None:
    pinned = PinnedStream(OPTIONS, streams, ORDER_7)
    streams.close()
    assert pinned.closed


async def test_what_is_given_back_as_lost_goes_out_at_once(streams: Streams) -> None:
    tokens: Tokens[str] = Tokens(lambda: "t")
    for lost in (True, False):
        item = tokens.give_out("a", None, streams.add(OPTIONS).take(Kind.ORCHESTRATION))
        assert tokens.abandon(item.token, lost=lost)
        with pytest.raises(Abandoned) as abandoned:
            await item.answer
        assert abandoned.value.lost is lost
