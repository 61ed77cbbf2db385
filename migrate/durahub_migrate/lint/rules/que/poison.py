"""QUE602: a message that is delivered again and again."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.hubs import MessageFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.hub_examples import a_queued, activity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given


class Poison(Rule[MessageFacts]):
    """Finds messages that were delivered five times or more and are still there.

    Why it matters: whoever receives such a message fails, or gives it back. It takes a worker's
    time at each delivery, its instance stands still, and what fails here will fail at the target as
    well.

    What to do: the worker's log tells why: a function that does not exist, a payload that cannot be
    read, a crash in the activity. Correct that, or terminate the instance. Do not carry the message
    to another hub; from a hundred deliveries on it is an error to do so.

    When to ignore it: with few deliveries, after a worker was killed several times or a lease
    moved.
    """

    code = "QUE602"
    message = "a message is delivered again and again"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "durabletask issues 842 and 1366"
    about = (MessageFacts,)
    needs = frozenset({Need.QUEUES})
    profiles = OF_HUBS
    bad = (
        Example("An activity at its fifth delivery", (a_queued(activity(), deliveries=5),)),
        Example("A message at its hundredth: an error", (a_queued(deliveries=100),)),
    )
    good = (
        Example("At its fourth delivery", (a_queued(activity(), deliveries=4),)),
        Example("Not delivered yet", (a_queued(activity()),)),
    )

    def check(self, fact: MessageFacts, given: Given) -> Iterator[Finding]:
        """Compare with the two thresholds."""
        limits = given.thresholds
        if fact.deliveries >= limits.poison_warning:
            kind = fact.event.type.name if fact.event is not None else "a message"
            whose = f" for {fact.target}" if fact.target else ""
            is_error = fact.deliveries >= limits.poison_error
            yield self.at(
                fact.place,
                f"{kind}{whose} was delivered {fact.deliveries} times",
                severity=Severity.ERROR if is_error else None,
            )
