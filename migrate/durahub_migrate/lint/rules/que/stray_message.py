"""What rules about messages that nobody takes have in common: the doctor judges them where he can look."""

from collections.abc import Iterator

from durahub.classic.doctor.findings import Severity as DoctorSeverity
from durahub_migrate.lint.facts.hubs import Diagnosis, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import JoiningRule
from durahub_migrate.lint.rules.hub.diagnosed import diagnosed
from durahub_migrate.lint.target import Given


class StrayMessage(JoiningRule[MessageFacts | InstanceFacts | Diagnosis]):
    """A rule about messages beside the instances that they are for."""

    about = (MessageFacts, InstanceFacts, Diagnosis)

    def check(
        self, fact: MessageFacts | InstanceFacts | Diagnosis, given: Given
    ) -> Iterator[Finding]:
        """Ask the doctor; what he only notes is information unless the hub is stopped."""
        if isinstance(fact, Diagnosis):
            yield from diagnosed(self, fact, severity_of(fact, given))


def severity_in(given: Given) -> Severity:
    """Return how bad a message is that nobody takes: a warning where nobody will delete it."""
    return Severity.WARNING if given.is_frozen else Severity.INFO


def severity_of(fact: Diagnosis, given: Given) -> Severity | None:
    """Return how bad a message is that the next worker deletes: information, if there is one to come."""
    passes = fact.diagnosed.rule.severity is DoctorSeverity.NOTE and not given.is_frozen
    return Severity.INFO if passes else None
