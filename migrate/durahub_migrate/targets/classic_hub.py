"""Moves units into a hub in Azure Storage, as they are: strategy *a*, and the way back.

PLACE writes the instances of a tree and holds a place for each message to them; see
`durahub.classic.importing`, which tells why nothing is doubled by a crash. The hand-over puts the messages
into their places. Until then there is nothing in the hub that a worker could run.
"""

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, replace

from durahub.classic.account import Account
from durahub.classic.importing import ClassicImporting, as_stored
from durahub.classic.importing import Place as HeldPlace
from durahub.classic.options import Manager
from durahub.errors import InstanceExists, OverLimit
from durahub.model.ticks import Ticks
from durahub.stored import NotRead, StoredInstance, StoredMessage
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import STAY, Moved, Outcome, Phase
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.complete import Complete
from durahub_migrate.targets.open_messages import FOR_NOBODY, complete
from durahub_migrate.targets.placed import Placed
from durahub_migrate.targets.source import Source

STRAYS = ""
LET_GO = "let-go"
MESSAGES = "messages"
"""The step at whose end a unit's messages have their places."""


class _MessagesUnknown(Exception):
    """An instance is there as it is to be, and who has put it there may not have brought its messages."""

    def __init__(self, instance_id: str, messages: int) -> None:
        super().__init__(
            f"{instance_id!r} is there already and equal, but this job has not put it there, and whether its"
            f" {messages:,} messages are on their way cannot be seen: let the job that has put it there go"
            " on, or abort it; or delete the hub and apply the plan again"
        )


class ClassicHubMover:
    """A `durahub_migrate.moving.mover.Mover` into the hub that *importing* has open."""

    def __init__(self, importing: ClassicImporting) -> None:
        self._importing = importing
        self._source: Source | None = None
        self._has_begun = False

    async def carry_out(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Write a unit's instances, and hold places for their messages; other phases have nothing to do."""
        if phase is not Phase.PLACE:
            return Moved()
        if unit.ids:
            reason = "its instances would get other IDs, which an import does not give"
            return Moved(outcome=Outcome.REJECTED, reason=reason)
        await self._begin()
        source, placed = self._source_of(content), Placed()
        messages: list[StoredMessage] = []
        try:
            for held in content.members(unit.root_id):
                found = complete(held, source)
                on_their_way = (*found.messages, *found.activities)
                if await self._write(found.instance, ledger):
                    messages += on_their_way
                elif on_their_way:
                    raise _MessagesUnknown(found.instance.instance_id, len(on_their_way))
                placed.add(found, len(on_their_way))
        except (InstanceExists, OverLimit) as error:
            await self._take_back(unit, content, ledger)  # a part of a tree is worse than none
            return Moved(outcome=Outcome.REJECTED, reason=error.sentence, code=error.code)
        except _MessagesUnknown as error:
            await self._take_back(unit, content, ledger)
            return Moved(outcome=Outcome.REJECTED, reason=str(error), code=InstanceExists.code)
        held_places = await self._hold(unit.root_id, messages, ledger)
        placed.taken -= len(messages) - held_places
        return placed.moved()

    async def _write(self, instance: StoredInstance, ledger: Ledger) -> bool:
        """Write an instance; ``False`` if the same was there before. Raises `InstanceExists`, `OverLimit`."""
        step = _rows(instance.instance_id)
        if ledger.is_done(step):
            return True
        if not ledger.was_begun(step):
            if await self._is_there(instance):
                return False
            await ledger.begin(step)
        await self._importing.write(instance)
        await ledger.end(step)
        return True

    async def _is_there(self, instance: StoredInstance) -> bool:
        found = await self._importing.find(instance.instance_id)
        if found is None:
            return False
        if isinstance(found, NotRead):
            raise InstanceExists(instance.instance_id, "cannot be read")
        if as_stored(found) != as_stored(instance):
            raise InstanceExists(instance.instance_id, found.status)
        return True

    async def _hold(self, unit: str, messages: Sequence[StoredMessage], ledger: Ledger) -> int:
        """Hold places, and return how many of them are on the ledger."""
        if ledger.is_done(MESSAGES):
            return int(ledger.note(MESSAGES))
        await ledger.begin(MESSAGES)
        places: list[HeldPlace] = []
        for number, message in enumerate(messages):
            step = _place(number)
            if ledger.is_done(step):
                places.append(_told(ledger.note(step)))
                continue
            await ledger.begin(step)
            place = await self._importing.hold(unit, number, message)
            await ledger.end(step, json.dumps(asdict(place)))
            places.append(place)
        await self._importing.keep(unit, places)
        await ledger.end(MESSAGES, str(len(places)))
        return len(places)

    async def deliver_strays(self, content: Content, ledger: Ledger) -> Moved:
        """Hold places for the messages of clients to entities that are not there yet."""
        await self._begin()
        strays = self._source_of(content).strays
        taken = await self._hold(STRAYS, strays.of_clients, ledger)
        left = {FOR_NOBODY: strays.for_nobody} if strays.for_nobody else {}
        return Moved(messages=taken, taken=taken, left=left)

    async def withdraw_strays(self, content: Content, ledger: Ledger) -> Moved:  # noqa: ARG002
        """Give up the places of clients' messages, while nobody could have had them."""
        return await self._let_go(STRAYS, ledger)

    async def withdraw(self, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Delete what the job has written of a unit, and its messages while nobody could have had them."""
        moved = await self._let_go(unit.root_id, ledger)
        return replace(moved, instances=await self._delete(unit, content, ledger))

    async def _let_go(self, unit: str, ledger: Ledger) -> Moved:
        """Give up the places of a unit; tell how many have got their messages, at most."""
        if not ledger.is_done(LET_GO):
            places = _places(ledger)
            await ledger.begin(LET_GO)
            gone = await self._importing.let_go(unit, places)
            await ledger.end(LET_GO, json.dumps([gone, max(len(places) - gone, 0)]))
        gone, stay = json.loads(ledger.note(LET_GO))
        return Moved(messages=gone, left={STAY: stay} if stay else {})

    async def _take_back(self, unit: Unit, content: Content, ledger: Ledger) -> None:
        await self._importing.let_go(unit.root_id, _places(ledger))
        await self._delete(unit, content, ledger)

    async def _delete(self, unit: Unit, content: Content, ledger: Ledger) -> int:
        instances = 0
        for held in content.members(unit.root_id):
            step = _rows(held.instance.instance_id)
            if ledger.is_done(step) or ledger.was_begun(step):
                await self._importing.delete(held.instance.instance_id)
                instances += 1
        return instances

    def stays(self, ledger: Ledger) -> int:
        """Return how many messages of a unit are in queues once the hub was handed over."""
        return len(_places(ledger))

    async def has_run(self, unit: Unit, content: Content, ledger: Ledger) -> bool:
        """Tell whether an instance of a unit is not as the job has written it."""
        source = self._source_of(content)
        for held in content.members(unit.root_id):
            if ledger.is_done(_rows(held.instance.instance_id)):
                found: Complete = complete(held, source)
                now = await self._importing.find(held.instance.instance_id)
                if not isinstance(now, StoredInstance):
                    return True
                if as_stored(now) != as_stored(found.instance):
                    return True
        return False

    async def hand_over(self) -> None:
        """Show all messages: workers may take the hub. Raises `HubInUse` while one has it already."""
        await self._begin()
        await self._importing.show_all()

    async def give_up(self) -> None:
        """Let other jobs have the hub: all that this one has put there is taken back."""
        await self._importing.give_up()

    async def _begin(self) -> None:
        """Mark the hub as the job's, before anything is written. Raises `HubBeingMoved`."""
        if not self._has_begun:
            await self._importing.begin()
            self._has_begun = True

    def _source_of(self, content: Content) -> Source:
        if self._source is None or self._source.content is not content:
            self._source = Source(content)
        return self._source


def _rows(instance_id: str) -> str:
    return f"rows:{instance_id}"


def _place(number: int) -> str:
    return f"place:{number}"


def _places(ledger: Ledger) -> list[HeldPlace]:
    """Return the places that are held for the messages of a unit."""
    places: list[HeldPlace] = []
    while ledger.is_done(step := _place(len(places))):
        places.append(_told(ledger.note(step)))
    return places


def _told(note: str) -> HeldPlace:
    return HeldPlace(**json.loads(note))


@contextlib.asynccontextmanager
async def classic_hub_mover(
    account: Account,
    hub: str,
    job: str,
    clock: Callable[[], Ticks],
    *,
    partitions: int | None = None,
    manager: Manager = Manager.AUTO,
    tracking_prefix: str | None = None,
) -> AsyncIterator[ClassicHubMover]:
    """Open a hub in *account* for the body; one that is missing is made, of so many *partitions*.

    Raises `BadHubName`, and `HubInUse` while a worker holds partitions.
    """
    async with account:
        importing = ClassicImporting(hub, account, job, clock, tracking_prefix)
        await importing.open(partitions, manager)
        yield ClassicHubMover(importing)
