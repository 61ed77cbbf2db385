"""RET805: a retention policy that is not called default."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.policies import PolicyFacts
from durahub_migrate.lint.facts.templates import rewriting
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, in_file, retention, scheduler


class PolicyName(Rule[PolicyFacts]):
    """Finds retention policies whose name is not ``default``.

    Why it matters: a scheduler has exactly one retention policy, and its name is ``default``. A deployment of
    any other name fails.

    What to do: call it ``default``. Two policies for one scheduler cannot be: put the entries of both into
    one, and take another scheduler where hubs need different ones.
    """

    code = "RET805"
    message = "retention policy is not called default"
    severity = Severity.ERROR
    source = "ARM specification of Microsoft.DurableTask, RetentionPolicies (a singleton)"
    about = (PolicyFacts,)
    needs = frozenset({Need.POLICIES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep(
            "A policy with a name of its own", scheduler() + retention("30", name="'purge-old'")
        ),
        in_file(
            "A name in ARM JSON",
            "policy.json",
            '{"type": "Microsoft.DurableTask/schedulers/retentionPolicies", "name": "orders/weekly",'
            ' "properties": {"retentionPolicies": [{"retentionPeriodInDays": 7}]}}',
        ),
    )
    good = (
        in_bicep("The name that it has to have", scheduler() + retention("30")),
        in_file(
            "The name behind that of the scheduler",
            "policy.json",
            '{"type": "Microsoft.DurableTask/schedulers/retentionPolicies", "name": "orders/default",'
            ' "properties": {"retentionPolicies": [{"retentionPeriodInDays": 7}]}}',
        ),
        in_bicep(
            "A name that the deployment gives",
            "param policyName string\n" + scheduler() + retention("30", name="policyName"),
        ),
    )

    def check(self, fact: PolicyFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Compare the last segment of the name, in any case."""
        resource = fact.resource
        if resource is None or resource.name is None:
            return
        name = resource.last_name
        if not isinstance(name, str) or name.lower() == "default":
            return
        before, slash, _ = str(resource.name.scalar).rpartition("/")
        whole = f"{before}{slash}default"
        fix = rewriting("call it default", resource.file, resource.name, whole)
        said = f"the policy is called {name!r}, the only name there is for it is 'default'"
        yield self.at(resource.place(resource.name, "name"), said, fix=fix)
