"""Which of the servers that run here an address means that names no store, or the local Azurite.

An address without a store means the only store that is served here. Where several are, it means the one
server that has a hub of that name; if not one has, nothing is guessed: people act on hubs, and delete
them. ``azurite:`` never means another kind of store.
"""

from collections.abc import Sequence

from durahub.address import StoreAddress, StoreKind, parse_store
from durahub.cli.held import endpoint_of
from durahub.cli.running import Running
from durahub.errors import SeveralServers
from durahub.scheduler.connections import MEMORY


def meant(address: StoreAddress, servers: Sequence[Running]) -> Running | None:
    """Return the server that *address* means, of *servers*, the last started at the end.

    ``None``: none of them, but the Azurite at its usual ports. Raises `SeveralServers`.
    """
    if address.kind is StoreKind.AZURITE:
        own = [one for one in servers if one.storage is not None]
        return own[-1] if own else None
    if len(_by_store(servers)) > 1:
        hub = address.place
        possible = _by_store([one for one in servers if not hub or may_have(one, hub)])
        if len(possible) != 1:
            raise SeveralServers(hub, [_described(one, hub, servers) for one in servers])
        return possible[0]
    return servers[-1] if servers else None


def first_hub(servers: Sequence[Running]) -> str:
    """Return the hub that is meant where none is named. Raises `SeveralServers`."""
    found = meant(StoreAddress(StoreKind.HERE, ""), servers)
    return found.hubs[0] if found is not None else "default"


def may_have(server: Running, hub: str) -> bool:
    """Tell whether *hub* may be one of the hubs that *server* was told to serve."""
    return server.dynamic or hub.casefold() in {one.casefold() for one in server.hubs}


def is_reached_alone(server: Running) -> bool:
    """Tell whether nobody but the *server* gets to its store: memory, or a connection string of its own."""
    in_memory = server.store is not None and parse_store(server.store).place == MEMORY
    return server.storage is None and (server.store is None or in_memory)


def _by_store(servers: Sequence[Running]) -> list[Running]:
    """Return the last started server of each store: those that share one are no choice."""
    found = {
        (one.pid if is_reached_alone(one) else None, one.storage, one.store): one for one in servers
    }
    return list(found.values())


def _described(server: Running, hub: str, servers: Sequence[Running]) -> str:
    """Return what a hub of *server* is called, and what the server is."""
    endpoint = endpoint_of(server)
    store = _named(server, servers)
    if store is None:
        named = f"dts:{endpoint}/{hub or server.hubs[0]}"
    elif not hub:
        named = store
    else:
        named = f"{store}{'' if store.endswith(':') else '/'}{hub}"
    hubs = ", ".join(server.hubs)
    return f"{named} (server {endpoint}, {'any hub' if server.dynamic else f'hubs {hubs}'})"


def _named(server: Running, servers: Sequence[Running]) -> str | None:
    if is_reached_alone(server):
        return None
    if server.storage is None:
        return server.store
    return "azurite:" if meant(StoreAddress(StoreKind.AZURITE, ""), servers) is server else None
