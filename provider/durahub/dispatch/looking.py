"""Looking at instances: one, some, those that have ended, and waiting for one."""

from collections.abc import AsyncIterator, Callable

from durahub.dispatch.client_base import ClientBase
from durahub.dispatch.ended_pages import EndedPage, cursor_of, place_of
from durahub.model.failure import Failure
from durahub.model.history import TERMINAL, Event, ExecutionCompleted, Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks
from durahub.store import EndedQuery, InstanceQuery, Page

ENDED_PAGE = 100
LARGEST_ENDED_PAGE = 1_000


class Looking(ClientBase):
    """The operations that change nothing."""

    async def failure_of(self, instance: Instance) -> Failure | None:
        """Return why a failed instance failed, with its causes where the history has them."""
        if instance.status is not Status.Failed:
            return None
        found: Failure | None = None
        async for event in self._store.history(instance.instance_id, instance.execution_id):
            if isinstance(event, ExecutionCompleted):
                found = event.failure
        if found is not None:
            return found
        kind, separator, message = (instance.output or "").partition(": ")
        return (
            Failure(error_type=kind, message=message)
            if separator
            else Failure(error_type="(unknown)", message=kind)
        )

    async def wait_for_start(self, instance_id: str, *, payloads: bool) -> Instance:
        """Return the instance once it has begun; waits without limit."""
        expected = self._begins_here(instance_id)
        return await self._wait(
            instance_id, payloads, lambda status: status is not Status.Pending, expected
        )

    async def wait_for_completion(self, instance_id: str, *, payloads: bool) -> Instance:
        """Return the instance once it has ended; waits without limit."""
        expected = self._runs_here(instance_id)
        return await self._wait(instance_id, payloads, lambda status: status.is_terminal, expected)

    async def _wait(
        self, instance_id: str, payloads: bool, wanted: Callable[[Status], bool], expected: bool
    ) -> Instance:
        return await self._waits.until(
            instance_id,
            lambda: self.get(instance_id, payloads=payloads),
            wanted,
            lambda: self._store.owns(instance_id),
            payloads=payloads,
            expected=expected,
        )

    async def query(self, query: InstanceQuery) -> Page:
        """Return a page of instances."""
        return await self._store.query(query)

    async def list_ended(
        self,
        statuses: frozenset[Status],
        completed_from: Ticks | None,
        completed_to: Ticks | None,
        page_size: int,
        after: str,
    ) -> EndedPage:
        """Return the IDs of orchestrations that ended in [*completed_from*, *completed_to*).

        They come by that time and their ID, beginning behind the place that the cursor *after* names
        (empty: at the first). Without *statuses* all ends count; a *page_size* of 0 is the server's.
        Raises `BadRequest` for a cursor that is none.
        """
        wanted = statuses & TERMINAL if statuses else TERMINAL
        if not wanted:
            return EndedPage((), None)
        size = min(page_size, LARGEST_ENDED_PAGE) if page_size > 0 else ENDED_PAGE
        query = EndedQuery(
            statuses=wanted,
            completed_from=completed_from,
            completed_to=completed_to,
            after=place_of(after) if after else None,
            count=size + 1,
        )
        found = await self._store.ended(query)
        ids = tuple(one.instance_id for one in found[:size])
        return EndedPage(ids, cursor_of(found[size - 1]) if len(found) > size else None)

    def history(self, instance_id: str, execution_id: str | None = None) -> AsyncIterator[Event]:
        """Yield the stored events of the current execution."""
        return self._store.history(instance_id, execution_id)
