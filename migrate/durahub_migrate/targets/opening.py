"""Opens what a plan moves to."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Protocol

import grpc.aio

from durahub.address import HubAddress, StoreAddress, StoreKind
from durahub.classic.account import Account
from durahub.classic.identity import Identity
from durahub.errors import BadAddress, DurahubError, MoveBlocked
from durahub.model.ticks import Ticks
from durahub_migrate.endpoint.backend import BackendClient
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.opening import open_endpoint
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import (
    DeliversStrays,
    GivesUp,
    Moved,
    Mover,
    Phase,
    TellsWhatRan,
    TellsWhatStays,
    WithdrawsStrays,
)
from durahub_migrate.moving.pace import Pace
from durahub_migrate.moving.place import BundleAddress, EndpointAddress, parse_place
from durahub_migrate.moving.plan import PlanHead
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.classic_hub import classic_hub_mover
from durahub_migrate.targets.endpoint.marks import Marks
from durahub_migrate.targets.endpoint.mover import DirectMover
from durahub_migrate.targets.endpoint_mover import EndpointMover
from durahub_migrate.targets.ghost.mover import GhostMover
from durahub_migrate.targets.scheduler_store import scheduler_store_mover

CLASSIC = "classic"  # the kind of a source in Azure Storage


class Importing(Mover, TellsWhatRan, DeliversStrays, WithdrawsStrays, Protocol):
    """A mover that writes instances as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How stores are opened that an address names: *account* takes what *resolve* returns."""

    resolve: Callable[[StoreAddress], StoreAddress | str]
    account: Callable[[StoreAddress | str], Account]
    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class PacedStore:
    """A `Mover` that imports: an instance counts as one action, and for the bytes of its records."""

    mover: Importing
    pace: Pace

    async def carry_out(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Do *phase* for *unit*, at the pace that is allowed."""
        if phase is Phase.PLACE:
            await self.pace.take(unit.members, unit.size)
        return await self.mover.carry_out(phase, unit, content, ledger)

    def works_in(self, phase: Phase) -> bool:
        """Tell whether anything is done in *phase*: an import places instances and messages at once."""
        return phase is Phase.PLACE

    async def deliver_strays(self, content: Content, ledger: Ledger) -> Moved:
        """Deliver what belongs to no unit."""
        return await self.mover.deliver_strays(content, ledger)

    async def withdraw_strays(self, content: Content, ledger: Ledger) -> Moved:
        """Take back what belongs to no unit."""
        return await self.mover.withdraw_strays(content, ledger)

    async def withdraw(self, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Take a unit back."""
        await self.pace.take(unit.members)
        return await self.mover.withdraw(unit, content, ledger)

    def stays(self, ledger: Ledger) -> int:
        """Return how many messages of a unit cannot be taken back after the hand-over."""
        return self.mover.stays(ledger) if isinstance(self.mover, TellsWhatStays) else 0

    async def give_up(self) -> None:
        """Let other jobs have the hub."""
        if isinstance(self.mover, GivesUp):
            await self.mover.give_up()

    async def has_run(self, unit: Unit, content: Content, ledger: Ledger) -> bool:
        """Tell whether a unit has gone on."""
        return await self.mover.has_run(unit, content, ledger)

    async def hand_over(self) -> None:
        """Let servers have the hub."""
        await self.mover.hand_over()


@contextlib.asynccontextmanager
async def open_mover(
    head: PlanHead,
    job: str,
    content: Content,
    pace: Pace,
    clock: Callable[[], Ticks],
    *,
    ways: Ways,
) -> AsyncIterator[Mover]:
    """Open the target of a plan for the body, for the job called *job* there.

    Raises `BadAddress`, `MoveBlocked` and `HubInUse` where workers are connected to it, and `Unavailable`
    where it does not answer, or another process has it.
    """
    match parse_place(head.target):
        case BundleAddress():
            raise BadAddress(head.target, "a bundle is no target: use durahub export")
        case EndpointAddress() as address:
            async with open_endpoint(address, identity=ways.identity, pace=pace) as client:
                is_ours = await client.hello()
                await _check_nobody_works(client)
                yield endpoint_mover(client, head, job, content, numbering=0 if is_ours else None)
        case HubAddress(store=store, hub=hub):
            found = ways.resolve(store)
            if isinstance(found, StoreAddress) and found.kind is StoreKind.SQLITE:
                async with scheduler_store_mover(found.place, hub, job, clock) as in_file:
                    yield PacedStore(in_file, pace)
            else:
                source = content.manifest.source
                async with classic_hub_mover(
                    ways.account(found),
                    hub,
                    job,
                    clock,
                    # a store of ours has one, which says nothing of how many an app needs
                    partitions=source.partitions if source.kind == CLASSIC else None,
                ) as in_account:
                    yield PacedStore(in_account, pace)


def endpoint_mover(
    client: EndpointClient,
    head: PlanHead,
    job: str,
    content: Content,
    *,
    numbering: int | None = None,
) -> EndpointMover:
    """Return what moves units to an endpoint, each by its strategy, for the job called *job* there.

    *numbering* is that of its histories, where it does not keep what workers say.
    """
    settings = head.settings
    can = head.capabilities
    ghost = GhostMover(
        client,
        settings,
        can.filters is not False,
        stored_from=numbering,
        is_careful=can.drops_strays is not True,
    )
    if numbering is not None:
        settings = replace(settings, numbering=numbering)
    direct = DirectMover(client, settings, content, Marks("" if settings.no_tags else job))
    return EndpointMover(
        {
            Strategy.RECREATE: direct,
            Strategy.GHOST: ghost,
            Strategy.REWIND: direct,
            Strategy.BACKEND: direct,
        }
    )


async def _check_nobody_works(client: EndpointClient) -> None:
    """Raise `MoveBlocked` if a worker is connected, as far as the endpoint tells."""
    try:
        workers = await BackendClient(client.wire).workers()
    except (DurahubError, grpc.aio.AioRpcError):
        return  # not every endpoint tells
    if workers:
        raise MoveBlocked(
            f"{workers} workers are connected to {client.place}, and would take what is moved there",
            "stop the app at the target, and apply the plan again",
        )
