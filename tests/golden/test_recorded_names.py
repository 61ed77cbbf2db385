"""The names of every recorded hub's parts, and what its large payloads are called and hold."""

import re

import pytest
from recorded import HUBS, HUBS_WITH_PAYLOADS, RecordedHub

from durahub.classic.columns import from_odata
from durahub.classic.history_rows import SENTINEL, decode, row_key
from durahub.classic.keys import escape, unescape
from durahub.classic.names import FoundHub, check_hub_name, find_hubs
from durahub.classic.payloads import folders, pack, property_blob, unpack


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_hub_is_found_by_its_queues_and_tables(hub: RecordedHub) -> None:
    queues, tables = hub.queue_and_table_names()
    found = find_hubs(queues, tables)
    if hub.names.tracking_prefix:  # its tables are not named for it
        assert found == ()
        return
    has_table_manager = hub.settings["partitionManager"] == "table"
    expected = FoundHub(hub.settings["hub"], hub.settings["partitions"], has_table_manager)
    assert found == (expected,)


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_the_parts_of_a_hub_are_called_as_recorded(hub: RecordedHub) -> None:
    queues, tables = hub.queue_and_table_names()
    names = hub.names
    check_hub_name(names.hub)
    assert set(queues) == {names.workitem_queue, *names.control_queues(hub.settings["partitions"])}
    partitions_table = {names.partitions_table} & set(tables)
    assert set(tables) == {names.history_table, names.instances_table} | partitions_table
    assert bool(partitions_table) == (hub.settings["partitionManager"] == "table")


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_partition_key_is_the_escaped_instance_id(hub: RecordedHub) -> None:
    keys = {entity["PartitionKey"] for entity in hub.instances}
    assert {unescape(key) for key in keys} == set(hub.expected)
    assert {escape(instance_id) for instance_id in hub.expected} == keys


def test_odd_instance_ids_were_recorded() -> None:
    keys = {entity["PartitionKey"] for hub in HUBS for entity in hub.instances}
    assert "control^Écharacters^Êin^Áid^Ŀ^Ņend" in keys
    assert "a^0b^1c^2d^3e^^f%20 g+h'i;j:k" in keys


@pytest.mark.parametrize("hub", HUBS_WITH_PAYLOADS, ids=str)
def test_a_payload_is_packed_text(hub: RecordedHub) -> None:
    for name, content in hub.payloads.items():
        text = unpack(content, name)
        assert unpack(pack(text), name) == text


@pytest.mark.parametrize("hub", HUBS_WITH_PAYLOADS, ids=str)
def test_a_payload_lies_in_a_folder_of_an_instance(hub: RecordedHub) -> None:
    prefixes = tuple(prefix for instance_id in hub.expected for prefix in folders(instance_id))
    assert all(name.startswith(prefixes) for name in hub.payloads)


@pytest.mark.parametrize("hub", HUBS_WITH_PAYLOADS, ids=str)
def test_the_blob_of_a_history_column_is_called_as_recorded(hub: RecordedHub) -> None:
    compared = 0
    for entity in hub.history:
        if entity["RowKey"] == SENTINEL:
            continue
        row = decode(from_odata(entity))
        instance_id = unescape(entity["PartitionKey"])
        for column, name in row.blobs.items():
            chance = int(re.findall(r"-([0-9A-F]{8})-", name)[-1], 16)
            assert chance < 2**31
            key = row_key(row.index)
            assert property_blob(instance_id, key, row.event.type.name, column, chance) == name
            compared += 1
    assert compared


def test_the_blob_of_a_new_instance_row_is_called_as_recorded() -> None:
    names = [name for hub in HUBS_WITH_PAYLOADS for name in hub.payloads if "/history--" in name]
    assert len(names) >= 3
    for name in names:
        chance = int(re.findall(r"-([0-9A-F]{8})-", name)[-1], 16)
        instance_id = unescape(name.partition("/")[0])
        assert property_blob(instance_id, "", "Input", "Input", chance) == name
