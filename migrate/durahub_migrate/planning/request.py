"""What is asked of a plan: where to, by which choices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from durahub.model.ticks import Ticks
from durahub_migrate.lint.target import Given, Thresholds
from durahub_migrate.moving.capabilities import Capabilities
from durahub_migrate.moving.place import PlaceKind
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.strategy import Strategy

NO_LIMIT = 1 << 62
MOVE, ARCHIVE = "move", "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The target's capabilities, the settings, and the mapping of instance IDs that the settings name."""

    capabilities: Capabilities
    settings: MoveSettings = field(default_factory=MoveSettings)
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_exact(self) -> bool:
        """Whether the target is a store of ours or a classic hub: everything is imported as it is."""
        return self.capabilities.kind is not PlaceKind.ENDPOINT

    @property
    def possible(self) -> tuple[Strategy, ...]:
        """The strategies that the target allows, in the order of what is tried first."""
        if self.is_exact:
            return (Strategy.IMPORT,)
        can = self.capabilities
        known = {
            Strategy.GHOST: can.ghost,
            Strategy.BACKEND: can.backend,
            Strategy.REWIND: can.rewind_history,
            Strategy.RECREATE: True,
        }
        found = [strategy for strategy, is_there in known.items() if is_there]
        preferred = self.preferred
        if preferred in found:
            found.remove(preferred)
            found.insert(0, preferred)
        return tuple(found)

    @property
    def preferred(self) -> Strategy | None:
        """The strategy that was asked for."""
        return Strategy(self.settings.prefer) if self.settings.prefer else None

    @property
    def moves_ended(self) -> bool:
        """Whether what has ended is moved; into a store of ours it is, unless it was said otherwise."""
        if self.settings.ended is None:
            return self.is_exact
        return self.settings.ended == MOVE

    def takes(self, root_id: str) -> bool:
        """Tell whether a tree is part of the move."""
        only, skip = self.settings.only, self.settings.skip
        return (not only or _matches(root_id, only)) and not _matches(root_id, skip)

    def drains(self, root_id: str) -> bool:
        """Tell whether a tree ends on the old hub."""
        return _matches(root_id, self.settings.drain)

    def given(self, now: Ticks) -> Given:
        """Return what the rows of the decision table are told by, for a hub that was read *now*."""
        can = self.capabilities
        limits = Thresholds(
            id_most=can.longest_id or NO_LIMIT, payload_error=can.largest_payload or NO_LIMIT
        )
        return Given(now=now, thresholds=limits)


def _matches(root_id: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(root_id, pattern) for pattern in patterns)
