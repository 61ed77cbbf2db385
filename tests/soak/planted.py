"""A server with a bug of a kind that a soak must find: ``python -m tests.soak.planted BUG serve …``.

The bugs are subclasses that take the place of the right ones in this process alone.
"""

import sys
from typing import Any

import durahub.directory
import durahub.dispatch.hub
import durahub.dispatch.streams
from durahub.cli.main import main
from durahub.dispatch.limited import LimitedHub
from durahub.dispatch.orchestrations import Orchestrations
from durahub.dispatch.session import Session
from durahub.dispatch.streams import Kind, Slot, WorkStream

OFTEN = 10  # every so many


class KeepsSessions(Orchestrations):
    """Forgets no session."""

    async def _run(self, session: Session) -> None:
        try:
            await super()._run(session)
        finally:
            self._sessions[session.instance_id.casefold()] = session


class KeepsSlots(WorkStream):
    """Does not free every tenth place."""

    _given = 0

    def take(self, kind: Kind) -> Slot:
        slot = super().take(kind)
        self._given += 1
        if self._given % OFTEN == 0:
            slot.released = True  # as if it were free already
        return slot


class LosesCompletions(LimitedHub):
    """Thanks for every tenth result of an activity, and drops it."""

    _taken = 0

    async def complete_activity(self, token: str, *args: Any, **more: Any) -> None:
        self._taken += 1
        if self._taken % OFTEN:
            await super().complete_activity(token, *args, **more)


class MixesUpResults(LimitedHub):
    """Gives every second result of an activity another text."""

    _taken = 0

    async def complete_activity(
        self, token: str, instance_id: str, task_id: int, **more: Any
    ) -> None:
        self._taken += 1
        if self._taken % 2 == 0 and more["result"] is not None:
            more["result"] = '"mixed up"'
        await super().complete_activity(token, instance_id, task_id, **more)


def _plant(bug: str) -> None:
    match bug:
        case "sessions":
            durahub.dispatch.hub.Orchestrations = KeepsSessions  # type: ignore[misc]
        case "slots":
            durahub.dispatch.streams.WorkStream = KeepsSlots  # type: ignore[misc]
        case "completions":
            durahub.directory.LimitedHub = LosesCompletions  # type: ignore[misc]
        case "results":
            durahub.directory.LimitedHub = MixesUpResults  # type: ignore[misc]
        case _:
            raise SystemExit(f"no such bug: {bug}")


if __name__ == "__main__":
    _plant(sys.argv[1])
    sys.argv = [sys.argv[0], *sys.argv[2:]]
    main()
