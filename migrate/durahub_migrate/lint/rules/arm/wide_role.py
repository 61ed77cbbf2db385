"""ARM909: a role for the data of a scheduler that reaches beyond it."""

import re
from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import ROLE_ASSIGNMENT, Resource, TemplateFacts
from durahub_migrate.lint.files.computed import text_of
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.rules.arm.roles import ROLES
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import hub, in_bicep, scheduler

_GROUP = re.compile(
    r"/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?/?$|/providers/Microsoft.Management/", re.I
)
CONTRIBUTOR = "0ad04412-c4d5-4796-b79c-f76d14c8d402"


def assignment(scope: str, role: str = CONTRIBUTOR) -> str:
    """Return a role assignment in Bicep."""
    return f"""resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = {{
  name: guid('access')
  {scope}
  properties: {{
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{role}')
    principalId: '11111111-2222-3333-4444-555555555555'
  }}
}}
"""


class WideRole(Rule[TemplateFacts]):
    """Finds roles for a scheduler's data that are given for a whole resource group or subscription.

    Why it matters: the roles *Durable Task Data Contributor*, *Worker* and *Data Reader* let their holder
    run, change or read everything in the hubs they reach. Given for a group, they reach every scheduler in
    it, those of tomorrow, too.

    What to do: give the assignment a ``scope``: the task hub that the app uses, or the scheduler.

    When to ignore it: the group holds this one scheduler, and will.
    """

    code = "ARM909"
    message = "data role is given for a whole group or subscription"
    severity = Severity.WARNING
    source = "Durable Task Scheduler documentation, article on managed identity"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep("No scope: the resource group", scheduler() + assignment("")),
        in_bicep("The group by name", scheduler() + assignment("scope: resourceGroup()")),
    )
    good = (
        in_bicep("The scheduler", scheduler() + assignment("scope: scheduler")),
        in_bicep("The task hub", scheduler() + hub() + assignment("scope: hub")),
        in_bicep(
            "A role for something else",
            scheduler() + assignment("", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"),
        ),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at assignments whose role is known to be one of the scheduler's."""
        for resource in fact.of_kind(ROLE_ASSIGNMENT):
            role = text_of(resource.look("properties.roleDefinitionId")) or ""
            name = ROLES.get(role.rpartition("/")[2].lower())
            reach = _reach(resource) if name is not None else None
            if reach is not None:
                place = resource.place(resource.scope, "scope")
                yield self.at(place, f"{name} is given for the whole {reach}")


def _reach(resource: Resource) -> str | None:
    """Return what an assignment is for, where that is more than a resource."""
    scope = resource.scope
    if scope is None:
        named = {"resourceGroup": "resource group", "managementGroup": "management group"}
        return named.get(resource.deployed_to, resource.deployed_to)
    text = text_of(scope)
    if text is not None:
        return "scope " + text if _GROUP.match(text) else None
    written = getattr(scope.scalar, "text", "")
    whole = re.fullmatch(
        r"(?:az\.)?(resourceGroup|subscription|managementGroup|tenant)\(.*\)", written
    )
    return {"resourceGroup": "resource group"}.get(whole[1], whole[1]) if whole else None
