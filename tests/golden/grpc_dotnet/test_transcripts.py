"""The recorded .NET SDK, client and worker, against this server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub
from google.protobuf import json_format, unknown_fields

from durahub.dispatch.hub import TaskHub
from durahub.edge.server import start_server
from durahub.store import HubStore
from tests.checklist.served_hubs import (
    QUICK,
    OneHub,
    classic_store,
    new_name,
    scheduler_store,
)
from tests.compatibility.claims import recorded
from tests.golden.grpc_dotnet.known_differences import (
    ALLOWED,
    NOT_REPLAYED,
    PLAYED_UNTIL,
    SOMETIMES,
)
from tests.golden.grpc_dotnet.replay import Replay, as_the_sdk
from tests.golden.grpc_dotnet.transcripts import TRANSCRIPTS, Line, Transcript

REPLAYED = [
    pytest.param(t, id=t.name, marks=recorded(t.name, "sqlite"))
    for t in TRANSCRIPTS
    if t.name not in NOT_REPLAYED
]
ON_CLASSIC = (
    "activity-failure",
    "continue-as-new",
    "external-event",
    "sub-orchestration",
    "queries",
)


def has_unknown_fields(message: object) -> bool:
    if len(unknown_fields.UnknownFieldSet(message)):
        return True
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            inner = [one for one in value.values() if hasattr(one, "ListFields")]
        else:
            inner = value if field.is_repeated else [value]
        if any(has_unknown_fields(one) for one in inner):
            return True
    return False


def is_cut(line: Line) -> bool:
    return " characters: " in str(line.fields["json"])


def test_there_are_as_many_transcripts_as_were_recorded() -> None:
    assert len(TRANSCRIPTS) == 72


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=str)
def test_every_message_is_known_to_its_last_field(transcript: Transcript) -> None:
    whole = [line for line in transcript.messages() if "base64" in line.fields]
    assert whole
    for line in whole:
        assert not has_unknown_fields(line.message)
        assert is_cut(line) or json_format.MessageToDict(line.message) == line.fields["json"]


def test_every_transcript_is_played_or_has_a_reason() -> None:
    names = {transcript.name for transcript in TRANSCRIPTS}
    assert names >= {*NOT_REPLAYED, *ALLOWED, *PLAYED_UNTIL, *ON_CLASSIC}
    assert not {*ALLOWED, *PLAYED_UNTIL, *ON_CLASSIC} & NOT_REPLAYED.keys()


@pytest.mark.parametrize("transcript", REPLAYED)
async def test_client_and_worker_find_what_was_recorded(transcript: Transcript) -> None:
    name = new_name()
    async with scheduler_store(name) as store:
        await play(transcript, name, store)


@pytest.mark.azurite
@pytest.mark.parametrize(
    "transcript",
    [
        pytest.param(Transcript(name), id=name, marks=recorded(name, "classic"))
        for name in ON_CLASSIC
    ],
)
async def test_client_and_worker_find_it_on_a_storage_account_too(
    transcript: Transcript, request: pytest.FixtureRequest
) -> None:
    name = new_name()
    account = request.getfixturevalue("azurite").connection_string
    async with classic_store(name, account) as store:
        await play(transcript, name, store)


async def play(transcript: Transcript, name: str, store: HubStore) -> None:
    """Play *transcript*; fail for a difference that nothing explains."""
    end, _ = PLAYED_UNTIL.get(transcript.name, (None, ""))
    async with port_of(store) as port, as_the_sdk(transcript, port) as channel:
        stub = TaskHubSidecarServiceStub(channel)  # type: ignore[no-untyped-call]
        differences = await Replay(transcript, stub, name, end).run()

    allowed = ALLOWED.get(transcript.name, {})
    assert [text for text in differences if not any(known in text for known in allowed)] == []
    occurred = {known for known in allowed if any(known in text for text in differences)}
    assert occurred == set(allowed) or transcript.name in SOMETIMES


@asynccontextmanager
async def port_of(store: HubStore) -> AsyncIterator[int]:
    """Serve *store* for the body, which gets the port."""
    hub = TaskHub(store, settings=QUICK)
    running = asyncio.create_task(hub.run())
    server = await start_server(OneHub(hub), host="127.0.0.1", port=0)
    try:
        yield server.port
    finally:
        await server.stop(0)
        hub.stop_streams()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
