"""A source of facts that are in memory."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.sources.source import Read


class Facts:
    """Gives what it was made of; it meets every need."""

    provides = frozenset(Need)

    def __init__(self, address: str, facts: Iterable[Any]) -> None:
        self.address = address
        self.identity = address
        self._facts = list(facts)

    async def count(self) -> int | None:
        return len(self._facts)

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        for fact in self._facts:
            yield Read(fact)
