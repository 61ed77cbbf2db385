"""The probes, made at our own server and at the backend of the SDK's package."""

import asyncio
import contextlib
import functools
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import grpc
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.clock import system_clock
from durahub.errors import EndpointDenied, ServerUnavailable
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.taking import request_of, taking
from durahub_migrate.moving.capabilities import Capabilities
from durahub_migrate.moving.place import EndpointAddress
from durahub_migrate.probing.judging import PROBES
from durahub_migrate.probing.probe import probe
from durahub_migrate.probing.scratch import Scratch
from tests.checklist.served_hubs import QUICK
from tests.endpoint.endpoints import client_of, endpoint, foreign_endpoint, free_port, own_endpoint
from tests.endpoint.refusing_proxy import Fault, refusing_proxy
from tests.probing.late_client import late_client

probed = functools.partial(
    probe,
    open_client=client_of,
    clock=system_clock,
    sizes=(1_000, 1_048_577),
    within=30.0,
    quiet=0.6,
)


async def instances(address: EndpointAddress) -> set[str]:
    async with client_of(address) as client:
        found = {one.instanceId async for one in client.query_instances()}
        return found | {one.instanceId async for one in client.query_entities()}


@pytest.fixture(scope="module")
def seen() -> dict[str, tuple[Capabilities, set[str]]]:
    """Return of each endpoint what was seen of it, and which instances there were afterwards."""

    async def all_of_them() -> dict[str, tuple[Capabilities, set[str]]]:
        found = {}
        for kind in ("own", "foreign"):
            async with endpoint(kind) as address, client_of(address) as client:
                users = pb.CreateInstanceRequest(instanceId="users", name="Order")
                await client.start_instance(users)
                capabilities = await probed(address, random=Random(7))
                found[kind] = capabilities, await instances(address)
        return found

    return asyncio.run(all_of_them())


Seen = dict[str, tuple[Capabilities, set[str]]]


async def test_our_server_can_be_written_to(seen: Seen) -> None:
    found, _ = seen["own"]
    assert found.probes["P6"]["reachable"]
    assert found.backend
    assert found.rewind_history is False
    assert found.probes["P9"]["understood"]
    assert (found.longest_id, found.any_characters) == (256, True)


async def test_what_is_addressed_to_another_execution_is_dropped_by_our_server_alone(
    seen: Seen,
) -> None:
    assert seen["own"][0].drops_strays is True
    assert seen["foreign"][0].drops_strays is False
    assert seen["foreign"][0].probes["P14"] == {
        "goes_on": True,
        "dropped": False,
        "dropped_before": True,
    }


async def test_the_backend_of_the_package_takes_histories_of_rewinds(seen: Seen) -> None:
    found, _ = seen["foreign"]
    assert found.rewind_history
    assert found.backend is False
    assert not found.probes["P6"]["reachable"]
    assert found.longest_id == 0


@pytest.mark.parametrize("kind", ["own", "foreign"])
async def test_what_both_can(seen: Seen, kind: str) -> None:
    found, _ = seen[kind]
    assert found.probes.keys() == {*PROBES, "scratch"}
    assert found.refuses_duplicates
    assert found.ghost
    assert found.filters
    assert found.past_timers
    assert found.entities
    assert found.tags
    assert found.largest_payload == 1_048_577
    assert found.probes["P8"].keys() == {"why"}
    assert found.probes["P11"] == {"shown": True, "kept": False}


@pytest.mark.parametrize("kind", ["own", "foreign"])
async def test_nothing_of_the_probes_is_left_and_nothing_else_is_touched(
    seen: Seen, kind: str
) -> None:
    found, left = seen[kind]
    assert found.probes["scratch"]["left"] == []
    assert left == {"users"}


@pytest.mark.parametrize("kind", ["own", "foreign"])
async def test_a_target_that_writes_answers_behind_is_seen_to_do_the_same(
    seen: Seen, kind: str
) -> None:
    # what is answered late is answered behind its worker's end: it is still the worker's then
    waits = replace(QUICK, disconnect_grace=10.0)
    async with own_endpoint(settings=waits) if kind == "own" else foreign_endpoint() as address:
        found = await probed(address, random=Random(7), open_client=late_client)
    told = seen[kind][0]
    assert replace(found, probes={}) == replace(told, probes={})
    assert found.probes["P11"] == told.probes["P11"]
    assert found.probes["scratch"]["left"] == []


async def test_what_one_probe_has_left_open_is_not_in_the_way_of_the_next() -> None:
    sizes = tuple(range(1_000, 1_006))  # so many turns are left that a worker takes no more
    async with own_endpoint() as address:
        found = await probed(address, random=Random(7), sizes=sizes)
    assert found.largest_payload == 1_005
    assert found.drops_strays


async def test_no_work_of_a_probe_stays_in_the_store(tmp_path: Path) -> None:
    file = tmp_path / "hub.db"
    async with own_endpoint(str(file)) as address:
        found = await probed(address, random=Random(7), sizes=(1_000,))
    assert found.ghost
    with contextlib.closing(sqlite3.connect(file)) as store:
        assert store.execute("SELECT count(*) FROM tasks").fetchone() == (0,)
        to_entities = "SELECT count(*) FROM inbox WHERE instance LIKE '@%'"
        assert store.execute(to_entities).fetchone() == (0,)


async def test_what_a_probe_left_that_died_is_removed_by_the_next() -> None:
    async with own_endpoint() as address, client_of(address) as client:
        for instance_id, name in (
            ("durahub-probe-00c0ffee-1", "durahub-probe-00c0ffee"),
            ("durahub-probe-of-the-user", "Order"),
        ):
            await client.start_instance(pb.CreateInstanceRequest(instanceId=instance_id, name=name))
        await client.signal_entity("@durahubprobe@00c0ffee-2", "seed", None, request_id="1" * 32)
        found = await probed(address, random=Random(7), sizes=(1_000,))
        assert found.probes["scratch"]["removed_before"] == 1
        assert await instances(address) == {"durahub-probe-of-the-user"}


async def test_a_probe_that_is_refused_says_why() -> None:
    async with foreign_endpoint() as address, refusing_proxy(address) as proxy:
        proxy.refuse("SignalEntity", *[Fault(grpc.StatusCode.INTERNAL)] * 99)
        found = await probed(proxy.address, random=Random(7), sizes=(1_000,), within=5.0)
    assert found.entities is False
    assert "SignalEntity: INTERNAL" in found.probes["P10"]["why"]
    assert found.ghost


async def test_an_endpoint_that_refuses_us_is_not_probed() -> None:
    async with foreign_endpoint() as address, refusing_proxy(address) as proxy:
        proxy.refuse("QueryInstances", Fault(grpc.StatusCode.PERMISSION_DENIED))
        with pytest.raises(EndpointDenied):
            await probed(proxy.address, random=Random(7))


async def test_an_endpoint_that_is_not_there_is_told() -> None:
    with pytest.raises(ServerUnavailable):
        await probed(EndpointAddress(f"http://127.0.0.1:{free_port()}", "x"), random=Random(7))


async def test_what_shall_never_run_is_given_to_no_worker_of_a_probe() -> None:
    async with foreign_endpoint() as address, client_of(address) as client:
        scratch = Scratch(client, system_clock, Random(7), time.monotonic)
        never, now = scratch.new_id(), scratch.new_id()
        await client.start_instance(scratch.start(never, waits=True))
        await client.start_instance(scratch.start(now))
        async with scratch.worker() as worker:
            assert await worker.turn(now, within=60.0)
            assert await worker.any_turn([never]) == []


async def test_an_endpoint_has_seen_the_end_of_a_stream_before_anything_is_given_back() -> None:
    async with foreign_endpoint() as address, refusing_proxy(address) as proxy:
        async with client_of(proxy.address) as client:
            await client.start_instance(pb.CreateInstanceRequest(instanceId="one", name="Order"))
            async with taking(client, request_of(["Order"]), "one".__eq__) as worker:
                assert await worker.turn("one", within=60.0)
                proxy.seen.clear()
        assert list(proxy.seen) == ["Hello", "AbandonTaskOrchestratorWorkItem"]


async def test_turns_that_are_out_are_ended_and_not_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is given back may be given to the worker that has just left, and be lost with it."""
    given_back: list[str] = []

    async def note(_: EndpointClient, token: str) -> None:
        given_back.append(token)

    monkeypatch.setattr(EndpointClient, "abandon_orchestrator", note)
    async with foreign_endpoint() as address:
        found = await probed(address, random=Random(11))
    assert found.probes["scratch"]["left"] == []
    assert given_back == []
