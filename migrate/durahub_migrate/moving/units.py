"""The units of a move: what is moved as one, by which strategy, and what that loses."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from durahub_migrate.moving.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Something that does not come over, or comes over changed. *code* is stable: ``times-are-new``."""

    code: str
    text: str
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One tree of a plan; see `durahub_migrate.moving.content.Tree` for *root_id*, *digest* and the counts.

    *why* says what decided the strategy. *blockers* are what has to be done before it can be moved; a unit
    that has any is not moved. *actions* are what the move costs the target, as its billing counts. *ids* maps
    the instance IDs that are other ones at the target. *steps* are what will be done, in words for people.
    """

    root_id: str
    is_entity: bool
    strategy: Strategy
    why: str
    digest: str
    members: int
    live: int
    events: int
    size: int
    actions: int
    steps: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    blockers: tuple[str, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_moved(self) -> bool:
        """Whether applying the plan brings it to the target."""
        return self.strategy.is_carried_out and not self.blockers

    def target_id(self, instance_id: str) -> str:
        """Return what an instance is called at the target."""
        return self.ids.get(instance_id, instance_id)
