"""HUB213: an input or output that .NET takes for the address of a blob."""

import re
from collections.abc import Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s\"<>\\^`{|}]+")


class LooksLikeBlob(Rule[InstanceFacts]):
    """Finds inputs and outputs that are an address, without the quotes of a JSON string.

    Why it matters: in a row of the Instances table an absolute address stands for a large payload.
    The .NET provider takes every such text for one, and fails to show the instance if it is not in
    the hub's own container.

    What to do: return JSON: a text with its quotes. Durable Functions does that by itself; it is
    raw outputs of a worker or a client of one's own that lack them.
    """

    code = "HUB213"
    message = "an input or output looks like the address of a large payload"
    severity = Severity.WARNING
    source = "DurableTask.AzureStorage, MessageManager.cs"
    about = (InstanceFacts,)
    needs = frozenset({Need.STORAGE, Need.INSTANCES})
    profiles = OF_HUBS
    bad = (
        Example(
            "An output that is an address of another site",
            (an_instance(status="Completed", row={"output": "https://example.com/receipts/7"}),),
        ),
        Example("An input that is a name of a kind", (an_instance(row={"input": "urn:order:7"}),)),
    )
    good = (
        Example(
            "A JSON string with an address",
            (an_instance(status="Completed", row={"output": '"https://example.com/receipts/7"'}),),
        ),
        Example("JSON with a colon", (an_instance(row={"input": '{"order": 7}'}),)),
        Example("Words with a colon", (an_instance(row={"input": "note: call the customer"}),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at the row's texts; one that stands in a blob is none of the row's."""
        if fact.row is None or fact.is_entity:
            return
        for column, text in (("Input", fact.row.input), ("Output", fact.row.output)):
            if text is not None and _ABSOLUTE.fullmatch(text):
                said = f"{column} of the row is an absolute address without quotes"
                yield self.at(fact.place, said, head=text, private=True, discriminator=column)
