"""Puts a recorded hub into a storage account, as the .NET provider left it."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from math import ceil
from urllib.parse import quote

import tenacity
from azure.storage.blob import ContentSettings

from durahub.classic.account import Account
from durahub.classic.columns import Columns, from_odata
from durahub.classic.queues import Queues
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables
from durahub.errors import StorageUnavailable
from tests.golden.recorded import FOLDER, RecordedHub, Row, lines_of

AT_ONCE = 8  # requests

_RECORDED_BLOB = re.compile(r"^http://127\.0\.0\.1:\d+/devstoreaccount1/([^/]+)/")

Renaming = Callable[[str], str]


async def load(
    hub: RecordedHub,
    connection_string: str,
    name: str | None = None,
    *,
    hidden: int = 0,
    age: int = 0,
) -> dict[str, str]:
    """Make the hub's tables, queues and blobs, under its own name or *name*.

    Under *name* its tables in a tracking store are named for that as well. Nobody holds a lease: its
    workers have stopped long ago. What was invisible *age* seconds after it was recorded stays so for
    *hidden* seconds at most; else every message is visible at once.

    Returns the IDs of messages: what was recorded by what it is now.
    """
    async with Account.from_connection_string(connection_string, "the test") as account:
        renamed = _renaming(hub, name)
        await _load_blobs(hub, account, renamed)
        await _load_tables(hub, account, renamed)
        return await _load_queues(hub, account, renamed, hidden, age)


def _renaming(hub: RecordedHub, name: str | None) -> Renaming:
    """Return what makes of a queue's, table's, container's or hub's name the one to be used."""
    old, prefix = hub.names.hub, hub.names.tracking_prefix

    def renamed(text: str) -> str:
        if name is None:
            return text
        if prefix is not None and text.startswith(prefix):
            return f"{name}Track{text.removeprefix(prefix)}"
        assert text.lower().startswith(old.lower())
        new = name.lower() if "-" in text else name  # queues and containers are lower case
        return new + text[len(old) :]

    return renamed


async def _load_blobs(hub: RecordedHub, account: Account, renamed: Renaming) -> None:
    folder = FOLDER / hub.name / "hub"
    for name in json.loads((folder / "dump.json").read_bytes())["containers"]:
        await account.blobs.create_container(renamed(name))
    for line in lines_of(folder / "blobs.jsonl"):
        container, blob = renamed(line["container"]), line["name"]
        folder_of, slash, queue = blob.partition("/")
        if container.endswith("-leases") and slash:  # a lease: it is named for its queue
            blob = f"{folder_of}/{renamed(queue)}"
        elif container.endswith("-applease"):
            blob = renamed(blob)
        client = account.blobs.get_blob_client(container, blob)
        content = (folder / "blobs" / line["container"] / quote(line["name"])).read_bytes()
        settings = ContentSettings(line["contentType"], line["contentEncoding"])
        await client.upload_blob(content, metadata=line["metadata"], content_settings=settings)


async def _load_tables(hub: RecordedHub, account: Account, renamed: Renaming) -> None:
    tables = Tables(account.table_wire, StorageErrors("", hub.settings["hub"]))
    for path in (FOLDER / hub.name / "hub" / "tables").glob("*.jsonl"):
        table = renamed(path.stem)
        await account.tables.create_table(table)
        rows = (from_odata(line) for line in lines_of(path))
        blobs = account.blobs.primary_endpoint
        await _all(_insert(tables, table, _moved(row, blobs, renamed)) for row in rows)


@tenacity.retry(
    retry=tenacity.retry_if_exception_type(StorageUnavailable),
    stop=tenacity.stop_after_attempt(3),
    reraise=True,
)
async def _insert(tables: Tables, table: str, row: Columns) -> None:
    # An insert is not tried again by the SDK's policy. Here it may be: a row that is there is left as it is.
    await tables.insert(table, row)


def _moved(row: Row, blobs: str, renamed: Renaming) -> Row:
    """Return a row as it is written, with the addresses of blobs in this account."""

    def address(found: re.Match[str]) -> str:
        return f"{blobs.rstrip('/')}/{renamed(found[1])}/"

    moved = {
        name: _RECORDED_BLOB.sub(address, value) if isinstance(value, str) else value
        for name, value in row.items()
        if name != "Timestamp"
    }
    if "TaskHubName" in moved:
        moved["TaskHubName"] = renamed(str(moved["TaskHubName"]))
    if "IsDraining" in moved:  # a partition: its key is the queue's name
        moved["RowKey"] = renamed(str(moved["RowKey"]))
    return moved


async def _load_queues(
    hub: RecordedHub, account: Account, renamed: Renaming, hidden: int, age: int
) -> dict[str, str]:
    queues = Queues(account.queue_wire, StorageErrors("", hub.settings["hub"]))
    for name in hub.queue_and_table_names()[0]:
        await account.queues.create_queue(renamed(name))
    ids = {}
    for message in hub.messages:  # one after the other: in their order
        delay = min(hidden, max(0, ceil(message.visible_in - age)))
        put = await queues.put(renamed(message.queue), message.text, delay)
        ids[put.message_id] = message.message_id
    return ids


async def _all(work: Iterable[Awaitable[object]]) -> None:
    """Do all of *work*, a few at once."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(piece: Awaitable[object]) -> None:
        async with places:
            await piece

    await asyncio.gather(*map(one, work))
