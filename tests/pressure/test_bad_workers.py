"""A slow, deaf or dead worker stalls nobody: not other workers, other instances, other hubs, clients."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.configuration.settings import HubSettings
from durahub.edge.work_item_sender import Sending
from tests.pressure.serving_hubs import Server, of, served, until
from tests.pressure.small_worker import SmallWorker, working

pytestmark = [pytest.mark.slow]

KIB = 1024


async def _start(server: Server, number: int, *, hub: str = "", size: int = 1) -> list[str]:
    names = [f"order-{n}" for n in range(number)]
    await asyncio.gather(*(server.start("Order", n, hub=hub, given="1" * size) for n in names))
    return names


async def _number_ended(server: Server) -> int:
    """Return how many instances have ended, by a client's query."""
    wanted = pb.InstanceQuery(
        runtimeStatus=[pb.ORCHESTRATION_STATUS_COMPLETED], maxInstanceCount=1000
    )
    page = await server.stub().QueryInstances(pb.QueryInstancesRequest(query=wanted))
    return len(page.orchestrationState)


async def test_a_worker_that_never_answers_holds_what_it_took_and_nothing_else(
    tmp_path: Path,
) -> None:
    most, number = 5, 100
    async with (
        served(tmp_path, "default", "other") as server,
        working(server, "other"),
        working(server, silent=True, most=most) as silent,
    ):
        async with working(server):
            await _start(server, number)
            held = 2 * most  # turns and activities
            while await _number_ended(server) < number - held:  # noqa: ASYNC110 (a query)
                await asyncio.sleep(0.2)

            await server.start("Order", "elsewhere", hub="other", given="7")
            assert await server.ended("elsewhere", hub="other") == "7"
        assert len(silent.taken) <= held


async def test_what_a_deaf_and_a_dead_worker_were_given_is_done_by_another(tmp_path: Path) -> None:
    """The deaf one reads nothing of its stream, which is full of large inputs, and never goes away."""
    sending = Sending(ping_after=0.5, stalled_after=10.0)  # a busy worker is not deaf
    async with served(tmp_path, sending=sending) as server, server.connection() as channel:
        deaf = SmallWorker(server.stub(channel), "", silent=True, most=20)
        stream = deaf.connect()
        await stream.read()
        async with working(server, silent=True, most=20) as dead:
            names = await _start(server, 50, size=256 * KIB)
            await until(lambda: len(dead.taken) == 20)
        async with working(server) as other:
            outputs = await asyncio.gather(*(server.ended(name) for name in names))

        assert {len(output) for output in outputs} == {256 * KIB}
        assert len(other.taken) >= 3 * len(names)
        stream.cancel()


@pytest.mark.parametrize("backlog", [1_500])
async def test_an_entity_that_nobody_serves_in_time_keeps_no_other_instance_waiting(
    tmp_path: Path, backlog: int
) -> None:
    """Its messages are more than the server usually holds of all instances together."""
    settings = HubSettings(message_buffer=200)
    async with served(tmp_path, settings=settings) as server:
        async with working(server, silent=True, most=1, entities_only=True) as silent:
            await _signal(server, "@cart@full", 1)
            await until(lambda: len(silent.taken) == 1)
            async with working(server):
                await _signal(server, "@cart@full", backlog)
                names = await _start(server, 20)
                outputs = await asyncio.gather(*(server.ended(name) for name in names))
                assert set(outputs) == {"1"}
                hub = await server.directory.find("default")
                assert hub.messages_in_memory <= 10 * 200
        async with working(server):  # the silent one is gone
            counted = await _counted(server, "@cart@full", backlog + 1)
            assert counted == backlog + 1


async def _signal(server: Server, entity: str, number: int) -> None:
    stub = server.stub()
    for first in range(0, number, 100):
        some = range(first, min(first + 100, number))
        await asyncio.gather(
            *(
                stub.SignalEntity(
                    pb.SignalEntityRequest(
                        instanceId=entity, name="add", requestId=str(UUID(int=n))
                    )
                )
                for n in some
            )
        )


async def _counted(server: Server, entity: str, wanted: int) -> int:
    """Return how many operations an entity has counted, once they are *wanted* or it takes too long."""
    for _ in range(600):
        asked = pb.GetEntityRequest(instanceId=entity, includeState=True)
        found = await server.stub().GetEntity(asked)
        counted = int(found.entity.serializedState.value or 0)
        if counted >= wanted:
            return counted
        await asyncio.sleep(0.1)  # between two looks
    return counted


async def test_events_by_the_ten_thousand_to_one_instance_keep_no_other_waiting(
    tmp_path: Path,
) -> None:
    settings = HubSettings(message_buffer=500)
    async with served(tmp_path, settings=settings) as server, working(server):
        stub = server.stub()
        await _start(server, 1)
        await server.ended("order-0")
        for first in range(0, 10_000, 500):
            await asyncio.gather(
                *(
                    stub.RaiseEvent(
                        pb.RaiseEventRequest(instanceId="order-0", name=f"e{first + n}"),
                        metadata=of(""),
                    )
                    for n in range(500)
                ),
                return_exceptions=True,  # it has ended: events for it are dropped, or refused
            )
        await server.start("Order", "order-1", given="2")

        assert await server.ended("order-1") == "2"
        hub = await server.directory.find("default")
        await until(lambda: hub.messages_in_memory == 0)
        await until(lambda: hub.memory.sessions == 0)
