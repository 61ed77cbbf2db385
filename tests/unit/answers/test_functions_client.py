"""What Durable Functions' client tells, its failures included, beyond what was recorded."""

from typing import Any

from durahub.answers.dtfx_client import history_answer
from durahub.answers.functions_client import extension_answer
from durahub.model.history import (
    Event,
    OrchestratorCompleted,
    OrchestratorStarted,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TaskScheduled,
)
from durahub.model.ticks import parse
from durahub.stored import StoredEvent, StoredInstance

AT = parse("2026-03-01T10:00:00Z")


def stored(status: str = "Running", **members: Any) -> StoredInstance:
    return StoredInstance(
        **{
            "instance_id": "a",
            "execution_id": "e",
            "name": "A",
            "version": None,
            "status": status,
            "created": AT,
            "last_updated": AT,
            "completed": None,
            "scheduled_start": None,
            "input": None,
            "output": None,
            "custom_status": None,
            "tags": None,
            "generation": 0,
            **members,
        }
    )


def answer(*events: Event, **members: Any) -> dict[str, Any]:
    return extension_answer(stored(**members), history_answer(map(StoredEvent, events)))


def kinds(told: dict[str, Any]) -> list[str]:
    return [event["EventType"] for event in told["extension"]["History"]]


def test_what_scheduled_something_is_told_with_what_came_of_it() -> None:
    told = answer(
        OrchestratorStarted(timestamp=AT),
        TaskScheduled(timestamp=AT, event_id=4, name="Pay"),
        TaskScheduled(timestamp=AT, event_id=5, name="Ship"),
        OrchestratorCompleted(timestamp=AT),
        TaskCompleted(timestamp=AT, task_scheduled_id=4, result='{"ok":true}'),
    )

    assert kinds(told) == ["TaskScheduled", "TaskCompleted"]
    open_, done = told["extension"]["History"]
    assert open_["Name"] == "Ship"
    assert done["FunctionName"] == "Pay"
    assert done["ScheduledTime"] == "2026-03-01T10:00:00+00:00"
    assert done["Result"] == {"ok": True}


def test_a_pending_instance_has_no_history() -> None:
    assert answer(status="Pending")["extension"]["History"] is None
    assert answer()["extension"]["History"] == []


def test_a_number_that_stands_there_twice_is_the_extensions_own_failure() -> None:
    told = answer(
        SubOrchestrationInstanceCreated(timestamp=AT, event_id=1, instance_id="b", name="B"),
        SubOrchestrationInstanceCreated(timestamp=AT, event_id=1, instance_id="c", name="C"),
    )

    assert told["extension"]["History"] is None
    assert told["extensionHistoryError"].endswith("Key: SubOrchestrationInstanceCreated_1")


def test_a_result_that_stands_there_twice_hides_a_neighbour_as_it_does_in_dotnet() -> None:
    scheduled = TaskScheduled(timestamp=AT, event_id=0, name="Pay")
    done = TaskCompleted(timestamp=AT, task_scheduled_id=0, result="1")

    assert len(answer(scheduled, done, done)["extension"]["History"]) == 1


def test_payloads_are_told_as_values_and_a_status_as_its_number() -> None:
    told = answer(
        status="Terminated", input=' {"a": 1.50} ', output="not needed", custom_status=""
    )["extension"]

    assert told["Input"] == {"a": 1.5}
    assert told["Output"] == "not needed"
    assert told["CustomStatus"] == ""
    assert told["RuntimeStatus"] == 5
