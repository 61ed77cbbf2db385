"""What all client operations of a hub share: its store, its clock, and finding an instance."""

from collections.abc import Callable, Sequence

from durahub.dispatch.clock import Clock
from durahub.dispatch.waits import Waits
from durahub.engine.entities.ids import is_entity
from durahub.errors import InstanceNotFound
from durahub.model.history import Event, Execution, Status
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from durahub.store import HubStore


class ClientBase:
    """The ground that the client operations of one task hub stand on."""

    def __init__(self, store: HubStore, clock: Clock, new_id: Callable[[], str]) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._waits = Waits()

    @property
    def name(self) -> str:
        """The hub's name."""
        return self._store.hub

    @property
    def store(self) -> HubStore:
        """Where the hub is kept."""
        return self._store

    async def get(self, instance_id: str, *, payloads: bool = True) -> Instance | None:
        """Return an orchestration, ``None`` if there is none (an entity is none)."""
        if is_entity(instance_id):
            return None
        return await self._store.get(instance_id, payloads=payloads)

    async def _existing(self, instance_id: str, *, payloads: bool) -> Instance:
        row = await self.get(instance_id, payloads=payloads)
        if row is None:
            raise InstanceNotFound(instance_id)
        return row

    async def _send(
        self, instance_id: str, event: Event, but_not: frozenset[Status] = frozenset()
    ) -> None:
        """Send an event to an instance that has not ended. Raises `InstanceNotFound`.

        What runs here needs no look. Should another program delete it just now, nobody is told so.
        """
        if not but_not and self._runs_here(instance_id):
            await self._store.send(Message(event=event, target=Execution(instance_id)))
            return
        row = await self._existing(instance_id, payloads=False)
        if not row.status.is_terminal and row.status not in but_not:
            await self._store.send(Message(event=event, target=Execution(instance_id)))

    def _begins_here(self, instance_id: str) -> bool:
        """Tell whether an orchestration was started here, and its first episode is this server's."""
        return not is_entity(instance_id) and self._store.is_fresh(instance_id)

    def _runs_here(self, instance_id: str) -> bool:
        """Tell whether this server runs an orchestration that, as far as it knows, has not ended."""
        return self._begins_here(instance_id)

    def _events_here(self, instance_id: str) -> Sequence[Event] | None:  # noqa: ARG002
        """Return the history of an orchestration that this server runs, if it is in memory."""
        return None

    def _changed_in_storage(self, instance_id: str, over_at: Ticks | None = None) -> None:
        """Forget what is known of an instance that was changed without its session.

        What was told to it until *over_at* has no effect any more.
        """
