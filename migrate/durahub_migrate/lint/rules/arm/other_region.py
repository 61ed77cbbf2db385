"""ARM911: an app in another region than its scheduler."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import SCHEDULER, Resource, TemplateFacts
from durahub_migrate.lint.files.computed import text_of
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, scheduler

_APPS = ("microsoft.web/sites", "microsoft.app/containerapps")


def _app(location: str) -> str:
    return f"""resource app 'Microsoft.Web/sites@2024-04-01' = {{
  name: 'orders'
  location: {location}
}}
"""


class OtherRegion(Rule[TemplateFacts]):
    """Finds apps that are deployed to another region than the scheduler of the same template.

    Why it matters: every step of an orchestration is a call to the scheduler and an answer. Between regions
    each takes tens of milliseconds more, and is paid for as traffic; and each of two regions can take the
    app down.

    What to do: deploy both to one region. The scheduler is not offered in all of them: then choose the
    app's region by the scheduler's.

    When to ignore it: the app does not use this scheduler, or is a standby.
    """

    code = "ARM911"
    message = "app and scheduler are in different regions"
    severity = Severity.WARNING
    source = "Durable Task Scheduler documentation, overview"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (in_bicep("Two regions", scheduler(location="'westeurope'") + _app("'northeurope'")),)
    good = (
        in_bicep(
            "One region in two spellings",
            scheduler(location="'westeurope'") + _app("'West Europe'"),
        ),
        in_bicep(
            "A region that the deployment gives",
            "param location string\n" + scheduler(location="location") + _app("'northeurope'"),
        ),
        in_bicep(
            "A scheduler in each region",
            scheduler(location="'westeurope'")
            + scheduler(location="'northeurope'").replace("scheduler '", "second '")
            + _app("'northeurope'"),
        ),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Compare regions where all are known."""
        schedulers = [_region(one) for one in fact.of_kind(SCHEDULER, existing=True)]
        if not schedulers or None in schedulers:
            return
        for app in (one for kind in _APPS for one in fact.of_kind(kind)):
            region = _region(app)
            if region is not None and region not in schedulers:
                said = f"the app is in {region}, the scheduler in {schedulers[0]}"
                yield self.at(app.place(app.look("location"), "location"), said)


def _region(resource: Resource) -> str | None:
    text = text_of(resource.look("location"))
    return text.lower().replace(" ", "") if text is not None else None
