"""Starting instances, and starting them again."""

from dataclasses import dataclass

from durahub.dispatch.ending import Ending
from durahub.dispatch.looking import Looking
from durahub.engine.reuse import Reuse, decide
from durahub.errors import BadInstanceId, BadRequest, InstanceExists, WrongStatus
from durahub.model.history import Execution, ExecutionStarted, Status, Tags, Trace
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks

LONGEST_ID = 256  # characters; Durable Functions' limit, well within a table key


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """A start. An empty ``instance_id`` leaves the choice to the server.

    ``replaceable`` is the reuse policy: ``None`` where none was sent, empty where nothing may be
    replaced. A ``scheduled_start`` in the past means now.
    """

    name: str
    instance_id: str = ""
    execution_id: str | None = None
    version: str | None = None
    input: str | None = None
    scheduled_start: Ticks | None = None
    tags: Tags | None = None
    trace: Trace | None = None
    replaceable: frozenset[Status] | None = None


def check_instance_id(instance_id: str) -> None:
    """Raise `BadInstanceId` unless an orchestration may have this ID."""
    if not instance_id:
        raise BadInstanceId(instance_id, "it is empty")
    if len(instance_id) > LONGEST_ID:
        raise BadInstanceId(
            instance_id, f"it has {len(instance_id)} characters; {LONGEST_ID} is the limit"
        )
    if instance_id.startswith("@"):
        raise BadInstanceId(instance_id, "it begins with @, as only entity IDs do")
    if any("\ud800" <= character <= "\udfff" for character in instance_id):
        raise BadInstanceId(instance_id, "it holds half of a surrogate pair")


class Starting(Looking, Ending):
    """The operations that begin an execution."""

    async def start(self, request: StartRequest) -> str:
        """Start an orchestration; return its ID. Raises `InstanceExists`, `BadInstanceId`."""
        if not request.name:
            raise BadRequest("an orchestration needs a name")
        instance_id = request.instance_id or self._new_id()
        check_instance_id(instance_id)
        if request.instance_id and self._store.tries_first(instance_id):
            try:
                await self._begin(request, instance_id, None, unread=True)
            except InstanceExists as taken:
                # what it was then counts: of two starts at once, the second does not follow the first
                status = Status.__members__.get(taken.status)
                if status and decide(status, request.replaceable) is Reuse.REJECT:
                    raise
            else:
                return instance_id
        row = await self._store.get(instance_id, payloads=False) if request.instance_id else None
        if row is not None:
            row = await self._make_way(row, request.replaceable)
        await self._begin(request, instance_id, row, unread=False)
        return instance_id

    async def _begin(
        self, request: StartRequest, instance_id: str, row: Instance | None, *, unread: bool
    ) -> None:
        """Begin a new execution, the first one or in the place of *row*."""
        now = self._clock()
        scheduled = request.scheduled_start
        if scheduled is not None and scheduled <= now:
            scheduled = None
        execution = Execution(instance_id, request.execution_id or self._new_id())
        event = ExecutionStarted(
            timestamp=now,
            execution=execution,
            name=request.name,
            version=request.version or "",
            input=request.input,
            tags=request.tags or None,
            trace=request.trace,
            scheduled_start=scheduled,
            generation=(row.generation or 0) + 1 if row is not None else 0,
        )
        message = Message(event=event, target=execution, due=scheduled)
        await self._store.start(message, row, unread=unread)

    async def _make_way(
        self, row: Instance, replaceable: frozenset[Status] | None
    ) -> Instance | None:
        match decide(row.status, replaceable):
            case Reuse.REJECT:
                raise InstanceExists(row.instance_id, row.status.name)
            case Reuse.REPLACE:
                return row
            case Reuse.TERMINATE_FIRST:
                reason = "replaced by a new instance with the same ID"
                await self.terminate(row.instance_id, reason, recursive=False)
                await self.wait_for_completion(row.instance_id, payloads=False)
                return await self._store.get(row.instance_id, payloads=False)

    async def restart(self, instance_id: str, *, new_id: bool) -> str:
        """Start an instance again with its name, version, input and tags; return the ID."""
        check_instance_id(instance_id)
        row = await self._existing(instance_id, payloads=True)
        if not new_id and not row.status.is_terminal:
            raise WrongStatus(
                instance_id, row.status.name, "it must have ended to be restarted under its ID"
            )
        return await self.start(
            StartRequest(
                name=row.name or "",
                instance_id="" if new_id else instance_id,
                version=row.version,
                input=row.input,
                tags=row.tags,
            )
        )
