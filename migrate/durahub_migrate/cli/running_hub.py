"""Where the hub of a ``durahub up`` that runs here is for the commands beside it.

``NAME`` means its hubs, whatever it keeps them in. One in a file can be looked at beside the server, and is
acted on through the server, which alone may write it. One that only the server reaches, because it is in its
memory or in an account whose connection string is not told, is looked at through the server as well.
"""

from collections.abc import Sequence

from durahub.address import HubAddress, StoreKind, parse_store
from durahub.cli.held import endpoint_of, holder_of
from durahub.cli.meant import is_reached_alone, meant
from durahub.cli.running import Running
from durahub_migrate.moving.place import EndpointAddress, Place


def looked_at(place: Place, servers: Sequence[Running]) -> Place:
    """Return where a command reads the hub at *place*. Raises `SeveralServers`."""
    if not isinstance(place, HubAddress) or place.store.kind is not StoreKind.HERE:
        return place
    running = meant(place.store, servers)
    if running is None or running.storage is not None:
        return place
    if running.store is None or is_reached_alone(running):
        return _through(running, place.hub)
    return HubAddress(parse_store(running.store), place.hub)


def acted_on(place: Place, servers: Sequence[Running]) -> Place:
    """Return through what a command acts on the hub at *place*. Raises `SeveralServers`."""
    found = looked_at(place, servers)
    if not isinstance(found, HubAddress):
        return found
    holder = holder_of(found.store, servers)
    return _through(holder, found.hub) if holder is not None else found


def _through(running: Running, hub: str) -> EndpointAddress:
    return EndpointAddress(endpoint_of(running), hub)
