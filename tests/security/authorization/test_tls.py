"""TLS on every port, client certificates, and what the toolkit and real SDKs present."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
from azure.core.credentials import AccessToken
from durabletask import client as dt_client
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub
from google.protobuf.empty_pb2 import Empty

from durahub.configuration.settings import settings_of
from durahub.errors import BadSetting, EndpointDenied
from durahub.serving import Running, running_server
from durahub.storage import SqliteStorage
from durahub_migrate.endpoint.opening import open_endpoint
from durahub_migrate.endpoint.presenting import Presenting, presenting_of
from durahub_migrate.moving.place import EndpointAddress
from tests.security.authorization.authority import Authority, Pair

TOKEN = "a-static-token-that-is-long-enough"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@contextlib.asynccontextmanager
async def served(authority: Authority, server: Pair, **more: Any) -> AsyncIterator[Running]:
    told = {
        "server.hubs": ("orders", "billing"),
        "server.host": "localhost",
        "server.grpc_port": 0,
        "server.http_port": 0,
        "server.api_port": None,
        "server.tls.cert": str(server.certificate),
        "server.tls.key": str(server.key),
    }
    async with (
        SqliteStorage(":memory:") as storage,
        running_server(storage, settings_of(told | more)) as running,
    ):
        yield running


def with_certificates(authority: Authority) -> dict[str, Any]:
    return {
        "server.tls.client_ca": str(authority.file),
        "server.auth.grants": (
            "reader on orders to certificate:reader",
            "worker on orders to certificate:w.example.com",
        ),
    }


async def start(running: Running, authority: Authority, shown: Pair | None, hub: str) -> str:
    """Say Hello and start an instance as the holder of a certificate; return what came of both."""
    credentials = grpc.ssl_channel_credentials(
        authority.file.read_bytes(),
        shown.key.read_bytes() if shown else None,
        shown.certificate.read_bytes() if shown else None,
    )
    answers = []
    async with grpc.aio.secure_channel(f"localhost:{running.grpc_port}", credentials) as channel:
        stub = TaskHubSidecarServiceStub(channel)
        for call, message in (
            (stub.Hello, Empty()),
            (stub.GetInstance, pb.GetInstanceRequest(instanceId="x")),
            (stub.StartInstance, pb.CreateInstanceRequest(name="Order")),
        ):
            try:
                await call(message, metadata=[("taskhub", hub)])
                answers.append("yes")
            except grpc.aio.AioRpcError as error:
                answers.append(error.code().name)
    return " ".join(answers)


DENIED = "PERMISSION_DENIED"
UNREACHED = "UNAVAILABLE UNAVAILABLE UNAVAILABLE"


async def test_a_client_certificate_says_who_calls(authority: Authority, tmp_path: Path) -> None:
    server = authority.issue("localhost", "localhost")
    reader, worker = authority.issue("reader"), authority.issue("app", "w.example.com")
    stranger = authority.issue("stranger")
    async with served(authority, server, **with_certificates(authority)) as running:
        assert await start(running, authority, reader, "orders") == f"yes yes {DENIED}"
        assert await start(running, authority, worker, "orders") == f"yes {DENIED} {DENIED}"
        assert await start(running, authority, reader, "billing") == f"{DENIED} {DENIED} {DENIED}"
        assert set((await start(running, authority, stranger, "orders")).split()) == {
            "UNAUTHENTICATED"
        }


async def test_without_a_certificate_that_counts_there_is_no_connection(
    authority: Authority, tmp_path: Path
) -> None:
    server = authority.issue("localhost", "localhost")
    expired = authority.issue("reader", days=(-5, -1))
    forged = Authority(tmp_path / "others", "authority").issue("reader")
    async with served(authority, server, **with_certificates(authority)) as running:
        for shown in (None, expired, forged):
            assert await start(running, authority, shown, "orders") == UNREACHED


async def test_the_http_port_speaks_tls_and_knows_the_same_certificates(
    authority: Authority,
) -> None:
    server, reader = authority.issue("localhost", "localhost"), authority.issue("reader")
    async with served(authority, server, **with_certificates(authority)) as running:
        url = f"https://localhost:{running.http_port}"
        context = ssl.create_default_context(cafile=authority.file)
        async with httpx.AsyncClient(timeout=60, verify=context, base_url=url) as nobody:
            assert (await nobody.get("/healthz")).status_code == 204
            assert (await nobody.get("/v1/taskhubs/workers")).status_code == 401
            assert (await nobody.get("/metrics")).status_code == 401
        context = ssl.create_default_context(cafile=authority.file)
        context.load_cert_chain(reader.certificate, reader.key)
        async with httpx.AsyncClient(timeout=60, verify=context, base_url=url) as known:
            assert (await known.get("/v1/taskhubs/workers")).status_code == 200
            assert (await known.post("/v1/taskhubs/orchestrations", json={})).status_code == 403


async def test_a_certificate_is_read_again_when_its_files_change(authority: Authority) -> None:
    server = authority.issue("localhost", "localhost")

    async def shown(port: int) -> bytes:
        context = ssl.create_default_context(cafile=authority.file)
        context.set_alpn_protocols(["h2"])
        _, writer = await asyncio.open_connection("localhost", port, ssl=context)
        found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return bytes(found)

    grants = {"server.auth.grants": ("reader on * to token:x",)}
    async with served(authority, server, **grants) as running:
        ports = (running.grpc_port, running.http_port)
        before = [await shown(port) for port in ports]
        authority.issue("localhost", "localhost")
        after = [await shown(port) for port in ports]
        server.key.write_text("not a key")
        torn = [await shown(port) for port in ports]

    assert before[0] == before[1] != after[0]
    assert after[0] == after[1]
    assert torn == after


async def test_the_toolkit_presents_a_token_and_trusts_an_authority(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_TOKEN", TOKEN)
    server = authority.issue("localhost", "localhost")
    auth = {
        "server.auth.tokens": ("ci=env:CI_TOKEN",),
        "server.auth.grants": ("contributor on orders to token:ci",),
    }
    async with served(authority, server, **auth) as running:
        address = EndpointAddress(f"https://localhost:{running.grpc_port}", "orders")
        shown = presenting_of({"DURAHUB_TOKEN": TOKEN, "DURAHUB_CA_FILE": str(authority.file)})
        async with open_endpoint(address, presenting=shown) as client:
            assert TOKEN not in repr(shown)
            assert await client.hello()
            assert await client.get_instance("missing") is None
        with pytest.raises(EndpointDenied):
            async with open_endpoint(address, presenting=replace(shown, token=None)) as nobody:
                await nobody.get_instance("missing")


def test_a_static_token_never_travels_in_the_clear_nor_to_the_service_in_azure() -> None:
    shown = Presenting(token=TOKEN)
    assert shown.static_token_for("http://localhost:8080") == TOKEN
    assert shown.static_token_for("https://durahub.example.com") == TOKEN
    assert shown.static_token_for("https://x.westeurope.durabletask.io") is None
    with pytest.raises(BadSetting, match="https"):
        shown.static_token_for("http://durahub.example.com")


class StaticCredential:
    """A TokenCredential as azure-identity has them."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(TOKEN, 4_102_444_800)


@pytest.mark.sdk
async def test_a_real_worker_and_client_get_in_with_a_credential_over_tls(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_TOKEN", TOKEN)
    server = authority.issue("localhost", "localhost")
    monkeypatch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", str(authority.file))
    auth = {
        "server.auth.tokens": ("app=env:APP_TOKEN",),
        "server.auth.grants": ("contributor on orders to token:app",),
    }
    async with served(authority, server, **auth) as running:
        done = await asyncio.to_thread(_run_app, f"https://localhost:{running.grpc_port}")

    assert done == '"hello"'


def _run_app(endpoint: str) -> str | None:
    how: Any = {
        "host_address": endpoint,
        "taskhub": "orders",
        "token_credential": StaticCredential(),
        "secure_channel": True,
    }

    def greet(context: Any, _: Any) -> str:
        return "hello"

    with DurableTaskSchedulerWorker(**how) as worker:
        worker.add_orchestrator(greet)
        worker.start()
        client: dt_client.TaskHubGrpcClient = DurableTaskSchedulerClient(**how)
        instance_id = client.schedule_new_orchestration(greet)
        state = client.wait_for_orchestration_completion(instance_id, timeout=60)
        assert state is not None
        return state.serialized_output
