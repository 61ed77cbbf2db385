"""Sources over the storage of the tests, and everything that one yields."""

from collections.abc import Callable
from typing import Any, TypeVar

from durahub.classic.account import Account
from durahub.dispatch.clock import system_clock
from durahub.model.ticks import Ticks
from durahub_migrate.lint.sources.classic import ClassicSource
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.sources.source import Read, Source

T = TypeVar("T")


def classic_source(
    connection_string: str,
    hub: str,
    options: ReadingOptions | None = None,
    clock: Callable[[], Ticks] = system_clock,
) -> ClassicSource:
    """Return the source of a hub in the storage with that connection string."""

    def account(make_transport: Any) -> Account:
        return Account.from_connection_string(
            connection_string, "the test", make_transport=make_transport
        )

    return ClassicSource(f"azurite:{hub}", hub, account, options or ReadingOptions(), clock)


async def reads_of(source: Source, after: str | None = None) -> list[Read]:
    return [read async for read in source.facts(after)]


def facts_among(reads: list[Read], kind: type[T]) -> list[T]:
    return [read.fact for read in reads if isinstance(read.fact, kind)]
