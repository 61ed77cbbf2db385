"""What the edge asks of a task hub; `durahub.dispatch.hub.TaskHub` is one."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.ended_pages import EndedPage
from durahub.dispatch.entity_queries import EntityCleaning, EntityPage, EntityQuery
from durahub.dispatch.load import Load
from durahub.dispatch.streams import WorkerNow
from durahub.dispatch.work import StreamOptions, Work
from durahub.engine.dtfx_turn import TurnAnswer
from durahub.engine.entities.work import Entity, EntityAnswer
from durahub.model.failure import Failure
from durahub.model.history import Event, Status, Trace
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks
from durahub.store import InstanceQuery, Page, Purged


class Stream(Protocol):
    """The hub's end of a worker's stream."""

    async def next(self) -> Work:
        """Wait for a work item. Raises `durahub.dispatch.streams.StreamClosed` when none will come."""

    def next_now(self) -> Work | None:
        """Return a work item, ``None`` while there is none. Raises `StreamClosed` as `next` does."""

    async def changed(self) -> None:
        """Wait until `next_now` may tell otherwise, or `wake` is called; there is one who waits."""

    def wake(self) -> None:
        """End the wait for a change."""

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

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        """Run a failed instance again from its failure."""

    async def force_terminate(self, ids: Sequence[str], reason: str | None) -> tuple[str, ...]:
        """End instances in storage, whatever they do; return those that were left."""

    async def query(self, query: InstanceQuery) -> Page:
        """Return a page of instances."""

    async def purge(self, instance_id: str, *, recursive: bool = False) -> Purged:
        """Delete an instance that has ended."""

    async def list_ended(
        self,
        statuses: frozenset[Status],
        completed_from: Ticks | None,
        completed_to: Ticks | None,
        page_size: int,
        after: str,
    ) -> EndedPage:
        """Return the IDs of orchestrations that ended in a time, by their ends, behind a cursor."""

    async def purge_batch(self, ids: Sequence[str], *, recursive: bool = False) -> Purged:
        """Delete those of at most 500 instances that have ended."""

    async def purge_matching(
        self, query: InstanceQuery, *, time_limit: float | None, recursive: bool = False
    ) -> tuple[Purged, bool]:
        """Delete the ended instances that *query* selects; tell whether all were done in time."""

    def history(self, instance_id: str, execution_id: str | None = None) -> AsyncIterator[Event]:
        """Yield the stored events of the current execution; nothing for an unknown instance."""

    # -- entities ------------------------------------------------------------------------------

    async def signal_entity(
        self,
        instance_id: str,
        name: str,
        input: str | None,  # noqa: A002 (the wire's word)
        *,
        request_id: str = "",
        scheduled: Ticks | None = None,
        trace: Trace | None = None,
        requested: Ticks | None = None,
    ) -> None:
        """Send an operation whose answer nobody waits for."""

    async def get_entity(self, instance_id: str, *, with_state: bool) -> Entity | None:
        """Return an entity, ``None`` where it has no state."""

    async def query_entities(self, query: EntityQuery) -> EntityPage:
        """Return a page of entities."""

    async def clean_entities(
        self, *, remove_empty: bool, release_locks: bool, token: str | None
    ) -> EntityCleaning:
        """Remove what is empty and release locks whose holders are gone."""

    # -- the hub -------------------------------------------------------------------------------

    async def load(self) -> Load:
        """Return how much work there is."""

    # -- workers -------------------------------------------------------------------------------

    def workers_now(self) -> Sequence[WorkerNow]:
        """Return the connected workers, with what each has and takes."""

    async def drain_worker(self, worker_id: str) -> bool:
        """Send no more work to a worker, whose streams stay open; tell whether it is connected."""

    def connect(self, options: StreamOptions) -> Stream:
        """Open a worker's stream."""

    def pin(self, instance_id: str, worker_id: str, principal: str) -> Stream:
        """Return a stream that gets an orchestration's turns, and nothing else, while it is open."""

    def work_history(
        self, instance_id: str, execution_id: str, principal: str
    ) -> Sequence[Event] | None:
        """Return the past events of the work item that *principal* has, ``None`` if it has none."""

    async def complete_orchestration(
        self, token: str, instance_id: str, result: TurnAnswer
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

    async def complete_entity(self, token: str, instance_id: str, answer: EntityAnswer) -> None:
        """Take the answer to a batch; *instance_id* may be empty. Raises `WorkItemNotFound`."""

    async def abandon(self, token: str, *, at_once: bool = False) -> None:
        """Take a work item back, to give it out after a while or *at_once*; unknown tokens are ignored."""
