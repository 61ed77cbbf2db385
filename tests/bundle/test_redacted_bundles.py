"""A redacted bundle: nothing of IDs and payloads is in it, and yet it can be checked and counted."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import zstandard
from hypothesis import given

from durahub.engine.entities.messages import (
    Release,
    Request,
    Response,
    release_text,
    request_of,
    request_text,
    response_text,
)
from durahub.engine.entities.scheduler_state import SchedulerState, scheduler_state_text
from durahub.errors import BadRow, RedactedBundle
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionStarted,
    SubOrchestrationInstanceCreated,
    TaskFailed,
    TaskScheduled,
)
from durahub.model.message import Message
from durahub.model.ticks import later
from durahub.stored import NotRead, StoredInstance, StoredMessage
from durahub_migrate.bundle.manifest import Manifest, SourceHub
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.bundle.writer import BundleWriter
from durahub_migrate.cli.verify import place_opener
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.export.exporting import export
from durahub_migrate.export.redacting import Redaction
from durahub_migrate.lint.sources.bundle import BundleSource
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from tests.bundle.bundles import GIVEN, HUB, NOON, a_history, an_instance
from tests.unit.scheduler.scheduler_values import events

GUID = "7d9f9b1e-0000-4000-8000-00000000000a"
ID, CHILD, ENTITY = "SECRET-order", "SECRET-child", "@counter@SECRET-key"
KEY = Redaction(b"a key")


def told(event_id: int, name: str, text: str, to: str = ENTITY) -> EventSent:
    return EventSent(event_id=event_id, timestamp=NOON, instance_id=to, name=name, input=text)


ASKED = Request(id=GUID, operation="add", input='"SECRET"', parent=ID)
LOCK = Request(id=GUID, operation=None, parent=ID, lock_set=(ENTITY,))
STATE = SchedulerState(state='"SECRET state"', queue=(ASKED,), locked_by=ID)
WHY = Failure(
    error_type="E",
    message="SECRET",
    stack_trace="SECRET",
    inner=Failure(error_type="E", message="SECRET"),
    properties={"a": "SECRET"},
)
STORY: tuple[Event, ...] = (
    *a_history(ID, "SECRET-gone", text='"SECRET in"'),
    told(2, "op", request_text(ASKED)),
    told(3, "op", request_text(LOCK)),
    told(4, "release", release_text(Release(ID, GUID))),
    told(5, "op", "SECRET, and no request"),
    EventRaised(timestamp=NOON, name=GUID, input=response_text(Response(result='"SECRET"'))),
    EventRaised(timestamp=NOON, name=GUID, input=response_text(Response(failure=WHY))),
    EventRaised(timestamp=NOON, name="approve", input='"SECRET"'),
    TaskFailed(timestamp=NOON, task_scheduled_id=1, reason="SECRET", details="SECRET", failure=WHY),
    SubOrchestrationInstanceCreated(
        event_id=6, timestamp=NOON, instance_id=CHILD, name="Ship", input="SECRET"
    ),
)
INSTANCES = (
    an_instance(
        ID, status="Running", history=STORY, tags={"who": "SECRET"}, input="SECRET", output="SECRET"
    ),
    an_instance(CHILD, parent=ID, input="SECRET " * 200_000, custom_status='"SECRET"'),
    an_instance(
        ENTITY,
        status="Running",
        name="@counter",
        input=scheduler_state_text(STATE),
        custom_status='{"entityExists":true,"lockedBy":"SECRET-order"}',
        history=[
            ExecutionStarted(
                timestamp=NOON,
                execution=Execution(ENTITY, "e1"),
                name="@counter",
                input=scheduler_state_text(STATE),
            )
        ],
        beside={"blobs": {"Input": "SECRET.gz"}, "bytes": 700},
    ),
)
MESSAGES = (
    StoredMessage(
        queue="orders-workitems",
        message_id="m1",
        message=Message(
            event=TaskScheduled(event_id=7, timestamp=NOON, name="Pay", input="SECRET"),
            target=Execution(ID, "e1"),
            sender=Execution(ID, "e1"),
            tags={"who": "SECRET"},
        ),
        raw=b"SECRET",
        blob="SECRET.gz",
    ),
)
UNREAD = NotRead(
    "table ordersInstances, row 'SECRET'", BadRow("row 'SECRET'", "SECRET"), b"SECRET", ID
)


@dataclass(frozen=True)
class Hub:
    """An outlet of these."""

    hub: SourceHub = HUB

    async def is_quiet(self) -> bool:
        return True

    async def messages(self) -> AsyncIterator[StoredMessage | NotRead]:
        for one in (*MESSAGES, UNREAD):
            yield one

    async def instances(self) -> AsyncIterator[StoredInstance | NotRead]:
        for one in (*INSTANCES, replace(UNREAD, place="SECRET")):
            yield one


async def exported(folder: Path, redaction: Redaction | None = KEY) -> Manifest:
    with BundleWriter(folder, GIVEN) as writer:
        return await export(Hub(), writer, lambda: later(NOON, 60), redaction=redaction)


def everything_in(folder: Path) -> bytes:
    """Return all that is in the files of a bundle, unpacked."""
    found = bytearray()
    for file in (one for one in folder.rglob("*") if one.is_file()):
        content = file.read_bytes()
        if file.suffix == ".zst":
            reader = zstandard.ZstdDecompressor().stream_reader(content, read_across_frames=True)
            content = reader.read()
        found += str(file.relative_to(folder)).encode() + content
    return bytes(found)


async def test_no_id_and_no_payload_is_in_it(tmp_path: Path) -> None:
    await exported(tmp_path / "whole", None)
    assert everything_in(tmp_path / "whole").count(b"SECRET") > 40

    manifest = await exported(tmp_path / "b")

    assert manifest.redacted
    assert b"SECRET" not in everything_in(tmp_path / "b")
    BundleReader(tmp_path / "b").verify()


async def test_it_counts_as_the_whole_one_does(tmp_path: Path) -> None:
    whole = (await exported(tmp_path / "whole", None)).counts
    found = (await exported(tmp_path / "b")).counts
    assert replace(found, payloads=0, payload_bytes=0) == replace(
        whole, payloads=0, payload_bytes=0
    )
    child, order, entity = BundleReader(tmp_path / "b").instances()
    for one in (child, order, entity):
        assert not one.row.instance_id.startswith("SECRET")


async def test_what_belongs_together_still_does(tmp_path: Path) -> None:
    await exported(tmp_path / "b")
    found = [
        (one.head, one.whole(), one.entity) for one in BundleReader(tmp_path / "b").instances()
    ]
    order, child, entity = found
    assert child[0].root_instance_id == order[1].instance_id == KEY.id(ID)
    created = order[1].history[-1].event
    assert isinstance(created, SubOrchestrationInstanceCreated)
    assert created.instance_id == child[1].instance_id
    assert entity[1].instance_id == KEY.id(ENTITY)
    assert entity[1].instance_id.startswith("@counter@")
    assert entity[2] is not None
    assert entity[2].locked_by == order[1].instance_id
    assert json.loads(entity[2].state.value)["redacted"]["bytes"] == len('"SECRET state"')
    [asked] = entity[2].backlog
    assert asked.entityOperationCalled.operation == "add"
    sent = order[1].history[8].event
    assert isinstance(sent, EventSent)
    assert request_of(sent.input).parent == KEY.id(ID)


async def test_one_key_gives_one_root_and_another_key_another(tmp_path: Path) -> None:
    roots = [
        (await exported(tmp_path / name, Redaction(key))).root
        for name, key in (("1", b"a"), ("2", b"a"), ("3", b"b"))
    ]
    assert roots[0] == roots[1] != roots[2]


async def test_it_is_linted_and_neither_moved_nor_compared(tmp_path: Path) -> None:
    await exported(tmp_path / "b")
    source = BundleSource("b", tmp_path / "b", ReadingOptions())
    assert len([one async for one in source.facts()]) > len(INSTANCES)
    with pytest.raises(RedactedBundle):
        open_content(tmp_path / "b")
    with pytest.raises(RedactedBundle):
        async with place_opener(str(tmp_path / "b"))():
            pass


@given(events)
def test_every_event_can_be_redacted(event: Event) -> None:
    for of_entity in (False, True):
        found = KEY.event(event, of_entity=of_entity)
        assert type(found) is type(event)
        assert found.timestamp == event.timestamp
