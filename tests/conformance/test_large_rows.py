"""Rows that arrive at storage in several pieces."""

import asyncio

import pytest

from durahub.classic.account import Account
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables
from tests.conftest import Storage

ROWS = 64


@pytest.mark.azurite
async def test_no_character_of_a_large_row_is_lost(azurite: Storage, hub_name: str) -> None:
    text = "é" * 20_000
    async with Account.from_connection_string(azurite.connection_string, "the test") as account:
        tables = Tables(account.table_wire, StorageErrors(account.name, hub_name))
        await account.tables.create_table(hub_name)
        rows = [
            {"PartitionKey": str(number), "RowKey": "", "Input": text, "Output": text}
            for number in range(ROWS)
        ]

        await asyncio.gather(*(tables.insert(hub_name, row) for row in rows))

        found, _ = await tables.query(hub_name, "")
        await account.tables.delete_table(hub_name)
    assert len(found) == ROWS
    assert all(row.columns["Input"] == row.columns["Output"] == text for row in found)
