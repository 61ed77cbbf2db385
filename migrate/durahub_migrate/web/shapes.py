"""Answers of the API that are made of several of the monitor's values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.hub import Freshness
from durahub_migrate.monitor.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error. *next* is a command that says more, *login* where somebody without a login is sent."""

    code: str
    sentence: str
    next: str
    login: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """Who is asking. *via* is ``loopback``, ``token``, ``proxy``, ``oidc`` or ``anonymous``."""

    name: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UiSettings:
    """What pages have to know. *payloads* tells that they may be seen at some hub."""

    payloads: bool
    cli: str
    require_reason: bool
    stuck_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """Who asks, what he may do, and the token for everything that changes something.

    *may* has the allowed actions by the key of the hub, *may_all* those that are allowed at every hub that
    there may ever be. Without a login *user* is ``None``. *login* and *logout* are addresses, if an identity
    provider is configured.
    """

    user: UserView | None
    csrf: str
    version: str
    login: str | None
    logout: str | None
    may: Mapping[str, frozenset[str]]
    may_all: frozenset[str]
    read_only: bool
    now: Ticks
    settings: UiSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceList:
    """A page of instances, how fresh the index is for each hub in it, and the same as a command."""

    rows: tuple[Row, ...]
    after: str | None
    total: int | None
    freshness: Mapping[str, Freshness]
    cli: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many instances a query finds: by status, and by name and status."""

    statuses: Mapping[str, int]
    total: int
    names: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
