"""What keeps a queue from being worked on: nobody holds its partition, a freeze, a backlog."""

from collections.abc import Iterable

from durahub.classic.freezing.naming import is_freezer
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.explaining.cause import Cause, fact, likely
from durahub_migrate.monitor.explaining.seen import HubSeen, Owner, SeenMessage
from durahub_migrate.monitor.explaining.wording import (
    age,
    clock,
    counted,
    hub_command,
    quoted,
    span,
)
from durahub_migrate.monitor.partitions import Holding
from durahub_migrate.monitor.waiting import Evidence, NextStep, Reason


def trouble(queue: str | None, hub: HubSeen) -> Cause | None:
    """Return why nobody works on a control queue; ``None`` if somebody does, or nobody can tell."""
    frozen = freeze(hub)
    if frozen is not None:
        return frozen
    owner = hub.owners.get(queue or "")
    if hub.workers == ():
        return nobody(hub, owner, queue)
    if queue is None or owner is None:
        return None
    match owner.holding:
        case Holding.FREE:
            return Cause(
                reason=Reason.NO_OWNER,
                sentence=f"nobody holds the partition of queue {queue}",
                stuck=True,
                evidence=(fact(f"Nobody holds partition {queue}.", f"partition {queue}"),),
                steps=(_start_workers(hub),),
            )
        case Holding.EXPIRED:
            return Cause(
                reason=Reason.OWNER_NOT_RENEWING,
                sentence=f"worker {quoted(owner.owner)}, which holds queue {queue}, does not renew its lease",
                stuck=True,
                evidence=(_expired(owner, queue, hub.now),),
                steps=(
                    NextStep(
                        sentence=f"Look whether worker {quoted(owner.owner)} still runs; restart it. Any "
                        "worker that starts takes the partition."
                    ),
                    _show(hub),
                ),
            )
    return None


def freeze(hub: HubSeen) -> Cause | None:
    """Return the freeze of a hub as a cause."""
    if hub.frozen is None:
        return None
    frozen = hub.frozen
    since = f" since {clock(frozen.since)}" if frozen.since is not None else ""
    return Cause(
        reason=Reason.HUB_FROZEN,
        sentence=f"the hub is frozen{since}: no worker may take its messages",
        evidence=(
            fact(f"{quoted(frozen.holder)} holds the hub frozen{since}.", "freeze", frozen.since),
        ),
        steps=(
            NextStep(
                sentence="Thaw the hub, if whatever it was frozen for is over.",
                command=hub_command("thaw", hub.address),
            ),
        ),
    )


def nobody(hub: HubSeen, owner: Owner | None, queue: str | None) -> Cause:
    """Return that no worker is there at all."""
    evidence = [
        fact("No worker is connected, or holds any partition of the hub.", f"hub {hub.name}")
    ]
    if owner is not None and owner.owner is not None and queue is not None:
        evidence.append(_expired(owner, queue, hub.now))
    return Cause(
        reason=Reason.NO_WORKERS,
        sentence="no worker is there: nobody is connected, or holds any partition of the hub",
        stuck=True,
        evidence=tuple(evidence),
        steps=(_start_workers(hub),),
    )


def _expired(owner: Owner, queue: str, now: Ticks) -> Evidence:
    ended = f"ended {age(owner.expires, now)} ago" if owner.expires is not None else "has ended"
    renewed = f", last renewed {age(owner.renewed, now)} ago" if owner.renewed is not None else ""
    return fact(
        f"The lease of {quoted(owner.owner)} on {queue} {ended}{renewed}.",
        f"partition {queue}",
        owner.expires,
    )


def _start_workers(hub: HubSeen) -> NextStep:
    if hub.address.startswith("sqlite:"):  # whose server keeps commands from the file
        return NextStep(
            sentence="Start a durahub server with this file, if none runs, and the app."
        )
    return NextStep(
        sentence="Start the app (or a durahub server) on this hub; look who has served it last.",
        command=hub_command("show", hub.address),
    )


def ask_server(hub: HubSeen) -> tuple[NextStep, ...]:
    """Return how to find out whether a worker is connected, where the hub itself does not tell."""
    if hub.server is None:
        return ()
    sentence = (
        f"See whether a worker is connected to the server that has the file ({hub.server}): its own monitor "
        "says so, and durahub_workers in its metrics. If there is none, start the app; else read its log."
    )
    return (NextStep(sentence=sentence),)


def _show(hub: HubSeen) -> NextStep:
    return NextStep(sentence="See who serves the hub.", command=hub_command("show", hub.address))


def held_by(queue: str | None, hub: HubSeen) -> tuple[Evidence, ...]:
    """Return who holds the partition of a queue."""
    owner = hub.owners.get(queue or "")
    if queue is None or owner is None or owner.owner is None or is_freezer(owner.owner):
        return ()
    if owner.holding is Holding.DRAINING:
        asked = f", for {quoted(owner.next_owner)}" if owner.next_owner else ""
        said = f"{quoted(owner.owner)} is giving up partition {queue}{asked}."
        return (fact(said, f"partition {queue}"),)
    if owner.holding is not Holding.HELD:
        return ()
    renewed = f", renewed {age(owner.renewed, hub.now)} ago" if owner.renewed is not None else ""
    return (fact(f"{quoted(owner.owner)} holds partition {queue}{renewed}.", f"partition {queue}"),)


def visible(messages: Iterable[SeenMessage], now: Ticks) -> tuple[SeenMessage, ...]:
    """Return the messages that a worker could take now."""
    return tuple(one for one in messages if not one.taken and one.is_due(now))


def backlog(message: SeenMessage, hub: HubSeen) -> Evidence:
    """Return how a message stands in its queue."""
    queue = hub.queues[message.queue]
    ahead = next(
        (n for n, one in enumerate(queue.messages) if one.message_id == message.message_id), 0
    )
    since = f" for {span(seconds_between(message.since, hub.now))}" if message.since else ""
    told = (
        f"Its message has been in the queue{since}, {counted(ahead, 'visible message')} before it"
    )
    return fact(f"{told}; the queue has {queue.depth}.", message.place, message.since)


def poison(message: SeenMessage) -> Evidence:
    """Return what shows that a message is poison."""
    if message.problem is not None:
        return fact(f"A message cannot be read: {message.problem}.", message.place)
    said = (
        f"It was delivered {counted(message.deliveries, 'time')}: whoever takes it fails, or dies."
    )
    return (
        fact(said, message.place, message.inserted)
        if message.deliveries >= 10
        else likely(said, message.place)
    )
