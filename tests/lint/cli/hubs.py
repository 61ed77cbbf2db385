"""Sources in memory, and the command that is handed them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from durahub_migrate.cli.lint import Around, lint
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.sources.source import Read, Source

LONG = "customer-4711-" + "x" * 100


@dataclass(frozen=True)
class InMemory:
    """A source of given facts."""

    facts_of: Sequence[Any]
    address: str = "azurite:orders"
    provides: frozenset[Need] = frozenset(Need)

    async def count(self) -> int | None:
        return len(self.facts_of)

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        for fact in self.facts_of:
            yield Read(fact)


@dataclass
class Opener:
    """Opens sources by the words they are known by."""

    sources: dict[str, Source] = field(default_factory=dict)

    def __call__(self, text: str, options: Any = None, *, tracking_store: Any = None) -> Source:
        return self.sources[text]


def a_hub_with(*instance_ids: str) -> InMemory:
    """Return a hub that holds instances of these IDs."""
    return InMemory([a_hub(), *map(an_instance, instance_ids)])


def run_lint(
    *arguments: str, source: Source | None = None, below: Path | None = None, **others: Source
) -> Result:
    """Run the command over sources: *source* is called ``hub``, others by their names.

    Settings are looked for from *below* upwards; without it there are none.
    """
    named = {"hub": source or a_hub_with("order-1"), ".": a_hub_with("order-1"), **others}
    around = Around(Opener(named), below or Path(__file__).anchor / Path("no-such-folder"))
    return CliRunner().invoke(lint, [*arguments], obj=around)
