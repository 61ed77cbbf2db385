"""The recorded hubs as facts for rules, without any storage: every message visible, nobody at work."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any

from durahub.classic.columns import from_odata
from durahub.classic.doctor.reading import StoredRows
from durahub.classic.payloads import unpack
from durahub.classic.tables import Row
from durahub.errors import BadPayload
from durahub_migrate.assessment.assessment import Assessment
from durahub_migrate.assessment.collector import AssessmentCollector
from durahub_migrate.assessment.making import assess
from durahub_migrate.assessment.prices import Prices
from durahub_migrate.lint import running
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.facts.hubs import HubFacts, HubKind
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.sources.classic_hub import messages_of
from durahub_migrate.lint.sources.classic_instances import ClassicInstances
from durahub_migrate.lint.sources.source import Read
from durahub_migrate.lint.target import Given, Target
from tests.golden.examined import hub_of
from tests.golden.recorded import RecordedHub

STORAGE_NEEDS = frozenset(
    {
        Need.HUB,
        Need.STORAGE,
        Need.INSTANCES,
        Need.HISTORY,
        Need.QUEUES,
        Need.LEASES,
        Need.BLOBS,
    }
)


class FactsSource:
    """Gives facts that are known beforehand."""

    def __init__(self, facts: Sequence[Any], provides: frozenset[Need] = STORAGE_NEEDS) -> None:
        self.address = facts[0].place.source if facts else "nothing"
        self._facts = facts
        self.provides = provides

    async def count(self) -> int | None:
        return len(self._facts)

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        for fact in self._facts:
            yield Read(fact)


class RecordedPayloads:
    """The large payloads of a recorded hub, under the addresses that its rows have."""

    def __init__(self, hub: RecordedHub) -> None:
        self._hub = hub
        container = hub.names.large_messages_container
        pattern = rf"http://127\.0\.0\.1:\d+/devstoreaccount1/{re.escape(container)}"
        found = re.search(pattern, str(hub.instances))
        self.url = found[0] if found else f"http://127.0.0.1:10000/devstoreaccount1/{container}"

    async def read(self, name: str) -> str:
        if name not in self._hub.payloads:
            raise BadPayload(name, "there is no such blob")
        return unpack(self._hub.payloads[name], name)


async def facts_of(hub: RecordedHub) -> list[Any]:
    classic = hub_of(hub)
    address = f"recorded:{hub.name}"
    queues = tuple(classic.queues.values())
    facts: list[Any] = [
        HubFacts(
            place=Place(source=address, kind=PlaceKind.HUB),
            name=hub.names.hub,
            kind=HubKind.CLASSIC,
            now=classic.now,
            partitions=classic.partitions,
            queues={queue.name: queue.depth for queue in queues},
            classic=classic,
        ),
        *messages_of(queues, address),
    ]
    instances = ClassicInstances(address, RecordedPayloads(hub))
    rows = {str(row["PartitionKey"]): Row(from_odata(row), "") for row in hub.instances}
    histories: dict[str, list[Row]] = defaultdict(list)
    for entity in hub.history:
        histories[entity["PartitionKey"]].append(Row(from_odata(entity), ""))
    for key in sorted({*rows, *histories}):
        stored = StoredRows(key, rows.get(key), histories[key])
        facts.append(await instances.facts(stored, stored.facts))
    return facts


async def assessed(
    facts: Sequence[Any],
    *,
    rules: Sequence[Rule[Any]] = RULES,
    known: Sequence[Rule[Any]] | None = None,
    given: Given | None = None,
    prices: Prices | None = None,
    provides: frozenset[Need] = STORAGE_NEEDS,
) -> Assessment:
    """Return the assessment of *facts* by *rules*; *known* are all rules that there are."""
    hub = next((fact for fact in facts if isinstance(fact, HubFacts)), None)
    if given is None:
        assert hub is not None
        given = Given(now=hub.now, target=Target(sdk="dotnet"))
    book = Book()
    source = FactsSource(facts, provides)
    outcome = await running.run([source], rules, given, book, collectors=[AssessmentCollector()])
    return assess(book, outcome, given, prices, rules=known if known is not None else rules)
