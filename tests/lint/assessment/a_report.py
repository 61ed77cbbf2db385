"""Small hubs to be assessed, and rules that find what a test wants."""

from collections.abc import Iterable, Iterator
from typing import Any

from durahub_migrate.lint.examples import a_hub
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import JoiningRule, Observation, Rule
from durahub_migrate.lint.target import Given


class Finds(Rule[InstanceFacts]):
    """Finds something in the instances with these IDs."""

    code = "IDN501"
    message = "instance ID is too long"
    severity = Severity.ERROR
    source = "a test"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES})

    def __init__(
        self,
        ids: Iterable[str] = (),
        *,
        code: str = "IDN501",
        severity: Severity = Severity.ERROR,
        needs: frozenset[Need] = frozenset({Need.INSTANCES}),
    ) -> None:
        self._ids = frozenset(ids)
        self.code, self.severity, self.needs = code, severity, needs  # type: ignore[misc]

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        if fact.instance_id in self._ids:
            yield self.at(fact.place, "found")


class FindsTogether(JoiningRule[InstanceFacts]):
    """Finds something in every instance, when all were read."""

    code = "IDN506"
    message = "IDs are the same"
    severity = Severity.ERROR
    source = "a test"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES})

    def observe(self, fact: InstanceFacts, given: Given) -> Iterator[Observation]:
        yield Observation("all", fact.instance_id, fact.place)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:
        for one in seen:
            yield self.at(one.place, "found")


def hub_with(*facts: Any) -> list[Any]:
    return [a_hub(), *facts]
