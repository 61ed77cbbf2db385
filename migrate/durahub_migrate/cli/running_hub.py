"""Where the hub of a ``durahub up`` that runs here is for the commands beside it.

``NAME`` and ``azurite:NAME`` mean its hubs. One in a file can be looked at beside the server, and is acted on
through the server, which alone may write it. One that only the server reaches, because it is in its memory
or in an account whose connection string is not told, is looked at through the server as well.
"""

from durahub.address import HubAddress, StoreKind, parse_store
from durahub.cli.held import endpoint_of, is_held_by
from durahub.cli.running import Running
from durahub_migrate.moving.place import EndpointAddress, Place

_MEMORY = ":memory:"


def looked_at(place: Place, running: Running | None) -> Place:
    """Return where a command reads the hub at *place*."""
    if running is None or running.storage is not None or not isinstance(place, HubAddress):
        return place
    if place.store.kind is not StoreKind.AZURITE:
        return place
    store = parse_store(running.store) if running.store is not None else None
    if store is None or store.place == _MEMORY:
        return _through(running, place.hub)
    return HubAddress(store, place.hub)


def acted_on(place: Place, running: Running | None) -> Place:
    """Return through what a command acts on the hub at *place*."""
    found = looked_at(place, running)
    if running is None or not isinstance(found, HubAddress):
        return found
    return _through(running, found.hub) if is_held_by(running, found.store) else found


def _through(running: Running, hub: str) -> EndpointAddress:
    return EndpointAddress(endpoint_of(running), hub)
