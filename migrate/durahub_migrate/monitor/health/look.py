"""One look at a hub's queues and leases; and what is made of two of them for the page of partitions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.explaining.seen import HubSeen, Owner, SeenQueue
from durahub_migrate.monitor.explaining.thresholds import Thresholds
from durahub_migrate.monitor.explaining.wording import counted, quoted, span
from durahub_migrate.monitor.health.flapping import Hands
from durahub_migrate.monitor.health.hot import Work, hot
from durahub_migrate.monitor.health.owners import Held
from durahub_migrate.monitor.partitions import (
    Holding,
    PartitionsView,
    PartitionView,
    QueueView,
    WorkerView,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLook:
    """What one look found. *control* are the control queues, in order; *app_lease* says who has that."""

    seen: HubSeen
    control: tuple[str, ...]
    held: Held
    app_lease: str | None = None
    problems: tuple[str, ...] = ()

    @property
    def at(self) -> Ticks:
        """When it was taken."""
        return self.seen.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What the index has of one partition."""

    instances: int = 0
    running: int = 0
    bytes: int = 0


def view(
    look: HubLook, before: HubLook | None, hands: Hands, sums: Mapping[int, Sums]
) -> PartitionsView:
    """Return the page of partitions."""
    thresholds = look.seen.thresholds
    views = {name: queue_view(queue, look, before) for name, queue in look.seen.queues.items()}
    active = sum(one.running for one in sums.values())
    of = [sums.get(index, Sums()) for index in range(len(look.control))]
    warm = hot(
        [
            Work(instances=one.running, messages=views[name].depth, bytes=one.bytes)
            for one, name in zip(of, look.control, strict=True)
            if name in views
        ]
    )
    partitions = tuple(
        _partition(index, name, views[name], look, hands, of[index], active, warm.get(index))
        for index, name in enumerate(look.control)
        if name in views
    )
    work = look.seen.work_items
    return PartitionsView(
        at=look.at,
        manager=look.held.manager,
        partitions=partitions,
        work_items=views.get(work or ""),
        workers=_workers(look),
        app_lease=look.app_lease,
        problems=tuple(_problems(look, hands, partitions, thresholds)),
    )


def queue_view(queue: SeenQueue, look: HubLook, before: HubLook | None) -> QueueView:
    """Return a queue, and how it grows since the look before."""
    growth = None
    if before is not None and queue.name in before.seen.queues:
        minutes = seconds_between(before.at, look.at) / 60
        if minutes > 0:
            growth = (queue.depth - before.seen.queues[queue.name].depth) / minutes
    deliveries = [message.deliveries for message in queue.messages]
    poison = look.seen.thresholds.poison
    return QueueView(
        name=queue.name,
        depth=queue.depth,
        visible=len(queue.messages),
        hidden=queue.hidden,
        oldest=queue.oldest,
        deliveries=max(deliveries, default=0),
        poison=sum(m.problem is not None or m.deliveries >= poison for m in queue.messages),
        growth=None if growth is None else round(growth, 2),
    )


def _partition(
    index: int,
    name: str,
    queue: QueueView,
    look: HubLook,
    hands: Hands,
    sums: Sums,
    active: int,
    why_hot: str | None,
) -> PartitionView:
    owner = look.held.owners.get(name, Owner(holding=Holding.FREE))
    changes = len(hands.of(name).changes)
    return PartitionView(
        index=index,
        queue=queue,
        holding=Holding.FROZEN if look.seen.frozen is not None else owner.holding,
        manager=look.held.manager,
        owner=owner.owner,
        next_owner=owner.next_owner,
        owned_since=owner.since,
        renewed=owner.renewed,
        expires=owner.expires,
        changes=changes,
        flapping=changes >= look.seen.thresholds.changes,
        instances=sums.instances,
        running=sums.running,
        bytes=sums.bytes,
        share=round(sums.running / active, 4) if active else 0.0,
        hot=why_hot is not None,
        why_hot=why_hot,
    )


def _workers(look: HubLook) -> tuple[WorkerView, ...]:
    found = []
    for worker, queues in look.held.workers.items():
        renewed = [look.held.owners[queue].renewed for queue in queues]
        found.append(
            WorkerView(
                name=worker,
                partitions=tuple(sorted(look.control.index(queue) for queue in queues)),
                seen=max((one for one in renewed if one is not None), default=look.at),
            )
        )
    return tuple(found)


def _problems(
    look: HubLook, hands: Hands, partitions: tuple[PartitionView, ...], thresholds: Thresholds
) -> list[str]:
    found = [*look.problems, *look.held.problems]
    if look.seen.frozen is not None:
        found.append(f"The hub is frozen by {quoted(look.seen.frozen.holder)}.")
        return found
    for one in partitions:
        name = one.queue.name
        if one.flapping:
            found.append(
                f"Partition {name} changed hands {counted(one.changes, 'time')} within an hour: workers lose "
                "their leases, or more of them start and stop than there are partitions."
            )
        since = hands.of(name).draining
        if one.holding is Holding.DRAINING and since is not None:
            seconds = seconds_between(since, look.at)
            if seconds >= thresholds.draining:
                found.append(
                    f"Partition {name} has been given up for {span(seconds)} by {quoted(one.owner)}, which "
                    "does not come to an end: something that it runs does not end."
                )
        if one.holding is Holding.EXPIRED:
            found.append(
                f"The lease of {quoted(one.owner)} on partition {name} has run out and nobody has taken it: "
                f"{counted(one.queue.depth, 'message')} wait."
            )
    return found


@dataclass(frozen=True, slots=True)
class Looked:
    """The looks so far: the last one, the one before, and who had what."""

    last: HubLook | None = None
    before: HubLook | None = None
    hands: Hands = field(default_factory=Hands)
