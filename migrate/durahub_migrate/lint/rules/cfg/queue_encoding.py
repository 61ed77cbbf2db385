"""CFG117: messages that are encoded otherwise than the app says."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.examples import SOURCE, a_hub
from durahub_migrate.lint.facts.apps import CLASSIC, AppFacts
from durahub_migrate.lint.facts.hubs import HubFacts, MessageFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.rule import Example, JoiningRule, Observation
from durahub_migrate.lint.rules.cfg.an_app import an_app
from durahub_migrate.lint.rules.cfg.hub_of_app import in_hub, joined, of_app, of_hub
from durahub_migrate.lint.target import Given

_Fact = AppFacts | HubFacts | MessageFacts
_NAME = "queueClientMessageEncoding"
_KNOWN = frozenset({"utf8", "base64"})


def _app(encoding: str) -> AppFacts:
    return an_app({"hubName": "orders", "storageProvider": {_NAME: encoding}})


def _message(*, is_plain: bool) -> MessageFacts:
    place = Place(source=SOURCE, kind=PlaceKind.MESSAGE, key="orders-control-00/1")
    return MessageFacts(place=place, queue="orders-control-00", is_plain=is_plain)


class QueueEncoding(JoiningRule[_Fact]):
    """Finds hubs whose messages are encoded otherwise than host.json says.

    Why it matters: the setting was changed while messages were under way, or another app writes to the hub.
    durahub and newer extensions read both forms; older ones, and tools of your own, may read one.

    What to do: find out who writes the others. Before the setting is changed, let the queues run empty.
    """

    code = "CFG117"
    message = "messages are encoded otherwise than the app says"
    severity = Severity.INFO
    source = "host.json reference of Durable Functions"
    about = (AppFacts, HubFacts, MessageFacts)
    needs = frozenset({Need.APP_FILES, Need.STORAGE, Need.QUEUES})
    profiles = frozenset({"recommended", "migrate", "strict"})
    bad = (
        Example("`Base64` and a plain message", (_app("Base64"), a_hub(), _message(is_plain=True))),
    )
    good = (
        Example("`UTF8` and a plain message", (_app("UTF8"), a_hub(), _message(is_plain=True))),
        Example("`base64` and one in Base64", (_app("base64"), a_hub(), _message(is_plain=False))),
        Example(
            "Nothing is said", (an_app({"hubName": "orders"}), a_hub(), _message(is_plain=True))
        ),
    )

    def observe(self, fact: _Fact, given: Given) -> Iterator[Observation]:
        """Note what an app says, and each message that was seen."""
        if isinstance(fact, AppFacts):
            entry = fact.stored(_NAME)
            if fact.provider == CLASSIC and entry is not None and entry.text.lower() in _KNOWN:
                yield of_app(fact, place=entry.place, encoding=entry.text.lower())
        elif isinstance(fact, HubFacts):
            yield of_hub(fact)
        elif given.hub is not None and fact.is_plain is not None:
            yield in_hub(given.hub.name, "utf8" if fact.is_plain else "base64", given.hub.place)

    def conclude(
        self,
        group: str,  # noqa: ARG002
        seen: Iterable[Observation],
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Judge each app with its hub."""
        for one in joined(seen):
            said = one.app["encoding"]
            others = sum(count for encoding, count in one.inside.items() if encoding != said)
            if others:
                detail = (
                    f"{others} of {sum(one.inside.values())} messages seen in hub {one.hub} "
                    f"are not in {said}"
                )
                yield self.at(one.place, detail, head=said, discriminator=one.hub)
