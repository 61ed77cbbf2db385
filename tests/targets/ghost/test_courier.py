"""Signals to entities arrive once at an endpoint, whatever is killed on the way."""

import asyncio
import itertools
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from durahub.dispatch.clock import system_clock
from durahub.edge.wellknown import optional_timestamp
from durahub.engine.entities.messages import guid_text
from durahub.model.history import EventRaised, Execution
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later, to_text
from durahub.stored import StoredMessage
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.moving.mover import Outcome
from durahub_migrate.moving.place import EndpointAddress
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.targets.ghost.backlog import Signal
from durahub_migrate.targets.ghost.courier import COURIER, LARGEST, MOST, Letter, portions
from durahub_migrate.targets.ghost.entity_phases import LATE
from durahub_migrate.targets.ghost.mover import GhostMover
from durahub_migrate.targets.ghost.worker import LAST_LOOK
from tests.bundle.bundles import written
from tests.endpoint.endpoints import KINDS, client_of, endpoint
from tests.targets.ledgers import Killed, MemoryLedger

NEW = "@counter@brand-new"
AT_ONCE, DELAYED, CALLED, POISON = (str(uuid.UUID(int=number)) for number in range(1, 5))
MARK = str(uuid.UUID(int=9))


@dataclass
class Dying:
    """A `Pace` whose process dies before a call; the tasks that open streams do not count."""

    dies_at: int = -1
    calls: int = 0

    async def take(self, actions: int = 1, size: int = 0) -> None:
        task = asyncio.current_task()
        if task is not None and task.get_name().startswith("ghost-"):
            return
        self.calls += 1
        if self.calls - 1 == self.dies_at:
            raise Killed

    def answered(self, seconds: float) -> None:
        pass

    def refused(self, retry_after: float | None = None) -> None:
        pass


def message(
    request: str, *, signal: bool = True, deliveries: int = 0, due: Ticks | None = None
) -> StoredMessage:
    flag = "true" if signal else "false"
    scheduled = f',"due":"{to_text(due)}"' if due is not None else ""
    text = f'{{"op":"add","signal":{flag},"id":"{request}","input":"1"{scheduled}}}'
    name = "op" if due is None else f"op@{to_text(due)}"
    event = EventRaised(timestamp=Ticks(1), name=name, input=text)
    target = Execution(NEW, None)
    return StoredMessage(
        queue="q",
        message_id=request,
        message=Message(event=event, target=target),
        deliveries=deliveries,
    )


def bundle(folder: Path, due: Ticks) -> Path:
    written(
        folder,
        messages=[
            message(AT_ONCE),
            message(DELAYED, due=due),
            message(CALLED, signal=False),
            message(POISON, deliveries=20),
        ],
    )
    return folder


async def what_comes(client: EndpointClient, behind: Ticks) -> Counter[str]:
    """Be the app's entity until it has had all that was sent, and a mark that is due when all else was."""
    due = later(max(behind, system_clock()), 1)
    found: Counter[str] = Counter()
    async with entity_work(client) as items:
        await client.signal_entity(NEW, "mark", None, request_id=MARK, due=optional_timestamp(due))
        async for item in items:
            requests = requests_in(item)
            found.update(requests)
            await client.complete_entity(answer(item))
            if MARK in requests:
                return found
    raise AssertionError("the stream has ended")


@asynccontextmanager
async def entity_work(client: EndpointClient) -> AsyncIterator[AsyncIterator[pb.WorkItem]]:
    request = pb.GetWorkItemsRequest(maxConcurrentEntityWorkItems=1)
    async with client.work_items(request) as items:

        async def of_entities() -> AsyncIterator[pb.WorkItem]:
            async for item in items:
                if (item.WhichOneof("request") or "").startswith("entityRequest"):
                    yield item

        yield of_entities()


def requests_in(item: pb.WorkItem) -> list[str]:
    if item.HasField("entityRequest"):
        return [guid_text(one.requestId) for one in item.entityRequest.operations]
    return [
        guid_text(one.entityOperationSignaled.requestId)
        for one in item.entityRequestV2.operationRequests
    ]


def answer(item: pb.WorkItem) -> pb.EntityBatchResult:
    result = pb.EntityBatchResult(completionToken=item.completionToken)
    for request in requests_in(item):
        result.results.add().success.SetInParent()
        if item.HasField("entityRequestV2"):
            result.operationInfos.add(requestId=request)
    return result


async def delivered(
    address: EndpointAddress,
    folder: Path,
    ledger: MemoryLedger,
    pace: Dying,
    patience: float = 20.0,
) -> tuple[int, dict[str, int]] | None:
    """Deliver the strays of a bundle; ``None`` if the process has died."""
    with open_content(folder) as content:
        async with client_of(address, pace=pace) as client:
            mover = GhostMover(client, MoveSettings(), patience=patience)
            try:
                moved = await mover.deliver_strays(content, ledger)
                await mover.hand_over()
            except Killed:
                if mover._worker is not None:  # as if its process was gone: its streams are
                    for stream in (mover._worker._turns, mover._worker._answers):
                        await mover._worker._close(stream)
                    await asyncio.sleep(LAST_LOOK)  # in which an endpoint notes that
                return None
    assert moved.outcome is Outcome.DONE, moved
    return moved.messages, dict(moved.left)


@pytest.mark.parametrize("kind", KINDS)
async def test_signals_to_an_entity_that_is_not_there_begin_it_once(
    kind: str, tmp_path: Path
) -> None:
    due = later(system_clock(), 1)
    folder = bundle(tmp_path / "b", due)
    async with endpoint(kind) as address, client_of(address) as client:
        found = await delivered(address, folder, MemoryLedger(), Dying())

        assert found == (2, {"asked again by its caller": 1, "poison": 1})
        left = [one.instanceId async for one in client.query_instances(prefix=COURIER)]
        assert left == []
        assert await what_comes(client, due) == {AT_ONCE: 1, DELAYED: 1, MARK: 1}


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_taken_back_is_gone_but_for_what_is_due_later(
    kind: str, tmp_path: Path
) -> None:
    due = later(system_clock(), 4)
    folder, ledger = bundle(tmp_path / "b", due), MemoryLedger()
    async with endpoint(kind) as address, client_of(address) as client:
        await delivered(address, folder, ledger, Dying())
        with open_content(folder) as content:
            mover = GhostMover(client, MoveSettings(), patience=20.0)
            moved = await mover.withdraw_strays(content, ledger)
            await mover.hand_over()

        assert (moved.outcome, moved.left) == (Outcome.DONE, {LATE: 1})
        assert await what_comes(client, due) == {DELAYED: 1, MARK: 1}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
async def test_no_moment_to_die_at_loses_a_signal_or_sends_it_twice(
    kind: str, tmp_path: Path
) -> None:
    for moment in itertools.count():
        due = later(system_clock(), 2)
        folder = bundle(tmp_path / f"{moment}", due)
        async with endpoint(kind) as address, client_of(address) as client:
            ledger = MemoryLedger()
            died = await delivered(address, folder, ledger, Dying(moment)) is None
            if died:
                assert await delivered(address, folder, ledger, Dying(), 10.0) is not None
            seen = await what_comes(client, due)
            assert seen == {AT_ONCE: 1, DELAYED: 1, MARK: 1}, moment
            if kind == "own":  # the other never gives a turn again that was lost
                left = [one.instanceId async for one in client.query_instances(prefix=COURIER)]
                assert left == [], moment
        if not died:
            break


@given(st.lists(st.integers(0, LARGEST + 5), max_size=30), st.integers(0, MOST * 2))
def test_portions_keep_all_letters_in_order(sizes: Sequence[int], small: int) -> None:
    texts = [*("x" * size for size in sizes[:4]), *("" for _ in range(small))]
    letters = [
        Letter(NEW, Signal(request_id=str(number), operation="add", input=text))
        for number, text in enumerate(texts)
    ]
    found = list(portions(letters))

    assert [one for some in found for one in some] == letters
    for some in found:
        assert len(some) <= MOST
        assert len(some) == 1 or sum(len(one.signal.input or "") for one in some) <= LARGEST
