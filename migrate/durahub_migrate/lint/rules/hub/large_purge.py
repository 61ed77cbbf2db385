"""HUB212: more ended instances than one purge can take."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import EXAMPLE_TIME, Example, SummingRule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given, Thresholds

_TWO = Given(now=EXAMPLE_TIME, thresholds=Thresholds(purge_most=2))
_ENDED = [an_instance(f"order-{number}", status="Completed") for number in range(3)]


class LargePurge(SummingRule[InstanceFacts]):
    """Finds hubs with more than 20,000 ended instances.

    Why it matters: one call that purges by status or by time reads and deletes all that fit,
    instance by instance. With very many it does not end within the time of a function, and some
    versions have then deleted nothing at all.

    What to do: purge in slices of time, a day or an hour each, beginning with the oldest, or let
    ``durahub retention apply`` do it, which goes on where it was stopped. Then purge every day.
    """

    code = "HUB212"
    message = "too many instances have ended for one purge"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "azure-functions-durable-extension issues 1145, 2129 and 2211"
    about = (InstanceFacts,)
    needs = frozenset({Need.STORAGE, Need.INSTANCES})
    profiles = OF_HUBS
    bad = (Example("Three, where the limit is set to two", (a_hub(), *_ENDED), _TWO),)
    good = (
        Example("Two, where the limit is set to two", (a_hub(), *_ENDED[:2]), _TWO),
        Example(
            "Three of which one still runs",
            (a_hub(), *_ENDED[:2], an_instance("order-9")),
            _TWO,
        ),
    )

    def amounts(self, fact: InstanceFacts, given: Given) -> Iterator[tuple[str, int]]:  # noqa: ARG002
        """Count those that have ended."""
        if fact.is_terminal:
            yield "instances", 1

    def total(self, sums: Iterable[tuple[str, int]], given: Given) -> Iterator[Finding]:
        """Compare with what a purge can take."""
        count, most = dict(sums).get("instances", 0), given.thresholds.purge_most
        if count > most and given.hub is not None:
            said = f"{count:,} instances have ended; a purge of more than {most:,} may time out"
            yield self.at(given.hub.place, said)
