"""A hub that changes while it is read: each instance is told as it was at some moment, or not at all."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from durahub.classic.account import Account
from durahub.classic.asked import Answer, Asked
from durahub.classic.reader import ClassicReader
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables
from durahub.classic.transport import CountedTransport
from durahub.stored import NotRead, StoredInstance
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import RecordedHub

pytestmark = pytest.mark.azurite

VICTIM = "answered"
Change = Callable[[Tables], Awaitable[object]]


class Interrupted(CountedTransport):
    """Has somebody change the hub, once, before the victim's history is looked at."""

    def __init__(self, tables: Tables, change: Change, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._tables = tables
        self._change: Change | None = change

    async def ask(self, asked: Asked) -> Answer:
        change = self._change
        if change is not None and "History()" in asked.url and VICTIM in asked.url:
            self._change = None
            await change(self._tables)
        return await super().ask(asked)


async def read_while(
    storage: Storage, hub: str, change: Change
) -> dict[str, StoredInstance | NotRead]:
    """Return what is read of the recorded hub, by instance or place, while *change* happens."""
    await load(RecordedHub("finished"), storage.connection_string, hub)
    writer = Account.from_connection_string(storage.connection_string, "the test")

    def make_transport(*arguments: Any, **settings: Any) -> Interrupted:
        tables = Tables(writer.table_wire, StorageErrors(writer.name, hub))
        return Interrupted(tables, change, *arguments, **settings)

    account = Account.from_connection_string(
        storage.connection_string, "the test", make_transport=make_transport
    )
    async with writer, account:
        reader = ClassicReader(hub, account)
        await reader.open()
        found = [one async for one in reader.instances()]
    return {one.place if isinstance(one, NotRead) else one.instance_id: one for one in found}


async def test_an_instance_that_continues_as_new_meanwhile_is_told_with_its_new_history(
    azurite: Storage, hub_name: str
) -> None:
    async def continue_as_new(tables: Tables) -> None:
        rows, _ = await tables.query(f"{hub_name}History", f"PartitionKey eq '{VICTIM}'")
        for row in rows:
            await tables.merge(f"{hub_name}History", {**row.columns, "ExecutionId": "next"})
        row_of = {"PartitionKey": VICTIM, "RowKey": "", "ExecutionId": "next"}
        await tables.merge(f"{hub_name}Instances", row_of)

    victim = (await read_while(azurite, hub_name, continue_as_new))[VICTIM]

    assert isinstance(victim, StoredInstance)
    assert victim.execution_id == "next"
    assert victim.history


async def test_an_instance_that_is_purged_meanwhile_is_left_out(
    azurite: Storage, hub_name: str
) -> None:
    async def purge(tables: Tables) -> None:
        rows, _ = await tables.query(f"{hub_name}History", f"PartitionKey eq '{VICTIM}'")
        await tables.merge(f"{hub_name}History", {**rows[0].columns, "EventType": "Odd"})
        await tables.delete(f"{hub_name}Instances", VICTIM, "")

    found = await read_while(azurite, hub_name, purge)

    assert VICTIM not in found
    assert not any(isinstance(one, NotRead) for one in found.values())


async def test_a_row_that_tells_of_another_execution_for_good_has_no_history_as_in_dotnet(
    azurite: Storage, hub_name: str
) -> None:
    async def crash(tables: Tables) -> None:
        guard = {"PartitionKey": VICTIM, "RowKey": "sentinel", "ExecutionId": "next"}
        await tables.merge(f"{hub_name}History", guard)

    victim = (await read_while(azurite, hub_name, crash))[VICTIM]

    assert isinstance(victim, StoredInstance)
    assert victim.execution_id != "next"
    assert victim.history == ()
