"""A signal that is due later is sent once: by the replay of its sender, or else by itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.wellknown import put_timestamp
from durahub.errors import InstanceNotFound
from durahub.model.ticks import Ticks, later
from durahub_migrate.targets.ghost.backlog import Signal
from durahub_migrate.targets.ghost.delayed import not_replayed
from tests.bundle.bundles import NOON

TARGET = "@counter@a"
DUE = later(NOON, 3600)


@dataclass(frozen=True)
class AtTarget:
    """The histories at a target."""

    histories: Mapping[str, list[pb.HistoryEvent]]

    async def history(self, instance_id: str) -> list[pb.HistoryEvent]:
        if instance_id not in self.histories:
            raise InstanceNotFound(instance_id)
        return self.histories[instance_id]


def sent(due: Ticks | None = DUE, target: str = TARGET) -> pb.HistoryEvent:
    event = pb.HistoryEvent()
    event.entityOperationSignaled.operation = "add"
    event.entityOperationSignaled.targetInstanceId.value = target
    if due is not None:
        put_timestamp(event.entityOperationSignaled.scheduledTime, due)
    return event


def signal(number: int, due: Ticks | None = DUE, sender: str | None = "order-7") -> Signal:
    return Signal(request_id=f"r{number}", operation="add", due=due, sender=sender)


async def left(
    *signals: Signal,
    there: Mapping[str, list[pb.HistoryEvent]],
    replayed: Mapping[str, str] | None = None,
) -> list[str]:
    async def sender_of(instance_id: str) -> str | None:
        return replayed.get(instance_id)

    replayed = {"order-7": "order-7"} if replayed is None else replayed
    found = await not_replayed(AtTarget(there), TARGET, signals, NOON, sender_of)
    return [one.request_id for one in found]


async def test_a_replay_has_sent_as_many_as_its_history_tells() -> None:
    there = {"order-7": [sent(), sent(later(DUE, 1)), sent(target="@counter@b")]}
    assert await left(signal(1), signal(2), there=there) == ["r2"]


async def test_of_a_sender_that_was_not_replayed_all_are_sent() -> None:
    assert await left(signal(1), there={}) == ["r1"]
    assert await left(signal(1), there={"order-7": []}) == ["r1"]


async def test_what_a_client_has_sent_and_what_is_due_is_sent() -> None:
    there = {"order-7": [sent(), sent(None)]}
    assert await left(signal(1, sender=None), signal(2, due=None), there=there) == ["r1", "r2"]


async def test_a_sender_is_looked_for_under_its_new_name() -> None:
    there = {"renamed-7": [sent()]}
    assert await left(signal(1), there=there, replayed={"order-7": "renamed-7"}) == []


async def test_a_history_that_was_not_replayed_has_sent_nothing() -> None:
    assert await left(signal(1), there={"order-7": [sent()]}, replayed={}) == ["r1"]


async def test_what_was_due_when_the_source_was_read_is_no_replays() -> None:
    there = {"order-7": [sent(NOON)]}
    assert await left(signal(1, due=NOON), there=there) == ["r1"]
