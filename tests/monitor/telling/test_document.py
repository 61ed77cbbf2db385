"""The document of an instance: written and read back, refused where it is damaged, redacted."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import durahub_migrate.monitor.telling.document_schema as schemas
from durahub.errors import BadDocument
from durahub.model.failure import Failure
from durahub.model.history import (
    EVENT_CLASSES,
    Event,
    Execution,
    TaskCompleted,
)
from durahub.model.ticks import Ticks
from durahub.stored import StoredEvent, StoredInstance
from durahub_migrate.bundle import records
from durahub_migrate.monitor.hub import HubRef, StoreKind
from durahub_migrate.monitor.row import Kind, Row
from durahub_migrate.monitor.seam import Detail, LiveHistory
from durahub_migrate.monitor.telling.differing import differences
from durahub_migrate.monitor.telling.document import (
    InstanceDocument,
    document_text,
    read_document,
)
from durahub_migrate.monitor.telling.document_redaction import redacted_document
from durahub_migrate.monitor.telling.plain_values import members_of
from durahub_migrate.monitor.telling.redaction import RedactionPlace, by_name
from tests.golden.recorded import HUBS, RecordedHub
from tests.monitor.telling.any_events import TEXT, TICKS, events
from tests.monitor.telling.histories import at, live, recorded, recorded_history, started, turn

HUB = HubRef("orders@local", "orders", "azurite:orders", StoreKind.CLASSIC)
DOCUMENT = InstanceDocument(
    hub=HUB,
    made=at(0),
    detail=Detail(row=Row(hub=HUB.key, instance_id="order/7", name="Order", status="Running")),
    history=live((*turn(0, started()), TaskCompleted(timestamp=at(1), task_scheduled_id=0))),
)


@given(st.lists(events(), max_size=4), TEXT, st.none() | TICKS, st.dictionaries(TEXT, TEXT))
def test_what_was_written_is_read_back_to_the_same_values(
    history: list[Event], text: str, moment: Ticks | None, tags: dict[str, str]
) -> None:
    row = Row(
        hub=text,
        instance_id=text,
        kind=Kind.ENTITY,
        created=moment,
        tags=tags,
        bytes=3,
        output=text,
    )
    document = InstanceDocument(
        hub=HubRef(text, text, text, StoreKind.BUNDLE),
        made=Ticks(0),
        detail=Detail(row=row, input=text, operations=(text,), missing=((text, text),)),
        history=LiveHistory(
            execution_id=text,
            events=tuple(history),
            missing=((1, text, text),),
            beside={0: {"columns": {text: [1, None, text]}}},
            checkpoint=moment,
        ),
        redacted=True,
    )
    assert read_document(document_text(document)) == document


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_every_recorded_instance_comes_back_and_fits_the_schema(hub: RecordedHub) -> None:
    validator = jsonschema.Draft202012Validator(schemas.schema())
    for number, (instance_id, history) in enumerate(recorded(hub)):
        row = Row(hub=HUB.key, instance_id=instance_id)
        document = InstanceDocument(hub=HUB, made=at(0), detail=Detail(row=row), history=history)
        text = document_text(document)
        assert read_document(text.encode()) == document
        if len(history.events) < 30 and number < 25:  # validating takes its time
            validator.validate(json.loads(text))


def test_the_schema_that_is_shipped_is_that_of_the_types() -> None:
    shipped = Path(schemas.__file__).with_name("instance-document.schema.json").read_text()
    assert shipped == schemas.schema_text(), (
        "python -m durahub_migrate.monitor.telling.document_schema prints what belongs there"
    )


def test_an_instance_of_a_bundle_is_the_same_in_a_document() -> None:
    history = recorded_history("entities", "locked-and-released")
    stored = StoredInstance(
        instance_id="locked-and-released",
        execution_id=history.execution_id,
        name="Locks",
        version="",
        status="Completed",
        created=at(0),
        last_updated=at(1),
        completed=at(1),
        scheduled_start=None,
        input=None,
        output=None,
        custom_status=None,
        tags=None,
        generation=0,
        history=tuple(StoredEvent(one) for one in history.events),
    )
    parts = list(records.parts_of(stored.history))
    read = [one.event for part in parts for one in records.events_of(part, "bundle")]
    from_bundle = replace(DOCUMENT, history=live(read))
    again = read_document(document_text(from_bundle))
    assert all(one.change == "same" for one in differences(history, again.history, times=True))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda found: found.pop("detail"), "detail"),
        (lambda found: found.update(made="yesterday"), "made"),
        (lambda found: found["hub"].update(kind="cloud"), "hub.kind"),
        (lambda found: found["history"].update(events={}), "history.events"),
        (lambda found: found["history"]["events"][1].update(type="X"), "history.events[1]"),
        (lambda found: found["history"]["events"][1].pop("type"), "history.events[1]"),
        (lambda found: found["history"]["events"].insert(0, 7), "history.events[0]"),
        (
            lambda found: found["history"]["events"][3].update(taskScheduledId="0"),
            "history.events[3].taskScheduledId",
        ),
        (
            lambda found: found["history"]["events"][3].update(timestamp=5),
            "history.events[3].timestamp",
        ),
        (
            lambda found: found["history"]["events"][1]["execution"].pop("instanceId"),
            "instanceId is missing",
        ),
        (lambda found: found["history"].update(missing=[[1, "x"]]), "history.missing[0]"),
        (lambda found: found["history"].update(beside={"a": {}}), "history.beside.a"),
        (lambda found: found["detail"]["row"].update(tags=[]), "detail.row.tags"),
        (lambda found: found["detail"]["row"].update(bytes=True), "detail.row.bytes"),
        (lambda found: found.update(redacted=0), "redacted"),
        (lambda found: found.update(version=2), "version"),
        (lambda found: found.update(format="durahub-bundle"), "format"),
    ],
)
def test_a_damaged_document_is_refused_where_it_is_damaged(change: Any, place: str) -> None:
    found = json.loads(document_text(DOCUMENT))
    change(found)
    with pytest.raises(BadDocument) as refused:
        read_document(json.dumps(found))
    assert refused.value.code == "DH410"
    assert place in refused.value.sentence


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", b"\xff\xfe\xff", "[" * 100_000, '{"format":"durahub-instance"}']
)
def test_what_is_no_document_is_refused(text: str | bytes) -> None:
    with pytest.raises(BadDocument):
        read_document(text)


def test_failures_nested_beyond_reason_are_refused() -> None:
    found = json.loads(document_text(DOCUMENT))
    failure: dict[str, Any] = {"errorType": "E", "message": "m"}
    for _ in range(400):
        failure = {"errorType": "E", "message": "m", "inner": failure}
    found["history"]["events"] = [
        {"type": "TaskFailed", "timestamp": "2026-01-01T00:00:00Z", "taskScheduledId": 0}
        | {"failure": failure}
    ]
    with pytest.raises(BadDocument, match="nested too deeply"):
        read_document(json.dumps(found))


def test_any_cut_of_a_document_is_refused() -> None:
    text = document_text(DOCUMENT)
    for end in range(0, len(text) - 2, 17):
        with pytest.raises(BadDocument):
            read_document(text[:end])


def test_a_member_that_a_later_release_adds_is_passed_over() -> None:
    found = json.loads(document_text(DOCUMENT))
    found["detail"]["colour"] = "blue"
    assert read_document(json.dumps(found)) == DOCUMENT


def test_a_redacted_document_holds_no_secret_anywhere() -> None:
    secret = '{"password":"hunter2"}'
    failure = Failure(error_type="E", message=secret, stack_trace=secret)
    chosen = {
        **dict.fromkeys(("input", "result", "data", "state", "reason", "details"), secret),
        "failure": replace(failure, inner=failure, properties={"x": secret}),
    }
    needed = {
        "timestamp": at(0),
        "execution": Execution("i"),
        "status": 1,
        "fire_at": at(0),
        **dict.fromkeys(("task_scheduled_id", "timer_id"), 0),
        **dict.fromkeys(("name", "instance_id"), "n"),
    }
    history = [
        kind(
            **{name: value for name, value in (needed | chosen).items() if name in members_of(kind)}
        )
        for kind in EVENT_CLASSES.values()
    ]
    row = Row(hub="h", instance_id="i", input=secret, output=secret, custom_status=secret)
    whole = replace(
        DOCUMENT,
        detail=Detail(
            row=row, input=secret, output=secret, custom_status=secret, failure=secret, state=secret
        ),
        history=live(history, beside={0: {"columns": {"Result": secret}}}),
    )
    found = redacted_document(whole, by_name)
    assert found.redacted
    assert "hunter2" in document_text(whole)
    assert "hunter2" not in document_text(found)


def test_a_hook_is_told_where_a_text_stands() -> None:
    asked: list[RedactionPlace] = []

    def hook(place: RedactionPlace, text: str) -> str:
        asked.append(place)
        return text

    done = TaskCompleted(timestamp=at(0), task_scheduled_id=0, result="x")
    detail = replace(DOCUMENT.detail, custom_status="x")
    redacted_document(replace(DOCUMENT, detail=detail, history=live([done])), hook)
    assert asked == [
        RedactionPlace("order/7", "customStatus", "Order"),
        RedactionPlace("order/7", "result", None, 0),
    ]
