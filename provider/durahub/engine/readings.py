"""How a history is read that a worker of another SDK began: what it does not say is guessed.

A first guess is nearly always right. Where it is not, Python's worker fails the orchestration, because it
would not have done what it is shown; then the same turn is shown otherwise.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from durahub.engine.actions import Complete, TurnResult
from durahub.engine.critical_sections import CriticalSections
from durahub.engine.retries import Asked, Retries
from durahub.model.history import Event


class LastPauses(Enum):
    """Which timers are taken for the pause that DTFx makes after a last try."""

    NONE = auto()
    ENDED = auto()  # nothing was tried again after them
    ALL = auto()  # and those of which it is not known yet


@dataclass(frozen=True, slots=True)
class Reading:
    """What is guessed. Without *retries* nothing is one that is not said to be."""

    retries: bool = True
    last_pauses: LastPauses = LastPauses.NONE
    sections: CriticalSections = field(default_factory=CriticalSections)

    def last_pauses_of(self, events: Sequence[Event]) -> Mapping[int, int]:
        """Return the timers in *events* that are such pauses, each with the number of the last try."""
        if self.last_pauses is LastPauses.NONE:
            return {}
        return _retries_in(events).last_pauses(open_too=self.last_pauses is LastPauses.ALL)


AS_IT_SEEMS = Reading()


def second_reading(reading: Reading, events: Sequence[Event], result: TurnResult) -> Reading | None:
    """Return how else to read *events* after the worker's *result*, ``None`` if that need not be.

    *reading* is how they were read.
    """
    learned = reading.sections.learned(result)
    if learned is not None:
        return replace(reading, sections=learned)
    if not _is_misread(result):
        return None
    others = list(_readings(reading, events))
    known = [one for one in others if one == reading]
    following = others[others.index(known[0]) + 1 :] if known else []
    return following[0] if following else None


def _is_misread(result: TurnResult) -> bool:
    """Tell whether the worker would not have done what it was shown."""
    return any(
        isinstance(action, Complete)
        and action.failure is not None
        and action.failure.error_type.rpartition(".")[2] == "NonDeterminismError"
        for action in result.actions
    )


def _readings(reading: Reading, events: Sequence[Event]) -> Iterator[Reading]:
    """Yield the readings that differ, the likeliest first."""
    plain = replace(reading, retries=True, last_pauses=LastPauses.NONE)
    yield plain
    told = _retries_in(events)
    ended, all_of_them = told.last_pauses(open_too=False), told.last_pauses(open_too=True)
    if ended:
        yield replace(plain, last_pauses=LastPauses.ENDED)
    if all_of_them != ended:
        yield replace(plain, last_pauses=LastPauses.ALL)
    if told.found:
        yield replace(plain, retries=False)


def _retries_in(events: Sequence[Event]) -> Retries:
    retries = Retries()
    for event in events:
        retries.add(event, retries.likely(event) if isinstance(event, Asked) else None)
    return retries
