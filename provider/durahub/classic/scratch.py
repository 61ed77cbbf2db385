"""Tries what a server does in storage, at a queue, a table and a container of its own, which it deletes."""

import secrets
from typing import Any

from durahub.classic.account import Account
from durahub.classic.storage_errors import StorageErrors

LEASE = 15  # seconds: the shortest that storage gives


class Scratch:
    """Tries one account. All raise `StorageDenied` and `StorageUnavailable`."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._name = f"durahubcheck{secrets.token_hex(6)}"
        self._errors = StorageErrors(account.name, "", account.service_of)

    async def date(self) -> str:
        """Ask for one queue; return the ``Date`` of the answer, ``""`` if it has none."""
        dates: list[str] = []

        def note(response: Any) -> None:
            dates.append(str(response.http_response.headers.get("Date", "")))

        with self._errors.translated():
            pages = self._account.queues.list_queues(results_per_page=1, raw_response_hook=note)
            async for _ in pages:
                break
        return dates[0] if dates else ""

    async def try_queue(self) -> str:
        """Make a queue, put a message, get, update and delete it, and delete the queue."""
        with self._errors.translated():
            queue = self._account.queues.get_queue_client(self._name)
            await queue.create_queue()
            try:
                await queue.send_message("durahub")
                async for message in queue.receive_messages(max_messages=1, visibility_timeout=30):
                    renewed = await queue.update_message(message, visibility_timeout=30)
                    await queue.delete_message(renewed)
            finally:
                await queue.delete_queue()
        return "created, written, read and deleted one"

    async def try_table(self) -> str:
        """Make a table, write a row, read and delete it, and delete the table."""
        row = {"PartitionKey": "durahub", "RowKey": "check"}
        with self._errors.translated():
            table = await self._account.tables.create_table(self._name)
            try:
                await table.upsert_entity(row)
                await table.get_entity(*row.values())
                await table.delete_entity(*row.values())
            finally:
                await self._account.tables.delete_table(self._name)
        return "created, written, read and deleted one"

    async def try_blob(self) -> str:
        """Make a container, write a blob, lease and read it, and delete the container."""
        with self._errors.translated():
            container = await self._account.blobs.create_container(self._name)
            try:
                blob = await container.upload_blob("check", b"durahub")
                lease = await blob.acquire_lease(LEASE)
                await (await blob.download_blob()).readall()
                await lease.release()
            finally:
                await container.delete_container()
        return "created a container, wrote, leased and read a blob, deleted it"
