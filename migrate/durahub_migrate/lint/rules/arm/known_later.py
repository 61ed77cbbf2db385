"""ARM916: values that only a deployment tells."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import Resource, TemplateFacts
from durahub_migrate.lint.files.document import Node, Unknown
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, in_file, scheduler

_OURS = "microsoft.durabletask/"
_TOLD = 5
_LOCATED = (
    "location",
    "tags",
    "name",
    "parent",
    "scope",
    "dependsOn",
)  # what rules do without, or what says nothing by itself


class KnownLater(Rule[TemplateFacts]):
    """Counts what could not be checked in a template because only a deployment tells it.

    Why it matters: a parameter without default, or the result of a function, has no value before a
    deployment. Rules say nothing of it; that does not mean that it is right.

    What to do: put a parameters file beside the template (``main.bicepparam``, ``main.parameters.json``),
    one for each environment; its values are then checked.

    When to ignore it: this is for information, and in the profile ``strict`` alone.
    """

    code = "ARM916"
    message = "values of a template are known only when it is deployed"
    severity = Severity.INFO
    source = "durahub's own"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = frozenset({"strict"})
    bad = (
        in_bicep(
            "A SKU that is passed",
            "param sku string\n" + scheduler(sku="{ name: sku }"),
        ),
    )
    good = (
        in_bicep("Everything is known", scheduler()),
        in_file(
            "A parameters file says it",
            "main.bicep",
            "param sku string\n" + scheduler(sku="{ name: sku }"),
            beside={"main.bicepparam": "using 'main.bicep'\nparam sku = 'Consumption'\n"},
        ),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Count them in the resources that rules look at; one finding a template."""
        paths = [
            f"{resource.key}.{path}"
            for resource in fact.resources
            if resource.kind.startswith(_OURS) and not resource.existing
            for path in _unknown(resource)
        ]
        if paths:
            more = f" and {len(paths) - _TOLD} more" if len(paths) > _TOLD else ""
            said = (
                f"not checked, for only a deployment tells them: {', '.join(paths[:_TOLD])}{more}"
            )
            yield self.at(fact.place, said)


def _unknown(resource: Resource) -> Iterator[str]:
    for path, node in resource.body.leaves():
        if path.partition(".")[0] not in _LOCATED and _has_unknown(node):
            yield path
    if isinstance(resource.last_name, Unknown):
        yield "name"


def _has_unknown(node: Node) -> bool:
    if node.kind == "list":
        return any(_has_unknown(item) for item in node.items)
    if node.kind == "object":
        return any(_has_unknown(member.value) for member in node.members)
    return isinstance(node.scalar, Unknown)
