"""One task hub at work: its clients' operations, its workers' streams, and the store behind both.

The store takes partitions only while a worker is connected; without one the hub is a gateway for
clients. `TaskHub.run` owns all background work: when it returns, nothing of the hub runs any more.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from durahub.dispatch.activities import Activities
from durahub.dispatch.clock import Clock, new_id, system_clock
from durahub.dispatch.entity_batches import EntityBatches
from durahub.dispatch.gathering import Outstanding
from durahub.dispatch.load import Load, Memory, numbers
from durahub.dispatch.lost_workers import LostWorkers
from durahub.dispatch.operations import Operations
from durahub.dispatch.orchestrations import Orchestrations
from durahub.dispatch.serving import Serving
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import Kind, Need, PinnedStream, Streams, WorkerNow, WorkStream
from durahub.dispatch.tokens import COMPLETED, Tokens
from durahub.dispatch.work import StreamOptions
from durahub.engine.answers import ActivityResult
from durahub.engine.commit import Delivery, InstanceUpdate
from durahub.engine.dtfx_turn import TurnAnswer
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.work import EntityAnswer
from durahub.model.failure import Failure
from durahub.model.history import Event, ExecutionStarted
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks
from durahub.observing.timings import Timings
from durahub.observing.tracing import NOT_TRACED, Tracing
from durahub.store import HubStore, Partitioned, Waiting

log = logging.getLogger(__name__)


class TaskHub(Operations):
    """A task hub that clients and workers can use."""

    def __init__(
        self,
        store: HubStore,
        *,
        clock: Clock = system_clock,
        make_id: Callable[[], str] = new_id,
        settings: DispatchSettings | None = None,
        tracing: Tracing = NOT_TRACED,
    ) -> None:
        super().__init__(store, clock, make_id)
        self._settings = settings or DispatchSettings()
        self._streams = Streams(self._on_room, self._on_stream_closed, self._most())
        self._turn_tokens: Tokens[TurnAnswer] = Tokens(make_id)
        self._activity_tokens: Tokens[ActivityResult] = Tokens(make_id)
        self._entity_tokens: Tokens[EntityAnswer] = Tokens(make_id)
        entities = EntityBatches(
            store, self._streams, self._entity_tokens, clock, make_id, self._settings
        )
        outstanding = Outstanding()
        self._orchestrations = Orchestrations(
            store,
            self._streams,
            self._turn_tokens,
            entities,
            clock,
            self._settings,
            self._on_written,
            self._on_let_go,
            outstanding,
            tracing,
        )
        self._activities = Activities(
            store,
            self._streams,
            self._activity_tokens,
            clock,
            self._settings,
            self._orchestrations.histories.version_of,
            outstanding,
            self._on_room,
            tracing,
        )
        self._all_tokens: tuple[Tokens[Any], ...] = (
            self._turn_tokens,
            self._activity_tokens,
            self._entity_tokens,
        )
        self._lost_workers = LostWorkers(self._all_tokens, self._settings.disconnect_grace)
        self._serving = Serving(store, self, self._streams, self._settings.linger)
        self._stopping = False
        self._activities_full = self._messages_full = True

    def _most(self) -> dict[Kind, int]:
        settings = self._settings
        most = {
            Kind.ORCHESTRATION: settings.max_orchestrations,
            Kind.ACTIVITY: settings.max_activities,
            Kind.ENTITY: settings.max_entities,
        }
        return {kind: number for kind, number in most.items() if number is not None}

    async def open(self, *, create: bool) -> None:
        """Connect to the hub in storage; with *create* make what is missing."""
        await self._store.open(create=create)

    async def close(self) -> None:
        """Let go of storage, when `run` has ended; calling it twice is fine."""
        await self._store.close()

    async def delete(self) -> None:
        """Delete the hub with everything in it, when `run` has ended."""
        await self._store.delete()

    @property
    def set_aside_count(self) -> int:
        """How many stored things this process could not read."""
        return self._store.set_aside_count

    @property
    def workers(self) -> int:
        """How many workers' streams are open."""
        return len(self._streams)

    @property
    def messages_in_memory(self) -> int:
        """How many instance messages this server holds."""
        return self._orchestrations.room.held

    @property
    def memory(self) -> Memory:
        """What this server keeps of the hub's instances."""
        return self._orchestrations.memory

    @property
    def open_work_items(self) -> tuple[int, int, int]:
        """How many turns, how many activities and how many entity batches are out."""
        return len(self._turn_tokens), len(self._activity_tokens), len(self._entity_tokens)

    @property
    def failing(self) -> str:
        """Why the hub is not served though it should be: a code such as ``DH501``; ``""`` if it is."""
        return self._serving.failing

    @property
    def ended_work_items(self) -> Mapping[Kind, Timings]:
        """How long work items were out, by how they ended."""
        return {
            Kind.ORCHESTRATION: self._turn_tokens.ended,
            Kind.ACTIVITY: self._activity_tokens.ended,
            Kind.ENTITY: self._entity_tokens.ended,
        }

    @property
    def checkpoints(self) -> Timings:
        """How long checkpoints took to write, by what came of them."""
        return self._orchestrations.histories.checkpoints

    @property
    def commit_retries(self) -> Mapping[Kind, int]:
        """How often a turn was run again, or a result written again, because storage did not take it."""
        return {**self._orchestrations.retries, Kind.ACTIVITY: self._activities.retries}

    @property
    def held_partitions(self) -> int:
        """How many partitions of the hub this server works on."""
        return self._store.held_partitions if isinstance(self._store, Partitioned) else 0

    def waiting(self) -> Mapping[Kind, Waiting]:
        """Return what is here and has no worker yet."""
        return {
            Kind.ORCHESTRATION: self._orchestrations.waiting(entities=False),
            Kind.ACTIVITY: self._activities.waiting(),
            Kind.ENTITY: self._orchestrations.waiting(entities=True),
        }

    @property
    def uncompleted(self) -> int:
        """How many work items ended without an answer: they are run again."""
        counted = [t.snapshot().items() for t in self.ended_work_items.values()]
        return sum(b.count for one in counted for (end,), b in one if end != COMPLETED)

    async def load(self) -> Load:
        """Return how much work there is; what other servers of the hub hold is not counted."""
        stored, now = await self._store.backlog(), self._clock()
        turns, activities, batches = self.open_work_items
        return Load(
            orchestrations=numbers(
                stored.orchestrations, self._orchestrations.waiting(entities=False), turns, now
            ),
            activities=numbers(stored.activities, self._activities.waiting(), activities, now),
            entities=numbers(
                stored.entities, self._orchestrations.waiting(entities=True), batches, now
            ),
            workers=self.workers,
        )

    # -- workers -------------------------------------------------------------------------------

    def connect(self, options: StreamOptions) -> WorkStream:
        """Open a worker's stream; the hub takes partitions while there is one."""
        stream = self._streams.add(options)
        log.info("worker-connected", extra={"hub": self.name, "worker_id": options.worker_id})
        if self._stopping:
            stream.close()
        return stream

    def workers_now(self) -> tuple[WorkerNow, ...]:
        """Return the connected workers, with what each has and takes."""
        return self._streams.workers_now()

    async def drain_worker(self, worker_id: str) -> bool:
        """Send no more work to a worker, whose streams stay open; tell whether it is connected."""
        return self._streams.drain(worker_id)

    def pin(self, instance_id: str, worker_id: str, principal: str) -> WorkStream:
        """Return a stream that gets an orchestration's turns, and nothing else, while it is open."""
        options = StreamOptions(
            worker_id=worker_id,
            principal=principal,
            max_orchestrations=1,
            max_activities=0,
            max_entities=0,
        )
        return PinnedStream(options, self._streams, Need(Kind.ORCHESTRATION, "", "", instance_id))

    def work_history(
        self, instance_id: str, execution_id: str, principal: str
    ) -> Sequence[Event] | None:
        """Return the past events of the turn that is out, as its worker numbers actions.

        ``None`` if there is none, or if it went out on the stream of another than *principal*.
        """
        work = self._orchestrations.turns.of(instance_id)
        if work is None or (execution_id and work.execution_id != execution_id):
            return None
        return work.past if self._turn_tokens.holder(work.token) == principal else None

    async def complete_orchestration(
        self, token: str, instance_id: str, result: TurnAnswer
    ) -> None:
        """Take a worker's answer; what it says is written behind. Raises `WorkItemNotFound`."""
        self._turn_tokens.complete(token, instance_id, None, result)

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
        outcome = ActivityResult(result, failure)
        self._activity_tokens.complete(token, instance_id, task_id, outcome)

    async def complete_entity(self, token: str, instance_id: str, answer: EntityAnswer) -> None:
        """Take the answer to a batch; *instance_id* may be empty. Raises `WorkItemNotFound`."""
        self._entity_tokens.complete(token, instance_id, None, answer)

    async def abandon(self, token: str, *, at_once: bool = False) -> None:
        """Take a work item back; it is delivered again after a while, or *at_once*.

        Unknown tokens are ignored.
        """
        any(tokens.abandon(token, lost=at_once) for tokens in self._all_tokens)

    # -- the store's listener ------------------------------------------------------------------

    def on_messages(self, deliveries: Sequence[Delivery]) -> None:
        """Take over messages to instances."""
        self._orchestrations.take(deliveries)

    def on_activities(self, deliveries: Sequence[Delivery]) -> None:
        """Take over activities."""
        self._activities.take(deliveries)

    async def on_partition_closing(self, partition: str) -> None:
        """Finish or drop what came from *partition*; ``""`` are the activities."""
        if partition:
            await self._orchestrations.close_partition(partition)
            self._waits.doubt(self._store.owns)
        else:
            await self._activities.close(self._settings.drain)

    def message_room(self) -> int:
        """Return how many more instance messages fit into memory."""
        room = self._orchestrations.room.left(self._settings.message_buffer)
        self._messages_full = room == 0
        return room

    def activity_room(self) -> int:
        """Return how many more activities the workers take now."""
        room = max(0, self._streams.room(Kind.ACTIVITY) - self._activities.coming)
        if self._activities.is_full:
            room = 0
        self._activities_full = room == 0
        return room

    # -- life ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve the hub until cancelled: with workers connected, take partitions and run them."""
        await self._serving.run()

    def pause(self) -> None:
        """Give out no more work; what is out may still be completed, but not by a lost worker."""
        self._streams.paused = True
        self._lost_workers.give_up()

    def stop_streams(self) -> None:
        """End all streams, now and for good; completions of what is out are still taken."""
        self._stopping = True
        self._streams.close()
        self._lost_workers.stop()

    def _on_room(self) -> None:
        """Tell the store that there is room, if the last time it asked there was none."""
        self._serving.look()
        if self._activities_full and self.activity_room() > 0:
            self._store.wake()

    def _on_stream_closed(self, stream: WorkStream) -> None:
        """Give the items of a lost worker to others, after a grace for late completions."""
        lost = self._lost_workers.lose(stream)
        log.info(
            "worker-disconnected",
            extra={
                "hub": self.name,
                "worker_id": stream.options.worker_id,
                "open_items": lost,
            },
        )

    def _on_written(
        self, instance_id: str, update: InstanceUpdate, started: ExecutionStarted | None
    ) -> None:
        def tell(payloads: bool) -> Instance | None:
            if started is None or is_entity(instance_id):
                return None
            return self._store.told(instance_id, started, update, payloads=payloads)

        if update.status is not None:
            self._waits.notify(instance_id, update.status, tell)

    def _on_let_go(self) -> None:
        """Tell the store that there is room for messages, if the last time it asked there was none."""
        if self._messages_full and self.message_room() > 0:
            self._store.wake()

    def _can_run(self, row: Instance) -> bool:
        """Tell whether a worker is connected that takes this orchestration."""
        need = Need(Kind.ORCHESTRATION, row.name or "", row.version or "", row.instance_id)
        return self._streams.is_wanted(need)

    def _runs_here(self, instance_id: str) -> bool:
        return super()._runs_here(instance_id) or self._events_here(instance_id) is not None

    def _events_here(self, instance_id: str) -> Sequence[Event] | None:
        if is_entity(instance_id) or not self._store.owns(instance_id):
            return None
        return self._orchestrations.histories.events_of(instance_id)

    def _changed_in_storage(self, instance_id: str, over_at: Ticks | None = None) -> None:
        self._orchestrations.forget(instance_id, over_at)
