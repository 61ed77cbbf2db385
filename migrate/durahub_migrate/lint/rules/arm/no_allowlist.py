"""ARM902: a scheduler without its list of allowed addresses."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import SCHEDULER, Resource, TemplateFacts
from durahub_migrate.lint.files.computed import known
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, scheduler


class NoAllowlist(Rule[TemplateFacts]):
    """Finds schedulers without ``ipAllowlist``, or with an empty one.

    Why it matters: the property is required: without it the deployment fails. An empty list is deployed, but
    lets nobody in: workers and clients get *403* in spite of their roles.

    What to do: name the ranges from which workers and clients come: ``ipAllowlist: ['203.0.113.0/24']``. An
    empty list is right where the scheduler is reached by private endpoints alone; say so with
    ``publicNetworkAccess: 'Disabled'``.
    """

    code = "ARM902"
    message = "scheduler has no ipAllowlist"
    severity = Severity.ERROR
    source = "ARM specification of Microsoft.DurableTask, SchedulerProperties"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep("No list", scheduler(allowed="")),
        in_bicep("An empty list", scheduler(allowed="ipAllowlist: []")),
    )
    good = (
        in_bicep("One range", scheduler()),
        in_bicep(
            "A list that the deployment gives",
            "param l array\n" + scheduler(allowed="ipAllowlist: l"),
        ),
        in_bicep(
            "Private endpoints alone",
            scheduler(allowed="ipAllowlist: []", more="publicNetworkAccess: 'Disabled'"),
        ),
        in_bicep(
            "Properties that the deployment gives",
            "param p object\nresource s 'Microsoft.DurableTask/schedulers@2025-11-01' = {\n"
            "  name: 'orders'\n  properties: p\n}\n",
        ),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Tell what is missing from what is empty."""
        for resource in fact.of_kind(SCHEDULER):
            listed = resource.look("properties.ipAllowlist")
            if listed is None:
                yield self.at(resource.place(), "properties.ipAllowlist is missing")
            elif listed.kind == "list" and not listed.items and not _is_private(resource):
                place = resource.place(listed, "properties.ipAllowlist")
                yield self.at(
                    place, "the list is empty: nobody is let in", severity=Severity.WARNING
                )


def _is_private(resource: Resource) -> bool:
    access = resource.look("properties.publicNetworkAccess")
    return access is not None and known(access) != "Enabled"
