"""A queue, its messages as stored text."""

import math
from dataclasses import dataclass

from azure.core.exceptions import HttpResponseError
from azure.storage.queue.aio import QueueClient

from durahub.classic_b.failures import storage_errors

LONGEST_DELAY = 6 * 24 * 3600  # seconds; the service's limit is seven days
THERE = (204, 409)  # what the service answers when the queue exists: the same metadata, or other
BATCH = 32  # messages, the service's most


@dataclass(frozen=True, slots=True)
class Receipt:
    """The right to change a message: its ID, and the receipt of its last delivery or change."""

    message_id: str
    pop_receipt: str


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it was received. ``deliveries`` counts from 1."""

    receipt: Receipt
    text: str
    deliveries: int
    inserted: float  # Unix time, in whole seconds


class Queue:
    """One queue. A delay or visibility is in seconds and is rounded up: never early."""

    def __init__(self, client: QueueClient, account: str) -> None:
        self._client = client
        self._account = account

    @property
    def name(self) -> str:
        """The queue's name."""
        return str(self._client.queue_name)

    async def create(self) -> None:
        """Make the queue; one that exists is left as it is."""
        with storage_errors(self._account, passing=THERE):
            try:
                await self._client.create_queue()
            except HttpResponseError as error:
                if error.status_code not in THERE:
                    raise

    async def drop(self) -> None:
        """Delete the queue; one that does not exist is fine."""
        with storage_errors(self._account, passing=(404,)):
            try:
                await self._client.delete_queue()
            except HttpResponseError as error:
                if error.status_code != 404:
                    raise

    async def put(self, text: str, delay: float) -> Receipt:
        """Put a message, invisible for *delay* seconds; it never expires."""
        with storage_errors(self._account):
            sent = await self._client.send_message(
                text, visibility_timeout=_whole(delay), time_to_live=-1
            )
        return Receipt(str(sent.id), str(sent.pop_receipt))

    async def receive(self, most: int, visibility: float) -> list[Received]:
        """Take up to *most* messages (at most 32), hiding them for *visibility* seconds."""
        with storage_errors(self._account):
            found = self._client.receive_messages(
                messages_per_page=min(most, BATCH), visibility_timeout=_whole(visibility)
            )
            pages = found.by_page()
            try:
                page = await pages.__anext__()
            except StopAsyncIteration:
                return []
            return [
                Received(
                    Receipt(str(message.id), str(message.pop_receipt)),
                    str(message.content),
                    message.dequeue_count or 1,
                    message.inserted_on.timestamp() if message.inserted_on else 0.0,
                )
                async for message in page
            ]

    async def hide(self, receipt: Receipt, delay: float) -> Receipt | None:
        """Make a message invisible for *delay* seconds from now (0: visible); return its new receipt.

        ``None`` if it is gone, or somebody else's by now.
        """
        with storage_errors(self._account, passing=(400, 404)):
            try:
                changed = await self._client.update_message(
                    receipt.message_id, receipt.pop_receipt, visibility_timeout=_whole(delay)
                )
            except HttpResponseError as error:
                if error.status_code not in (400, 404):
                    raise
                return None
        return Receipt(receipt.message_id, str(changed.pop_receipt))

    async def delete(self, receipt: Receipt) -> bool:
        """Delete a message; tell whether it was still there and ours."""
        with storage_errors(self._account, passing=(400, 404)):
            try:
                await self._client.delete_message(receipt.message_id, receipt.pop_receipt)
            except HttpResponseError as error:
                if error.status_code not in (400, 404):
                    raise
                return False
        return True

    async def length(self) -> int:
        """Return about how many messages the queue holds, hidden ones included."""
        with storage_errors(self._account):
            properties = await self._client.get_queue_properties()
        return int(properties.approximate_message_count or 0)


def _whole(seconds: float) -> int:
    return min(max(0, math.ceil(seconds)), LONGEST_DELAY)
