"""What was on its way to an instance that has not begun is told it anew, once.

No call that raises an event can be repeated. But while instances are moved no worker of the app is there; so
where nobody knows whether an event has arrived, its instance is removed, placed again, and told everything
from the beginning.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from durahub.model import history as h
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.endpoint.standing import Standing, unbegun

Again = Callable[[], Awaitable[Moved | None]]
"""Removes what was placed and places it again; returns what went wrong."""

_TELLABLE = (h.EventRaised, h.ExecutionSuspended, h.ExecutionResumed, h.ExecutionTerminated)


@dataclass(frozen=True, slots=True)
class Telling:
    """An event for an instance at the target. *step* is ``event:order-7:0``."""

    step: str
    target_id: str
    event: h.Event


def tellings(unit: Unit, members: Mapping[str, Standing]) -> tuple[list[Telling], dict[str, int]]:
    """Return what can be told of the inboxes of *members*, in order, and what cannot, by reason."""
    found: list[Telling] = []
    left: dict[str, int] = {}
    for instance_id, member in members.items():
        target_id = unit.target_id(instance_id)
        for number, event in enumerate(member.inbox):
            if isinstance(event, _TELLABLE):
                found.append(Telling(f"event:{target_id}:{number}", target_id, event))
            else:
                left["of the run before"] = left.get("of the run before", 0) + 1
    return found, left


def as_placed(unit: Unit, members: Mapping[str, Standing]) -> Moved:
    """Return what is at the target when *members* stand there, and the unbegun were told all."""
    left: Counter[str] = Counter()
    for member in members.values():
        left += member.left
    _, untold = tellings(unit, unbegun(members))
    messages = sum(len(one.inbox) for one in members.values()) - sum(untold.values())
    return Moved(
        instances=len(members),
        events=sum(len(one.history) for one in members.values()),
        messages=messages,
        taken=messages + sum(one.told for one in members.values()),
        left=dict(left + Counter(untold)),
    )


async def tell_all(
    client: EndpointClient, found: Sequence[Telling], ledger: Ledger, again: Again
) -> Moved | None:
    """Tell what was not told yet; return what went wrong."""
    anew = any(ledger.was_begun(one.step) for one in found)
    if anew:
        problem = await again()
        if problem is not None:
            return problem
    for one in found:
        if anew or not ledger.is_done(one.step):
            await ledger.begin(one.step)
            await _tell(client, one.target_id, one.event)
            await ledger.end(one.step)
    return None


async def _tell(client: EndpointClient, target_id: str, event: h.Event) -> None:
    match event:
        case h.EventRaised():
            await client.raise_event(target_id, event.name or "", event.input)
        case h.ExecutionSuspended():
            await client.suspend(target_id, event.reason)
        case h.ExecutionResumed():
            await client.resume(target_id, event.reason)
        case h.ExecutionTerminated():
            await client.terminate(target_id, event.input, recursive=event.recurse)
