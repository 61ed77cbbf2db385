"""ENT705: an entity's states that are of different kinds."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import Example, SummingRule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given

_KINDS = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
}


def _counter(key: str, state: str, name: str = "counter") -> InstanceFacts:
    entity = EntityFacts(name=name, key=key, state=state)
    return an_instance(f"@{name}@{key}", entity=entity)


class MixedState(SummingRule[InstanceFacts]):
    """Finds entities whose state is an object under one key and a plain value under another.

    Why it matters: an entity written as a function stores its value, one written as a class stores
    an object with the value in it. After a change from the one to the other old states cannot be
    read, and the entity fails or begins anew. So it is when another SDK takes the hub.

    What to do: find out which of the two the code reads today, and convert or delete the other
    states before a move.

    When to ignore it: where the code reads both.
    """

    code = "ENT705"
    message = "states of one entity are of different kinds"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "azure-functions-durable-extension issue 2714"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = OF_HUBS
    bad = (
        Example(
            "A number and an object",
            (a_hub(), _counter("a", "5"), _counter("b", '{"value": 5}')),
        ),
        Example(
            "Also where the name is spelled in two ways",
            (a_hub(), _counter("a", "5"), _counter("b", '"five"', name="Counter")),
        ),
    )
    good = (
        Example("Two numbers", (a_hub(), _counter("a", "5"), _counter("b", "0.5"))),
        Example(
            "Two objects, one with more in it",
            (a_hub(), _counter("a", '{"value": 5}'), _counter("b", '{"value": 5, "old": 4}')),
        ),
        Example("A number, and null", (a_hub(), _counter("a", "5"), _counter("b", "null"))),
        Example("Two entities", (a_hub(), _counter("a", "5"), _counter("a", "{}", name="account"))),
    )

    def amounts(self, fact: InstanceFacts, given: Given) -> Iterator[tuple[str, int]]:  # noqa: ARG002
        """Count states by name and kind; null is none, and what is no JSON another rule's."""
        kind = _kind(fact.entity.state) if fact.entity is not None else None
        if fact.entity is not None and kind is not None:
            yield json.dumps([fact.entity.name.lower(), kind]), 1

    def total(self, sums: Iterable[tuple[str, int]], given: Given) -> Iterator[Finding]:
        """Tell the entities of more than one kind."""
        counted = ((*json.loads(key), count) for key, count in sums)
        for name, kinds in groupby(counted, key=_name):
            found = [f"{count:,} of kind {kind}" for _, kind, count in kinds]
            if len(found) > 1 and given.hub is not None:
                said = f"states of entity {name}: {', '.join(found)}"
                yield self.at(given.hub.place, said, discriminator=name)


def _kind(state: str | None) -> str | None:
    if state is None:
        return None
    try:
        return _KINDS.get(type(json.loads(state)))
    except (ValueError, RecursionError):
        return None


def _name(one: tuple[Any, ...]) -> str:
    return str(one[0])
