"""RET808: a policy that would purge instances as soon as they are imported."""

import json
from collections.abc import Iterable, Iterator

from durahub.model.ticks import later, seconds_between
from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.policies import STATES, Origin, PolicyFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.place import Place
from durahub_migrate.lint.rule import (
    EXAMPLE_TIME,
    MOVING_PROFILES,
    JoiningRule,
    Observation,
)
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, in_file, retention, scheduler

_DAY = 86_400.0
_OURS = frozenset({"a"})  # strategies into a store of durahub's, whose settings then count
_KEEPS_TIMES = frozenset({"b3", "b4"})  # into the scheduler, perhaps with the times of completion


def _ended(days: float, status: str = "Completed") -> InstanceFacts:
    ended = later(EXAMPLE_TIME, -days * _DAY)
    return an_instance(status=status, row={"completed": ended, "last_updated": ended})


class PurgedOnArrival(JoiningRule[PolicyFacts | InstanceFacts]):
    """Finds retention policies that could purge instances as soon as they were imported.

    Why it matters: a retention counts from the time at which an instance ended. A move that keeps that time
    (into a hub of durahub's, or into the scheduler by rewritten histories) brings instances that are overdue
    on arrival: they are imported, verified or not, and deleted.

    What to do: before the import, delete the policy or set periods longer than the age of the oldest ended
    instance; after the import was verified, put the old one back. Or purge in the source first what nobody
    needs, and leave it out of the move.

    When to ignore it: ended instances are not to be moved, or were archived.
    """

    code = "RET808"
    message = "retention policy would purge instances as soon as they are imported"
    severity = Severity.ERROR
    source = (
        "Durable Task Scheduler documentation, article on auto-purge: the clock starts at the end"
    )
    about = (PolicyFacts, InstanceFacts)
    needs = frozenset({Need.POLICIES, Need.INSTANCES, Need.STRATEGY})
    profiles = MOVING_PROFILES
    bad = (
        in_bicep(
            "Kept for 30 days, and an instance ended 31 days ago",
            scheduler() + retention("30"),
            _ended(31),
            strategy="b4",
        ),
        in_file(
            "The same in durahub's own store",
            "durahub.toml",
            '[hubs.orders.retention]\nfailed = "7d"\n',
            _ended(8, "Failed"),
            strategy="a",
        ),
    )
    good = (
        in_bicep(
            "The instance ended yesterday", scheduler() + retention("30"), _ended(1), strategy="b4"
        ),
        in_bicep(
            "It is in a state with a longer period",
            scheduler() + retention("30", "Failed: 90"),
            _ended(31, "Failed"),
            strategy="b4",
        ),
        in_bicep(
            "The move starts the clock again",
            scheduler() + retention("30"),
            _ended(31),
            strategy="b2",
        ),
        in_bicep(
            "The instance still runs",
            scheduler() + retention("0"),
            an_instance(status="Running"),
            strategy="b4",
        ),
    )

    def observe(self, fact: PolicyFacts | InstanceFacts, given: Given) -> Iterator[Observation]:
        """Note the policies that count with the strategy, and how long ago instances have ended."""
        strategy = given.target.strategy or ""
        if isinstance(fact, PolicyFacts):
            wanted = _OURS if fact.origin is Origin.SETTINGS else _KEEPS_TIMES
            periods = {state: fact.days_of(state) for state in STATES}
            if strategy in wanted and any(days is not None for days in periods.values()):
                yield Observation("", f"0{json.dumps(periods)}", fact.place)
        elif strategy in _OURS | _KEEPS_TIMES and fact.is_terminal and fact.row is not None:
            ended = fact.row.completed or fact.row.last_updated
            days = seconds_between(ended, given.now) / _DAY if ended is not None else -1.0
            if days > 0:
                yield Observation("", f"1{days:.4f} {fact.row.status}", fact.place)

    def conclude(
        self,
        group: str,  # noqa: ARG002
        seen: Iterable[Observation],
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Count, for each policy, the instances that are overdue; policies come before instances."""
        policies: list[tuple[Place, dict[str, float | None]]] = []
        counts: list[int] = []
        for one in seen:
            if one.value.startswith("0"):
                policies.append((one.place, json.loads(one.value[1:])))
                counts.append(0)
                continue
            days, _, status = one.value[1:].partition(" ")
            for number, (_, periods) in enumerate(policies):
                kept = periods.get(status)
                counts[number] += kept is not None and float(days) > kept
        for (place, _), count in zip(policies, counts, strict=True):
            if count:
                many = "instance has" if count == 1 else "instances have"
                yield self.at(place, f"{count} {many} ended longer ago than the policy keeps them")
