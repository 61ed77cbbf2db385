"""The events by which the scheduler's API steers orchestrations, and who carries them out.

A body is one event of the protocol as JSON: exactly one of the members in `KINDS`, and perhaps
``eventId`` and ``timestamp``, which mean nothing here. The ``dts`` command gives a termination a
``reason`` where the protocol has ``input``; both are taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from durahub.edge.hub import Hub
from durahub.edge.web.bodies import MOST_ITEMS, flag_member, object_member, text_member
from durahub.errors import BadRequest, TooMany
from durahub.model.json_text import member

KINDS = (
    "eventRaised",
    "executionResumed",
    "executionRewound",
    "executionSuspended",
    "executionTerminated",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """What is to happen to an orchestration. ``text`` is the reason, or what an event carries."""

    kind: str
    text: str | None = None
    name: str = ""
    recursive: bool = False


def steering_of(body: Any) -> Steering:
    """Return what a body asks for. Raises `BadRequest`."""
    if not isinstance(body, dict):
        raise BadRequest("an event is not a JSON object")
    kinds = [kind for kind in KINDS if member(body, kind) is not None]
    if len(kinds) != 1:
        raise BadRequest(f"an event has exactly one of the members {', '.join(KINDS)}")
    kind = kinds[0]
    found = object_member(body, kind)
    reason = text_member(found, "reason")
    match kind:
        case "eventRaised":
            name = text_member(found, "name") or ""
            return Steering(kind=kind, name=name, text=text_member(found, "input"))
        case "executionTerminated":
            output = text_member(found, "input")
            return Steering(
                kind=kind,
                text=reason if output is None else output,
                recursive=flag_member(found, "recurse", default=False),
            )
    return Steering(kind=kind, text=reason)


def steerings_of(body: Mapping[str, Any]) -> dict[str, Steering]:
    """Return what a body of ``addhistoryevents`` asks for, by the IDs of the orchestrations."""
    events = object_member(body, "events")
    if len(events) > MOST_ITEMS:
        raise TooMany("events", len(events), MOST_ITEMS)
    return {key: steering_of(event) for key, event in events.items()}


async def steer(hub: Hub, instance_id: str, steering: Steering) -> None:
    """Do it. Raises what the hub raises, `InstanceNotFound` among it."""
    match steering.kind:
        case "eventRaised":
            await hub.raise_event(instance_id, steering.name, steering.text)
        case "executionTerminated":
            await hub.terminate(instance_id, steering.text, recursive=steering.recursive)
        case "executionSuspended":
            await hub.suspend(instance_id, steering.text)
        case "executionResumed":
            await hub.resume(instance_id, steering.text)
        case "executionRewound":
            await hub.rewind(instance_id, steering.text)
