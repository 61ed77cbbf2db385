"""Hub addresses: where a task hub is, as people type it.

========================  ====================================================================
``NAME``                  in the store of the server that runs here; without one ``azurite:NAME``
``azurite:NAME``          on the Azurite of a ``durahub up`` that runs here, else on that at its usual ports
``env:VARIABLE/NAME``     on the account whose connection string is in that environment variable
``storage:ACCOUNT/NAME``  on that account, with the credentials of the environment (Entra ID)
``sqlite:FILE/NAME``      in that SQLite file; ``sqlite::memory:/NAME`` in memory
========================  ====================================================================

Without ``/NAME`` an address names a store: what ``durahub up --store`` takes.
"""

from dataclasses import dataclass
from enum import Enum

from durahub.errors import BadAddress


class StoreKind(Enum):
    """Where a store is. ``HERE`` is not typed: it stands for the store that an address leaves out."""

    HERE = "here"
    AZURITE = "azurite"
    ENVIRONMENT = "env"
    STORAGE = "storage"
    SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A store: *place* is the variable, the account or the file; empty for Azurite.

    Of ``HERE`` it is the name of the hub, which tells among several servers whose store is meant.
    """

    kind: StoreKind
    place: str

    def __str__(self) -> str:
        """Return the address as it is typed."""
        if self.kind is StoreKind.HERE:
            return self.place
        return f"{self.kind.value}:{self.place}"


@dataclass(frozen=True, slots=True)
class HubAddress:
    """A hub in a store."""

    store: StoreAddress
    hub: str

    def __str__(self) -> str:
        """Return the address as it is typed."""
        if self.store.kind is StoreKind.HERE:
            return self.hub
        separator = "/" if self.store.place else ""
        return f"{self.store}{separator}{self.hub}"


def parse_store(text: str) -> StoreAddress:
    """Return the store that *text* names. Raises `BadAddress`."""
    scheme, separator, place = text.partition(":")
    kind = _KINDS.get(scheme.lower())
    if not separator or kind is None:
        raise BadAddress(text, _FORMS)
    if kind is StoreKind.AZURITE:
        if place:
            raise BadAddress(text, "azurite: names the local one and nothing else")
    elif not place:
        raise BadAddress(text, f"what follows {kind.value}: is missing")
    return StoreAddress(kind, place)


def parse_hub(text: str) -> HubAddress:
    """Return the hub that *text* names. Raises `BadAddress`."""
    scheme, separator, rest = text.partition(":")
    if not separator:
        if not text or "/" in text:
            raise BadAddress(text, _FORMS)
        return HubAddress(StoreAddress(StoreKind.HERE, text), text)
    kind = _KINDS.get(scheme.lower())
    if kind is None:
        raise BadAddress(text, _FORMS)
    place, slash, hub = rest.rpartition("/")
    if kind is StoreKind.AZURITE:
        if slash:
            raise BadAddress(text, "azurite: is followed by the hub's name alone")
    elif not place:
        raise BadAddress(text, "the hub's name is missing; it stands after the last slash")
    if not hub:
        raise BadAddress(text, "the hub's name is missing")
    return HubAddress(StoreAddress(kind, place), hub)


_KINDS = {kind.value: kind for kind in StoreKind if kind is not StoreKind.HERE}
_FORMS = (
    "use NAME, azurite:NAME, env:VARIABLE/NAME, storage:ACCOUNT/NAME or sqlite:FILE/NAME "
    "(without /NAME where a store is meant)"
)
