"""Line 40: what .NET left in the middle goes on here, and what is written here .NET can read.

No .NET node runs here. Its side is the golden hub ``waiting``, which it left when it was stopped, what
it made of it afterwards, and the rows that it writes: ours must have their columns.
"""

import asyncio
import contextlib
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.classic.envelope import Envelope, Wrapper, decode
from durahub.classic.history_rows import decode as decode_row
from durahub.classic.keys import unescape
from durahub.classic.payloads import unpack
from durahub.model.history import ExecutionStarted, Status, TaskScheduled
from durahub.model.message import Message
from tests.checklist.answers import text
from tests.checklist.recorded_app import ACTIVITIES, ORCHESTRATORS, play
from tests.checklist.recording_worker import RecordingWorker
from tests.checklist.served_hubs import ServedHub, classic_store, new_name, scheduler_store, served
from tests.checklist.stored_histories import put_history
from tests.golden.loading import load
from tests.golden.recorded import FOLDER, HUBS, RecordedHub, in_expectations, lines_of
from tests.sdk.raw_tables import columns, raw_rows

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAITING = RecordedHub("waiting")
NOT_AWAITED = {
    "awaits-timer-far": "it waits for days",
    "scheduled-far": "it waits for days",
    "49fb75c01f984ef7b7a278432e079c76:1": "its ID is made from an execution ID",
    "awaits-retry": "its retries wait for 25 s each",
}
NOT_COMPARED = ("BlobName", "DurahubConsumed")  # of large values; ours alone
Json = Any


def expected() -> dict[str, dict[str, Json]]:
    """Return how everything ended under .NET, by instance."""
    lines = lines_of(FOLDER / WAITING.name / "expected-finished.jsonl")
    return {line["instanceId"]: line for line in lines if line["instanceId"] not in NOT_AWAITED}


def messages() -> list[Message]:
    """Return the messages that .NET left in the queues."""
    found = []
    for left in WAITING.messages:
        envelope = decode(left.text)
        if isinstance(envelope, Wrapper):
            envelope = decode(unpack(WAITING.payloads[envelope.blob_name], envelope.blob_name))
        assert isinstance(envelope, Envelope)
        found.append(envelope.message)
    return found


async def hand_over(hub: ServedHub) -> None:
    """Put the same open instances and messages into the scheduler store, through the store seam."""
    waiting: defaultdict[str, list[Message]] = defaultdict(list)
    for message in messages():
        waiting[message.target.instance_id].append(message)
    for key, rows in WAITING.current_history.items():
        instance_id = unescape(key)
        events = [decode_row(row).event for row in rows]
        activities = [m for m in waiting.pop(instance_id, []) if isinstance(m.event, TaskScheduled)]
        others = [m for m in messages() if m.target.instance_id == instance_id]
        others = [m for m in others if not isinstance(m.event, TaskScheduled)]
        ended = WAITING.expected[instance_id]["status"] in ("Completed", "Failed", "Terminated")
        if not ended:
            await put_history(hub, instance_id, events, activities=activities, outbound=others)
    for instance_id, left in waiting.items():
        for message in left:
            if isinstance(message.event, ExecutionStarted) and message.event.parent is None:
                await hub.store.start(message, None)
            elif instance_id in expected():
                await hub.store.send(message)


def worker_of_the_app() -> RecordingWorker:
    worker = RecordingWorker()
    worker.orchestrators.update(dict.fromkeys(ORCHESTRATORS, play))
    worker.activities.update(ACTIVITIES)
    return worker


@contextlib.asynccontextmanager
async def taken_over(kind: str, account: str) -> AsyncIterator[ServedHub]:
    """Serve what .NET left, with a worker of the same app."""
    if kind == "scheduler":
        async with scheduler_store(new_name()) as store, served(store, worker_of_the_app()) as hub:
            await hand_over(hub)
            yield hub
        return
    name = new_name()  # tests of other files have it under its own
    await load(WAITING, account, name)
    await the_second_is_over()
    async with classic_store(name, account, create=False, partitions=None) as classic:
        try:
            async with served(classic, worker_of_the_app()) as hub:
                yield hub
        finally:
            await classic.delete()


async def the_second_is_over() -> None:
    """Wait for the next second: within one, messages are ordered by numbers that each program counts."""
    now = time.time()
    await asyncio.sleep(1 - now % 1)


@pytest.mark.line(40)
async def test_what_dotnet_left_waiting_ends_here_as_it_ended_there(
    store_kind: str, account: str
) -> None:
    async with taken_over(store_kind, account) as hub:
        await finish(hub)

        instances = expected()
        if store_kind == "scheduler":
            del instances["big-finished"]  # had ended already
        for instance_id, line in instances.items():
            state = await hub.ended(instance_id)
            assert Status(state.orchestrationStatus).name == line["status"], instance_id
            assert comparable(state.output.value) == comparable(line["output"]), instance_id
        if store_kind == "classic":
            check_rows(account, hub.name)


async def finish(hub: ServedHub) -> None:
    """Do what a client did when .NET was there again."""
    for step in json.loads((FOLDER / WAITING.name / "finish.json").read_bytes()):
        if step["op"] == "raise":
            given = text(json.dumps(step["data"], separators=(",", ":"), ensure_ascii=False))
            request = pb.RaiseEventRequest(instanceId=step["id"], name=step["name"], input=given)
            await hub.client.RaiseEvent(request)
        else:
            request = pb.ResumeRequest(instanceId=step["id"], reason=text(step["reason"]))
            await hub.client.ResumeInstance(request)


def comparable(output: Json) -> Json:
    """Return an output as the expectations have it, its JSON without spaces."""
    if isinstance(output, dict):
        return output
    try:
        compact = json.dumps(json.loads(output), separators=(",", ":"), ensure_ascii=False)
    except ValueError:
        return output
    return in_expectations(compact)


def check_rows(account: str, hub: str) -> None:
    """Expect that every row has the columns, with their types, of a row that .NET wrote."""
    theirs: defaultdict[str, list[list[tuple[str, str]]]] = defaultdict(list)
    for recorded in HUBS:
        for row in () if recorded.is_1x else recorded.history:
            kept = [one for one in columns(row) if not one[0].endswith(NOT_COMPARED)]
            theirs[str(row.get("EventType"))].append(kept)
    for row in raw_rows(account, f"{hub}History"):
        ours = [one for one in columns(row) if not one[0].endswith(NOT_COMPARED)]
        assert ours in theirs[str(row.get("EventType"))]
