"""RET807: instances that are purged as soon as they end."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.policies import PolicyFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, in_file, retention, scheduler


class PurgedAtOnce(Rule[PolicyFacts]):
    """Finds retention periods of 0 days: instances are purged as soon as they have ended.

    Why it matters: whoever waits for a result by asking for the status may ask too late and be told that
    there is no such instance. An export of histories, which reads ended instances from time to time, misses
    them, and nothing is left to look at after an incident.

    What to do: keep instances for at least a day, or as long as the slowest caller and the export need.

    When to ignore it: nobody ever asks for these instances again, and volume matters more than evidence.
    """

    code = "RET807"
    message = "instances are purged as soon as they end"
    severity = Severity.WARNING
    source = (
        "Durable Task Scheduler documentation, articles on auto-purge and on exporting histories"
    )
    about = (PolicyFacts,)
    needs = frozenset({Need.POLICIES})
    bad = (
        in_bicep("Completed instances go at once", scheduler() + retention("30", "Completed: 0")),
        in_file("All do, in durahub.toml", "durahub.toml", "[defaults.retention]\nall = 0\n"),
    )
    good = (
        in_bicep("A day", scheduler() + retention("1")),
        in_file("An hour, in durahub.toml", "durahub.toml", '[defaults.retention]\nall = "1h"\n'),
    )

    def check(self, fact: PolicyFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look for periods that are known to be 0."""
        for entry in fact.entries:
            if entry.days == 0:
                whose = entry.state if isinstance(entry.state, str) else "ended"
                said = f"{whose} instances are kept for 0 days"
                yield self.at(fact.at(entry.days_node, entry.path), said)
