"""RET815: a scheduler without a retention policy."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import POLICY, SCHEDULER, TemplateFacts
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, retention, scheduler


class NoPolicy(Rule[TemplateFacts]):
    """Finds templates that declare a scheduler, but no retention policy for it.

    Why it matters: what happens then is up to the service. Its documentation says that ended instances are
    purged after 30 days; an older version of it says that nothing is purged unless asked for. Who counts on
    one of the two may lose results, or fill the scheduler.

    What to do: declare a policy with the periods that you want, also where they are 30 days.

    When to ignore it: the policy is made by the command line or by another template.
    """

    code = "RET815"
    message = "scheduler has no retention policy"
    severity = Severity.INFO
    confidence = Confidence.LOW
    source = "Durable Task Scheduler documentation, article on auto-purge, and its older version"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (in_bicep("A scheduler alone", scheduler()),)
    good = (
        in_bicep("A scheduler with its policy", scheduler() + retention("30")),
        in_bicep(
            "A scheduler that is there already",
            "resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' existing = {\n"
            "  name: 'orders'\n}\n",
        ),
        in_bicep(
            "A module that cannot be read: the policy may be there",
            scheduler() + "module policy 'policy.bicep' = {\n  name: 'policy'\n}\n",
        ),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Say nothing of a template of which a part was not read."""
        if fact.unread or not fact.whole:
            return
        of_schedulers = {one.within for one in fact.resources if one.kind == POLICY}
        for one in fact.of_kind(SCHEDULER):
            if one.key not in of_schedulers and None not in of_schedulers:
                yield self.at(one.place(), "no retention policy is declared for this scheduler")
