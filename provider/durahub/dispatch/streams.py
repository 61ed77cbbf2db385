"""The streams of connected workers: which has room for what, and who waits for room.

A stream states how many work items of each kind it takes at once. Work waits for a *slot*: a place on
the stream with the most room, of those whose filters accept it, first come first served.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from durahub.dispatch.work import Filters, StreamOptions, Work

MOST_UNSENT = 64
"""Work items that wait for a worker to read its stream; it gets more when half of them are sent."""


class Kind(Enum):
    """The kinds of work that a stream counts."""

    ORCHESTRATION = "orchestration"
    ACTIVITY = "activity"
    ENTITY = "entity"

    # By identity: that of Enum is Python code, and tables by kind are asked 170 times an orchestration.
    __hash__ = object.__hash__


class StreamClosed(Exception):
    """The stream has ended, or the server is stopping."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a piece of work asks of a stream. *instance_id* tells whose it is, if it may be pinned."""

    kind: Kind
    name: str
    version: str = ""
    instance_id: str = ""


@dataclass(eq=False, slots=True)
class Slot:
    """A place on a stream, held from the hand-over of a work item to its completion."""

    stream: "WorkStream"
    kind: Kind
    released: bool = False

    def release(self) -> None:
        """Give the place back; calling it twice is fine."""
        if not self.released:
            self.released = True
            self.stream.free(self.kind)


class WorkStream:
    """One worker's open stream."""

    def __init__(self, options: StreamOptions, streams: "Streams") -> None:
        self.options = options
        self._streams = streams
        self._ready: deque[Work] = deque()
        self._changed = asyncio.Event()
        self._open = dict.fromkeys(Kind, 0)
        self._limits = {
            Kind.ORCHESTRATION: options.max_orchestrations,
            Kind.ACTIVITY: options.max_activities,
            Kind.ENTITY: options.max_entities,
        }
        self._choked = False  # its worker does not read as fast as it is given
        self.closed = False
        self.draining = False  # stays open, and gets no more work

    async def next(self) -> Work:
        """Return the next work item; waits. Raises `StreamClosed` when there will be none."""
        while (work := self.next_now()) is None:
            await self.changed()
        return work

    def next_now(self) -> Work | None:
        """Return the next work item, ``None`` while there is none. Raises `StreamClosed` as `next`."""
        if self._ready:
            work = self._ready.popleft()
            if self._choked and len(self._ready) <= MOST_UNSENT // 2:
                self._choked = False
                for kind in Kind:
                    self._streams.changed(kind)
            return work
        if self.closed:
            raise StreamClosed
        return None

    async def changed(self) -> None:
        """Wait until `next_now` may tell otherwise, or `wake` is called; there is one who waits."""
        await self._changed.wait()
        self._changed.clear()

    def wake(self) -> None:
        """End the wait for a change."""
        self._changed.set()

    def close(self) -> None:
        """End the stream; its open items are the hub's again after a grace. Twice is fine."""
        if not self.closed:
            self.closed = True
            self._changed.set()
            self._streams.remove(self)

    def push(self, work: Work) -> None:
        """Send *work* down the stream; its slot was taken before. A closed stream sends nothing."""
        if not self.closed:
            self._ready.append(work)
            self._choked = self._choked or len(self._ready) >= MOST_UNSENT
            self._changed.set()

    def room(self, kind: Kind) -> int:
        """Return how many more items of *kind* the worker takes now."""
        if self.closed or self.draining or self._choked:
            return 0
        return self._limits[kind] - self._open[kind]

    def limit(self, kind: Kind) -> int:
        """Return how many items of *kind* the worker takes at once."""
        return 0 if self.draining else self._limits[kind]

    def in_use(self, kind: Kind) -> int:
        """Return how many items of *kind* the worker has."""
        return self._open[kind]

    def accepts(self, need: Need) -> bool:
        """Tell whether the worker's filters let this work through."""
        filters = self.options.filters
        if filters is None:
            return True
        versions = _of_kind(filters, need.kind).get(need.name)
        return versions is not None and (not versions or need.version in versions)

    def take(self, kind: Kind) -> Slot:
        """Take a place."""
        self._open[kind] += 1
        self._streams.out[kind] += 1
        return Slot(self, kind)

    def free(self, kind: Kind) -> None:
        """Give a place back and let the next in line have it."""
        self._open[kind] -= 1
        self._streams.out[kind] -= 1
        self._streams.changed(kind)


def _of_kind(filters: Filters, kind: Kind) -> Mapping[str, frozenset[str]]:
    match kind:
        case Kind.ORCHESTRATION:
            return filters.orchestrations
        case Kind.ACTIVITY:
            return filters.activities
        case Kind.ENTITY:
            return filters.entities


class PinnedStream(WorkStream):
    """A stream for the turns of one instance alone: a worker keeps it in its memory for a while.

    It has always room, and counts for nothing in the room of its worker.
    """

    def __init__(self, options: StreamOptions, streams: "Streams", need: Need) -> None:
        super().__init__(options, streams)
        self.pinned_to = (need.kind, need.instance_id)
        streams.pinned[self.pinned_to] = self

    def close(self) -> None:
        """End it: the instance's turns go to whoever has room. Twice is fine."""
        if not self.closed:
            self.closed = True
            self._changed.set()
            self._streams.unpin(self)

    def free(self, kind: Kind) -> None:
        """Give a place back, which nobody waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerNow:
    """A connected worker: how many items of each kind it has, and how many it takes at once."""

    worker_id: str
    active_orchestrations: int
    max_orchestrations: int
    active_activities: int
    max_activities: int
    active_entities: int
    max_entities: int


@dataclass(eq=False, slots=True)
class _Waiter:
    need: Need
    future: "asyncio.Future[Slot]"


@dataclass(slots=True)
class Streams:
    """All streams of a hub. *on_change* is called when streams come, go or have room again.

    ``most`` says how many items of a kind may be out at once, whatever the workers take; ``out`` is how
    many are.
    """

    on_change: Callable[[], None]
    on_remove: Callable[[WorkStream], None]
    most: Mapping[Kind, int] = field(default_factory=dict)
    paused: bool = False  # no new work goes out, what is out may come back
    pinned: dict[tuple[Kind, str], PinnedStream] = field(default_factory=dict)
    out: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    _streams: list[WorkStream] = field(default_factory=list)
    _waiting: dict[Kind, deque[_Waiter]] = field(
        default_factory=lambda: {kind: deque() for kind in Kind}
    )

    def add(self, options: StreamOptions) -> WorkStream:
        """Open a stream."""
        stream = WorkStream(options, self)
        self._streams.append(stream)
        for kind in Kind:
            self._serve(kind)
        self.on_change()
        return stream

    def remove(self, stream: WorkStream) -> None:
        """Forget *stream*; called by its own ``close``."""
        self._streams.remove(stream)
        self.on_remove(stream)
        self.on_change()

    def unpin(self, stream: PinnedStream) -> None:
        """Forget a pinned stream; called by its own ``close``."""
        if self.pinned.get(stream.pinned_to) is stream:
            del self.pinned[stream.pinned_to]
        self.on_remove(stream)

    def __len__(self) -> int:
        return len(self._streams)

    @property
    def filter_versions(self) -> bool:
        """Whether a worker takes only some versions of an activity."""
        filters = [stream.options.filters for stream in self._streams]
        return any(any(one.activities.values()) for one in filters if one is not None)

    def workers_now(self) -> tuple[WorkerNow, ...]:
        """Return the workers, one entry a stream."""
        return tuple(
            WorkerNow(
                worker_id=stream.options.worker_id,
                active_orchestrations=stream.in_use(Kind.ORCHESTRATION),
                max_orchestrations=stream.options.max_orchestrations,
                active_activities=stream.in_use(Kind.ACTIVITY),
                max_activities=stream.options.max_activities,
                active_entities=stream.in_use(Kind.ENTITY),
                max_entities=stream.options.max_entities,
            )
            for stream in self._streams
        )

    def drain(self, worker_id: str) -> bool:
        """Give a worker's streams no more work; tell whether it has any. Twice is fine."""
        found = [s for s in self._streams if s.options.worker_id == worker_id]
        for stream in found:
            stream.draining = True
        if found:
            self.on_change()
        return bool(found)

    def is_wanted(self, need: Need) -> bool:
        """Tell whether a worker is connected that would take *need*, sooner or later."""
        if (need.kind, need.instance_id) in self.pinned:
            return True
        return any(s.accepts(need) and s.limit(need.kind) > 0 for s in self._streams)

    def close(self) -> None:
        """Close every stream."""
        for stream in (*self._streams, *self.pinned.values()):
            stream.close()

    def room(self, kind: Kind) -> int:
        """Return how many more items of *kind* all workers take, less those already in line."""
        if self.paused:
            return 0
        taken = sum(stream.room(kind) for stream in self._streams)
        return min(taken, self._allowed(kind, taken)) - len(self._waiting[kind])

    def _allowed(self, kind: Kind, otherwise: int) -> int:
        """Return how many more items of *kind* may go out; *otherwise* where there is no limit."""
        most = self.most.get(kind)
        return otherwise if most is None else most - self.out[kind]

    def changed(self, kind: Kind) -> None:
        """Serve the line after a place of *kind* became free."""
        self._serve(kind)
        self.on_change()

    def place(self, need: Need) -> Slot | None:
        """Return a place for *need* if there is one now and nobody stands in line before it."""
        pinned = self.pinned.get((need.kind, need.instance_id)) if self.pinned else None
        if pinned is not None and not self.paused:
            return Slot(pinned, need.kind)
        stream = None if self._waiting[need.kind] else self._best(need)
        return stream.take(need.kind) if stream is not None else None

    async def slot(self, need: Need) -> Slot:
        """Return a place for *need*; waits until there is one."""
        slot = self.place(need)
        if slot is not None:
            return slot
        waiter = _Waiter(need, asyncio.get_running_loop().create_future())
        self._waiting[need.kind].append(waiter)
        self._serve(need.kind)  # those in front may wait for another kind of worker
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.done() and not waiter.future.cancelled():
                waiter.future.result().release()
            raise
        finally:
            if waiter in self._waiting[need.kind]:
                self._waiting[need.kind].remove(waiter)

    def _best(self, need: Need) -> WorkStream | None:
        if self.paused or self._allowed(need.kind, 1) <= 0:
            return None
        best, most = None, 0
        for stream in self._streams:
            room = stream.room(need.kind)
            if room > most and stream.accepts(need):
                best, most = stream, room
        return best

    def _serve(self, kind: Kind) -> None:
        line = self._waiting[kind]
        if not line:
            return
        left: deque[_Waiter] = deque()
        while line and self._allowed(kind, 1) > 0 and any(s.room(kind) > 0 for s in self._streams):
            waiter = line.popleft()
            if waiter.future.done():
                continue
            stream = self._best(waiter.need)
            if stream is None:
                left.append(waiter)
            else:
                waiter.future.set_result(stream.take(kind))
        line.extendleft(reversed(left))
