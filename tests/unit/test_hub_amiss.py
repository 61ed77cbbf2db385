"""What ``durahub hub show`` says to be amiss."""

from durahub.cli.hub_counts import amiss
from durahub.store import HubInfo


def info(queues: dict[str, int], owners: dict[str, str | None]) -> HubInfo:
    return HubInfo(
        name="shop",
        store="a test",
        partitions=len(owners),
        queues=queues,
        owners=owners,
        resources=(),
    )


def test_messages_in_a_queue_that_nobody_holds_are_told() -> None:
    found = amiss(info({"c-0": 3, "c-1": 0, "items": 0}, {"c-0": None, "c-1": None}))
    assert found == ["nobody holds c-0, which has 3 messages"]
    assert amiss(info({"c-0": 3}, {"c-0": "worker"})) == []


def test_activities_that_nobody_can_take_are_told() -> None:
    found = amiss(info({"c-0": 0, "items": 2}, {"c-0": None}))
    assert found == ["2 activities wait, and no worker holds any partition"]
    assert amiss(info({"c-0": 0, "items": 2}, {"c-0": "worker"})) == []
    assert amiss(info({"events": 2}, {})) == []
