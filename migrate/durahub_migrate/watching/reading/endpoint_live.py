"""Single instances of a hub behind an endpoint: one call for a row, one more for a history that changed."""

from collections.abc import Callable

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.failures import failure_from_proto
from durahub.edge.wellknown import filled_text, text_of
from durahub.engine.entities.ids import is_entity
from durahub.errors import BadRequest, Malformed
from durahub.model.ticks import Ticks
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.export.endpoint_outlet import instance_of
from durahub_migrate.monitor.seam import Detail, LiveHistory
from durahub_migrate.watching.reading.details import detail_of
from durahub_migrate.watching.reading.kept import KeptHistories, KeptHistory
from durahub_migrate.watching.reading.limits import Limits
from durahub_migrate.watching.reading.members import member_of
from durahub_migrate.watching.sources.endpoint import row_of_entity, row_of_state

_ENDED = frozenset({"Completed", "Failed", "Terminated", "Canceled"})


class EndpointLive:
    """A `durahub_migrate.watching.reading.live.LiveSource` of the hub with the key *hub*."""

    def __init__(
        self, client: EndpointClient, hub: str, clock: Callable[[], Ticks], limits: Limits
    ) -> None:
        self._client = client
        self._hub = hub
        self._clock = clock
        self._limits = limits
        self._kept = KeptHistories(limits.kept)

    async def detail(self, instance_id: str) -> Detail | None:
        """Return an instance with everything that the endpoint tells."""
        if is_entity(instance_id):
            return await self._entity(instance_id)
        state = await self._client.get_instance(instance_id)
        if state is None:
            return None
        failure = None
        if state.HasField("failureDetails"):
            found = failure_from_proto(state.failureDetails)
            failure = f"{found.error_type}: {found.message}"
        return detail_of(
            row_of_state(state, self._hub, self._clock()),
            input_text=text_of(state, "input"),
            output_text=text_of(state, "output"),
            custom_status=text_of(state, "customStatus"),
            failure=failure,
        )

    async def history(self, instance_id: str) -> LiveHistory:
        """Return the history of its current execution; entities have none there."""
        return (await self._history(instance_id)).told()

    async def payload(self, instance_id: str, number: int, member: str) -> str | None:
        """Return a text of an event whole."""
        found = await self._history(instance_id)
        return member_of(found.numbered(number, instance_id), member)

    async def parent(self, instance_id: str) -> str | None:
        """Return the orchestration that started it: its state tells, or the start in its history."""
        if is_entity(instance_id):
            return None
        state = await self._client.get_instance(instance_id, payloads=False)
        if state is None:
            return None
        told = filled_text(state, "parentInstanceId")
        if told is not None:
            return told
        started = (await self._history(instance_id, state)).started
        if started is None or started.parent is None:
            return None
        return started.parent.execution.instance_id

    async def _history(
        self, instance_id: str, state: pb.OrchestrationState | None = None
    ) -> KeptHistory:
        if is_entity(instance_id):
            return KeptHistory()
        state = state or await self._client.get_instance(instance_id, payloads=False)
        if state is None:
            self._kept.forget(instance_id)
            return KeptHistory()
        changed = state.lastUpdatedTimestamp
        etag = f"{state.executionId.value}.{changed.seconds}.{changed.nanos}"
        kept = self._kept.get(instance_id)
        if kept is not None and kept.etag == etag and kept.has_ended:
            return kept  # the time of one that runs may be that of its row, not of its history
        events = await self._client.history(instance_id)
        read = self._read(state, events, etag)
        self._kept.put(instance_id, read)
        return read

    def _read(
        self, state: pb.OrchestrationState, events: list[pb.HistoryEvent], etag: str
    ) -> KeptHistory:
        most = self._limits.events
        try:
            found = instance_of(state, events[:most])
        except (Malformed, BadRequest) as error:
            return KeptHistory(etag=etag, problems=(error.sentence,))
        cut = len(events) > most
        problem = f"only the first {most:,} of {len(events):,} events are kept"
        return KeptHistory(
            execution_id=found.execution_id,
            events=tuple(stored.event for stored in found.history),
            etag=etag,
            problems=(problem,) if cut else (),
            total=len(events) if cut else None,
        )

    async def _entity(self, instance_id: str) -> Detail | None:
        entity = await self._client.get_entity(instance_id)
        if entity is None:
            return None
        row = row_of_entity(entity, self._hub, self._clock())
        orphaned = None
        if row.locked_by is not None:
            holder = await self._client.get_instance(row.locked_by, payloads=False)
            orphaned = (
                holder is None or row_of_state(holder, self._hub, self._clock()).status in _ENDED
            )
        waiting = entity.backlogQueueSize
        why = f"{waiting} operations wait, and an endpoint does not show them"
        return Detail(
            row=row,
            custom_status=row.custom_status,
            state=text_of(entity, "serializedState"),
            locked_by=row.locked_by,
            lock_is_orphaned=orphaned,
            missing=(("operations", why),) if waiting else (),
        )
