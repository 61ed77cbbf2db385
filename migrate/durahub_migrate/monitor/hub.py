"""The hubs that are watched: how each is called, how it stands, how fresh and complete its index is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from durahub.model.ticks import Ticks


class StoreKind(Enum):
    """What a hub is kept in."""

    CLASSIC = "classic"
    SCHEDULER = "scheduler"  # our own store, in a SQLite file or in memory
    ENDPOINT = "endpoint"  # behind gRPC: DTS, its emulator, another server of durahub
    BUNDLE = "bundle"  # a file: nothing in it changes


@dataclass(frozen=True, slots=True)
class HubRef:
    """A hub among all that are watched. *key* names it in URLs and grants: ``orders@myaccount``.

    The part behind the ``@`` is the account, ``local`` for Azurite, the file's stem or the endpoint's host; a
    further hub of the same key gets ``~2``. *address* is what was typed, without secrets.
    """

    key: str
    name: str
    address: str
    kind: StoreKind


class Health(Enum):
    """How watching a hub goes."""

    STARTING = "starting"  # not yet swept once
    WATCHED = "watched"
    THROTTLED = "throttled"  # storage asks for patience; what is known gets older
    DENIED = "denied"
    UNREACHABLE = "unreachable"
    GONE = "gone"  # it was there and has been deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old and how complete the index of a hub is.

    *swept* is the share of the hub that the sweep under way has seen, 0 to 1 (``None`` while nobody knows how
    large it is), *complete* when a whole sweep ended last, *changed* up to when changes are known, *rows* how
    many instances the index has.
    """

    complete: Ticks | None = None
    changed: Ticks | None = None
    swept: float | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetStanding:
    """The budget of storage requests: *allowed* a second at most, *spent* in the last minute and in *total*.

    *waiting* requests want to be sent now. A hub in a file costs no requests: *allowed* is ``None``.
    """

    allowed: float | None
    spent: int = 0
    total: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HubStanding:
    """What the list of hubs shows of one. *problem* says why it is not `Health.WATCHED`, and what to do.

    *counts* are instances by status, *entities* the number of entities, *can* what the hub's store allows at
    all (names of `durahub_migrate.monitor.seam.Ability`). *stuck* counts instances that a detector names.
    """

    ref: HubRef
    health: Health
    freshness: Freshness
    budget: BudgetStanding
    problem: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    entities: int = 0
    stuck: int = 0
    can: frozenset[str] = frozenset()
