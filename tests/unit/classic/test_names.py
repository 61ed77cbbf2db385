import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.names import (
    FoundHub,
    HubNames,
    TrackedHub,
    check_hub_name,
    find_hubs,
    find_tracked_hubs,
)
from durahub.errors import BadHubName

hub_names = st.from_regex(r"[A-Za-z][A-Za-z0-9]{2,44}", fullmatch=True)


def parts(names: HubNames, partitions: int) -> tuple[list[str], list[str]]:
    """Return the queues and tables of a hub."""
    queues = [names.workitem_queue, *names.control_queues(partitions)]
    return queues, [names.history_table, names.instances_table]


@pytest.mark.parametrize("name", ["abc", "TestHubName", "a" * 45, "H12"])
def test_letters_and_digits_make_a_hub_name(name: str) -> None:
    check_hub_name(name)


@pytest.mark.parametrize(
    "name", ["", "ab", "a" * 46, "1hub", "my-hub", "my_hub", "my hub", "hübsch", "hub٣", "hub\n"]
)
def test_what_storage_would_refuse_is_no_hub_name(name: str) -> None:
    with pytest.raises(BadHubName) as raised:
        check_hub_name(name)
    assert raised.value.name == name


@given(hub_names)
def test_every_part_of_a_hub_has_a_name_that_storage_takes(hub: str) -> None:
    check_hub_name(hub)
    names = HubNames(hub)
    containers = [
        names.app_lease_container,
        names.leases_container,
        names.large_messages_container,
        names.set_aside_container,
    ]
    queues, tables = parts(names, 16)
    for name in (*containers, *queues):
        assert 3 <= len(name) <= 63
        assert name == name.lower()
    assert all(3 <= len(table) <= 63 and table.isalnum() for table in tables)


def test_queues_and_containers_are_lower_case_and_tables_are_not() -> None:
    names = HubNames("MyHub")
    assert names.control_queue(3) == "myhub-control-03"
    assert names.control_queues(2) == ("myhub-control-00", "myhub-control-01")
    assert names.workitem_queue == "myhub-workitems"
    assert names.history_table == "MyHubHistory"
    assert names.instances_table == "MyHubInstances"
    assert names.partitions_table == "MyHubPartitions"
    assert names.app_lease_container == "myhub-applease"
    assert names.app_lease_blob == "myhub-appleaseinfo"
    assert names.leases_container == "myhub-leases"
    assert names.large_messages_container == "myhub-largemessages"
    assert names.set_aside_container == "myhub-durahub"


def test_a_tracking_prefix_names_history_and_instances_only() -> None:
    names = HubNames("MyHub", "Track")
    assert names.history_table == "TrackHistory"
    assert names.instances_table == "TrackInstances"
    assert names.partitions_table == "MyHubPartitions"
    assert names.workitem_queue == "myhub-workitems"


@given(hub_names, st.integers(1, 16), st.booleans())
def test_a_hub_is_found_as_its_tables_spell_it(
    hub: str, partitions: int, has_partitions_table: bool
) -> None:
    names = HubNames(hub)
    queues, tables = parts(names, partitions)
    if has_partitions_table:
        tables.append(names.partitions_table)
    assert find_hubs(queues, tables) == (FoundHub(hub, partitions, has_partitions_table),)


def test_hubs_are_found_among_others_by_name() -> None:
    queues_a, tables_a = parts(HubNames("alpha"), 1)
    queues_b, tables_b = parts(HubNames("Beta"), 4)
    found = find_hubs([*queues_b, "orders", *queues_a], [*tables_b, "Customers", *tables_a])
    assert [hub.name for hub in found] == ["alpha", "Beta"]


@pytest.mark.parametrize("missing", ["work items", "control queues", "History", "Instances"])
def test_a_hub_that_lacks_a_part_is_not_found(missing: str) -> None:
    names = HubNames("myhub")
    queues = [] if missing == "control queues" else [names.control_queue(0)]
    queues += [] if missing == "work items" else [names.workitem_queue]
    tables = [] if missing == "History" else [names.history_table]
    tables += [] if missing == "Instances" else [names.instances_table]
    assert find_hubs(queues, tables) == ()


def test_hubs_of_a_tracking_store_are_found_by_its_prefix_alone() -> None:
    queues_a, _ = parts(HubNames("Alpha"), 1)
    queues_b, _ = parts(HubNames("Beta"), 4)
    tables = ["ShopInstances", "ShopHistory", "BetaPartitions"]

    assert find_hubs([*queues_a, *queues_b], tables) == ()
    assert find_hubs([*queues_a, *queues_b], tables, "Elsewhere") == ()
    assert find_hubs([*queues_a, *queues_b], tables, "shop") == (
        FoundHub("alpha", 1, has_partitions_table=False),
        FoundHub("Beta", 4, has_partitions_table=True),
    )


def test_hubs_whose_tables_have_another_name_are_told_with_what_these_begin_with() -> None:
    queues_a, _ = parts(HubNames("Alpha"), 1)
    queues_b, _ = parts(HubNames("Beta"), 4)
    queues_c, tables_c = parts(HubNames("Complete"), 2)
    queues = [*queues_a, *queues_b, *queues_c, "half-control-00"]
    tables = ["ShopInstances", "ShopHistory", "OtherInstances", "BetaPartitions", *tables_c]

    assert find_tracked_hubs(queues, tables) == (
        TrackedHub("alpha", 1, ("Shop",)),
        TrackedHub("Beta", 4, ("Shop",)),
    )
    assert find_tracked_hubs(queues_a, []) == (TrackedHub("alpha", 1, ()),)
    assert find_tracked_hubs(queues_c, tables) == ()


def test_the_partitions_are_counted_from_the_highest_queue() -> None:
    names = HubNames("myhub")
    _, tables = parts(names, 0)
    found = find_hubs([names.workitem_queue, names.control_queue(3)], tables)
    assert found == (FoundHub("myhub", 4, has_partitions_table=False),)
