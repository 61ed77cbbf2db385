"""ARM906: more schedulers or hubs than a subscription may have in a region."""

from collections import defaultdict
from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import HUB, SCHEDULER, Resource, TemplateFacts
from durahub_migrate.lint.files.computed import text_of
from durahub_migrate.lint.files.document import Unknown
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, scheduler

MOST = {"dedicated": (25, 25), "consumption": (10, 5)}  # schedulers, hubs


def _hubs(count: int) -> str:
    kind = "Microsoft.DurableTask/schedulers/taskHubs@2025-11-01"
    return f"""resource hubs '{kind}' = [for i in range(1, {count}): {{
  parent: scheduler
  name: 'orders-${{i}}'
}}]
"""


class OverQuota(Rule[TemplateFacts]):
    """Finds templates that declare more schedulers or task hubs than a subscription may have in one region.

    Why it matters: a region takes 25 dedicated schedulers and 25 task hubs on them of each subscription; on
    the consumption plan 10 schedulers and 5 task hubs. The deployment stops at the first beyond that.

    What to do: put work that belongs together into one hub, spread the rest over regions or subscriptions,
    or ask Azure support for more. What other templates declare counts, too, and is not seen here.

    When to ignore it: your subscription has got a higher quota. One paragraph of the documentation reads as
    if the number of hubs were counted by scheduler.
    """

    code = "ARM906"
    message = "more schedulers or task hubs than the quota"
    severity = Severity.ERROR
    confidence = Confidence.LOW
    source = "Durable Task Scheduler documentation, overview: limits"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (in_bicep("Six hubs on the consumption plan", scheduler() + _hubs(6)),)
    good = (
        in_bicep("Five hubs on the consumption plan", scheduler() + _hubs(5)),
        in_bicep(
            "25 hubs on a dedicated scheduler",
            scheduler(sku="{ name: 'Dedicated', capacity: 3 }") + _hubs(25),
        ),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Count by SKU and region; one that is declared in an unknown loop counts once."""
        counted: dict[tuple[str, str, str], list[Resource]] = defaultdict(list)
        for scheduler_ in fact.of_kind(SCHEDULER):
            key = ("scheduler", *_where(scheduler_))
            counted[key].append(scheduler_)
        for hub in fact.of_kind(HUB):
            parent = fact.by_key(hub.within)
            if parent is not None:
                key = ("task hub", *_where(parent))
                counted[key].append(hub)
        for (what, sku, region), found in sorted(counted.items()):
            most = MOST.get(sku, (None, None))[what == "task hub"]
            if most is not None and len(found) > most:
                said = f"{len(found)} {what}s of the {sku} SKU, {most} are allowed in a region"
                yield self.at(found[most].place(), said, discriminator=f"{what} {sku} {region}")


def _where(resource: Resource) -> tuple[str, str]:
    """Return SKU and region; a region that is not known is told by its expression."""
    sku = (text_of(resource.look("properties.sku.name")) or "").lower()
    location = resource.look("location")
    value = location.scalar if location is not None else None
    region = value.text if isinstance(value, Unknown) else str(value)
    return sku, region.lower().replace(" ", "")
