"""ARM904: a capacity where there must be none, or none where there must be one."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import REST, SCHEDULER, Resource, TemplateFacts
from durahub_migrate.lint.files.computed import known, text_of
from durahub_migrate.lint.files.document import Member, Node
from durahub_migrate.lint.finding import Edit, Finding, Fix, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, scheduler


class SkuCapacity(Rule[TemplateFacts]):
    """Finds schedulers whose SKU and capacity do not go together.

    Why it matters: a dedicated scheduler needs ``sku.capacity``, its number of capacity units; one on the
    consumption plan must not have it. The deployment fails otherwise.

    What to do: take ``capacity`` out with ``Consumption``; with ``Dedicated`` set it to 1, 2 or 3. The fix
    for the first is safe; that for the second chooses 1 unit, and is not.
    """

    code = "ARM904"
    message = "capacity does not go with the SKU"
    severity = Severity.ERROR
    source = "ARM specification of Microsoft.DurableTask, SchedulerSku; Durable-Task-Scheduler#138"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep(
            "Consumption with a capacity",
            scheduler(sku="{\n  name: 'Consumption'\n  capacity: 1\n}"),
        ),
        in_bicep("Dedicated without one", scheduler(sku="{ name: 'Dedicated' }")),
    )
    good = (
        in_bicep("Consumption", scheduler(sku="{ name: 'Consumption' }")),
        in_bicep("Dedicated with a capacity", scheduler(sku="{ name: 'Dedicated', capacity: 1 }")),
        in_bicep(
            "A capacity of null is none", scheduler(sku="{ name: 'Consumption', capacity: null }")
        ),
        in_bicep(
            "A choice by a parameter",
            "param dedicated bool\nparam n string\n"
            + scheduler(sku="dedicated ? { name: n, capacity: 1 } : { name: n }"),
        ),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at schedulers whose SKU is known; a capacity that is not may be null."""
        for resource in fact.of_kind(SCHEDULER):
            sku = resource.look("properties.sku")
            name = (text_of(resource.look("properties.sku.name")) or "").lower()
            if sku is None or sku.kind != "object" or sku.get(REST) is not None:
                continue
            capacity = sku.member("capacity")
            value = known(capacity.value) if capacity is not None else None
            if name == "consumption" and capacity is not None and value is not None:
                place = resource.place(capacity.value, "properties.sku.capacity")
                said = "the SKU is Consumption, which has no capacity"
                yield self.at(place, said, fix=_without(resource, sku, capacity))
            unset = capacity is None or capacity.value == _null(capacity)
            if name == "dedicated" and unset:
                place = resource.place(sku, "properties.sku")
                said = "the SKU is Dedicated, which needs a capacity"
                yield self.at(place, said, fix=_with_capacity(resource, sku))


def _null(member: Member) -> Node:
    return Node("scalar", member.value.span, literal=member.value.literal)


def _without(resource: Resource, sku: Node, capacity: Member) -> Fix | None:
    if not sku.literal:
        return None
    edit = Edit(capacity.entry.start, capacity.entry.stop, "")
    return Fix("remove capacity", resource.file_of(sku), (edit,))


def _with_capacity(resource: Resource, sku: Node) -> Fix | None:
    name = sku.get("name")
    if not sku.literal or name is None or not name.literal or sku.member("capacity") is not None:
        return None
    first = sku.members[0].name_span
    is_bicep = resource.file_of(sku).endswith((".bicep", ".bicepparam"))
    written = "capacity: 1" if is_bicep else '"capacity": 1'
    breaks = first.line > sku.span.line
    between = "\n" + " " * (first.column - 1) if breaks else " "
    comma = "" if is_bicep and breaks else ","
    edit = Edit(first.start, first.start, f"{written}{comma}{between}")
    return Fix("give it one capacity unit", resource.file_of(sku), (edit,), safe=False)
