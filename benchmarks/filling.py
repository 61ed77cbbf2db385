"""Hubs with very many instances, made in seconds: one that really ran is copied, row by row.

Through Azurite's own door 100,000 instances take hours: an insert is slower the more rows have the same
row key, which the classic layout fixes. So a few instances run, everything is stopped, and the rows of
one are written as often as wanted into the store's file, each under another ID of the same length.
What lies there is what the server itself wrote, but for the IDs.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from benchmarks.contestants import Contestant
from benchmarks.scenarios import Client
from benchmarks.stand import HUB, serving
from benchmarks.stores import running_store
from durahub.local.azurite import ACCOUNT

FINISHED, SLEEPING, LONG, LARGE = "finished", "sleeping", "long", "large"
LONG_TAIL = (
    "-with-an-id-of-more-than-one-hundred-characters-which-is-what-a-scheduler-takes-at-most"
    + "-" * 10
)
LARGE_TEXT = 1_100_000  # characters of an input and of the output that is the same
WRITTEN_WITHIN = 60.0  # seconds for the instance that is copied
REBUILD_INDICES = 1.4  # a version before which LokiJS sorts its indices anew when it opens a file


@dataclass(frozen=True)
class Filling:
    """What a hub is to hold."""

    finished: int
    sleeping: int = 0  # orchestrations that wait for an event
    long_ids: int = 0  # finished ones, too, with IDs of more than 100 characters
    large: int = (
        0  # finished ones with inputs and outputs above a scheduler's limit; each really runs
    )

    @property
    def instances(self) -> int:
        """How many there are together."""
        return self.finished + self.sleeping + self.long_ids + self.large


def instance_id(kind: str, number: int) -> str:
    """Return the ID of a copy: ``"finished-0000017"``, always as long; number 0 is what is copied."""
    return f"{kind}-{number:07}{LONG_TAIL if kind == LONG else ''}"


async def fill(contestant: Contestant, folder: Path, filling: Filling) -> None:
    """Make the store in *folder*, as `running_store` takes it, hold a hub with these instances."""
    with running_store(contestant.store, folder) as storage, serving(contestant, storage) as stand:
        await _write_originals(stand.clients()[0], filling)
    # the originals count
    copies = (
        (FINISHED, filling.finished - 1),
        (SLEEPING, filling.sleeping - 1),
        (LONG, filling.long_ids - 1),
    )
    if contestant.store == "sqlite":
        _copy_in_sqlite(folder / "hub.db", copies)
    elif contestant.store == "azurite":
        _copy_in_azurite(folder / "__azurite_db_table__.json", copies)
    else:
        raise ValueError(f"{contestant.store} has no file to fill")


async def _write_originals(client: Client, filling: Filling) -> None:
    ended: list[tuple[str, int | str]] = [(instance_id(FINISHED, 0), 1)]
    if filling.long_ids:
        ended.append((instance_id(LONG, 0), 1))
    ended += [(instance_id(LARGE, number), "x" * LARGE_TEXT) for number in range(filling.large)]
    async with client:
        for instance, given in ended:
            await client.schedule_new_orchestration("nothing", input=given, instance_id=instance)
            await client.wait_for_orchestration_completion(instance, timeout=WRITTEN_WITHIN)
        sleeping = await client.schedule_new_orchestration(
            "wait_for_go", instance_id=instance_id(SLEEPING, 0)
        )
        await client.wait_for_orchestration_start(sleeping, timeout=WRITTEN_WITHIN)


def _copy_in_azurite(file: Path, copies: Sequence[tuple[str, int]]) -> None:
    """Add rows to the tables of Azurite: one JSON object, with a collection for each table."""
    whole = orjson.loads(file.read_bytes())
    for collection in whole["collections"]:
        if collection["name"] in {f"{ACCOUNT}${HUB}{table}" for table in ("History", "Instances")}:
            collection["data"] = _rows(collection["data"], copies)
            collection["maxId"] = len(collection["data"])
            collection["idIndex"] = None  # LokiJS makes it
    whole["databaseVersion"] = REBUILD_INDICES
    file.write_bytes(orjson.dumps(whole))


def _rows(rows: list[dict[str, Any]], copies: Sequence[tuple[str, int]]) -> list[Any]:
    """Return the rows with their copies, numbered by ``$loki`` from 1 on."""
    texts = [orjson.dumps(row | {"$loki": None}) for row in rows]
    for kind, count in copies:
        original = instance_id(kind, 0).encode()
        texts += _copies([text for text in texts if original in text], kind, count)
    mark = b'"$loki":null'
    return [
        orjson.Fragment(text.replace(mark, b'"$loki":%d' % number))
        for number, text in enumerate(texts, start=1)
    ]


def _copies(originals: Sequence[bytes], kind: str, count: int) -> Iterator[bytes]:
    original = instance_id(kind, 0).encode()
    for number in range(1, count + 1):
        copy = instance_id(kind, number).encode()
        for text in originals:
            yield text.replace(original, copy)


def _copy_in_sqlite(file: Path, copies: Sequence[tuple[str, int]]) -> None:
    """Add rows to the tables ``instances``, ``histories`` and ``events``."""
    with sqlite3.connect(file) as connection:
        for kind, count in copies:
            if count < 1:
                continue
            original = instance_id(kind, 0)
            instance = connection.execute("SELECT * FROM instances WHERE id = ?", [original])
            history = connection.execute("SELECT * FROM histories WHERE instance = ?", [original])
            (row,), (history_row,) = instance.fetchall(), history.fetchall()
            (key,) = (i for i, column in enumerate(history.description) if column[0] == "number")
            events = connection.execute(
                "SELECT * FROM events WHERE history = ? ORDER BY position", [history_row[key]]
            )
            event_rows = events.fetchall()
            (of,) = (i for i, column in enumerate(events.description) if column[0] == "history")
            (first,) = connection.execute("SELECT max(number) FROM histories").fetchone()
            for number in range(1, count + 1):
                copy = instance_id(kind, number)
                _insert(connection, "instances", _renamed(row, original, copy))
                renumbered = _with(history_row, key, first + number)
                _insert(connection, "histories", _renamed(renumbered, original, copy))
                for event in event_rows:
                    _insert(
                        connection,
                        "events",
                        _renamed(_with(event, of, first + number), original, copy),
                    )
            # numbers that the file gives out are never used twice
            connection.execute("UPDATE numbers SET next = max(next, ?)", [first + count + 1])
    connection.close()


def _insert(connection: sqlite3.Connection, table: str, row: Sequence[Any]) -> None:
    connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def _with(row: Sequence[Any], place: int, value: Any) -> list[Any]:
    return [*row[:place], value, *row[place + 1 :]]


def _renamed(row: Sequence[Any], original: str, copy: str) -> list[Any]:
    """Return a row of another instance; inside protobuf messages too, for the IDs are as long."""
    return [
        value.replace(original, copy)
        if isinstance(value, str)
        else value.replace(original.encode(), copy.encode())
        if isinstance(value, bytes)
        else value
        for value in row
    ]
