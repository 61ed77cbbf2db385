"""No secret and no payload in what a server or a command says of itself: canaries in all, and a search.

What shows payloads on purpose is listed in `SHOWN`; nothing else does.
"""

import asyncio
import base64
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import grpc.aio
import httpx
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub

from durahub.local.child import Child
from tests.cli.command import durahub
from tests.security.secrets.canaries import canary, forms, found_below, found_in

SECRETS = ("functions-key", "wrong-key", "bearer", "account-key", "signature", "client-secret")
PAYLOADS = (
    *("input", "output", "event", "custom-status", "failure", "stack", "tag", "reason", "state"),
    *("body", "query", "header", "message", "row"),
)
CANARIES = {name: canary(name) for name in (*SECRETS, *PAYLOADS)}

SHOWN = {
    "durahub instance show": "an instance with its payloads",
    "durahub instance history": "what has happened to an instance, beginnings of payloads",
    "durahub instance list": "custom statuses; other columns that are asked for",
    "durahub entity show": "an entity's state",
    "durahub hub read": "what is stored, as it is",
    "durahub hub messages": "what stands in the queues",
    "durahub export": "a bundle, which holds everything, unless it is redacted",
}
"""What shows payloads to whoever asks for them, and may."""


def test_each_form_of_a_canary_is_found() -> None:
    text = canary("x")
    for form in forms(text):
        assert found_in(b"before " + form + b" after", {"x": text}) == ["x"]
    wrapped = base64.b64encode(b'{"Input":"' + text.encode() + b'"}')
    assert found_in(wrapped, {"x": text}) == ["x"]
    assert found_in(b"nothing", {"x": text}) == []


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Child, dict[str, int], Path]]:
    """A server that logs all it can, in a folder of its own."""
    state = tmp_path / "state"
    state.mkdir()
    settings = tmp_path / "durahub.toml"
    settings.write_text(
        f"""
        [store]
        address = "sqlite:{(tmp_path / "hub.db").as_posix()}"
        [server]
        hubs = ["orders"]
        functions_keys = ["env:HUB_KEY"]
        """
    )
    environment = {
        "DURAHUB_STATE_DIR": str(state),
        "HUB_KEY": CANARIES["functions-key"],
        "AZURE_CLIENT_SECRET": CANARIES["client-secret"],
        "GRPC_VERBOSITY": "info",
        "PYTHONASYNCIODEBUG": "1",
    }
    ports = ("--grpc-port", "0", "--http-port", "0", "--api-port", "none")
    command = (
        *(sys.executable, "-X", "dev", "-m", "durahub.cli.main", "serve", "--verbose"),
        *("--format", "json", "--config", str(settings), *ports),
    )
    child = Child(command, env={**os.environ, **environment})
    try:
        ready = child.wait_for(lambda line: line if line.startswith('{"event"') else None, 180)
        assert ready, child.tail()
        yield child, json.loads(ready), tmp_path
    finally:
        child.kill()


@pytest.mark.slow
async def test_a_server_says_nothing_of_secrets_and_payloads_whatever_goes_wrong(
    server: tuple[Child, dict[str, int], Path],
) -> None:
    child, ports, folder = server
    said = bytearray()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{ports['grpc_port']}") as channel:
        stub = TaskHubSidecarServiceStub(channel)
        for outcome in ("completed", "failed", "nonsense"):
            said += await an_orchestration(stub, outcome)
        said += await refusals_of_grpc(channel, stub)
    base = f"http://127.0.0.1:{ports['http_port']}"
    said += await refusals_of_http(base)
    damage(folder / "hub.db")
    async with httpx.AsyncClient(base_url=base, timeout=60) as http:
        listed = await http.get("/v1/taskhubs/orchestrations/completed")
        said += listed.content if listed.status_code >= 400 else b""
        said += (await http.get("/metrics")).content
        said += (await http.get("/healthz")).content
    child.interrupt()
    said += child.output().encode()

    assert b"rpc-refused" in said  # or nothing would have been shown
    assert found_in(bytes(said), CANARIES) == []
    assert found_below(folder / "state", CANARIES) == []


async def an_orchestration(stub: TaskHubSidecarServiceStub, outcome: str) -> bytes:
    """Start one, raise an event, and be the worker that answers with *outcome*; return a refusal."""
    request = pb.CreateInstanceRequest(instanceId=outcome, name="Ship")
    request.input.value = json.dumps(CANARIES["input"])
    request.tags["owner"] = CANARIES["tag"]
    await stub.StartInstance(request)
    event = pb.RaiseEventRequest(instanceId=outcome, name="paid")
    event.input.value = json.dumps(CANARIES["event"])
    await stub.RaiseEvent(event)
    suspended = pb.SuspendRequest(instanceId=outcome)
    suspended.reason.value = CANARIES["reason"]
    await stub.SuspendInstance(suspended)
    await stub.ResumeInstance(pb.ResumeRequest(instanceId=outcome))
    stream = stub.GetWorkItems(pb.GetWorkItemsRequest())
    item = await stream.read()
    while not item.HasField("orchestratorRequest"):
        item = await stream.read()
    answer = pb.OrchestratorResponse(instanceId=outcome, completionToken=item.completionToken)
    answer.customStatus.value = json.dumps(CANARIES["custom-status"])
    action = answer.actions.add(id=0)
    if outcome == "nonsense":
        action.scheduleTask.name = "Pay"
        action.scheduleTask.input.value = CANARIES["input"]
        again = answer.actions.add(id=0)  # the same number twice
        again.createTimer.fireAt.seconds = -(2**60)
    else:
        status = pb.ORCHESTRATION_STATUS_COMPLETED
        if outcome == "failed":
            status = pb.ORCHESTRATION_STATUS_FAILED
            failure = action.completeOrchestration.failureDetails
            failure.errorType = "Broken"
            failure.errorMessage = CANARIES["failure"]
            failure.stackTrace.value = CANARIES["stack"]
        action.completeOrchestration.orchestrationStatus = status
        action.completeOrchestration.result.value = json.dumps(CANARIES["output"])
    said = b""
    try:
        await stub.CompleteOrchestratorTask(answer)
    except grpc.aio.AioRpcError as error:
        said = f"{error.details()} {error.trailing_metadata()}".encode()
    stream.cancel()
    return said


async def refusals_of_grpc(channel: grpc.aio.Channel, stub: TaskHubSidecarServiceStub) -> bytes:
    """Return what is said to calls that are wrong, in details and trailers."""
    body = CANARIES["body"]
    bearer = (("authorization", f"Bearer {CANARIES['bearer']}"), ("x-note", CANARIES["header"]))
    long = pb.CreateInstanceRequest(instanceId=f"{'i' * 300}", name="Ship")
    long.input.value = body
    wrong = pb.ActivityResponse(instanceId="failed", taskId=7, completionToken="none")
    wrong.result.value = body
    signal = pb.SignalEntityRequest(instanceId="till", name="add")  # no entity's ID
    signal.input.value = CANARIES["state"]
    calls = [
        stub.StartInstance(long, metadata=bearer),
        stub.CompleteActivityTask(wrong, metadata=bearer),
        stub.SignalEntity(signal, metadata=bearer),
        stub.GetInstance(pb.GetInstanceRequest(instanceId="none"), metadata=(("taskhub", "none"),)),
        channel.unary_unary("/TaskHubSidecarService/StartInstance")(b"\xff" + body.encode()),
        channel.unary_unary("/TaskHubSidecarService/NoSuch")(body.encode()),
    ]
    said = b""
    for call in await asyncio.gather(*calls, return_exceptions=True):
        if isinstance(call, grpc.aio.AioRpcError):
            said += f"{call.details()} {call.trailing_metadata()}".encode()
    return said


async def refusals_of_http(base: str) -> bytes:
    """Return what is said to requests that are wrong."""
    key, body = CANARIES["functions-key"], CANARIES["body"]
    api = "/runtime/webhooks/durabletask"
    said = b""
    async with httpx.AsyncClient(base_url=base, timeout=60) as http:
        headers = {"authorization": f"Bearer {CANARIES['bearer']}", "x-note": CANARIES["header"]}
        wrong, right = {"code": CANARIES["wrong-key"]}, {"code": key}
        hub = "/v1/taskhubs"
        for answer in (
            await http.post(f"{api}/orchestrators/Ship", params=wrong, content=body),
            await http.get(
                f"{api}/instances/none", headers={"x-functions-key": CANARIES["wrong-key"]}
            ),
            await http.post(f"{api}/orchestrators/Ship", params=right, content='{"a":' + body),
            await http.post(f"{api}/instances/none/raiseEvent/x", params=right, json=body),
            await http.post(f"{api}/instances/completed/terminate", params=right, content=body),
            await http.post(f"{hub}/orchestrations/query", content=f'["{body}"', headers=headers),
            await http.post(f"{hub}/orchestrations", json={"input": {"x": body}}, headers=headers),
            await http.post(f"{hub}/nothing", json=body, params={"q": CANARIES["query"]}),
            await http.get(
                f"{hub}/orchestrations", params={"continuationToken": CANARIES["query"]}
            ),
            await http.get("/api/hubs/orders/instances", headers=headers),
        ):
            if answer.status_code >= 400:
                said += answer.content + repr(answer.headers.raw).encode()
    return said


def damage(file: Path) -> None:
    """Make rows that no writer of the layout produces, with canaries in them."""
    with sqlite3.connect(file) as database:
        tables = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        for table in tables:
            columns = [
                (name, kind)
                for _, name, kind, *_ in database.execute(f"PRAGMA table_info({table})")
            ]
            for name, kind in columns:
                if kind == "BLOB" and name not in ("id",):
                    broken = b"\xff" + CANARIES["row"].encode()
                    database.execute(
                        f"UPDATE OR IGNORE {table} SET {name} = ? WHERE typeof({name}) = 'blob'",
                        (broken,),
                    )
    database.close()


@pytest.mark.parametrize(
    "store",
    [
        "AccountName=acct;AccountKey={account-key}",
        "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey={account-key};BlobEndpoint=x",
        "BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a;"
        "TableEndpoint=http://127.0.0.1:1/a;SharedAccessSignature=sv=2024&sig={signature}",
        "{account-key}",
    ],
    ids=["no-endpoints", "no-url", "signature", "no-connection-string"],
)
@pytest.mark.parametrize("way", ["variable", "argument"])
def test_a_connection_string_that_cannot_be_used_is_not_quoted(
    tmp_path: Path, store: str, way: str
) -> None:
    for name, text in CANARIES.items():
        encoded = base64.b64encode(text.encode()).decode() if name == "account-key" else text
        store = store.replace(f"{{{name}}}", encoded)
    command = ("hub", "doctor", "env:STORE", "--hub", "orders")
    if way == "argument":
        command = ("serve", "--store", store, "--check", "--format", "json")

    answer = durahub(*command, state=tmp_path, env={"STORE": store})

    assert found_in((answer.out + answer.err).encode(), CANARIES) == [], answer.err
    assert "Traceback" not in answer.err


@pytest.mark.azurite
def test_storage_that_refuses_a_key_and_rows_that_cannot_be_read_are_told_without_them(
    tmp_path: Path, azurite: object, hub_name: str
) -> None:
    from azure.storage.queue import QueueServiceClient

    right = azurite.connection_string  # type: ignore[attr-defined]
    key = base64.b64encode(CANARIES["account-key"].encode()).decode()
    parts = dict(part.split("=", 1) for part in right.split(";") if "=" in part)
    wrong = right.replace(parts["AccountKey"], key)
    refused = durahub(
        "hub", "doctor", "env:STORE", "--hub", hub_name, state=tmp_path, env={"STORE": wrong}
    )
    assert refused.status != 0
    assert found_in((refused.out + refused.err).encode(), CANARIES) == []

    ports = ("--grpc-port", "0", "--http-port", "0", "--api-port", "none", "--hub", hub_name)
    environment = {**os.environ, "STORE": right, "DURAHUB_STATE_DIR": str(tmp_path / "state")}
    command = (sys.executable, "-m", "durahub.cli.main", "serve", "-v", "--store", "env:STORE")
    child = Child((*command, *ports, "--format", "json"), env=environment)
    try:
        ready = child.wait_for(lambda line: line if line.startswith('{"event"') else None, 180)
        assert ready, child.tail()
        service = QueueServiceClient.from_connection_string(right)
        body = CANARIES["message"]
        for queue in service.list_queues(name_starts_with=hub_name.lower()):
            client = service.get_queue_client(queue.name)
            for text in (
                body,
                base64.b64encode(body.encode()).decode(),
                json.dumps({"TaskMessage": {"Event": {"$type": body, "Input": body}}}),
                json.dumps({"$type": "x", "CompressedBlobName": body}),
            ):
                client.send_message(text)
        port = json.loads(ready)["grpc_port"]
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            # Queues are looked at for those who work.
            stream = TaskHubSidecarServiceStub(channel).GetWorkItems(pb.GetWorkItemsRequest())
            aside = child.wait_for(lambda line: "set-aside" in line or None, 60)
            stream.cancel()
        assert aside, child.tail()
        child.interrupt()
        assert found_in(child.output().encode(), CANARIES) == []
    finally:
        child.kill()
