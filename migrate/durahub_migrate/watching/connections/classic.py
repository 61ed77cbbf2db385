"""The way to a hub in Azure Storage: an account of its own for each hub, which refuses to write.

Finding the hub takes four requests: the tables, the queues, and what tells the number of partitions. A
service that refuses takes away what it would show, and nothing else.
"""

from collections.abc import Awaitable
from random import Random
from typing import TypeVar

from durahub.accounts import Access, account_at
from durahub.address import StoreAddress
from durahub.classic.account import MakeTransport
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.names import HubNames, check_hub_name
from durahub.classic.options import ClassicOptions
from durahub.classic.parts import Parts, assemble
from durahub.classic.proxies import ProxyOf
from durahub.classic.request_counts import RequestCounter
from durahub.classic.routing import control_index
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables
from durahub.classic.tracking import find_tables
from durahub.errors import StorageDenied
from durahub_migrate.monitor.seam import Ability
from durahub_migrate.moving.place import Place
from durahub_migrate.watching.connecting import Found, Told
from durahub_migrate.watching.opened import OpenedHub
from durahub_migrate.watching.reading.classic_live import ClassicLive
from durahub_migrate.watching.sources.classic import ClassicRows
from durahub_migrate.watching.sources.classic_rows import RowMaker
from durahub_migrate.watching.transport import BudgetedTransport, StorageClock, WatchingTransport

T = TypeVar("T")


class ClassicConnection:
    """A `Connection`. *store* is an account's address or a connection string. Raises `BadHubName`."""

    def __init__(
        self, place: Place, hub: str, store: StoreAddress | str, access: Access, told: Told
    ) -> None:
        check_hub_name(hub)
        self._place = place
        self._hub = hub
        self._store = store
        self._access = access
        self._told = told
        self._storage_clock = StorageClock()
        self._account = account_at(store, access, make_transport=self._transport(WatchingTransport))

    def _transport(self, kind: type[BudgetedTransport]) -> MakeTransport:
        def make(counter: RequestCounter, *, proxy_of: ProxyOf) -> BudgetedTransport:
            return kind(
                counter,
                budget=self._told.budget,
                account=self._account.name,
                storage_clock=self._storage_clock,
                answers_within=self._told.answers_within,
                proxy_of=proxy_of,
            )

        return make

    async def open(self) -> Found:
        """Find the hub's tables, and its number of partitions."""
        told, account = self._told, self._account
        names = HubNames(self._hub, self._access.prefix)
        errors = StorageErrors(account.name, names.hub, account.service_of)
        names = await find_tables(account, Tables(account.table_wire, errors), names)
        options = ClassicOptions(tracking_prefix=names.tracking_prefix)
        parts = assemble(names, account, options, told.clock, Random())  # noqa: S311 (no secret hangs on it)
        partitions, can = await _seen(parts)
        maker = RowMaker(
            told.ref.key,
            parts.payloads.url,
            lambda one: control_index(one, partitions) if partitions is not None else None,
        )
        rows = ClassicRows(
            parts.tables, names, maker, told.clock, self._storage_clock, inputs=told.inputs
        )
        small = LargePayloads(parts.blobs, names.large_messages_container, lambda: 0)
        small.most = told.limits.payload
        live = ClassicLive(
            parts.tables, names, maker, told.clock, small, parts.payloads, told.limits
        )
        hub = OpenedHub(
            ref=told.ref,
            place=self._place,
            budget=told.budget,
            clock=told.clock,
            index=told.index,
            live=live,
            can=can,
            parts=parts,
            partitions=partitions,
            store=self._store,
            access=self._access,
            writing=self._transport(BudgetedTransport),
        )
        return Found(rows, hub)

    async def close(self) -> None:
        """Close the account."""
        await self._account.close()


async def _seen(parts: Parts) -> tuple[int | None, frozenset[Ability]]:
    """Return the number of partitions, and what may be seen."""
    queues = await _unless_denied(parts.resources.control_queues())
    evidence = await _unless_denied(parts.resources.evidence_with(queues or ()))
    can = {
        Ability.HISTORY,
        Ability.ENTITIES,
        Ability.ACT,
        Ability.SET_CUSTOM_STATUS,
        Ability.DELETE_HUB,
    }
    if queues is not None:
        can |= {Ability.QUEUES, Ability.MESSAGES}
    if evidence is not None:
        can |= {Ability.BLOBS, Ability.LEASES}
    told = [len(queues)] if queues else []
    if evidence is not None:
        told = [n for n in (evidence.rows, evidence.task_hub_json, evidence.queues) if n]
    return (told[0] if told else None), frozenset(can)


async def _unless_denied(asked: Awaitable[T]) -> T | None:
    try:
        return await asked
    except StorageDenied:
        return None
