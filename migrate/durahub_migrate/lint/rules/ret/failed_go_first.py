"""RET809: failed instances that are kept shorter than completed ones."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.policies import PolicyFacts
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, in_file, retention, scheduler


class FailedGoFirst(Rule[PolicyFacts]):
    """Finds policies that keep failed instances for a shorter time than completed ones.

    Why it matters: a failed instance is the evidence of what went wrong, and often looked at days later. A
    policy that purges it first is mostly two entries with their periods swapped.

    What to do: keep failed instances at least as long as completed ones.

    When to ignore it: failures of this app are reported elsewhere with all that is needed.
    """

    code = "RET809"
    message = "failed instances are purged before completed ones"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "durahub's own"
    about = (PolicyFacts,)
    needs = frozenset({Need.POLICIES})
    bad = (
        in_bicep("Failed 7, Completed 30", scheduler() + retention("Completed: 30", "Failed: 7")),
        in_bicep("Failed 7, all others 30", scheduler() + retention("30", "Failed: 7")),
        in_file(
            "Completed for ever, in durahub.toml",
            "durahub.toml",
            '[defaults.retention]\ncompleted = "never"\nfailed = "30d"\n',
        ),
    )
    good = (
        in_bicep("Failed as long", scheduler() + retention("Completed: 7", "Failed: 7")),
        in_bicep("Failed longer than all", scheduler() + retention("30", "Failed: 90")),
        in_bicep(
            "A period that the deployment gives",
            "param days int\n" + scheduler() + retention("30", "Failed: days"),
        ),
    )

    def check(self, fact: PolicyFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Compare both, also where one of them is the default."""
        failed, completed = fact.days_of("Failed"), fact.days_of("Completed")
        if failed is None or completed is None or failed >= completed:
            return
        own = [one for one in fact.entries if one.state == "Failed"]
        entry = (own or [one for one in fact.entries if one.is_default])[0]
        longer = "for ever" if completed == float("inf") else f"for {completed:g} days"
        said = f"failed instances are kept for {failed:g} days, completed ones {longer}"
        yield self.at(fact.at(entry.node, entry.path), said)
