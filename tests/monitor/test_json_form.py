"""The monitor's values in JSON."""

import json

import pytest

from durahub.model.ticks import parse
from durahub_migrate.monitor.hub import HubRef, StoreKind
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.monitor.row import Kind, Row
from durahub_migrate.monitor.series import Series
from durahub_migrate.monitor.waiting import Evidence, Explanation, Reason


def test_members_are_in_camel_case_and_times_are_texts() -> None:
    created = parse("2026-11-21T12:00:00.1234567Z")
    row = Row(hub="orders@local", instance_id="order/7", created=created, tags={"b": "2"})

    found = to_json(row)

    assert found["instanceId"] == "order/7"
    assert found["created"] == "2026-11-21T12:00:00.1234567Z"
    assert found["updated"] is None
    assert found["kind"] == Kind.ORCHESTRATION.value
    assert found["tags"] == {"b": "2"}
    assert json.loads(json.dumps(found)) == found


def test_values_within_values_are_written_too() -> None:
    at = parse("2026-11-21T12:00:00Z")
    told = Explanation(
        instance_id="a",
        reason=Reason.TIMER_UNTIL,
        sentence="It waits for a timer.",
        is_stuck=False,
        at=at,
        evidence=(Evidence(sentence="There is a timer.", since=at),),
    )

    found = to_json(told)

    assert found["reason"] == "timer_until"
    assert found["isStuck"] is False
    assert found["evidence"][0]["since"] == "2026-11-21T12:00:00Z"
    assert found["evidence"][0]["weight"] == "fact"


def test_sets_are_sorted_and_enums_are_their_values() -> None:
    assert to_json({StoreKind.CLASSIC: frozenset({"b", "a"})}) == {"classic": ["a", "b"]}
    assert to_json(HubRef("a@b", "a", "azurite:a", StoreKind.CLASSIC))["kind"] == "classic"


def test_what_has_no_form_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="object has no form in JSON"):
        to_json(object())


def test_several_times_are_texts_each() -> None:
    at = parse("2026-11-21T12:00:00Z")
    told = Series(times=(at,), started=(1,), ended=(0,), failed=(0,), p50=(None,), p95=(None,))

    assert to_json(told)["times"] == ["2026-11-21T12:00:00Z"]
    assert to_json(told)["started"] == [1]
