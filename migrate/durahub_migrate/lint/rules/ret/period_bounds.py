"""RET802: a retention period beyond what the scheduler takes."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.policies import PolicyFacts
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, in_file, retention, scheduler

MOST = {"dedicated": 90, "consumption": 30}
_DEDICATED = "{ name: 'Dedicated', capacity: 1 }"


class PeriodBounds(Rule[PolicyFacts]):
    """Finds retention periods outside of what the scheduler's SKU allows.

    Why it matters: a dedicated scheduler keeps ended instances for 90 days at most, one on the consumption
    plan for 30. The schema of the resource has no bounds, so that a longer period may pass every check
    before the deployment and fail there, or not count. A negative period means nothing.

    What to do: shorten the period, and export histories that must be kept for longer before they are purged.

    When to ignore it: older documentation knows no upper limit; a policy of your own that is in force, as
    ``az durabletask retention-policy show`` prints it, proves what your scheduler takes.
    """

    code = "RET802"
    message = "retention period is out of bounds"
    severity = Severity.ERROR
    confidence = Confidence.LOW
    source = "Durable Task Scheduler documentation, articles on auto-purge and on billing"
    about = (PolicyFacts,)
    needs = frozenset({Need.POLICIES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep("91 days on a dedicated scheduler", scheduler(sku=_DEDICATED) + retention("91")),
        in_bicep("31 days on the consumption plan", scheduler() + retention("30", "Failed: 31")),
        in_bicep("A negative period", scheduler() + retention("-1")),
        in_file(
            "31 days, and the target is on the consumption plan",
            "retention.json",
            '[{"retentionPeriodInDays": 31}]',
            sku="consumption",
        ),
    )
    good = (
        in_bicep("90 days on a dedicated scheduler", scheduler(sku=_DEDICATED) + retention("90")),
        in_bicep("30 days on the consumption plan", scheduler() + retention("30", "Failed: 0")),
        in_file(
            "90 days, for a scheduler that is not known",
            "retention.json",
            '[{"retentionPeriodInDays": 90}]',
        ),
        in_file(
            "A year, in durahub's own settings: there is no limit",
            "durahub.toml",
            '[defaults.retention]\nall = "365d"\n',
        ),
    )

    def check(self, fact: PolicyFacts, given: Given) -> Iterator[Finding]:
        """Take the SKU of the template, else that of the target, else the wider bounds."""
        if not fact.is_of_azure:
            return
        sku = (fact.sku or given.target.sku or "").lower()
        most = MOST.get(sku, MOST["dedicated"])
        of_whom = f"the {sku} SKU" if sku in MOST else "any SKU"
        for entry in fact.entries:
            if entry.days is not None and not 0 <= entry.days <= most:
                said = f"{entry.days:g} days, 0 to {most} are allowed on {of_whom}"
                yield self.at(fact.at(entry.days_node, entry.path), said)
