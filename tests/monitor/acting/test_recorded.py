"""Hubs that .NET has written: what a rewind was said to run again .NET ran, and purges take what was told."""

import secrets

import pytest

from durahub.classic.columns import from_odata
from durahub.classic.history_rows import SENTINEL, decode
from durahub.model.history import Event, Status, SubOrchestrationInstanceCreated, TaskScheduled
from durahub.model.instance import Instance
from durahub.model.ticks import UNIX_EPOCH
from durahub_migrate.acting.previewing import children_of, preview
from durahub_migrate.monitor.actions import Verb
from durahub_migrate.monitor.row import Row
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS, RecordedHub
from tests.monitor.acting.shops import actor_in_storage, command

REWOUND = "Rewound: "


def recorded(hub_name: str, instance_id: str) -> tuple[list[Event], list[Event]]:
    """Return the events of a failed instance as they were before .NET rewound it, and those after."""
    hub = next(hub for hub in HUBS if hub.name == hub_name)
    rows = [
        from_odata(one)
        for one in hub.history
        if one["PartitionKey"] == instance_id and one["RowKey"] != SENTINEL
    ]
    marked = [str(row.get("Reason") or "") for row in rows]
    end = next(n for n, reason in enumerate(marked) if reason == f"{REWOUND}ExecutionCompleted")
    events = []
    for number, row in enumerate(rows):
        was = marked[number].startswith(REWOUND) and number <= end + 1
        kind = {"EventType": marked[number].removeprefix(REWOUND)} if was else {}
        events.append(decode({**row, **kind}).event)
    return events[: end + 2], events[end + 2 :]


def failed(instance_id: str) -> Instance:
    return Instance(
        instance_id=instance_id,
        execution_id=None,
        name=None,
        version=None,
        status=Status.Failed,
        created=UNIX_EPOCH,
        last_updated=UNIX_EPOCH,
    )


@pytest.mark.parametrize(
    ("hub", "instance_id", "children"),
    [
        ("finished", "rewound", ()),
        ("edges", "rewound-with-children", ("rewound-with-children:a",)),
        ("edges", "rewound-with-children:a", ()),
    ],
)
def test_what_was_told_is_what_dotnet_ran_again(
    hub: str, instance_id: str, children: tuple[str, ...]
) -> None:
    before, after = recorded(hub, instance_id)
    rows = {child: failed(child) for child in children_of(before, in_place=True)}

    found = preview(before, rows, in_place=True)

    assert found.children == children
    again = [
        f"activity {one.name} ({one.event_id})" for one in after if isinstance(one, TaskScheduled)
    ]
    assert [one for one in found.reruns if one.startswith("activity")] == again[: len(found.reruns)]
    assert bool(again) == bool([one for one in found.reruns if one.startswith("activity")])
    ours = preview(before, rows, in_place=False)
    assert set(found.reruns) <= set(ours.reruns)
    asked = {e.instance_id for e in before if isinstance(e, SubOrchestrationInstanceCreated)}
    assert set(ours.children) <= asked


@pytest.mark.azurite
@pytest.mark.slow
@pytest.mark.parametrize("name", ["finished", "edges", "entities"])
async def test_a_purge_of_a_dotnet_hub_takes_what_its_dry_run_tells(
    azurite: Storage, name: str
) -> None:
    hub = RecordedHub(name)
    called = f"Shop{secrets.token_hex(4)}"
    await load(hub, azurite.connection_string, called)
    checked = 0
    async with actor_in_storage(called, azurite.connection_string) as (actor, requests):
        rows: list[Row] = [row async for row in actor.scan()]
        for row in rows:
            possible = {one.verb for one in await actor.possible(row.instance_id) if one.allowed}
            for verb in possible & {Verb.PURGE, Verb.DELETE_ENTITY}:
                asked = command(verb, row.instance_id)
                cost = await actor.cost(asked)
                before = requests()
                done = await actor.do(asked)
                assert (cost.requests, cost.rows) == (requests() - before, done.rows), row
                checked += 1
                assert await actor.whole(row.instance_id) is None
    assert checked >= 3
