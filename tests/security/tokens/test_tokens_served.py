"""From ``durahub token new`` to an app that runs: a real server, and the SDK's client and worker."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from durabletask import client as dt_client
from durabletask import worker as dt_worker
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub
from google.protobuf.empty_pb2 import Empty

from durahub.authorization.static_tokens import digest_of
from durahub.local.child import Child
from tests.cli.command import durahub
from tests.security.tokens.test_token_file import take_out

SETTINGS = """
[store]
address = "sqlite::memory:"
[server]
hubs = ["orders"]
[server.auth]
tokens_file = "{file}"
grants = ["contributor on orders to token:shop", "worker on orders to token:ci"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens"


def new(name: str, file: Path, *more: str) -> str:
    """Make a token by the command; return it."""
    made = durahub("token", "new", name, "--file", str(file), *more, state=file.parent)
    assert made.status == 0, made.err
    assert f"token:{name}" in made.err
    assert made.out.strip() not in made.err + file.read_text()
    return made.out.strip()


@pytest.fixture
def server(file: Path) -> Iterator[tuple[Child, int, str]]:
    """A server, its port, and the token of the shop; the token ``ci`` can be made later."""
    token = new("shop", file)
    settings = file.parent / "durahub.toml"
    settings.write_text(SETTINGS.format(file=file.as_posix()))
    ports = ("--grpc-port", "0", "--http-port", "0", "--api-port", "none")
    command = (
        *(sys.executable, "-m", "durahub.cli.main", "serve", "--format", "json", "--verbose"),
        *("--config", str(settings), *ports),
    )
    child = Child(command, env={**os.environ, "DURAHUB_STATE_DIR": str(file.parent)})
    try:
        ready = child.wait_for(lambda line: line if line.startswith('{"event"') else None, 60)
        assert ready, child.tail()
        yield child, int(json.loads(ready)["grpc_port"]), token
    finally:
        child.kill()
        assert token not in child.output()


@pytest.mark.sdk
async def test_an_app_runs_with_a_token_that_the_command_has_made(
    server: tuple[Child, int, str],
) -> None:
    _, port, token = server
    assert await asyncio.to_thread(run_app, port, token) == '"hello"'
    with pytest.raises(grpc.RpcError) as refused:
        await asyncio.to_thread(run_app, port, token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def run_app(port: int, token: str) -> str | None:
    how: Any = {
        "host_address": f"127.0.0.1:{port}",
        "metadata": [("taskhub", "orders"), ("authorization", f"Bearer {token}")],
    }

    def greet(context: Any, _: Any) -> str:
        return "hello"

    client = dt_client.TaskHubGrpcClient(**how)
    instance_id = client.schedule_new_orchestration("greet")
    with dt_worker.TaskHubGrpcWorker(**how) as worker:
        worker.add_orchestrator(greet)
        worker.start()
        state = client.wait_for_orchestration_completion(instance_id, timeout=60)
    assert state is not None
    return state.serialized_output


async def test_a_token_counts_while_its_line_is_there(
    server: tuple[Child, int, str], file: Path
) -> None:
    _, port, _ = server
    token = new("ci", file)
    shown = (("taskhub", "orders"), ("authorization", f"Bearer {token}"))

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = TaskHubSidecarServiceStub(channel)
        await until_admitted(stub, shown)
        stream = stub.GetWorkItems(pb.GetWorkItemsRequest(), metadata=shown)
        await stream.initial_metadata()
        take_out(file, "ci")

        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await asyncio.wait_for(read_to_the_end(stream), 30)

        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Hello(Empty(), metadata=shown)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def until_admitted(stub: Any, shown: Any) -> None:
    """Call until the server has looked at the file again."""
    for _ in range(100_000):
        try:
            await stub.Hello(Empty(), metadata=shown)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                raise
        else:
            return
    raise AssertionError("the server does not look")


async def read_to_the_end(stream: Any) -> None:
    while await stream.read() is not grpc.aio.EOF:
        pass


def test_the_line_for_the_file_is_told_where_no_file_is_named(tmp_path: Path, file: Path) -> None:
    made = durahub(
        "token", "new", "shop", "--expires", "2027-01-31", "--format", "json", state=tmp_path
    )
    told = json.loads(made.out)
    assert told["sha256"] == digest_of(told["token"])
    assert told["line"] == f"shop sha256:{told['sha256']} 2027-01-31T00:00:00Z"
    plain = durahub("token", "new", "shop", state=tmp_path)
    assert f"shop sha256:{digest_of(plain.out.strip())}\n" in plain.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("a b",), "DH105"),
        (("shop", "--expires", "soon"), "DH105"),
        (("shop", "--file", "{here}"), "DH108"),
        (("shop", "--file", "{here}/none/tokens"), "DH108"),
    ],
)
def test_what_cannot_be_made_is_told(tmp_path: Path, arguments: tuple[str, ...], code: str) -> None:
    given = [one.format(here=tmp_path) for one in arguments]
    refused = durahub("token", "new", *given, state=tmp_path)
    assert refused.out == ""
    assert refused.err.startswith(code) or refused.status == 2


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such modes")
def test_a_server_does_not_start_with_a_file_that_others_may_read(
    tmp_path: Path, file: Path
) -> None:
    new("shop", file)
    file.chmod(0o644)
    settings = tmp_path / "durahub.toml"
    settings.write_text(SETTINGS.format(file=file.as_posix()))
    refused = durahub("serve", "--config", str(settings), state=tmp_path)
    assert refused.status == 2
    assert "DH108" in refused.err
    assert "chmod 600" in refused.err
