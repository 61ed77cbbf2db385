"""Commits from outside: written whoever holds the partition, as a termination without a worker is."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from durahub.classic.outbox import Outgoing
from durahub.classic.parts import Parts
from durahub.classic.posting import Posting
from durahub.classic.queues import Receipt
from durahub.engine.commit import Commit, HistoryVersion
from durahub.engine.forced_end import reminder_of
from durahub.errors import CheckpointLost
from durahub.model.message import Message


class Interventions:
    """Writes them by what writes every commit of a store; *prepare* and *posting* send its messages."""

    def __init__(
        self,
        parts: Parts,
        write: Callable[[Commit], Awaitable[HistoryVersion]],
        prepare: Callable[[Sequence[Message]], Awaitable[list[Outgoing]]],
        posting: Callable[[], Posting],
    ) -> None:
        self._parts = parts
        self._write = write
        self._prepare = prepare
        self._posting = posting

    async def intervene(self, commit: Commit) -> HistoryVersion:
        """Write *commit* and return the new version. Raises `CheckpointLost`."""
        reminder = reminder_of(commit)
        if reminder is None:
            return await self._write(commit)
        message, releases = reminder
        (outgoing,) = await self._prepare((message,))
        delay = self._parts.visibility.of(outgoing.queue)
        receipt = await self._parts.queues.put(outgoing.queue, outgoing.text, delay)
        others = tuple(one for one in commit.outbound if one not in releases)
        try:
            version = await self._write(replace(commit, outbound=others))
        except CheckpointLost:
            await self._forget(outgoing, receipt)
            raise
        released = await self._prepare(releases)
        with self._posting() as posting:
            await self._parts.together.all(posting.put(one) for one in released)
        await self._forget(outgoing, receipt)
        return version

    async def _forget(self, outgoing: Outgoing, receipt: Receipt) -> None:
        """Delete a message that nobody has received, with its blob."""
        if await self._parts.held.withdraw(receipt) and outgoing.blob is not None:
            await self._parts.payloads.delete(outgoing.blob)
