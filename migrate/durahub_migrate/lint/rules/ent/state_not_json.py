"""ENT707: an entity's state that is not JSON."""

import json
from collections.abc import Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given


def _account(state: str | None) -> InstanceFacts:
    return an_instance("@account@7", entity=EntityFacts(name="account", key="7", state=state))


class StateNotJson(Rule[InstanceFacts]):
    """Finds entities whose state is not JSON.

    Why it matters: every SDK reads the state as JSON. An entity whose state is not fails at its
    next operation, here as at the target.

    What to do: correct the worker that wrote it. Then delete the entity, or set its state by an
    operation that does not read the old one.
    """

    code = "ENT707"
    message = "an entity's state is not JSON"
    severity = Severity.ERROR
    source = "ours"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    bad = (
        Example("A word without quotes", (_account("open"),)),
        Example("An object that is cut off", (_account('{"value": 5'),)),
        Example("No text at all", (_account(""),)),
        Example("A number that JSON does not know", (_account("NaN"),)),
    )
    profiles = OF_HUBS
    good = (
        Example("A number", (_account("5"),)),
        Example("A string", (_account('"open"'),)),
        Example("No state", (_account(None),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Read it as strictly as the SDKs do."""
        state = fact.entity.state if fact.entity is not None else None
        if state is None:
            return
        try:
            json.loads(state, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            why = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
            yield self.at(fact.place, f"the state is not JSON: {why}", head=state, private=True)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")
