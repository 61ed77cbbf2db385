"""What waits in queues when the recorded apps have run here: message by message what .NET left there."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest

from durahub.classic.envelope import from_queue_text
from tests.golden.recorded import FOLDER, RecordedHub, json_of
from tests.sdk.message_differences import TABLE, Compared, Difference, alike, compared
from tests.sdk.written_hubs import GROUPS, WrittenHub

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

Written = dict[str, WrittenHub]
Messages = dict[str, list[Compared]]  # by the instance that each is for


def of_instances(found: Iterator[tuple[str, Compared]]) -> Messages:
    messages: Messages = {}
    for instance, message in found:
        messages.setdefault(instance, []).append(message)
    return messages


def theirs_of(hub: RecordedHub) -> Messages:
    taken = datetime.fromisoformat(json_of(FOLDER / hub.name / "hub" / "dump.json")["takenAt"])
    found = (
        (message.queue, message.text, taken + timedelta(seconds=message.visible_in))
        for message in hub.messages
    )
    return of_instances(compared(hub.names.hub, found, taken))


def ours_of(hub: WrittenHub) -> Messages:
    found = ((message.queue, message.text, message.visible_at) for message in hub.messages)
    return of_instances(compared(hub.name, found, hub.read_at))


RECORDED = {group: theirs_of(hub) for group, hub in GROUPS.items()}
INSTANCES = [(group, instance) for group, found in RECORDED.items() for instance in found]


@pytest.fixture(scope="module")
def stored(written: Written) -> dict[str, Messages]:
    """The messages that we left, by group."""
    return {group: ours_of(hub) for group, hub in written.items()}


def in_order(
    messages: Sequence[Compared], *, ours: bool, table: Sequence[Difference] = TABLE
) -> list[Compared]:
    """Return messages in an order that is always the same: what is sent at once comes in any."""
    neutral = (alike(message, ours=ours, table=table) for message in messages)
    return sorted(neutral, key=lambda message: (message.queue, message.text))


@pytest.mark.parametrize("group", GROUPS)
def test_messages_wait_for_the_same_instances(group: str, stored: dict[str, Messages]) -> None:
    assert stored[group].keys() == RECORDED[group].keys()


@pytest.mark.parametrize(("group", "instance"), INSTANCES)
def test_the_messages_are_those_that_dotnet_left(
    group: str, instance: str, stored: dict[str, Messages]
) -> None:
    ours = in_order(stored[group][instance], ours=True)

    assert ours == in_order(RECORDED[group][instance], ours=False)


@pytest.mark.parametrize("left_out", TABLE, ids=lambda one: one.reason)
def test_every_allowed_difference_is_there(
    left_out: Difference, stored: dict[str, Messages]
) -> None:
    strict = [difference for difference in TABLE if difference is not left_out]

    assert any(
        in_order(stored[group][instance], ours=True, table=strict)
        != in_order(RECORDED[group][instance], ours=False, table=strict)
        for group, instance in INSTANCES
    )


A_MILLISECOND = timedelta(milliseconds=1)
"""Azurite cuts its clock to whole ones; whoever receives a message so early keeps it until its time."""


def test_nothing_that_waits_for_its_time_comes_early(stored: dict[str, Messages]) -> None:
    messages = itertools.chain.from_iterable(found.values() for found in stored.values())
    hidden = [one for found in messages for one in found if one.due is not None]

    assert len(hidden) >= 7
    for message in hidden:
        assert message.early_by < A_MILLISECOND


def test_queues_hold_plain_json(written: Written) -> None:
    texts = [message.text for hub in written.values() for message in hub.messages]

    assert all(from_queue_text(text) is text for text in texts)
