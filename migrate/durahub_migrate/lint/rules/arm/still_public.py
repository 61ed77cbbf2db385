"""ARM914: a scheduler with private endpoints that is public all the same."""

import re
from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import SCHEDULER, Resource, TemplateFacts
from durahub_migrate.lint.files.computed import known
from durahub_migrate.lint.files.document import Node, Unknown
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, scheduler

_ENDPOINT = "microsoft.network/privateendpoints"
_PUBLIC = ("Enabled", None)
_TEXT = """resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: 'orders'
  properties: {
    privateLinkServiceConnections: [
      {
        name: 'orders'
        properties: { privateLinkServiceId: scheduler.id, groupIds: ['scheduler'] }
      }
    ]
  }
}
"""


class StillPublic(Rule[TemplateFacts]):
    """Finds schedulers that have a private endpoint and can be reached from the internet as well.

    Why it matters: who adds a private endpoint mostly wants nothing else to be open. Public access stays on
    until it is switched off, within the limits of ``ipAllowlist``.

    What to do: set ``publicNetworkAccess: 'Disabled'`` (API version ``2026-02-01`` or later) when all
    callers use the private endpoint.

    When to ignore it: some callers come from outside of the network.
    """

    code = "ARM914"
    message = "scheduler with a private endpoint is public, too"
    severity = Severity.INFO
    source = "ARM specification of Microsoft.DurableTask, 2026-02-01: publicNetworkAccess"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep("Nothing said", scheduler() + _TEXT),
        in_bicep("Switched on", scheduler(more="publicNetworkAccess: 'Enabled'") + _TEXT),
    )
    good = (
        in_bicep("Switched off", scheduler(more="publicNetworkAccess: 'Disabled'") + _TEXT),
        in_bicep("No private endpoint", scheduler()),
        in_bicep(
            "The private endpoint of something else",
            scheduler() + _TEXT.replace("scheduler.id", "'/account'"),
        ),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look for endpoints that lead to a scheduler of the template."""
        endpoints = list(fact.of_kind(_ENDPOINT))
        for resource in fact.of_kind(SCHEDULER):
            access = resource.look("properties.publicNetworkAccess")
            if access is not None and known(access) != "Enabled":
                continue
            if any(_leads_to(resource, endpoint) for endpoint in endpoints):
                place = resource.place(access, "properties.publicNetworkAccess")
                yield self.at(
                    place, "it has a private endpoint, and publicNetworkAccess is not Disabled"
                )


def _leads_to(resource: Resource, endpoint: Resource) -> bool:
    listed = endpoint.look("properties.privateLinkServiceConnections")
    for item in listed.items if listed is not None else ():
        target: Node | None = item.at("properties.privateLinkServiceId")
        value = target.scalar if target is not None else None
        text = value.text if isinstance(value, Unknown) else str(value)
        symbol = re.escape(resource.key.rpartition("/")[2])
        if "microsoft.durabletask/schedulers" in text.lower() or re.search(
            rf"\b{symbol}\.id\b", text
        ):
            return True
    return False
