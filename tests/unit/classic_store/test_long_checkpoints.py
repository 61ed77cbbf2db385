"""Checkpoints of more than one transaction, of which a crash can leave the first ones only."""

import json
from collections.abc import Sequence

import pytest

from durahub.classic.dialect import DTFX_2_9
from durahub.classic.history_rows import SENTINEL
from durahub.classic.history_table import CONSUMED, OUTLIVED, HistoryTable
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.table_batch import Operation
from durahub.classic.tables import Row, Tables
from durahub.classic.taken import COLUMN
from durahub.classic.together import Together
from durahub.engine.commit import NO_HISTORY
from durahub.errors import StorageUnavailable
from durahub.model.history import EventRaised
from durahub.model.ticks import parse

NOW = parse("2026-01-15T09:30:00Z")


class TableThatBreaks(Tables):
    """Takes so many transactions, and then does not answer any more."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.guards: list[dict[str, object]] = []

    async def transact(self, table: str, operations: Sequence[Operation]) -> list[str] | None:
        if len(self.guards) == self.takes:
            raise StorageUnavailable("shop", "the test says so")
        assert operations[-1].entity is not None
        self.guards.append(dict(operations[-1].entity))
        return [f"e{len(self.guards)}" for _ in operations]

    async def get(self, table: str, partition_key: str, row_key: str) -> Row | None:
        assert row_key == SENTINEL
        return None


class NoBlobs(LargePayloads):
    def __init__(self) -> None: ...

    async def move_out(self, instance_id, key, kind, columns):  # type: ignore[no-untyped-def]
        return columns, {}


def histories(table: Tables) -> HistoryTable:
    return HistoryTable(
        table,
        "myhubHistory",
        NoBlobs(),
        None,  # type: ignore[arg-type]
        DTFX_2_9,
        lambda: NOW,
        Together(4),
    )


async def write(table: Tables) -> None:
    events = [EventRaised(timestamp=NOW, name=f"event {n}") for n in range(150)]
    await histories(table).write(
        "order-1",
        "x",
        NO_HISTORY,
        events,
        replaces=False,
        consumed=["a message"],
        taken=[f"guid/{n}" for n in range(150)],
        outlived=["an-execution:4"],
    )


async def test_messages_are_consumed_by_the_last_transaction() -> None:
    table = TableThatBreaks(9)
    await write(table)
    assert [CONSUMED in guard for guard in table.guards] == [False, True]


async def test_whose_children_were_there_before_is_in_the_last_transaction() -> None:
    table = TableThatBreaks(9)
    await write(table)
    assert [guard.get(OUTLIVED) for guard in table.guards] == [None, '["an-execution:4"]']


async def test_of_what_was_taken_the_last_transaction_names_the_latest() -> None:
    table = TableThatBreaks(9)
    await write(table)
    assert COLUMN not in table.guards[0]
    assert json.loads(str(table.guards[1][COLUMN])) == [f"guid/{n}" for n in range(50, 150)]


async def test_a_checkpoint_that_is_not_complete_has_consumed_nothing() -> None:
    table = TableThatBreaks(1)
    with pytest.raises(StorageUnavailable):
        await write(table)
    assert [CONSUMED in guard for guard in table.guards] == [False]
