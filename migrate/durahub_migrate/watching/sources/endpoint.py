"""The rows of a hub behind an endpoint: orchestrations page by page, then entities.

The protocol tells no changes. So what has not ended is asked for again, and what was created or, of entities,
modified since; whoever reads them asks one by one for those that were active and are no more. Tags, parents
and ends stand in every answer.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from durahub.edge.statuses import status_from_proto
from durahub.edge.wellknown import filled_text, text_of, ticks_of
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.scheduler_state import status_text
from durahub.engine.entities.work import EntityStatus
from durahub.errors import BadRequest, EndpointLacks
from durahub.model.history import Status
from durahub.model.json_text import loads
from durahub.model.ticks import MAXIMUM, Ticks, later, to_unix
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.monitor.row import HEAD, Kind, Row
from durahub_migrate.watching.sources.row_source import RowsRead

MARGIN = 10.0  # seconds: the endpoint's clock is another
_ACTIVE = tuple(int(one) for one in (Status.Running, Status.Pending, Status.Suspended))
_PHASES = ("instances", "entities")
_CHANGED = ("active", "created", "entities")


class EndpointRows:
    """A `RowSource` of the hub with the key *hub*."""

    changes_are_told = False
    is_still = False

    def __init__(
        self,
        client: EndpointClient,
        hub: str,
        clock: Callable[[], Ticks],
        *,
        inputs: bool = False,
    ) -> None:
        self._client = client
        self._hub = hub
        self._clock = clock
        self._inputs = inputs
        self.has_entities = True

    async def page(self, position: str | None) -> RowsRead:
        """Return a page of all rows."""
        phase, token = _position(position, _PHASES)
        if phase == "instances":
            states, following = await self._client.instance_page(token, payloads=self._inputs)
            rows = tuple(self._row(one) for one in states)
        else:
            rows, following = await self._entities(token, None)
        return self._read(rows, _following(_PHASES, phase, following))

    async def changes(self, mark: str, position: str | None, *, active: bool) -> RowsRead:  # noqa: ARG002
        """Return a page of what has not ended, then of what is new since *mark*."""
        phase, token = _position(position, _CHANGED)
        since = _since(mark)
        if phase == "entities":
            rows, following = await self._entities(token, since)
        else:
            states, following = await self._client.instance_page(
                token,
                payloads=self._inputs,
                **({"statuses": _ACTIVE} if phase == "active" else {"created_from": since}),
            )
            rows = tuple(self._row(one) for one in states)
        return self._read(rows, _following(_CHANGED, phase, following))

    async def row(self, instance_id: str) -> Row | None:
        """Return one row as it is now."""
        if is_entity(instance_id):
            entity = await self._client.get_entity(instance_id, state=False)
            return row_of_entity(entity, self._hub, self._clock()) if entity is not None else None
        state = await self._client.get_instance(instance_id, payloads=self._inputs)
        return self._row(state) if state is not None else None

    async def count(self) -> int | None:
        """Return ``None``: nobody tells."""
        return None

    async def _entities(
        self, token: str | None, since: Timestamp | None
    ) -> tuple[tuple[Row, ...], str | None]:
        if not self.has_entities:
            return (), None
        try:
            found, following = await self._client.entity_page(
                token, state=False, modified_from=since
            )
        except EndpointLacks:
            self.has_entities = False
            return (), None
        now = self._clock()
        return tuple(row_of_entity(one, self._hub, now) for one in found), following

    def _row(self, state: pb.OrchestrationState) -> Row:
        return row_of_state(state, self._hub, self._clock())

    def _read(self, rows: tuple[Row, ...], position: str | None) -> RowsRead:
        ours = tuple(row for row in rows if row.instance_id)
        return RowsRead(rows=ours, position=position, mark=str(later(self._clock(), -MARGIN)))


def row_of_state(state: pb.OrchestrationState, hub: str, seen: Ticks) -> Row:
    """Return the row of an orchestration, or of an entity that is listed among them."""
    row = Row(
        hub=hub,
        instance_id=state.instanceId,
        execution_id=filled_text(state, "executionId"),
        name=state.name or None,
        version=text_of(state, "version"),
        status=status_from_proto(state.orchestrationStatus).name,
        created=ticks_of(state, "createdTimestamp"),
        updated=ticks_of(state, "lastUpdatedTimestamp"),
        completed=ticks_of(state, "completedTimestamp"),
        scheduled_start=ticks_of(state, "scheduledStartTimestamp"),
        custom_status=_head(text_of(state, "customStatus")),
        output=_head(_output(state)),
        input=_head(text_of(state, "input")),
        tags=dict(state.tags),
        parent_id=filled_text(state, "parentInstanceId"),
        seen=seen,
    )
    return _as_entity(row) if is_entity(state.instanceId) else row


def row_of_entity(entity: pb.EntityMetadata, hub: str, seen: Ticks) -> Row:
    """Return the row of an entity; its custom status says what DTFx would write there."""
    changed = ticks_of(entity, "lastModifiedTime")
    locked_by = filled_text(entity, "lockedBy")
    status = EntityStatus(exists=True, backlog=entity.backlogQueueSize, locked_by=locked_by)
    row = Row(
        hub=hub,
        instance_id=entity.instanceId,
        status=Status.Running.name,
        created=changed,
        updated=changed,
        custom_status=_head(status_text(status)),
        locked_by=locked_by,
        seen=seen,
    )
    return _as_entity(row)


def _as_entity(row: Row) -> Row:
    name, _, key = row.instance_id[1:].partition("@")
    return replace(row, kind=Kind.ENTITY, name=name, key=key)


def _output(state: pb.OrchestrationState) -> str | None:
    output = text_of(state, "output")
    if output is None and state.HasField("failureDetails"):
        return state.failureDetails.errorMessage
    return output


def _head(text: str | None) -> str | None:
    return text if text is None else text[:HEAD]


def _position(position: str | None, phases: Sequence[str]) -> tuple[str, str | None]:
    if position is None:
        return phases[0], None
    try:
        phase, token = loads(position)
    except (ValueError, TypeError):
        phase = token = None
    if phase not in phases or not isinstance(token, str | None):
        raise BadRequest("the position is not one of a hub behind an endpoint")
    return phase, token


def _following(phases: Sequence[str], phase: str, token: str | None) -> str | None:
    if token is not None:
        return json.dumps([phase, token])
    behind = phases[phases.index(phase) + 1 :]
    return json.dumps([behind[0], None]) if behind else None


def _since(mark: str) -> Timestamp:
    if not mark.isdecimal() or int(mark[:20]) > MAXIMUM or len(mark) > 20:
        raise BadRequest("the mark is not one of a hub behind an endpoint")
    seconds, nanos = to_unix(Ticks(int(mark)))
    return Timestamp(seconds=seconds, nanos=nanos)
