"""What can be named to be watched, and how its hubs are called."""

import pytest

from durahub.errors import BadSource
from durahub_migrate.monitor.hub import HubRef, StoreKind
from durahub_migrate.watching.addressing import key_of, parse_source
from durahub_migrate.watching.opening import open_monitor


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("orders", "orders@local"),
        ("azurite:orders", "orders@local"),
        ("storage:shop/orders", "orders@shop"),
        ("env:STORE/orders", "orders@STORE"),
        ("sqlite:data/hub.db/orders", "orders@hub"),
        ("sqlite::memory:/orders", "orders@memory"),
        ("dts:localhost:8080/orders", "orders@localhost:8080"),
        (
            "dts:https://shop.westeurope.durabletask.io/orders",
            "orders@shop.westeurope.durabletask.io",
        ),
        ("bundle:exports/monday", "monday@bundle"),
        ("bundle:exports/monday.tar", "monday@bundle"),
    ],
)
def test_a_hub_is_called_by_its_name_and_where_it_is(text: str, key: str) -> None:
    source = parse_source(text)

    assert source.store is None
    assert source.place is not None
    assert key_of(source.place)[1] == key


@pytest.mark.parametrize(
    ("text", "store"),
    [
        ("azurite:", "azurite:"),
        ("azurite:/", "azurite:"),
        ("env:STORE", "env:STORE"),
        ("env:STORE/", "env:STORE"),
        ("storage:shop", "storage:shop"),
        ("storage:shop/", "storage:shop"),
        ("sqlite:hub.db", "sqlite:hub.db"),
        ("sqlite:data/hub.db", "sqlite:data/hub.db"),
        ("sqlite:data/hubs/", "sqlite:data/hubs"),
        ("sqlite::memory:", "sqlite::memory:"),
    ],
)
def test_a_store_stands_for_all_its_hubs(text: str, store: str) -> None:
    source = parse_source(text)

    assert source.place is None
    assert str(source.store) == store


@pytest.mark.parametrize(
    "text", ["", "nowhere:orders", "env:", "storage:/", "dts:localhost", "bundle:"]
)
def test_what_means_nothing_is_refused_with_what_would(text: str) -> None:
    with pytest.raises(BadSource) as refused:
        parse_source(text)

    assert refused.value.code == "DH122"
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize(
    "sources", [[], ["azurite:orders", "orders"], ["sqlite:a.db", "sqlite:a.db/"]]
)
async def test_nothing_and_the_same_twice_are_refused(sources: list[str]) -> None:
    with pytest.raises(BadSource):
        async with open_monitor(sources):
            pass


async def test_two_hubs_of_one_key_are_told_apart() -> None:
    async with open_monitor(["sqlite:a/hub.db/orders", "sqlite:b/hub.db/orders"]) as monitor:
        found = [one.ref for one in monitor.hubs()]

    assert found == [
        HubRef("orders@hub", "orders", "sqlite:a/hub.db/orders", StoreKind.SCHEDULER),
        HubRef("orders@hub~2", "orders", "sqlite:b/hub.db/orders", StoreKind.SCHEDULER),
    ]
