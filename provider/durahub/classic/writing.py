"""A checkpoint on its way to storage: what becomes of the activities it schedules, and of those at work."""

from collections.abc import Callable, Container
from dataclasses import replace
from typing import Protocol, TypeAlias

from durahub.classic.unsettled import Plan, Stage, Unsettled, with_inputs
from durahub.engine.commit import Commit, Delivery, HistoryVersion

AsStored: TypeAlias = Callable[[tuple[Delivery, ...]], tuple[Delivery, ...]]
"""Gives deliveries the keys under which their messages would come again."""


class Writing:
    """A checkpoint that is being written: what of a commit goes where.

    ``posted`` are the activities with messages, ``events`` and ``base`` what is written and against what,
    ``unsettled`` the texts of the column, ``consumed`` what is to be deleted behind it all; of that, nobody
    else knows what it has ``parted`` with. By itself it gives every activity a message.
    """

    def __init__(self, commit: Commit) -> None:
        self.base = commit.base
        self.events = commit.events
        self.posted = commit.activities
        self.consumed = commit.consumed
        self.parted: tuple[Delivery, ...] = ()  # anchors that no activity needs any more
        self.unsettled: tuple[str, str] | None = None
        self.remembered = commit  # what may come again of it: less what has no message

    def secured(self, as_stored: AsStored) -> None:
        """Take note that what is consumed has messages now."""
        self.consumed = as_stored(self.consumed)
        self.remembered = replace(self.remembered, consumed=as_stored(self.remembered.consumed))

    async def spill(self) -> None:
        """Put messages for activities that run without, where they need one; before the checkpoint."""

    def written(self, version: HistoryVersion) -> None:
        """Take note that the checkpoint is written, and begin what it schedules."""


class PlannedWriting(Writing):
    """One that does with activities what *made* says; *by* does it. *given* are keys without messages."""

    def __init__(
        self,
        commit: Commit,
        known: Unsettled | None,
        made: Plan,
        given: Container[str],
        by: "Doer",
    ) -> None:
        super().__init__(commit)
        unsent = [task.message for task in made.spilled if task.stage is Stage.ELSEWHERE]
        self.commit = commit
        self.known = known
        self.plan = made
        self.events = with_inputs(commit.events, made.local)
        self.posted = (*made.posted, *unsent)
        self.unsettled = made.texts(commit.execution_id)
        self.is_written = False
        self._by = by
        self._given = given
        self._remember(commit)
        if known is not None and commit.base.token in known.before:
            self.base = replace(commit.base, token=known.token)

    def _remember(self, commit: Commit) -> None:
        if self.known is not None:
            stored = (one for one in commit.consumed if one.key not in self._given)
            self.remembered = replace(commit, consumed=tuple(stored))

    def secured(self, as_stored: AsStored) -> None:
        """Take note of it; what had no message may come again now."""
        super().secured(as_stored)
        self._remember(replace(self.commit, consumed=as_stored(self.commit.consumed)))

    async def spill(self) -> None:
        """Put the messages of activities that go on when their execution has ended."""
        await self._by.spill(self)

    def written(self, version: HistoryVersion) -> None:
        """Know the activities of which the column tells now, and run them."""
        self.is_written = True
        self._by.written(self, version)


class Doer(Protocol):
    """Who acts for a `PlannedWriting`."""

    async def spill(self, writing: PlannedWriting) -> None:
        """Put the messages of activities that go on when their execution has ended."""

    def written(self, writing: PlannedWriting, version: HistoryVersion) -> None:
        """Take note of a checkpoint, and hand over the activities that it schedules."""
