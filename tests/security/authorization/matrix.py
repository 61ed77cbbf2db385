"""The matrix: every call × everybody × every hub, sent to a real server and compared with what should be."""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
import httpx
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.message_factory import GetMessageClass

from durahub.authorization.gate import Gate
from durahub.authorization.opening import open_gate
from durahub.authorization.presented import Presented
from durahub.authorization.principals import Principal
from durahub.authorization.requirements import FOR_WORK, METRICS
from durahub.configuration.settings import Settings, settings_of
from durahub.dispatch.clock import system_clock
from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.web.mounts import (
    DASHBOARD,
    FUNCTIONS,
    SCHEDULER,
    functions_routes,
    scheduler_routes,
)
from durahub.serving import running_server
from durahub.storage import SqliteStorage
from tests.security.authorization import expected
from tests.security.authorization.callers import (
    GRANTS,
    HUBS,
    OTHER,
    OWN,
    STATIC,
    Caller,
)
from tests.security.authorization.identity_provider import TENANT, IdentityProvider

PASSED, NOT_KNOWN, ROLE_MISSING = "passed", "not known", "role missing"
SERVICES = (
    pb.DESCRIPTOR.services_by_name["TaskHubSidecarService"],
    bs.DESCRIPTOR.services_by_name["BackendService"],
)
PLACES = {"scheduler": (SCHEDULER, DASHBOARD), "functions": (FUNCTIONS,), "metrics": ("",)}
ENDED = "ended"
"""An instance that has ended: waiting for it does not take time."""
WAITING = 10.0  # seconds; only a server that does not answer at all takes that long


class LeakyGate(Gate):
    """A gate in which the check of one call can be left out."""

    left_out: str | None = None

    async def admit(self, call: str, hub: str | None, presented: Presented) -> Principal:
        if call == self.left_out:
            return Principal("whoever", ())
        return await super().admit(call, hub, presented)


@dataclass(frozen=True)
class Wrong:
    call: str
    caller: str
    hub: str | None
    expected: str
    got: str


@dataclass
class Outcome:
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[Wrong] = field(default_factory=list)

    def add(self, call: str, caller: Caller, hub: str | None, got: str) -> None:
        should = should_be(call, caller, hub)
        self.counts[got] += 1
        if got != should:
            self.wrong.append(Wrong(call, caller.name, hub, should, got))


def should_be(call: str, caller: Caller, hub: str | None) -> str:
    if caller.roles is None:
        return NOT_KNOWN
    roles = caller.roles.get("*", frozenset()) if call == METRICS else caller.on(hub)
    return PASSED if any(expected.may(role, call) for role in roles) else ROLE_MISSING


class NoHubs:
    default = "default"

    async def find(self, name: str) -> Any:
        raise AssertionError(name)


def grpc_calls() -> list[str]:
    calls = [f"/{service.full_name}/{m.name}" for service in SERVICES for m in service.methods]
    return [*calls, *(f"{c}{FOR_WORK}" for c in calls if c.endswith("/StreamInstanceHistory"))]


def http_calls() -> list[str]:
    routes = {"scheduler": scheduler_routes(NoHubs())}
    routes["functions"] = functions_routes(NoHubs(), frozenset())
    named = [
        f"{api} {method} {route.path}"
        for api, found in routes.items()
        for route in found
        for method in sorted(route.methods or ())
        if method != "HEAD"
    ]
    return [*named, METRICS]


def settings(**more: Any) -> Settings:
    told = {
        "server.hubs": (OWN, OTHER),
        "server.grpc_port": 0,
        "server.http_port": 0,
        "server.api_port": None,
        "server.auth.grants": GRANTS,
        "server.auth.tenants": (TENANT,),
        "server.auth.tokens": ("static=env:STATIC_TOKEN",),
    }
    return settings_of(told | more)


@dataclass
class World:
    """A server with two hubs, and the ways to it."""

    gate: LeakyGate
    channel: grpc.aio.Channel
    http: httpx.AsyncClient

    async def call(self, call: str, caller: Caller, hub: str | None, place: int = 0) -> str:
        """Send a call; return what came of it."""
        if call.startswith("/"):
            return await self._grpc(call, caller, hub)
        return await self._http(call, caller, hub, place)

    async def _grpc(self, call: str, caller: Caller, hub: str | None) -> str:
        path, _, for_work = call.partition("#")
        method = _METHODS[path]
        message = GetMessageClass(method.input_type)()
        if for_work:
            message.forWorkItemProcessing = True
        if "WaitFor" in path:
            message.instanceId = ENDED
        metadata = [("taskhub", hub)] if hub is not None else []
        if caller.authorization is not None:
            metadata.append(("authorization", caller.authorization))
        make = self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        multi = make(path, request_serializer=lambda m: m.SerializeToString())
        answer = multi(message, metadata=metadata, timeout=WAITING)
        try:
            if method.server_streaming:
                await answer.read()
                answer.cancel()
            else:
                await answer
        except grpc.aio.AioRpcError as error:
            return _GRPC.get(error.code(), PASSED)
        return PASSED

    async def _http(self, call: str, caller: Caller, hub: str | None, place: int) -> str:
        api, method, path = call.split()
        url = PLACES[api][place % len(PLACES[api])] + _filled(path)
        headers = {} if caller.authorization is None else {"authorization": caller.authorization}
        params = {}
        if hub is not None:
            headers |= {"x-taskhub": hub} if api == "scheduler" else {}
            params = {"taskHub": hub} if api == "functions" else {}
        answer = await self.http.request(method, url, headers=headers, params=params)
        assert (answer.status_code == 401) == ("www-authenticate" in answer.headers)
        return _HTTP.get(answer.status_code, PASSED)


_METHODS = {f"/{s.full_name}/{method.name}": method for s in SERVICES for method in s.methods}
_GRPC = {
    grpc.StatusCode.UNAUTHENTICATED: NOT_KNOWN,
    grpc.StatusCode.PERMISSION_DENIED: ROLE_MISSING,
    grpc.StatusCode.UNAVAILABLE: "unavailable",
    grpc.StatusCode.INTERNAL: "failed",
    grpc.StatusCode.UNKNOWN: "failed",
    grpc.StatusCode.DEADLINE_EXCEEDED: "no answer",
}
_HTTP = {401: NOT_KNOWN, 403: ROLE_MISSING, 500: "failed", 503: "unavailable", 405: "no route"}


def _filled(path: str) -> str:
    for part in ("id", "execution", "instanceId", "functionName", "entityName", "entityKey"):
        path = path.replace(f"{{{part}}}", "missing")
    return path.replace("{operation}", "suspend").replace("{eventName}", "missing")


@contextlib.asynccontextmanager
async def world(provider: IdentityProvider) -> AsyncIterator[World]:
    """Give the body a served world."""
    told = settings()
    async with contextlib.AsyncExitStack() as stack:
        opened = await stack.enter_async_context(
            open_gate(
                told.auth, {"STATIC_TOKEN": STATIC}, system_clock, lambda: 0.0, provider.fetch
            )
        )
        gate = LeakyGate(opened._ways)
        storage = await stack.enter_async_context(SqliteStorage(":memory:"))
        ports = await stack.enter_async_context(running_server(storage, told, gate=gate))
        address = f"127.0.0.1:{ports.grpc_port}"
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(address))
        http = httpx.AsyncClient(timeout=60, base_url=f"http://127.0.0.1:{ports.http_port}")
        await stack.enter_async_context(http)
        owner = Caller("owner", f"Bearer {provider.token('x', groups=['owners'])}", {})
        assert owner.authorization is not None
        for hub in (OWN, OTHER):
            await _end_one(channel, [("taskhub", hub), ("authorization", owner.authorization)])
        yield World(gate, channel, http)


async def _end_one(channel: grpc.aio.Channel, metadata: list[tuple[str, str]]) -> None:
    def send(name: str, message: Any) -> Any:
        path = f"/TaskHubSidecarService/{name}"
        multi = channel.unary_unary(path, request_serializer=lambda m: m.SerializeToString())
        return multi(message, metadata=metadata)

    await send("StartInstance", pb.CreateInstanceRequest(instanceId=ENDED, name="Any"))
    request = pb.SkipGracefulOrchestrationTerminationsRequest()
    request.instanceBatch.instanceIds.append(ENDED)
    await send("SkipGracefulOrchestrationTerminations", request)


async def run(
    served: World,
    calls: Iterable[str],
    everybody: Iterable[Caller],
    *,
    every_place: bool = True,
    told: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Send every call of everybody to every hub."""
    outcome = Outcome()
    everybody = list(everybody)
    for call in calls:
        api = call.split()[0]
        places = len(PLACES.get(api, ("",))) if every_place else 1
        for caller in everybody:
            for hub in HUBS:
                for place in range(places):
                    outcome.add(call, caller, hub, await served.call(call, caller, hub, place))
        told(call)
    return outcome
