"""What every source of facts is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from durahub_migrate.lint.facts.need import Need


@dataclass(frozen=True, slots=True)
class Read:
    """A fact. With *position* a run that was stopped behind it can go on; facts of files have none."""

    fact: Any
    position: str | None = None


class Source(Protocol):
    """Reads one hub or one folder; nothing is changed."""

    @property
    def address(self) -> str:
        """What the user calls it."""

    @property
    def provides(self) -> frozenset[Need]:
        """What it can give, as far as is known before it is read; `Unread` facts take away from it."""

    async def count(self) -> int | None:
        """Return about how many facts there are to read, ``None`` where that is not worth knowing."""

    def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        """Yield the facts, a hub's own first; those behind position *after* alone, but the hub's always.

        What cannot be read becomes an `Unread` and the rest is read. Raises `DurahubError` only where
        nothing at all can be read.
        """


@runtime_checkable
class IdentifiedSource(Source, Protocol):
    """A source whose address does not say everything: it can be read in more than one way, or changes."""

    @property
    def identity(self) -> str:
        """Its address with everything that decides which facts it gives."""


@runtime_checkable
class MeasuredSource(IdentifiedSource, Protocol):
    """A source that tells what reading it costs: *rows* that were read since it was made."""

    rows: int

    @property
    def requests(self) -> int:
        """How many requests were sent, retries included."""
