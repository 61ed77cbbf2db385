"""ARM905: a scheduler for production without high availability."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import SCHEDULER, TemplateFacts
from durahub_migrate.lint.files.computed import known, text_of
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, scheduler

LEAST = 3  # units


def _dedicated(more: str) -> str:
    return scheduler(sku=f"{{ name: 'Dedicated', {more} }}")


class NoRedundancy(Rule[TemplateFacts]):
    """Finds dedicated schedulers without high availability, where the target is production.

    Why it matters: a dedicated scheduler is highly available from three capacity units on. With fewer, or
    with redundancy switched off, every update and every failure of its machine is an outage of all its hubs.

    What to do: set ``sku.capacity`` to 3, and leave the redundancy to the service.

    When to ignore it: a scheduler for tests (``lint.target.production`` says so for all of them), or an app
    that can wait for some minutes.
    """

    code = "ARM905"
    message = "dedicated scheduler is not highly available"
    severity = Severity.WARNING
    source = "Durable Task Scheduler documentation, article on billing"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep("One unit", _dedicated("capacity: 1")),
        in_bicep("Two units", _dedicated("capacity: 2")),
        in_bicep("Redundancy switched off", _dedicated("capacity: 3, redundancyState: 'None'")),
    )
    good = (
        in_bicep("Three units", _dedicated("capacity: 3")),
        in_bicep("One unit, for tests", _dedicated("capacity: 1"), production=False),
        in_bicep("Consumption has no units", scheduler()),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:
        """Look at capacities that are known."""
        if not given.target.production:
            return
        for resource in fact.of_kind(SCHEDULER):
            if (text_of(resource.look("properties.sku.name")) or "").lower() != "dedicated":
                continue
            capacity = resource.look("properties.sku.capacity")
            state = resource.look("properties.sku.redundancyState")
            units = known(capacity)
            if type(units) is int and units < LEAST:
                said = f"{units} of {LEAST} capacity units that high availability needs"
                yield self.at(resource.place(capacity, "properties.sku.capacity"), said)
            elif (text_of(state) or "").lower() == "none":
                place = resource.place(state, "properties.sku.redundancyState")
                yield self.at(place, "redundancyState is None")
