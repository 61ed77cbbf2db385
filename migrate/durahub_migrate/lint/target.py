"""What the user says about the target and about limits: the settings that rules look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from durahub.model.ticks import Ticks
from durahub_migrate.lint.facts.hubs import HubFacts, HubKind
from durahub_migrate.lint.facts.need import Need


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the hub is to go; ``None`` where nothing was said.

    *sdk* is ``dotnet``, ``python``, ``javascript``, ``java`` or ``go``; *sku* is ``dedicated`` or
    ``consumption``; *strategy* is a code of the decision table: ``a``, ``b1``, ``b2``, ``b3``, ``b4``, ``c``,
    ``d``. *names* are those of the orchestrators, activities and entities that the target app registers.
    *frozen* says that the apps on the hub were stopped and have given back what they held.
    """

    sdk: str | None = None
    sku: str | None = None
    capacity: int | None = None  # units of a dedicated scheduler
    strategy: str | None = None
    offload: bool | None = None  # whether large payloads go to blobs
    names: frozenset[str] | None = None
    id_map: Mapping[str, str] | None = None
    actions_per_second: float | None = None
    export_every_days: float | None = None
    production: bool = True
    new_ids: frozenset[str] = field(init=False, default=frozenset())  # those that *id_map* gives
    folded_names: frozenset[str] = field(init=False, default=frozenset())  # *names* without case

    def __post_init__(self) -> None:
        """Collect what rules ask for instance by instance."""
        object.__setattr__(self, "new_ids", frozenset((self.id_map or {}).values()))
        folded = frozenset(name.casefold() for name in self.names or ())
        object.__setattr__(self, "folded_names", folded)

    frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Limits, those of the scheduler and ours. Sizes in bytes."""

    payload_info: int = 900_000
    payload_warning: int = 1_000_000
    payload_error: int = 1_048_576
    offload_from: int = 262_144
    offload_most: int = 10_485_760
    episode_most: int = 4_089_446
    id_most: int = 100
    tags_most: int = 1_000
    history_events: int = 10_000
    history_bytes: int = 20 * 1_048_576
    old_days: float = 30.0
    purge_most: int = 20_000
    poison_warning: int = 5
    poison_error: int = 100
    uneven: float = 3.0
    timers_share: float = 0.5
    load_share: float = 0.5
    export_lag_days: float = 1.0
    growth_days: float = 365.0
    overdue_seconds: float = 300.0
    stalled_days: float = 30.0
    uneven_from: int = 100  # instances; fewer say nothing of how they spread
    move_window_hours: float = 4.0
    growth_bytes: int = 1_073_741_824  # in 30 days


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a rule is given beside the fact. *hub* is the one that the fact belongs to, if it is of one."""

    now: Ticks
    target: Target = field(default_factory=Target)
    thresholds: Thresholds = field(default_factory=Thresholds)
    hub: HubFacts | None = None

    @property
    def is_frozen(self) -> bool:
        """Whether nobody works on the hub, and none will: the user says so, or whoever took the snapshot."""
        return self.target.frozen or (self.hub is not None and self.hub.frozen is True)

    @property
    def is_to_be_moved(self) -> bool:
        """Whether what is there now is what a move would take: it stands still, or is in a bundle."""
        return self.is_frozen or (self.hub is not None and self.hub.kind is HubKind.BUNDLE)

    @property
    def settled_until(self) -> Ticks | None:
        """Until when what is in a bundle fits together, ``None``: all of it does.

        A hub in use changed while it was exported: an instance may be there as it was later than another.
        """
        hub = self.hub
        return hub.since if hub is not None and hub.frozen is False else None

    @property
    def read_at(self) -> Ticks:
        """When the fact was read: the hub's moment, which lies back if it comes from a bundle."""
        return self.hub.now if self.hub is not None else self.now

    @property
    def provides(self) -> frozenset[Need]:
        """The needs that the settings meet."""
        target = self.target
        met = {
            Need.TARGET_SDK: target.sdk,
            Need.TARGET_SKU: target.sku or target.actions_per_second,
            Need.TARGET_NAMES: target.names,
            Need.STRATEGY: target.strategy,
            Need.ID_MAP: target.id_map,
            Need.EXPORTS: target.export_every_days,
            Need.LOAD: target.actions_per_second,
            Need.SNAPSHOT: target.frozen or None,
        }
        return frozenset(need for need, value in met.items() if value is not None)
