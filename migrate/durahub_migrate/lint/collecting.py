"""What a report wants to know of facts, kept on disk: sums, extremes, notes, the largest of a kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.rule import Observation
from durahub_migrate.lint.target import Given


@dataclass(frozen=True, slots=True)
class Count:
    """*amount* more under *key* of a table."""

    table: str
    key: str
    amount: int = 1


@dataclass(frozen=True, slots=True)
class Most:
    """A candidate for the greatest amount under *key* of a table. For the least one, give it negated."""

    table: str
    key: str
    amount: int


@dataclass(frozen=True, slots=True)
class Note:
    """A text under *key* of a table; the last one counts, so that what is read again does no harm."""

    table: str
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Largest:
    """A candidate for the largest of a table: the score, what it is, and what to say of it (JSON or text)."""

    table: str
    score: int
    key: str
    text: str = ""


Collected: TypeAlias = Count | Most | Note | Largest


class Collector(Protocol):
    """Notes what it needs of each fact, and of what was found in it."""

    def collect(self, fact: Any, given: Given) -> Iterator[Collected]:
        """Yield what *fact* adds."""

    def observed(self, observation: Observation, fact: Any) -> Iterator[Collected]:
        """Yield what is to be kept of a *fact* that a joining rule observed: it may be found wrong later."""

    def found(self, finding: Finding, fact: Any | None) -> Iterator[Collected]:
        """Yield what a *finding* that counts adds; there is no *fact* where a joining rule concluded it."""
