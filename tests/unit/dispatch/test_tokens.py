"""Completion tokens: good for one delivery; late, doubled and foreign ones do no harm."""

import itertools

import pytest

from durahub.dispatch.streams import Kind, Slot, Streams, WorkStream
from durahub.dispatch.tokens import REMEMBERED, Abandoned, OpenItem, Tokens
from durahub.dispatch.work import StreamOptions
from durahub.errors import WorkItemNotFound


@pytest.fixture
def stream() -> WorkStream:
    streams = Streams(on_change=lambda: None, on_remove=lambda _: None)
    return streams.add(
        StreamOptions(worker_id="w", max_orchestrations=9, max_activities=9, max_entities=9)
    )


@pytest.fixture
def tokens() -> Tokens[str]:
    count = itertools.count()
    return Tokens(lambda: f"token-{next(count)}")


def slot(stream: WorkStream) -> Slot:
    return stream.take(Kind.ACTIVITY)


async def test_a_completion_reaches_who_waits_and_frees_the_slot(
    stream: WorkStream, tokens: Tokens[str]
) -> None:
    item = tokens.give_out("a", 3, slot(stream))
    assert stream.room(Kind.ACTIVITY) == 8

    tokens.complete(item.token, "a", 3, "done")

    assert await item.answer == "done"
    assert stream.room(Kind.ACTIVITY) == 9
    assert len(tokens) == 0


async def test_a_completion_that_comes_twice_is_quiet_and_changes_nothing(
    stream: WorkStream, tokens: Tokens[str]
) -> None:
    item = tokens.give_out("a", 3, slot(stream))
    tokens.complete(item.token, "a", 3, "done")
    tokens.complete(item.token, "a", 3, "again")

    assert await item.answer == "done"


async def test_a_token_never_given_out_is_not_found(tokens: Tokens[str]) -> None:
    with pytest.raises(WorkItemNotFound) as raised:
        tokens.complete("unknown", "a", 3, "x")
    assert raised.value.token == "unknown"


async def test_a_token_is_worth_nothing_once_its_item_is_somebody_elses(
    stream: WorkStream, tokens: Tokens[str]
) -> None:
    item = tokens.give_out("a", 3, slot(stream))
    tokens.revoke(item, lost=True)

    with pytest.raises(WorkItemNotFound):
        tokens.complete(item.token, "a", 3, "late")
    with pytest.raises(Abandoned) as raised:
        await item.answer
    assert raised.value.lost
    assert stream.room(Kind.ACTIVITY) == 9


async def test_an_abandoned_item_comes_back_and_an_unknown_token_is_ignored(
    stream: WorkStream, tokens: Tokens[str]
) -> None:
    item = tokens.give_out("a", 3, slot(stream))

    assert tokens.abandon(item.token)
    assert not tokens.abandon(item.token)
    assert not tokens.abandon("unknown")
    with pytest.raises(Abandoned) as raised:
        await item.answer
    assert not raised.value.lost


async def test_a_worker_without_tokens_is_known_by_instance_and_task(
    stream: WorkStream, tokens: Tokens[str]
) -> None:
    item = tokens.give_out("a", 3, slot(stream))
    with pytest.raises(WorkItemNotFound):
        tokens.complete("", "a", 4, "x")
    tokens.complete("", "a", 3, "done")

    assert await item.answer == "done"


async def test_the_open_items_of_a_lost_stream_are_found(
    stream: WorkStream, tokens: Tokens[str]
) -> None:
    items: list[OpenItem[str]] = [tokens.give_out(i, None, slot(stream)) for i in "abc"]
    tokens.complete(items[1].token, "b", None, "done")

    assert [item.instance_id for item in tokens.of_stream(stream)] == ["a", "c"]
    assert tokens.find("c") is items[2]


async def test_decided_tokens_are_forgotten_in_the_end(
    stream: WorkStream, tokens: Tokens[str]
) -> None:
    first = tokens.give_out("a", None, slot(stream))
    tokens.complete(first.token, "a", None, "x")
    for _ in range(REMEMBERED):
        item = tokens.give_out("b", None, slot(stream))
        tokens.complete(item.token, "b", None, "x")

    with pytest.raises(WorkItemNotFound):
        tokens.complete(first.token, "a", None, "x")
