"""What comes next in a job, and what its units' states mean for it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from durahub_migrate.applying.settings import ApplySettings
from durahub_migrate.applying.states import DOING, JobState, UnitState, Wave
from durahub_migrate.applying.unit_fates import Group
from durahub_migrate.moving.cycles import cyclic
from durahub_migrate.moving.mover import Moved, Outcome, Phase


@dataclass(frozen=True, slots=True)
class Lap:
    """All units of one wave, once in one phase."""

    phase: Phase
    wave: Wave


def laps(state: JobState) -> Iterator[Lap]:
    """Yield what is to be gone through by a job in *state*, in order.

    A job that comes back begins with the first phase again: units that failed there have it before them.
    """
    if state in (*DOING.values(), JobState.CHECKING, JobState.READY):
        for phase in Phase:
            for wave in Wave:
                yield Lap(phase, wave)


def next_state(state: JobState, phase: Phase) -> JobState | None:
    """Return the state that a job takes when a phase begins, ``None`` if it stays: one goes not back."""
    order = list(JobState)
    doing = DOING[phase]
    return doing if order.index(doing) > order.index(state) else None


def settled(
    waits: Mapping[str, Collection[str]], failed: Collection[str]
) -> tuple[dict[str, Moved], bool]:
    """Return how units end that wait for others, when nothing goes on any more; and whether more may come.

    *waits* has by root those that a unit waits for, *failed* those of them that have failed. Units that wait
    for each other are rejected: the others can go on then. Else each waits, through others or not, for one
    that has failed, and has failed with it.
    """
    stuck = cyclic(waits)
    if stuck:
        return {one: _rejected(one, sorted(stuck & set(waits[one]))) for one in sorted(stuck)}, True
    because = {
        one: sorted(set(others) & set(failed)) or sorted(others) for one, others in waits.items()
    }
    return {one: _failed(because[one][0]) for one in sorted(waits)}, False


def _rejected(root_id: str, others: Sequence[str]) -> Moved:
    names = ", ".join(map(repr, others[:5])) or repr(root_id)
    reason = (
        f"it and {names} have sent each other events, which this target may deliver again: let one of "
        "them end on the old hub (--drain)"
    )
    return Moved(outcome=Outcome.REJECTED, reason=reason)


def _failed(other: str) -> Moved:
    reason = f"it comes behind {other!r}, which is not at the target: apply the plan again"
    return Moved(outcome=Outcome.FAILED, reason=reason)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many units are lost, of those that the plan moves."""

    failed: int = 0
    rejected: int = 0

    @classmethod
    def of(cls, groups: Iterable[Group]) -> "Tally":
        """Count them."""
        by_state: dict[UnitState, int] = {}
        for group in groups:
            by_state[group.state] = by_state.get(group.state, 0) + group.units
        return cls(by_state.get(UnitState.FAILED, 0), by_state.get(UnitState.REJECTED, 0))


def obstacle(tally: Tally, settings: ApplySettings, *, accepts: bool) -> str | None:
    """Return what keeps a job from being handed over, ``None`` if nothing does."""
    if accepts:
        return None
    if tally.failed:
        return f"{tally.failed:,} units have failed"
    if tally.rejected > settings.max_rejects:
        return f"{tally.rejected:,} units were rejected, {settings.max_rejects:,} may be (--max-rejects)"
    return None


def exit_status(tally: Tally, settings: ApplySettings) -> int:
    """Return the status with which a run that came to its end is over."""
    if tally.failed or tally.rejected > settings.max_rejects:
        return 1
    return 6 if tally.rejected else 0
