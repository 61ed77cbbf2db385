"""RPL304: payloads in a form that only Newtonsoft reads."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import a_payload, an_instance, moving
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.payloads import Mark
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import MOVING_PROFILES, Example, Rule
from durahub_migrate.lint.target import Given

_TYPED = a_payload(40, head='{"$type":"Shop.Order, Shop"}', marks=frozenset({Mark.TYPE_NAME}))
_DATED = a_payload(40, head='"/Date(1700000000000)/"', marks=frozenset({Mark.DOTNET_DATE}))
_SAID = {Mark.TYPE_NAME: "$type members", Mark.DOTNET_DATE: "dates of the form /Date(…)/"}


class DotnetTypes(Rule[InstanceFacts]):
    r"""Finds payloads with ``$type`` members or ``/Date(…)/`` texts.

    Why it matters: the in-process model of Durable Functions writes payloads with Newtonsoft.Json, which
    can put a .NET type's name into them and has a date form of its own. The isolated model and the SDKs
    use System.Text.Json: it ignores ``$type``, so a member of a base type loses what the real type has,
    and it fails at such a date.

    What to do: let the app of the target use Newtonsoft for a while (a ``DataConverter`` of your own), or
    give the types a converter. Try it with the inputs that are named here. See to names in another case
    and to enums as numbers as well: these cannot be seen in the data.

    When to ignore it: where the members are your own, and mean something else.
    """

    code = "RPL304"
    message = "payload has a form that only Newtonsoft.Json reads"
    severity = Severity.WARNING
    source = "Azure Functions documentation, migration to the isolated model"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES})
    profiles = MOVING_PROFILES
    bad = (
        Example("A type's name", (an_instance(payloads=[_TYPED]),)),
        Example("A date in an entity's state", (an_instance("@cart@a", payloads=[_DATED]),)),
    )
    good = (
        Example("An ISO date", (an_instance(payloads=[a_payload(20, head='"2026-11-01"')]),)),
        Example(
            "An instance that has ended", (an_instance(payloads=[_TYPED], status="Completed"),)
        ),
        Example(
            "A target that is not .NET", (an_instance(payloads=[_TYPED]),), moving(sdk="python")
        ),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Name the first payload of each form, and say how many there are."""
        ended = fact.is_terminal and not fact.is_entity
        if ended or given.target.sdk not in (None, "dotnet"):
            return
        for mark, said in _SAID.items():
            found = [payload for payload in fact.payloads if mark in payload.marks]
            if found:
                where = f"payloads with {said}: {len(found)}, the first at {found[0].where}"
                yield self.at(
                    fact.place,
                    where,
                    head=found[0].head or None,
                    private=True,
                    discriminator=mark.value,
                )
