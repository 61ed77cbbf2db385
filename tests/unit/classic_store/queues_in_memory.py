"""Queues with the service's rules for receipts: only the newest one counts."""

import asyncio

from durahub.classic.queues import Queues, Receipt
from durahub.errors import StorageUnavailable


class QueuesInMemory(Queues):
    """Messages by their IDs, ``m0`` and so on. ``log`` has the requests that were answered."""

    def __init__(self) -> None:
        self.receipts: dict[str, int] = {}  # message ID → the number that counts
        self.queues: dict[str, str] = {}  # message ID → its queue
        self.log: list[tuple[str, str, int]] = []  # what, the queue, and the delay of what has one
        self.broken: frozenset[str] = frozenset()  # requests that are refused
        self.before_put = asyncio.Event()
        self.before_put.set()
        self.putting = asyncio.Event()  # a put was sent
        self.before_delete = asyncio.Event()
        self.before_delete.set()
        self._next = 0

    def _issue(self, queue: str, message_id: str) -> Receipt:
        self._next += 1
        self.receipts[message_id] = self._next
        self.queues[message_id] = queue
        return Receipt(queue, message_id, str(self._next))

    def _counts(self, receipt: Receipt) -> bool:
        return self.receipts.get(receipt.message_id) == int(receipt.pop_receipt)

    def there(self, queue: str) -> list[str]:
        """Return the IDs of a queue's messages, hidden or not."""
        return [one for one in self.receipts if self.queues[one] == queue]

    def received(self, message_id: str) -> Receipt:
        """Receive a message that is there, as a poller does."""
        assert message_id in self.receipts
        return self._issue(self.queues[message_id], message_id)

    async def put(self, queue: str, text: str, delay: int) -> Receipt:
        self.putting.set()
        await self.before_put.wait()
        self._note("put", queue, delay)
        return self._issue(queue, f"m{self._next}")

    async def update(self, receipt: Receipt, visibility: int) -> Receipt | None:
        if not self._counts(receipt):
            return None
        self._note("update", receipt.queue, visibility)
        return self._issue(receipt.queue, receipt.message_id)

    async def delete(self, receipt: Receipt) -> bool:
        await self.before_delete.wait()
        self._note("delete", receipt.queue)
        if not self._counts(receipt):
            return False
        del self.receipts[receipt.message_id]
        return True

    def _note(self, what: str, queue: str, delay: int = 0) -> None:
        if what in self.broken:
            raise StorageUnavailable("shop", "the test says so")
        self.log.append((what, queue, delay))
