"""What lies in the simulated account, read from memory at once, with the product's own decoders.

Nothing is asked over a line: so it can be looked at between any two steps of a run.
"""

from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, TypeVar, cast

from durahub.classic.blobs import Blobs
from durahub.classic.columns import from_odata
from durahub.classic.doctor.reading import Reading, StoredRows
from durahub.classic.envelope import Wrapper, decode, from_queue_text
from durahub.classic.keys import escape, unescape
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.names import HubNames
from durahub.classic.tables import Row
from durahub.classic.whole_hub import WholeInstances
from durahub.errors import Malformed
from durahub.model.ticks import from_datetime, later
from durahub.stored import NotRead, StoredInstance, StoredMessage
from tests.simulation.account.instants import EPOCH
from tests.simulation.account.queues import Stored
from tests.simulation.account.service import ENDPOINTS, StorageAccount
from tests.simulation.account.tables import Entity

T = TypeVar("T")


class Eye:
    """Sees everything of one hub in *account*."""

    def __init__(self, account: StorageAccount, hub: str) -> None:
        self._account = account
        self._names = names = HubNames(hub)
        blobs = cast("Blobs", _BlobsInMemory(account))
        self._payloads = LargePayloads(blobs, names.large_messages_container, lambda: 0)
        reading = cast("Reading", _RowsInMemory(account, names))
        self._whole = WholeInstances(reading, names, self._payloads)
        self._known: dict[str, tuple[object, StoredInstance | NotRead | None]] = {}

    def instances(self) -> list[StoredInstance | NotRead]:
        """Return all instances, entities among them; what cannot be read as such."""
        keys = {str(row["PartitionKey"]) for row in self._rows(self._names.instances_table)}
        keys |= {str(row["PartitionKey"]) for row in self._rows(self._names.history_table)}
        found = (self._instance(key) for key in sorted(keys))
        return [one for one in found if one is not None]

    def instance(self, instance_id: str) -> StoredInstance | NotRead | None:
        """Return an instance, ``None`` if there is nothing of it."""
        return self._instance(escape(instance_id))

    def _instance(self, key: str) -> StoredInstance | NotRead | None:
        versions = [
            row["odata.etag"]
            for table in (self._names.instances_table, self._names.history_table)
            for row in self._account.tables.rows_of(table, key)
        ]
        known = self._known.get(key)
        if known is None or known[0] != versions:
            known = self._known[key] = (versions, _at_once(self._whole.one(unescape(key))))
        return known[1]

    def messages(self) -> Iterator[tuple[StoredMessage | str, Stored]]:
        """Yield the messages in all queues, hidden ones too; of one that cannot be read why."""
        for queue, found in sorted(self._account.queues.queues.items()):
            for stored in found.messages.values():
                yield self._message(queue, stored), stored

    def _message(self, queue: str, stored: Stored) -> StoredMessage | str:
        blob = None
        try:
            found = decode(from_queue_text(stored.text))
            if isinstance(found, Wrapper):
                blob = found.blob_name
                found = decode(_at_once(self._payloads.read(blob)))
        except Malformed as error:
            return f"{queue}: {error}"
        if isinstance(found, Wrapper):
            return f"{queue}: a wrapper names a wrapper"
        return StoredMessage(
            queue=queue,
            message_id=stored.message_id,
            message=found.message,
            deliveries=stored.deliveries,
            due=later(from_datetime(EPOCH), stored.visible_at),
            blob=blob,
        )

    def payload_blobs(self) -> Sequence[str]:
        """Return the names of the blobs with large payloads."""
        container = self._account.blobs.containers.get(self._names.large_messages_container)
        return sorted(container.blobs) if container is not None else ()

    def _rows(self, table: str) -> list[Entity]:
        return self._account.tables.rows(table)


class _BlobsInMemory:
    """The part of `Blobs` that reading payloads takes."""

    def __init__(self, account: StorageAccount) -> None:
        self._account = account

    def container_url(self, container: str) -> str:
        return f"{ENDPOINTS['blob']}/{container}"

    async def read(self, container: str, name: str, most: int | None = None) -> bytes | None:
        found = self._account.blobs.containers.get(container)
        blob = found.blobs.get(name) if found is not None else None
        return blob.content if blob is not None else None


class _RowsInMemory:
    """The part of `Reading` that reading one instance takes."""

    def __init__(self, account: StorageAccount, names: HubNames) -> None:
        self._tables = account.tables
        self._names = names

    async def stored_of(self, key: str) -> StoredRows:
        rows = [_row(one) for one in self._tables.rows_of(self._names.instances_table, key)]
        history = [_row(one) for one in self._tables.rows_of(self._names.history_table, key)]
        return StoredRows(key, rows[0] if rows else None, history)


def _row(entity: Entity) -> Row:
    return Row(from_odata({**entity, "Timestamp@odata.type": "Edm.DateTime"}), entity["odata.etag"])


def _at_once(work: Coroutine[Any, Any, T]) -> T:
    """Return what *work* returns, which waits for nothing."""
    try:
        work.send(None)
    except StopIteration as ended:
        return cast("T", ended.value)
    raise RuntimeError("it waits for something")
