"""RET814: a retention policy that was taken out of a template."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import POLICY, TemplateFacts
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, retention, scheduler


def _commented(text: str) -> str:
    return "".join(f"// {line}\n" for line in text.splitlines())


class RemovedPolicy(Rule[TemplateFacts]):
    """Finds retention policies that are switched off or made a comment in a template.

    Why it matters: deployments are incremental unless told otherwise: what a template no longer declares
    stays as it is. A policy that was commented out, or whose condition no longer holds, goes on purging.

    What to do: delete the policy itself, ``az durabletask retention-policy delete``, and then take it out
    of the template. It stops within 5 to 10 minutes.

    When to ignore it: the policy was never deployed, or was deleted, or the template is deployed in complete
    mode.
    """

    code = "RET814"
    message = "taking a retention policy out of a template does not delete it"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "Azure Resource Manager documentation, deployment modes"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep("A policy made a comment", scheduler() + _commented(retention("30"))),
        in_bicep(
            "A condition that does not hold",
            "param purge bool = false\n"
            + scheduler()
            + retention("30").replace("= {", "= if (purge) {", 1),
        ),
    )
    good = (
        in_bicep("A policy that is declared", scheduler() + retention("30")),
        in_bicep(
            "A comment that says something else",
            "// resource groups are made elsewhere\n" + scheduler(),
        ),
        in_bicep(
            "A condition that the deployment decides",
            "param purge bool\n"
            + scheduler()
            + retention("30").replace("= {", "= if (purge) {", 1),
        ),
        in_bicep(
            "An old version beside the policy that counts",
            scheduler() + _commented(retention("30")) + retention("7"),
        ),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look where no policy is declared otherwise."""
        if any(fact.of_kind(POLICY)):
            return
        for one in fact.commented:
            if one.type.lower() == POLICY or one.type.lower() == POLICY.rpartition("/")[2]:
                yield self.at(one.place, "the policy is a comment: one that was deployed goes on")
        for resource in fact.resources:
            if resource.kind == POLICY and resource.condition is False and not resource.existing:
                said = "the condition does not hold: a policy that was deployed before goes on"
                yield self.at(resource.place(), said)
