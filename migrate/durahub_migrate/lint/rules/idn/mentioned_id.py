"""IDN512: a mapped ID that something mentions."""

import re
from collections.abc import Iterator

from durahub.model.history import EventSent
from durahub_migrate.lint.examples import STARTED, a_payload, an_instance, moving
from durahub_migrate.lint.facts.hubs import MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity, head_of
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Example, Rule
from durahub_migrate.lint.target import Given

Carrier = InstanceFacts | MessageFacts

_WORD = re.compile(r'[^\s"\',;{}\[\]\\]+')
_MAP = {"bestellung-ä": "order-1"}


class MentionedId(Rule[Carrier]):
    """Finds payloads, and events sent to other instances, that name an ID which the mapping changes.

    Why it matters: a mapping gives an instance a new ID. Code that has written the old one into an input,
    an event or an entity's state goes on asking for it, and finds nothing; an orchestrator that sends it
    events sends them to nobody.

    What to do: have the app translate old IDs for a while, or let these instances end where they are.
    Only the beginning of a payload is looked at, so there may be more than is found.
    """

    code = "IDN512"
    message = "something mentions an ID that the mapping changes"
    severity = Severity.WARNING
    confidence = Confidence.LOW
    source = "inferred: a mapping does not change payloads"
    about = (InstanceFacts, MessageFacts)
    needs = frozenset({Need.INSTANCES, Need.ID_MAP})
    profiles = SCHEDULER_PROFILES
    bad = (
        Example(
            "An input that holds the ID",
            (an_instance("ship-7", payloads=[a_payload(30, head='{"order":"bestellung-ä"}')]),),
            moving(id_map=_MAP),
        ),
        Example(
            "An event that was sent to it",
            (
                an_instance(
                    "ship-7",
                    history=[
                        EventSent(
                            event_id=0,
                            timestamp=STARTED,
                            instance_id="bestellung-ä",
                            name="shipped",
                        )
                    ],
                ),
            ),
            moving(id_map=_MAP),
        ),
    )
    good = (
        Example(
            "A longer ID that begins with it",
            (an_instance("ship-7", payloads=[a_payload(30, head='"bestellung-äö"')]),),
            moving(id_map=_MAP),
        ),
        Example("The instance itself", (an_instance("bestellung-ä"),), moving(id_map=_MAP)),
        Example(
            "An ID that stays",
            (an_instance("ship-7", payloads=[a_payload(30, head='"order-7"')]),),
            moving(id_map=_MAP),
        ),
    )

    def check(self, fact: Carrier, given: Given) -> Iterator[Finding]:
        """Look up every word of the payloads' beginnings, and whom events were sent to."""
        mapping = given.target.id_map or {}
        found: dict[str, str] = {}
        for payload in fact.payloads:
            for word in (payload.head, *_WORD.findall(payload.head)):
                if word in mapping:
                    found.setdefault(word, payload.where or "the payload")
        if isinstance(fact, InstanceFacts):
            for index, event in enumerate(fact.history):
                if isinstance(event, EventSent) and event.instance_id in mapping:
                    found.setdefault(event.instance_id or "", f"event {index}")
        for old, where in found.items():
            said = f"{where} names {head_of(old)!r}, which the mapping changes"
            yield self.at(fact.place, said, head=old, discriminator=old)
