"""RET812: a retention policy in an API version that has none."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.policies import PolicyFacts
from durahub_migrate.lint.facts.templates import version_fix
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, in_file, retention, scheduler

VERSIONS = ("2025-04-01-preview", "2025-11-01", "2026-02-01", "2026-05-01-preview")
WANTED = "2025-11-01"  # the first stable one


class ApiVersion(Rule[PolicyFacts]):
    """Finds retention policies that are declared in an API version without them.

    Why it matters: ``schedulers/retentionPolicies`` came with version ``2025-04-01-preview``. A deployment
    with an older version, or one that never was, fails with *NoRegisteredProviderFound*.

    What to do: use ``2025-11-01`` or later. The scheduler and its hubs may stay at their version.
    """

    code = "RET812"
    message = "API version has no retention policies"
    severity = Severity.ERROR
    source = "ARM specification of Microsoft.DurableTask, its versions"
    about = (PolicyFacts,)
    needs = frozenset({Need.POLICIES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep("The version before", scheduler() + retention("30", version="2024-10-01-preview")),
        in_bicep("A version that never was", scheduler() + retention("30", version="2025-04-01")),
        in_file(
            "The same in JSON",
            "policy.json",
            '{"type": "Microsoft.DurableTask/schedulers/retentionPolicies", "name": "default",'
            ' "apiVersion": "2024-10-01-preview",'
            ' "properties": {"retentionPolicies": [{"retentionPeriodInDays": 7}]}}',
        ),
    )
    good = (
        in_bicep("The first with them", scheduler() + retention("30", version=VERSIONS[0])),
        in_bicep("The first stable one", scheduler() + retention("30", version=WANTED)),
        in_bicep("A later one, unknown here", scheduler() + retention("30", version="2027-01-01")),
    )

    def check(self, fact: PolicyFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Say nothing of versions that are younger than this rule."""
        resource = fact.resource
        if resource is None or not isinstance(resource.api_version, str):
            return
        version = resource.api_version
        if version not in VERSIONS and version < VERSIONS[-1]:
            said = f"version {version} of the API has no retention policies"
            fix = version_fix(resource, WANTED)
            yield self.at(resource.place(), said, fix=fix)
