"""What a target holds, in a form in which two moves of one bundle are equal."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from durahub.classic.account import Account
from durahub.dispatch.clock import system_clock
from durahub.model import history as h
from durahub.stored import StoredInstance, StoredMessage
from durahub_migrate.bundle.semantics import semantic_digest
from durahub_migrate.endpoint.opening import open_endpoint
from durahub_migrate.export.classic_outlet import classic_outlet
from durahub_migrate.export.endpoint_outlet import open_outlet
from durahub_migrate.export.outlet import Outlet
from durahub_migrate.export.scheduler_outlet import scheduler_outlet
from durahub_migrate.moving.place import EndpointAddress

Told = dict[str, Any]
"""``instances``: a digest by ID; ``messages``: how many there are of each kind."""


async def in_file(file: Path, hub: str, *, exact: bool) -> Told:
    """Return what a hub in a file holds."""
    with scheduler_outlet(str(file), hub) as outlet:
        return await told(outlet, exact=exact)


async def in_account(connection_string: str, hub: str) -> Told:
    """Return what a hub in an account holds; places of messages that nobody gets are none."""

    def account(make_transport: Any) -> Account:
        return Account.from_connection_string(
            connection_string, "the test", make_transport=make_transport
        )

    async with classic_outlet(hub, account, system_clock) as outlet:
        return await told(outlet, exact=True)


async def at_endpoint(address: EndpointAddress) -> Told:
    """Return what an endpoint shows."""
    async with open_endpoint(address) as client:
        outlet = await open_outlet(client)
        return await told(outlet, exact=False)


async def told(outlet: Outlet, *, exact: bool) -> Told:
    """Return what an outlet gives: to the tick, or what two runs of one instance have in common."""
    messages: Counter[str] = Counter()
    async for message in outlet.messages():
        assert isinstance(message, StoredMessage), message
        text = _exactly(message) if exact else _kind(message)
        if text:
            messages[text] += 1
    instances: dict[str, str] = {}
    async for one in outlet.instances():
        assert isinstance(one, StoredInstance), one
        instances[one.instance_id] = (
            json.dumps(_row(one), sort_keys=True) if exact else semantic_digest(one).hex()
        )
    return {"instances": instances, "messages": messages}


def _row(one: StoredInstance) -> Mapping[str, str]:
    names = (name for name in one.__dataclass_fields__ if name not in ("beside", "history"))
    events = "".join(repr(stored.event) for stored in one.history)
    return {**{name: repr(getattr(one, name)) for name in names}, "history": events}


def _exactly(one: StoredMessage) -> str:
    event = one.message.event
    if one.message.target.instance_id == "durahub-apply":
        return ""
    return f"{one.message.target.instance_id} {event!r}"


def _kind(one: StoredMessage) -> str:
    """Return what a message is for: GUIDs, times and executions are those of a run."""
    event = one.message.event
    about: object = None
    match event:
        case h.TaskScheduled():
            about = event.name, event.event_id, event.input
        case h.TimerFired():
            about = event.timer_id
        case h.EventRaised():
            is_entitys = one.message.target.instance_id.startswith("@")
            about = event.name if is_entitys else (event.name, event.input)
    return f"{one.message.target.instance_id} {event.type.name} {about}"
