"""Opens the storage that an address names, and the hubs in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from durahub.accounts import Access, account_at
from durahub.address import StoreAddress, StoreKind
from durahub.classic.account import Account
from durahub.classic.dialect import DTFX_2_9, DTFX_2_9_BASE64
from durahub.classic.doctor.doctor import Doctor
from durahub.classic.freezing.freezing import Freezing
from durahub.classic.names import FoundHub, TrackedHub
from durahub.classic.options import ClassicOptions, Level, Manager, unique_worker_id
from durahub.classic.reader import ClassicReader
from durahub.classic.request_counts import Observer
from durahub.classic.settling import Settling
from durahub.classic.store import ClassicStore
from durahub.dispatch.clock import system_clock
from durahub.errors import BadAddress, BadSetting
from durahub.freezing import Freezer
from durahub.observing.answering import Answering
from durahub.observing.timings import Buckets
from durahub.scheduler.connections import FileOptions
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.freezing import FileFreezing
from durahub.scheduler.hub_store import SchedulerStore
from durahub.scheduler.reader import SchedulerReader
from durahub.store import HubStore
from durahub.stored import HubReader


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageOptions:
    """What every hub of a storage is told. ``partitions`` is ``None`` for the hub's own number."""

    partitions: int | None = None
    visibility_seconds: float = 60.0
    activity_visibility_seconds: float | None = None  # None: the same
    control_batch: int = 32
    base64_messages: bool = False
    worker_id: str | None = None  # None: one that no other process uses
    max_poll_seconds: float = 10.0
    manager: Manager = Manager.AUTO
    level: Level = Level.DEFAULT
    app_name: str | None = None
    use_app_lease: bool | None = None  # None: if there is an app name
    beside: bool = False  # a SQLite file that another process has is looked at


class Storage(Protocol):
    """Where hubs are. Use it in ``async with``."""

    def store(self, hub: str, options: "StorageOptions | None" = None) -> HubStore:
        """Return the store of a hub, with *options* of its own; it is opened by its user."""

    def reader(self, hub: str, tracking_prefix: str | None = None) -> HubReader:
        """Return what reads a hub as it is; it is opened by its user. Raises `BadHubName`."""

    def doctor(self, hub: str, tracking_prefix: str | None = None) -> Doctor:
        """Return who examines a hub and repairs it. Raises `BadHubName`, `BadAddress`."""

    def settling(self, hub: str, tracking_prefix: str | None = None) -> Settling:
        """Return who settles a hub. Raises `BadHubName`, `BadAddress`."""

    def freezing(self, hub: str, tracking_prefix: str | None = None) -> Freezer:
        """Return who freezes a hub and thaws it. Raises `BadHubName`."""

    async def find_hubs(self) -> tuple[FoundHub, ...]:
        """Return the hubs there are."""

    async def find_tracked_hubs(self) -> tuple[TrackedHub, ...]:
        """Return the hubs that `find_hubs` does not tell of, for their tables have another name."""

    def requests(self) -> Mapping[tuple[str, str], int]:
        """Return how many requests were sent, by service and operation."""

    def retries(self) -> Mapping[tuple[str, str], int]:
        """Return how many of these were sent again, after an error or a plea to slow down."""

    def waiting_writes(self) -> int:
        """Return how many writes wait for the storage."""

    def waiting_bytes(self) -> int:
        """Return about how many bytes of clients' are in what is not written."""

    def timings(self) -> Mapping[tuple[str, ...], Buckets]:
        """Return how long requests took, by service, operation and outcome."""

    def heard(self) -> Answering | None:
        """Return what requests have heard of storage; ``None`` where none are sent."""

    def observe(self, observer: Observer) -> None:
        """Have *observer* told of each request that has ended, in the task that sent it."""

    async def __aenter__(self) -> "Storage": ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class ClassicStorage:
    """A storage account. *access* may tell a prefix of the tables that track instances."""

    def __init__(self, account: Account, options: StorageOptions, access: Access) -> None:
        self._account = account
        self._access = access
        self._options = options
        self._worker_id = options.worker_id or unique_worker_id()

    def store(self, hub: str, options: StorageOptions | None = None) -> HubStore:
        """Return the store of a hub. Raises `BadHubName`."""
        own = options or self._options
        classic = ClassicOptions(
            partitions=own.partitions,
            worker_id=own.worker_id or self._worker_id,
            tracking_prefix=self._access.prefix,
            dialect=DTFX_2_9_BASE64 if own.base64_messages else DTFX_2_9,
            visibility=own.visibility_seconds,
            activity_visibility=own.activity_visibility_seconds,
            control_batch=own.control_batch,
            max_poll=own.max_poll_seconds,
            manager=own.manager,
            level=own.level,
            app_name=own.app_name,
            use_app_lease=own.use_app_lease,
        )
        return ClassicStore(hub, self._account, classic, system_clock)

    def reader(self, hub: str, tracking_prefix: str | None = None) -> HubReader:
        """Return what reads a hub as it is. Raises `BadHubName`."""
        return ClassicReader(hub, self._account, tracking_prefix=self._prefix(tracking_prefix))

    def doctor(self, hub: str, tracking_prefix: str | None = None) -> Doctor:
        """Return who examines a hub and repairs it. Raises `BadHubName`."""
        return Doctor(hub, self._account, system_clock, self._prefix(tracking_prefix))

    def settling(self, hub: str, tracking_prefix: str | None = None) -> Settling:
        """Return who settles a hub. Raises `BadHubName`."""
        return Settling(hub, self._account, system_clock, self._prefix(tracking_prefix))

    def freezing(self, hub: str, tracking_prefix: str | None = None) -> Freezer:
        """Return who freezes a hub and thaws it. Raises `BadHubName`."""
        return Freezing(hub, self._account, system_clock, self._prefix(tracking_prefix))

    def _prefix(self, named: str | None) -> str | None:
        """Return the prefix of the tables where they are looked for if none is named."""
        return named or self._access.tracking_prefix

    async def find_hubs(self) -> tuple[FoundHub, ...]:
        """Return the hubs of the account."""
        return await self._account.find_hubs(self._access.prefix)

    async def find_tracked_hubs(self) -> tuple[TrackedHub, ...]:
        """Return the hubs whose tables are of another prefix than is known, or in another account."""
        known = {one.name.lower() for one in await self.find_hubs()}
        found = await self._account.find_tracked_hubs()
        return tuple(one for one in found if one.name.lower() not in known)

    def requests(self) -> Mapping[tuple[str, str], int]:
        """Return how many requests were sent."""
        return self._account.request_counts()

    def retries(self) -> Mapping[tuple[str, str], int]:
        """Return how many requests were sent again."""
        return dict(self._account.requests.retries)

    def waiting_writes(self) -> int:
        """Return how many commits, starts and messages the account has not taken yet."""
        return self._account.unwritten.count

    def waiting_bytes(self) -> int:
        """Return about how many bytes are in these starts and messages."""
        return self._account.unwritten.bytes

    def timings(self) -> Mapping[tuple[str, ...], Buckets]:
        """Return how long requests took."""
        return self._account.requests.timings.snapshot()

    def heard(self) -> Answering:
        """Return what requests have heard of storage."""
        return self._account.requests.answering

    def observe(self, observer: Observer) -> None:
        """Have *observer* told of each request that has ended."""
        for account in (self._account, self._account.tracking):
            if account is not None:
                account.requests.observer = observer

    async def __aenter__(self) -> "ClassicStorage":
        await self._account.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._account.__aexit__(kind, error, trace)


class SqliteStorage:
    """A SQLite file, or memory: for a machine with neither Node nor an account."""

    def __init__(self, place: str, *, beside: bool = False) -> None:
        self._place = place
        self._file = SchedulerFile(place, clock=system_clock, options=FileOptions(beside=beside))

    @property
    def file(self) -> SchedulerFile:
        """The file, for who reads it beside its stores."""
        return self._file

    def store(self, hub: str, options: StorageOptions | None = None) -> HubStore:
        """Return the store of a hub. The file has none of these options.

        Raises `BadHubName`, and `BadSetting` for a level, which would promise something.
        """
        if options is not None and options.level is not Level.DEFAULT:
            raise BadSetting(
                "level",
                options.level.value,
                '"default" for a hub in a SQLite file: nobody shares it, and it sends no messages '
                "that could be saved",
            )
        return SchedulerStore(self._file, hub)

    def reader(self, hub: str, tracking_prefix: str | None = None) -> HubReader:  # noqa: ARG002
        """Return what reads a hub as it is. A file has no tracking prefixes."""
        return SchedulerReader(self._file, hub)

    def doctor(self, hub: str, tracking_prefix: str | None = None) -> Doctor:  # noqa: ARG002
        """Raise `BadAddress`: a file's transactions keep what the doctor looks after."""
        raise BadAddress(
            f"sqlite:{self._place}/{hub}",
            "the doctor is for hubs in Azure Storage; a SQLite file writes rows and messages in one "
            "transaction, so that they cannot disagree",
        )

    def settling(self, hub: str, tracking_prefix: str | None = None) -> Settling:  # noqa: ARG002
        """Raise `BadAddress`: in a file every activity has its row."""
        raise BadAddress(
            f"sqlite:{self._place}/{hub}",
            "a hub in a SQLite file has no levels and is always settled",
        )

    def freezing(self, hub: str, tracking_prefix: str | None = None) -> Freezer:  # noqa: ARG002
        """Return who freezes a hub and thaws it. A file has no tracking prefixes."""
        return FileFreezing(self._place, hub, system_clock)

    async def find_hubs(self) -> tuple[FoundHub, ...]:
        """Return the hubs in the file."""
        names = await self._file.find_hubs()
        return tuple(FoundHub(name, 1, has_partitions_table=False) for name in names)

    async def find_tracked_hubs(self) -> tuple[TrackedHub, ...]:
        """Return nothing: a file has everything of its hubs."""
        return ()

    def requests(self) -> Mapping[tuple[str, str], int]:
        """Return nothing: no requests are sent."""
        return {}

    def retries(self) -> Mapping[tuple[str, str], int]:
        """Return nothing: no requests are sent."""
        return {}

    def waiting_writes(self) -> int:
        """Return how many writes wait for the one who writes the file."""
        return self._file.waiting_writes

    def waiting_bytes(self) -> int:
        """Return how many bytes of clients' are in what is not written."""
        return self._file.waiting_bytes

    def timings(self) -> Mapping[tuple[str, ...], Buckets]:
        """Return nothing: no requests are sent."""
        return {}

    def heard(self) -> None:
        """Return nothing: no requests are sent."""

    def observe(self, observer: Observer) -> None:
        """Do nothing: no requests are sent."""

    async def __aenter__(self) -> "SqliteStorage":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._file.close()


def open_storage(
    address: StoreAddress | str, options: StorageOptions, access: Access | None = None
) -> Storage:
    """Return the storage at *address*, or of a connection string.

    Raises `BadAddress`, `BadConnectionString` and `BadSetting`; nothing is asked over the network yet.
    """
    way = access or Access()
    if isinstance(address, StoreAddress):
        if address.kind is StoreKind.AZURITE:
            raise BadAddress(str(address), "which Azurite is not known here")
        if address.kind is StoreKind.SQLITE:
            return SqliteStorage(address.place, beside=options.beside)
    return ClassicStorage(account_at(address, way), options, way)
