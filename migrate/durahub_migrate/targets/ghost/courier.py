"""Sends operations to entities, each once, whatever is killed: an orchestration of the move sends them.

A client's signal that is sent twice is two signals, and no endpoint tells whether one has arrived while
nobody works at its entities. But a turn is taken over as a whole or not at all, and the state of its
instance tells which. So a courier is started, its only turn sends everything and ends it, and it is purged.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.wellknown import optional_timestamp
from durahub.errors import (
    InstanceExists,
    NotThere,
    ReplayStuck,
    WorkItemNotFound,
    WrongStatus,
)
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.targets.ghost.arrivals import Arrivals, next_of
from durahub_migrate.targets.ghost.backlog import Signal
from durahub_migrate.targets.ghost.removing import ENDED, LOOK_EVERY, end_instance
from durahub_migrate.targets.ghost.worker import GhostWorker

COURIER = "durahub-courier"
"""The name of its orchestration, and what its ID begins with."""

MOST, LARGEST = 500, 1_000_000
"""Signals, and bytes of their inputs, that one courier takes; a larger input goes by itself."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A signal, and the entity at the target that it is for."""

    target_id: str
    signal: Signal


@dataclass(frozen=True, slots=True)
class Courier:
    """Sends letters through *worker*, which has to ask for turns of `COURIER`. *patience* is in seconds."""

    client: EndpointClient
    worker: GhostWorker
    patience: float

    async def send(self, letters: Sequence[Letter], ledger: Ledger) -> None:
        """Send what was not sent yet. Raises `ReplayStuck` and what the client does."""
        for number, some in enumerate(portions(letters)):
            sent, cleared = _steps(number)
            if ledger.is_done(cleared):
                continue
            name = ledger.note(sent)
            if not ledger.is_done(sent):
                if not name or not await self._has_sent(name):
                    name = f"{COURIER}-{uuid.uuid4().hex}"
                    await ledger.begin(sent, name)
                    await self._send(name, some)
                await ledger.end(sent, name)
            await self._purge(name)
            await ledger.end(cleared)

    async def withdraw(self, ledger: Ledger) -> None:
        """Remove the courier that is under way, if there is one."""
        number = 0
        while ledger.note(_steps(number)[0]):
            sent, cleared = _steps(number)
            if not ledger.is_done(cleared):
                await self._has_sent(ledger.note(sent))
                await self._purge(ledger.note(sent))
            number += 1

    async def _has_sent(self, name: str) -> bool:
        """Tell whether the courier of a process that is gone has sent its letters; now it never will.

        One that has not ended is ended, and purged; should its turn have come in meanwhile, its state tells.
        Some endpoints never give a turn again that somebody has died with: it stays there, and does nothing.
        """
        state = await self.client.get_instance(name, payloads=False)
        if state is not None and state.orchestrationStatus not in ENDED:
            with contextlib.suppress(ReplayStuck):
                await end_instance(self.client, self.worker, name, self.patience)
            state = await self.client.get_instance(name, payloads=False)
        if state is None or state.orchestrationStatus not in ENDED:
            return False
        if state.orchestrationStatus == pb.ORCHESTRATION_STATUS_COMPLETED:
            return True
        await self._purge(name)
        return False

    async def _send(self, name: str, letters: Sequence[Letter]) -> None:
        queue: Arrivals = asyncio.Queue()
        self.worker.claims[name] = queue
        try:
            request = pb.CreateInstanceRequest(
                instanceId=name,
                name=COURIER,
                orchestrationIdReusePolicy=pb.OrchestrationIdReusePolicy(),
            )
            with contextlib.suppress(InstanceExists):  # the call was sent again
                await self.client.start_instance(request)
            waited = 0.0
            while waited < self.patience:
                item = await next_of(queue, LOOK_EVERY)
                if item is None:
                    waited += LOOK_EVERY
                else:
                    await self._answer(name, item.completionToken, letters)
                if await self._is_over(name):
                    return
            raise ReplayStuck(name, self.patience)
        finally:
            self.worker.claims.pop(name, None)

    async def _answer(self, name: str, token: str, letters: Sequence[Letter]) -> None:
        response = pb.OrchestratorResponse(
            instanceId=name, completionToken=token, actions=actions_of(letters)
        )
        with contextlib.suppress(WorkItemNotFound):  # it comes again, unless it was taken over
            await self.client.complete_orchestrator(response)

    async def _is_over(self, name: str) -> bool:
        state = await self.client.get_instance(name, payloads=False)
        return state is not None and state.orchestrationStatus in ENDED

    async def _purge(self, name: str) -> None:
        with contextlib.suppress(NotThere, WrongStatus):
            await self.client.purge(name)


def portions(letters: Iterable[Letter]) -> Iterator[list[Letter]]:
    """Yield the letters that go together, in order: the same ones give the same portions."""
    found: list[Letter] = []
    size = 0
    for one in letters:
        weight = len((one.signal.input or "").encode("utf-8", "replace"))
        if found and (len(found) >= MOST or size + weight > LARGEST):
            yield found
            found, size = [], 0
        found.append(one)
        size += weight
    if found:
        yield found


def actions_of(letters: Sequence[Letter]) -> list[pb.OrchestratorAction]:
    """Return what a courier's turn does: it sends all, and ends."""
    found = []
    for number, one in enumerate(letters):
        action = pb.OrchestratorAction(id=number)
        signal = action.sendEntityMessage.entityOperationSignaled
        signal.requestId, signal.operation = one.signal.request_id, one.signal.operation
        signal.targetInstanceId.value = one.target_id
        if one.signal.input is not None:
            signal.input.value = one.signal.input
        due = optional_timestamp(one.signal.due)
        if due is not None:
            signal.scheduledTime.CopyFrom(due)
        found.append(action)
    end = pb.OrchestratorAction(id=len(found))
    end.completeOrchestration.orchestrationStatus = pb.ORCHESTRATION_STATUS_COMPLETED
    return [*found, end]


def has_begun(ledger: Ledger) -> bool:
    """Tell whether a courier was ever on its way."""
    return bool(ledger.note(_steps(0)[0]))


def _steps(number: int) -> tuple[str, str]:
    return f"courier:{number}", f"courier:{number}:gone"
