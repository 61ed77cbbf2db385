"""Commits from outside: written whoever holds the partition, as a termination without a worker is.

Such an end is written first, and others are told of it behind that (see `durahub.engine.reminders`). No
message caused it, so none would make anybody do it again: a reminder stays in the queue until all is done.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from durahub.classic.outbox import Outgoing
from durahub.classic.parts import Parts
from durahub.classic.queues import Receipt
from durahub.engine.commit import Commit, HistoryVersion
from durahub.engine.reminders import reminder_of
from durahub.errors import CheckpointLost
from durahub.model.message import Message


class Write(Protocol):
    """What writes a store's commits without a lease."""

    async def __call__(self, commit: Commit, *, behind: Sequence[Message] = ()) -> HistoryVersion:
        """Write *commit*; send what comes *behind* when the history stands, before the row."""


class Interventions:
    """Writes commits from outside; *prepare* encodes messages as the store does."""

    def __init__(
        self,
        parts: Parts,
        write: Write,
        prepare: Callable[[Sequence[Message]], Awaitable[list[Outgoing]]],
    ) -> None:
        self._parts = parts
        self._write = write
        self._prepare = prepare

    async def intervene(self, commit: Commit) -> HistoryVersion:
        """Write *commit* and return the new version. Raises `CheckpointLost`."""
        reminder = reminder_of(commit)
        if reminder is None:
            return await self._write(commit)
        (outgoing,) = await self._prepare((reminder,))
        delay = self._parts.visibility.of(outgoing.queue)
        receipt = await self._parts.queues.put(outgoing.queue, outgoing.text, delay)
        try:
            version = await self._write(replace(commit, outbound=()), behind=commit.outbound)
        except CheckpointLost:
            await self._forget(outgoing, receipt)
            raise
        await self._forget(outgoing, receipt)
        return version

    async def _forget(self, outgoing: Outgoing, receipt: Receipt) -> None:
        """Delete a message that nobody has received, with its blob."""
        if await self._parts.held.withdraw(receipt) and outgoing.blob is not None:
            await self._parts.payloads.delete(outgoing.blob)
