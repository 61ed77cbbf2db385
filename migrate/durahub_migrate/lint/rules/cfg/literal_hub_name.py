"""CFG108: one hub name in every environment."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import Resource, TemplateFacts
from durahub_migrate.lint.files.document import Node
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.place import Place, PlaceKind, Span
from durahub_migrate.lint.rule import Example, JoiningRule, Observation
from durahub_migrate.lint.rules.cfg.an_app import an_app
from durahub_migrate.lint.target import Given

_SLOTS = "microsoft.web/sites/slots"
_TWO = {
    "appsettings.test.json": '[{"name": "A", "value": "1"}]',
    "appsettings.prod.json": '[{"name": "A", "value": "2"}]',
}


def _slots() -> TemplateFacts:
    span = Span(9, 1, 9, 5, 200, 204)
    slot = Resource(
        file="main.bicep",
        key="staging",
        type="Microsoft.Web/sites/slots",
        api_version="2023-12-01",
        declared=span,
        version=None,
        name=None,
        names=("orders", "staging"),
        body=Node("object", span),
    )
    place = Place(source="main.bicep", kind=PlaceKind.FILE)
    return TemplateFacts(place=place, format="bicep", resources=(slot,))


class LiteralHubName(JoiningRule[AppFacts | TemplateFacts]):
    """Finds hub names written out in host.json of apps that run in several slots or environments.

    Why it matters: host.json is the same in each slot. Two slots with one hub name on one storage account, or
    one scheduler, share the hub: the test slot runs production's orchestrations with its own code, and
    either may lack functions that the other one has started.

    What to do: write ``"hubName": "%TASKHUB_NAME%"`` and set ``TASKHUB_NAME`` in each environment, marked
    as a slot setting.

    When to ignore it: each environment has a storage account or scheduler of its own, slots included.
    """

    code = "CFG108"
    message = "one hub name for several slots or environments"
    severity = Severity.WARNING
    source = "Durable Functions documentation, task hubs"
    about = (AppFacts, TemplateFacts)
    needs = frozenset({Need.APP_FILES})
    bad = (
        Example(
            "A name beside settings of two environments",
            (an_app({"hubName": "orders"}, files=_TWO),),
        ),
        Example("A name beside a template with slots", (an_app({"hubName": "orders"}), _slots())),
    )
    good = (
        Example(
            "The name is an app setting's",
            (an_app({"hubName": "%TASKHUB_NAME%"}, files=_TWO), _slots()),
        ),
        Example("One environment", (an_app({"hubName": "orders"}, deployed={"A": "1"}),)),
    )

    def observe(self, fact: AppFacts | TemplateFacts, given: Given) -> Iterator[Observation]:  # noqa: ARG002
        """Note names that are written out, and what tells of several environments."""
        if isinstance(fact, TemplateFacts):
            for resource in fact.of_kind(_SLOTS):
                yield Observation("", "0", resource.place())
                return
            return
        name = fact.get("hubName")
        if name is not None and name.text and "%" not in name.text:
            deployed = sum(not file.is_local for file in fact.settings)
            yield Observation("", f"1{deployed} {name.text}", name.place)

    def conclude(
        self,
        group: str,  # noqa: ARG002
        seen: Iterable[Observation],
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Judge the names, which come after the slots."""
        slots = None
        for one in seen:
            if one.value.startswith("0"):
                slots = one.place
                continue
            files, _, name = one.value[1:].partition(" ")
            if slots is not None:
                why = f"the template {slots.source} has slots"
            elif int(files) > 1:
                why = f"there are settings of {files} environments"
            else:
                continue
            yield self.at(one.place, f"hubName is written out, and {why}", head=name)
