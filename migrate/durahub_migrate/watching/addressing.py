"""What is to be watched, as people type it: hubs, and stores in which every hub is watched.

==============================================  ======================================================
a hub's address                                 see `durahub_migrate.moving.place`
``azurite:``                                    every hub of the local Azurite
``env:VARIABLE``, ``storage:ACCOUNT``           every hub of an account; a slash may follow
``sqlite:FILE``                                 every hub in a file; a slash may follow
==============================================  ======================================================

``sqlite:FILE`` is a store where the part behind the last slash looks like a file: it exists, or has a dot.
"""

from dataclasses import dataclass
from pathlib import Path

from durahub.address import HubAddress, StoreAddress, StoreKind, parse_store
from durahub.errors import BadAddress, BadSource
from durahub_migrate.monitor.hub import StoreKind as HubKind
from durahub_migrate.moving.place import (
    BundleAddress,
    EndpointAddress,
    Place,
    PlaceKind,
    kind_of,
    parse_place,
)

LOCAL = "local"
_MEMORY = ":memory:"


@dataclass(frozen=True, slots=True)
class Source:
    """Something to watch: a hub at a *place*, or every hub in a *store*."""

    text: str
    place: Place | None = None
    store: StoreAddress | None = None


def parse_source(text: str) -> Source:
    """Return what *text* names. Raises `BadSource`."""
    store = _store(text)
    if store is not None:
        return Source(text, store=store)
    try:
        place = parse_place(text)
    except BadAddress as error:
        raise BadSource(text, error.problem) from None
    return Source(text, place=place)


def _store(text: str) -> StoreAddress | None:
    """Return the store that *text* names, ``None`` if it names a hub."""
    scheme, separator, rest = text.partition(":")
    kind = scheme.lower() if separator else ""
    if kind not in {one.value for one in StoreKind if one is not StoreKind.HERE}:
        return None
    bare = rest[:-1] if rest.endswith("/") else rest
    match kind:
        case "azurite":
            is_store = not bare
        case "sqlite":
            is_store = rest.endswith("/") or "/" not in bare or _is_file(bare)
        case _:
            is_store = "/" not in bare
    if not is_store:
        return None
    try:
        return parse_store(f"{kind}:{bare}")
    except BadAddress as error:
        raise BadSource(text, error.problem) from None


def _is_file(path: str) -> bool:
    if path == _MEMORY or "." in path.rpartition("/")[2]:
        return True
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False  # no name that a file could have


def hub_kind(place: Place) -> HubKind:
    """Return what the hub at *place* is kept in."""
    return {
        PlaceKind.CLASSIC: HubKind.CLASSIC,
        PlaceKind.SCHEDULER: HubKind.SCHEDULER,
        PlaceKind.ENDPOINT: HubKind.ENDPOINT,
        PlaceKind.BUNDLE: HubKind.BUNDLE,
    }[kind_of(place)]


def key_of(place: Place, account: str | None = None) -> tuple[str, str]:
    """Return the name of the hub at *place*, and its key: ``("orders", "orders@myaccount")``.

    *account* is how an account calls itself whose address does not tell.
    """
    match place:
        case EndpointAddress(url=url, hub=hub):
            host = url.partition("://")[2].partition("/")[0]
            return hub, f"{hub}@{host}"
        case BundleAddress(path=path):
            stem = Path(path).name or path
            name = stem.removesuffix(".tar")
            return name, f"{name}@bundle"
        case HubAddress(store=store, hub=hub):
            match store.kind:
                case StoreKind.HERE | StoreKind.AZURITE:
                    where = LOCAL
                case StoreKind.SQLITE:
                    where = "memory" if store.place == _MEMORY else Path(store.place).stem
                case StoreKind.STORAGE:
                    where = store.place
                case _:
                    where = account or store.place
            return hub, f"{hub}@{where}"
