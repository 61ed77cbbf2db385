"""The histories of one hub that this server goes on with: read mostly from memory, written by checkpoints."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from durahub.dispatch.history_cache import HistoryCache
from durahub.dispatch.known_history import KnownHistory, known
from durahub.dispatch.session import Session
from durahub.dispatch.turns import Done
from durahub.engine.commit import Commit, HistoryVersion, InstanceUpdate
from durahub.errors import CheckpointLost
from durahub.model.history import Event, ExecutionCompleted, ExecutionStarted
from durahub.observing.timings import Timings
from durahub.observing.tracing import Tracing
from durahub.store import HubStore


class Histories:
    """The histories of the instances of one hub; *sessions* tell of which partition an instance is."""

    def __init__(
        self,
        store: HubStore,
        sessions: Mapping[str, Session],
        cache_bytes: int,
        on_written: Callable[[str, InstanceUpdate, ExecutionStarted | None], None],
        tracing: Tracing,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._on_written = on_written
        self._tracing = tracing
        self._cache = HistoryCache(cache_bytes)
        self._beginning: dict[str, ExecutionStarted] = {}  # executions whose start is being written
        self.checkpoints = Timings()  # by outcome

    def __len__(self) -> int:
        """Return how many are in memory."""
        return len(self._cache)

    @property
    def size(self) -> int:
        """How many bytes these take, about."""
        return self._cache.size

    def in_memory(self, instance_id: str) -> KnownHistory | None:
        """Return a history that is in memory: then the instance has begun, and not ended."""
        return self._cache.get(instance_id)

    def events_of(self, instance_id: str) -> Sequence[Event] | None:
        """Return the events of a history that is in memory."""
        cached = self._cache.get(instance_id)
        return cached.stored.events if cached is not None else None

    async def version_of(self, instance_id: str) -> str:
        """Return an orchestration's version, mostly from memory; ``""`` if it has none, or is gone."""
        started = self._beginning.get(instance_id)
        if started is None:
            cached = self._cache.get(instance_id)
            started = cached.state.started if cached is not None else None
        if started is not None:
            return started.version or ""
        row = await self._store.get(instance_id, payloads=False)
        return (row.version or "") if row is not None else ""

    async def read(self, instance_id: str) -> KnownHistory:
        """Return the stored history of an instance, mostly from memory."""
        cached = self._cache.get(instance_id)
        if cached is not None:
            return cached
        loaded = known(await self._store.load(instance_id))
        events = loaded.stored.events
        if events and not _have_ended(events):
            key = instance_id.casefold()
            partition = self._sessions[key].partition if key in self._sessions else ""
            self._cache.put(instance_id, partition, loaded)
        return loaded

    def forget(self, instance_id: str) -> None:
        """Forget a history that may be another in storage by now."""
        self._cache.drop(instance_id)

    def forget_waiting(self, session: Session) -> None:
        """Forget the histories of the instances that have messages in the inbox of *session*."""
        for delivery in session.inbox.values():
            self._cache.drop(delivery.message.target.instance_id)

    def forget_partition(self, partition: str) -> None:
        """Forget all histories of a partition."""
        self._cache.drop_partition(partition)

    async def write(
        self,
        session: Session,
        history: KnownHistory,
        commit: Commit,
        done: Done | None = None,
    ) -> None:
        """Write *commit*, which goes on from *history*, and keep what is written in memory.

        What has ended is not kept: another server's client may rewind it in storage.
        """
        started = commit.instance.started
        if started is not None:  # its activities may arrive before the commit is through
            self._beginning[commit.instance_id] = started
        try:
            await self._write(session, history, commit, done)
        finally:
            self._beginning.pop(commit.instance_id, None)

    async def _write(
        self, session: Session, history: KnownHistory, commit: Commit, done: Done | None
    ) -> None:
        instance_id = commit.instance_id
        try:
            version = await self._checkpoint(commit)
        except CheckpointLost:
            self._cache.drop(instance_id)
            raise
        if _have_ended(commit.events):
            self._cache.drop(instance_id)
            started = commit.instance.started or history.state.started
        else:
            turn, showing = (done.turn, done.showing) if done is not None else (None, None)
            longer = history.extended(commit, version, turn, showing)
            self._cache.put(instance_id, session.partition, longer)
            started = longer.state.started
        self._on_written(instance_id, commit.instance, started)

    async def _checkpoint(self, commit: Commit) -> HistoryVersion:
        now = asyncio.get_running_loop().time
        began, outcome = now(), "failed"
        try:
            with self._tracing.span("durahub checkpoint", None, {}):
                version = await self._store.commit(commit)
            outcome = "written"
            return version
        except CheckpointLost:
            outcome = "conflict"
            raise
        finally:
            self.checkpoints.note((outcome,), now() - began)


def _have_ended(events: Sequence[Event]) -> bool:
    return any(isinstance(event, ExecutionCompleted) for event in events)
