"""Where a hub is that a move begins or ends at, as people type it.

========================  =====================================================================
a hub's address           see `durahub.address`: a classic hub, or a scheduler store in a file
``dts:ENDPOINT/NAME``     a hub behind an endpoint of the scheduler's protocol:
                          ``dts:https://shop.westeurope.durabletask.io/orders``,
                          ``dts:localhost:8080/orders``; without a scheme ``https://``,
                          but ``http://`` (plain text) on this machine
``bundle:PATH``, PATH     a hub bundle
========================  =====================================================================
"""

from dataclasses import dataclass
from enum import Enum

from durahub.address import HubAddress, StoreKind, parse_hub
from durahub.errors import BadAddress


class PlaceKind(Enum):
    """What a hub is kept in."""

    CLASSIC = "classic"
    SCHEDULER = "scheduler"  # our own store, in a SQLite file
    ENDPOINT = "endpoint"
    BUNDLE = "bundle"


@dataclass(frozen=True, slots=True)
class EndpointAddress:
    """A hub behind an endpoint. *url* begins with ``http://`` (plain text) or ``https://``."""

    url: str
    hub: str

    def __str__(self) -> str:
        """Return the address as it is typed."""
        return f"dts:{self.url}/{self.hub}"


@dataclass(frozen=True, slots=True)
class BundleAddress:
    """A hub bundle's folder, or its ``.tar``."""

    path: str

    def __str__(self) -> str:
        """Return the address as it is typed."""
        return f"bundle:{self.path}"


Place = HubAddress | EndpointAddress | BundleAddress


def kind_of(place: Place) -> PlaceKind:
    """Return what the hub at *place* is kept in."""
    match place:
        case EndpointAddress():
            return PlaceKind.ENDPOINT
        case BundleAddress():
            return PlaceKind.BUNDLE
        case HubAddress(store=store):
            is_file = store.kind is StoreKind.SQLITE
            return PlaceKind.SCHEDULER if is_file else PlaceKind.CLASSIC


def parse_place(text: str) -> Place:
    """Return the place that *text* names; a path has to be given as ``bundle:PATH``. Raises `BadAddress`."""
    scheme, separator, rest = text.partition(":")
    match scheme.lower() if separator else "":
        case "dts":
            return _endpoint(text, rest)
        case "bundle":
            if not rest:
                raise BadAddress(text, "the path of the bundle is missing")
            return BundleAddress(rest)
    return parse_hub(text)


def _endpoint(text: str, rest: str) -> EndpointAddress:
    url, slash, hub = rest.rpartition("/")
    if not slash or not hub or not url or url.endswith(("/", ":")):
        raise BadAddress(text, "use dts:ENDPOINT/NAME, as in dts:https://localhost:8080/orders")
    scheme, has_scheme, _ = url.partition("://")
    if not has_scheme:
        is_here = url.split(":")[0].lower() in ("localhost", "127.0.0.1")
        return EndpointAddress(f"{'http' if is_here else 'https'}://{url}", hub)
    if scheme.lower() not in ("http", "https"):
        raise BadAddress(text, f"an endpoint begins with http:// or https://, not {scheme}://")
    return EndpointAddress(url, hub)
