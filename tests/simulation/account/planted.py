"""Bugs that are planted into the real store, each of the kind that loses somebody's state."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import ClassVar

from durahub.classic.account import Account
from durahub.classic.columns import Columns
from durahub.classic.history_table import HistoryTable
from durahub.classic.names import HubNames
from durahub.classic.options import ClassicOptions
from durahub.classic.partitioning.managers import Managers
from durahub.classic.parts import Parts, assemble
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.store import PutTogether
from durahub.classic.table_batch import Operation, Verb
from durahub.classic.tables import Tables
from durahub.dispatch.clock import Clock
from durahub.engine.commit import Delivery
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from tests.simulation.account.storage import OwnedStore


class Forgetful(OwnedStore):
    """Does not delete the messages of a checkpoint: a lost delete."""

    async def _delete(self, deliveries: Sequence[Delivery]) -> None:
        return


class Doubling(OwnedStore):
    """Puts each message of a client twice: a doubled event."""

    async def send(self, message: Message) -> None:
        await super().send(message)
        await super().send(message)


class CarelessTables(Tables):
    """Writes over whatever is there: a stale lease write."""

    async def transact(self, table: str, operations: Sequence[Operation]) -> list[str] | None:
        careless = [
            replace(one, verb=Verb.PUT, etag=None) if one.verb is Verb.INSERT else one
            for one in operations
        ]
        return await super().transact(
            table, [replace(one, etag="*") if one.etag else one for one in careless]
        )

    async def replace(self, table: str, columns: Columns, etag: str) -> str | None:
        return await super().replace(table, columns, "*")


def _careless_histories(
    names: HubNames,
    account: Account,
    options: ClassicOptions,
    clock: Callable[[], Ticks],
    random: Random,
) -> Parts:
    """Put a store together whose histories are written without conditions."""
    parts = assemble(names, account, options, clock, random)
    tables = CarelessTables(account.table_wire, StorageErrors(account.name, names.hub))
    histories = HistoryTable(
        tables,
        names.history_table,
        parts.payloads,
        parts.aside,
        options.dialect,
        clock,
        parts.together,
    )
    return replace(parts, histories=histories)


def _careless_leases(
    names: HubNames,
    account: Account,
    options: ClassicOptions,
    clock: Callable[[], Ticks],
    random: Random,
) -> Parts:
    """Put a store together that renews, and takes, leases whoever has them by now."""
    parts = assemble(names, account, options, clock, random)
    tables = CarelessTables(account.table_wire, StorageErrors(account.name, names.hub))
    managers = Managers(
        options,
        tables,
        names.partitions_table,
        parts.leases.of_blobs,
        parts.app_lease,
        clock,
        lambda: f"{random.getrandbits(128):032x}",
        parts.resources.make_queue,
    )
    return replace(parts, managers=managers)


class Careless(OwnedStore):
    """A store with careless parts."""

    parts_of: ClassVar[PutTogether]

    def __init__(
        self, hub: str, account: Account, options: ClassicOptions, clock: Clock, random: Random
    ) -> None:
        super().__init__(hub, account, options, clock, random, type(self).parts_of)


class Overwriting(Careless):
    """Writes histories though they are another's by now."""

    parts_of = staticmethod(_careless_histories)


class Clinging(Careless):
    """Renews leases though they are lost."""

    parts_of = staticmethod(_careless_leases)


BUGS = {
    "lost delete": Forgetful,
    "doubled event": Doubling,
    "stale lease write": Overwriting,
    "lease renewed though it was lost": Clinging,
}
"""What is planted, by its name."""
