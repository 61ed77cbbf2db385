"""ARM908: an app's hub that no template declares."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.facts.apps import AppFacts, SettingsFile
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import HUB, SCHEDULER, Resource, TemplateFacts
from durahub_migrate.lint.files.computed import text_of
from durahub_migrate.lint.files.document import Node
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.place import Place
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, JoiningRule, Observation
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import hub, in_bicep, scheduler

SETTINGS = ("TASKHUB_NAME", "TASKHUB")
_SITE = "microsoft.web/sites"


def _app(name: str) -> str:
    return f"""resource app 'Microsoft.Web/sites@2024-04-01' = {{
  name: 'orders'
  properties: {{ siteConfig: {{ appSettings: [{{ name: 'TASKHUB_NAME', value: {name} }}] }} }}
}}
"""


class UndeclaredHub(JoiningRule[TemplateFacts | AppFacts]):
    """Finds apps whose task hub is not among those that the templates declare.

    Why it matters: a hub in Azure Storage is created when an app starts. On the Durable Task Scheduler hubs
    are resources that must be there before: an app that names another one starts, and nothing runs.

    What to do: declare the hub (``Microsoft.DurableTask/schedulers/taskHubs``) beside the scheduler, or
    correct the name in host.json or in the app's settings. Take the name from the resource, ``hub.name``,
    and the two cannot differ.

    When to ignore it: the hub is made by the command line or by a template that was not read.
    """

    code = "ARM908"
    message = "app's task hub is not declared"
    severity = Severity.ERROR
    source = "Durable Task Scheduler documentation, article on task hubs"
    about = (TemplateFacts, AppFacts)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (in_bicep("Another name", scheduler() + hub("'orders'") + _app("'Order'")),)
    good = (
        in_bicep(
            "The same name, in another case", scheduler() + hub("'orders'") + _app("'Orders'")
        ),
        in_bicep("The name of the resource", scheduler() + hub("'orders'") + _app("hub.name")),
        in_bicep(
            "Hubs that the deployment names",
            "param name string\n" + scheduler() + hub("name") + _app("'order'"),
        ),
        in_bicep("No scheduler in this template", _app("'order'")),
    )

    def observe(self, fact: TemplateFacts | AppFacts, given: Given) -> Iterator[Observation]:  # noqa: ARG002
        """Note what is declared and what apps name: what is unclear first, then hubs, then apps."""
        if isinstance(fact, AppFacts):
            named = _hub_of(fact) if fact.uses_scheduler else None
            if named is not None:
                yield Observation("", f"2{named[0]}", named[1])
            return
        hubs = [one for one in fact.resources if one.kind == HUB and one.condition is not False]
        unclear = fact.unread or not fact.whole or any(one.many for one in hubs)
        if unclear or any(not isinstance(one.last_name, str) for one in hubs):
            yield Observation("", "0", fact.place)
        if any(fact.of_kind(SCHEDULER, existing=True)):
            yield Observation("", "1", fact.place)
        for one in hubs:
            yield Observation("", f"1{one.last_name}", one.place())
        for site in fact.of_kind(_SITE):
            for name, place in _hubs_of_site(site):
                yield Observation("", f"2{name}", place)

    def conclude(
        self,
        group: str,  # noqa: ARG002
        seen: Iterable[Observation],
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Say nothing where a hub may be declared under a name that is not known, or nothing is declared."""
        declared: set[str] | None = None
        for one in seen:
            kind, name = one.value[0], one.value[1:]
            if kind == "0":
                return
            if kind == "1":
                declared = (declared or set()) | {name.lower()}
            elif declared is not None and name.lower() not in declared:
                others = ", ".join(map(repr, sorted(filter(None, declared))))
                only = f"only {others}" if others else "none"
                said = f"the app uses task hub {name!r}, and the templates declare {only}"
                yield self.at(one.place, said, discriminator=name)


def _hubs_of_site(site: Resource) -> Iterator[tuple[str, Place]]:
    listed = site.look("properties.siteConfig.appSettings")
    for item in listed.items if listed is not None else ():
        value: Node | None = item.get("value")
        name = text_of(value)
        if text_of(item.get("name")) in SETTINGS and name is not None and value is not None:
            yield name, site.place(value, "properties.siteConfig.appSettings")


def _hub_of(app: AppFacts) -> tuple[str, Place] | None:
    """Return the hub's name and where it stands; app settings that stay on a machine do not count."""
    entry = app.get("hubName")
    if entry is None or not entry.text:
        return None
    if not entry.text.startswith("%"):
        return entry.text, entry.place
    deployed: list[SettingsFile] = [one for one in app.settings if not one.is_local]
    for file in deployed:
        value = file.get(entry.text.strip("%"))
        if value is not None and value.text:
            return value.text, value.place
    return None
