"""What rules about replay share: which instances will replay their histories, and where."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from durahub.engine.entities.messages import guid_of
from durahub.model.history import (
    Event,
    ExecutionRewound,
    GenericEvent,
    SubOrchestrationInstanceCreated,
)
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.rule import MOVING_PROFILES, Rule
from durahub_migrate.lint.target import Given

REPLAYED = frozenset({None, "a", "b2", "b3", "b4"})
"""The strategies under which the target replays what the source has recorded; ``None`` if none is
chosen."""

NUMBERED_FROM = {"dotnet": 0, "java": 0, "go": 0, "python": 1, "javascript": 1}
"""The number that an SDK gives the first action of an execution."""

LONGEST_TIMER = {"dotnet": timedelta(days=3), "java": timedelta(days=3)}
"""How long a timer SDKs set at most; a longer one becomes several. The others set it as it is."""

TICKS_OF_CLOCK = {"python": 10, "javascript": 10_000}
"""The smallest step of an SDK's clock, in ticks of 100 ns; the others count ticks."""


class ReplayRule(Rule[InstanceFacts]):
    """A rule about instances that have run and not ended: the target is to go on with their histories."""

    about = (InstanceFacts,)
    needs = frozenset({Need.HISTORY})
    profiles = MOVING_PROFILES

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Check an instance that will be replayed; entities are not."""
        if will_replay(fact) and given.target.strategy in REPLAYED:
            yield from self.replayed(fact, given)

    def replayed(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Yield what is wrong with an instance that will be replayed."""
        raise NotImplementedError


def will_replay(fact: InstanceFacts) -> bool:
    """Tell whether an instance has a history with which a worker goes on."""
    is_open = not fact.is_terminal and fact.state.completed is None
    return is_open and bool(fact.history) and fact.history_is_read and not fact.is_entity


def children(history: Iterable[Event]) -> Iterator[tuple[int, SubOrchestrationInstanceCreated]]:
    """Yield the children that a history started, with their indices."""
    for index, event in enumerate(history):
        if isinstance(event, SubOrchestrationInstanceCreated):
            yield index, event


def is_guid(text: str | None) -> bool:
    """Tell whether *text* is a GUID, however it is spelled."""
    return guid_of(text or "") is not None


def is_rewound(event: Event) -> bool:
    """Tell whether a rewind left an event; a wake-up is generic too, with data and without a number."""
    if isinstance(event, GenericEvent):
        return event.event_id >= 0 or event.data is None
    return isinstance(event, ExecutionRewound)
