"""RET810: instances that are purged before an export has read them."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.policies import STATES, PolicyFacts
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, in_file, retention, scheduler


class ShorterThanExport(Rule[PolicyFacts]):
    """Finds retention periods that are shorter than the time between two exports of histories.

    Why it matters: an export reads ended instances. What ended after one export and is purged before the next
    is in no archive, and nobody notices.

    What to do: keep instances for the interval of the export and a day more, in which an export that failed
    can be repeated; or export more often. The interval is ``lint.target.export-every-days``.
    """

    code = "RET810"
    message = "instances are purged before they are exported"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "Durable Task documentation, article on exporting histories"
    about = (PolicyFacts,)
    needs = frozenset({Need.POLICIES, Need.EXPORTS})
    bad = (
        in_bicep("7 days, exported each week", scheduler() + retention("7"), export_every_days=7),
        in_file(
            "Completed instances go after a day, exported daily",
            "durahub.toml",
            '[defaults.retention]\nall = "30d"\ncompleted = "1d"\n',
            export_every_days=1,
        ),
    )
    good = (
        in_bicep("8 days, exported each week", scheduler() + retention("8"), export_every_days=7),
        in_file(
            "Nothing is purged",
            "durahub.toml",
            "[hubs.orders]\n[defaults.retention]\n",
            export_every_days=7,
        ),
    )

    def check(self, fact: PolicyFacts, given: Given) -> Iterator[Finding]:
        """Allow for `Thresholds.export_lag_days` beside the interval."""
        every = given.target.export_every_days
        if every is None:
            return
        least = every + given.thresholds.export_lag_days
        short = [s for s in STATES if (days := fact.days_of(s)) is not None and days < least]
        if short:
            days = min(fact.days_of(state) or 0.0 for state in short)
            kept = f"{', '.join(short)} instances are kept for as little as {_days(days)}"
            yield self.at(fact.place, f"{kept}, and exported every {_days(every)}")


def _days(days: float) -> str:
    return f"{days:g} day{'' if days == 1 else 's'}"
