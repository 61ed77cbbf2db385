"""The hubs and how they stand."""

from durahub_migrate.monitor.hub import HubStanding
from durahub_migrate.web.call import Call
from durahub_migrate.web.operations import Operation


def operations() -> list[Operation]:
    """Return what is answered here."""
    return [
        Operation(
            method="GET",
            path="api/hubs",
            about="All hubs that the user may read, and how each stands.",
            handler=listed,
            gives=tuple[HubStanding, ...],
        ),
        Operation(
            method="GET",
            path="api/hubs/{hub}",
            about="How a hub stands.",
            handler=shown,
            gives=HubStanding,
        ),
        Operation(
            method="POST",
            path="api/hubs/{hub}/refresh",
            about="Look for changes now, within the hub's budget.",
            handler=refreshed,
            gives=HubStanding,
        ),
    ]


async def listed(call: Call) -> tuple[HubStanding, ...]:
    """Return all hubs."""
    return tuple(one.standing() for one in call.sight.hubs())


async def shown(call: Call) -> HubStanding:
    """Return a hub."""
    return call.hub.standing()


async def refreshed(call: Call) -> HubStanding:
    """Look for changes, and return the hub."""
    hub = call.hub
    await hub.refresh()
    return hub.standing()
