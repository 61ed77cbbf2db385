"""What the edge asks of a task hub; `durahub.dispatch.hub.TaskHub` is one."""

from collections.abc import AsyncIterator
from typing import Protocol

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.work import StreamOptions, Work
from durahub.engine.actions import TurnResult
from durahub.model.failure import Failure
from durahub.model.history import Event
from durahub.model.instance import Instance
from durahub.store import InstanceQuery, Page, Purged


class Stream(Protocol):
    """The hub's end of a worker's stream."""

    async def next(self) -> Work:
        """Wait for a work item. Raises `durahub.dispatch.streams.StreamClosed` when none will come."""

    def close(self) -> None:
        """End the stream; its open items are the hub's again after a grace. Twice is fine."""


class Hub(Protocol):
    """A task hub. All errors are those of `durahub.errors`."""

    @property
    def name(self) -> str:
        """The hub's name."""

    # -- clients -------------------------------------------------------------------------------

    async def start(self, request: StartRequest) -> str:
        """Start an orchestration; return its ID."""

    async def get(self, instance_id: str, *, payloads: bool = True) -> Instance | None:
        """Return an orchestration, ``None`` if there is none."""

    async def failure_of(self, instance: Instance) -> Failure | None:
        """Return why a failed instance failed."""

    async def wait_for_start(self, instance_id: str, *, payloads: bool) -> Instance:
        """Wait without limit until the instance exists and has begun."""

    async def wait_for_completion(self, instance_id: str, *, payloads: bool) -> Instance:
        """Wait without limit until the instance exists and has ended."""

    async def raise_event(self, instance_id: str, name: str, input: str | None) -> None:  # noqa: A002 (the wire's word)
        """Send an external event."""

    async def terminate(self, instance_id: str, output: str | None, *, recursive: bool) -> None:
        """Ask an instance to end."""

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        """Ask an instance to pause."""

    async def resume(self, instance_id: str, reason: str | None) -> None:
        """Ask an instance to go on."""

    async def restart(self, instance_id: str, *, new_id: bool) -> str:
        """Start an instance again; return the ID."""

    async def query(self, query: InstanceQuery) -> Page:
        """Return a page of instances."""

    async def purge(self, instance_id: str, *, recursive: bool = False) -> Purged:
        """Delete an instance that has ended."""

    async def purge_matching(
        self, query: InstanceQuery, *, time_limit: float | None
    ) -> tuple[Purged, bool]:
        """Delete the ended instances that *query* selects; tell whether all were done in time."""

    def history(self, instance_id: str, execution_id: str | None = None) -> AsyncIterator[Event]:
        """Yield the stored events of the current execution; nothing for an unknown instance."""

    # -- workers -------------------------------------------------------------------------------

    def connect(self, options: StreamOptions) -> Stream:
        """Open a worker's stream."""

    def work_history(self, instance_id: str, execution_id: str) -> tuple[Event, ...] | None:
        """Return the past events of the work item that is out, ``None`` if none is."""

    async def complete_orchestration(
        self, token: str, instance_id: str, result: TurnResult
    ) -> None:
        """Take a worker's answer. Raises `WorkItemNotFound`."""

    async def complete_activity(
        self,
        token: str,
        instance_id: str,
        task_id: int,
        *,
        result: str | None,
        failure: Failure | None,
    ) -> None:
        """Take an activity's result. Raises `WorkItemNotFound`."""

    async def abandon(self, token: str) -> None:
        """Take a work item back; unknown tokens are ignored."""
