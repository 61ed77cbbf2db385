"""What is known of a hub when rules are judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.hub import HubStanding
from durahub_migrate.monitor.partitions import PartitionsView
from durahub_migrate.monitor.waiting import Stuck


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFacts:
    """A hub at one moment. What could not be looked at, or was not asked for, is ``None``.

    *failed* has for each length of time that was asked for (seconds) how many instances failed in it, by
    name. *knows_workers* tells that the hub's store says who works.
    """

    at: Ticks
    standing: HubStanding
    stuck: tuple[Stuck, ...] | None = None
    partitions: PartitionsView | None = None
    failed: Mapping[float, Mapping[str, int]] = field(default_factory=dict)
    knows_workers: bool = True

    @property
    def hub(self) -> str:
        """The hub's key."""
        return self.standing.ref.key
