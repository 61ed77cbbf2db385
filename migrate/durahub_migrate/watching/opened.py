"""A hub that is open for watching, as looks and actors are handed it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from durahub.accounts import Access
from durahub.address import StoreAddress
from durahub.classic.account import MakeTransport
from durahub.classic.parts import Parts
from durahub.model.ticks import Ticks
from durahub.storage import SqliteStorage
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.monitor.hub import HubRef
from durahub_migrate.monitor.seam import Ability
from durahub_migrate.moving.place import Place
from durahub_migrate.watching.budget import RequestBudget
from durahub_migrate.watching.keeping import HubIndex
from durahub_migrate.watching.reading.live import LiveSource
from durahub_migrate.watching.sources.file_look import FileLook


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedHub:
    """A hub, what it is kept in, and the ways to it. All requests that go these ways keep to *budget*.

    Of a classic hub there are *parts*, over an account that refuses to write, and *partitions* as far as they
    are known. Who has to write opens an account at *store* by *access*, with *writing* for its transports.
    Of a hub in a file there is *file*, and *storage* where this process has it open; of one behind an
    endpoint *client*, of a bundle *bundle*. *can* is what this hub lets be seen: a service that refused is
    missing.

    *index* is the hub's part of the index, *live* reads instances as they are now.
    """

    ref: HubRef
    place: Place
    budget: RequestBudget
    clock: Callable[[], Ticks]
    index: HubIndex
    live: LiveSource
    can: frozenset[Ability] = field(default_factory=frozenset)
    parts: Parts | None = None
    partitions: int | None = None
    store: StoreAddress | str | None = field(default=None, repr=False)  # a string may hold a key
    access: Access | None = field(default=None, repr=False)
    writing: MakeTransport | None = None
    file: FileLook | None = None
    storage: SqliteStorage | None = None
    client: EndpointClient | None = None
    bundle: BundleReader | None = None
