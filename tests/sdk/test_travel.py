"""The recorded app, run by a worker of the Python SDK: what came of it under .NET, what clients may do.

While the recorded instances wait for their timers (the longest for 30 seconds), the tests before them
do what was not recorded.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import grpc
import pytest
from durabletask.client import OrchestrationState, OrchestrationStatus
from durabletask.history import (
    EventRaisedEvent,
    ExecutionStartedEvent,
    OrchestratorStartedEvent,
    TaskFailedEvent,
    TimerCreatedEvent,
)

from tests.conftest import Storage
from tests.golden.recorded import in_expectations
from tests.sdk.recorded_plays import (
    GIVES_UP,
    Recorded,
    play,
    play_without_worker,
    recorded_instances,
)
from tests.sdk.row_differences import SAID_BY_THE_SDK
from tests.sdk.travel_hub import TRAVEL, TravelHub, refused, travel_hub, until

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

COMPLETED = OrchestrationStatus.COMPLETED
FAILED = OrchestrationStatus.FAILED
SUSPENDED = OrchestrationStatus.SUSPENDED
TERMINATED = OrchestrationStatus.TERMINATED

NOT_FOUND = grpc.StatusCode.NOT_FOUND
NOBODY = "no-such-instance"
ENDED_BY_THE_SERVER = "never-started-terminated"  # at once; .NET runs it until a worker comes to it
ODD_IDS = ("a/b\\c#d?e^f%20 g+h'i;j:k/2", "人-ünïcode-🚀", "%2F&=<>\"'`{}|~!$()*,@", "x" * 256)


@pytest.fixture(scope="module")
def hub(azurite: Storage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TravelHub]:
    """A hub with one worker, where everything recorded is being played."""
    with travel_hub(azurite, tmp_path_factory.mktemp("state"), hubs=2) as hub:
        play_without_worker(hub)
        hub.start_worker()
        play(hub)
        yield hub


def start(hub: TravelHub, name: str, given: Any = None, **options: Any) -> str:
    return hub.client.schedule_new_orchestration(name, input=given, **options)


def execution_of(hub: TravelHub, instance_id: str) -> ExecutionStartedEvent:
    """Return the start of an instance's current execution."""
    history = hub.client.get_orchestration_history(instance_id)
    [started] = [event for event in history if isinstance(event, ExecutionStartedEvent)]
    return started


def execution_id_of(hub: TravelHub, instance_id: str) -> str:
    instance = execution_of(hub, instance_id).orchestration_instance
    assert instance is not None
    assert instance.execution_id
    return instance.execution_id


# --- what orchestrations do -----------------------------------------------------------------------


def test_a_fan_out_of_a_thousand_runs_each_activity_once(hub: TravelHub, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    hub.start_worker(str(notes), app=TRAVEL.with_name("noted_travel.py"), hub=hub.names[1])

    with hub.client_of(hub.names[1]) as client:
        fan = client.schedule_new_orchestration("FanOut", input=1000)
        state = client.wait_for_orchestration_completion(fan, timeout=60)

    assert state is not None
    assert state.serialized_output == str(sum(k * k for k in range(1000)))
    ran = Counter(notes.read_text().split())
    assert sorted(int(k) for k in ran) == list(range(1000))
    again = {k: times for k, times in ran.items() if times > 1}
    # Only storage that did not answer in time, on a machine that is too busy, excuses a second run.
    assert not again or "code=timeout" in hub.server.output(), again


def test_results_of_20000_characters_may_be_many(hub: TravelHub) -> None:
    assert hub.ended(start(hub, "WideBig", 20)).serialized_output == "20"


def test_a_custom_status_is_seen_while_the_instance_runs(hub: TravelHub) -> None:
    waiting = start(hub, "Waits", {"twice": True})

    until(lambda: hub.begun(waiting).serialized_custom_status == '"waiting for Approval"')
    hub.client.raise_orchestration_event(waiting, "Approval", data=1)
    state = until(lambda: _if_answered(hub.client.get_orchestration_state(waiting)))

    assert state.runtime_status is OrchestrationStatus.RUNNING
    assert state.serialized_output is None


def _if_answered(state: OrchestrationState | None) -> OrchestrationState | None:
    answered = state is not None and state.serialized_custom_status == '{"answered":true}'
    return state if answered else None


def test_retries_wait_as_their_policy_says(hub: TravelHub) -> None:
    history = hub.client.get_orchestration_history("retries")

    failed = [e.timestamp for e in history if isinstance(e, TaskFailedEvent)]
    until_ = [e.fire_at for e in history if isinstance(e, TimerCreatedEvent)]
    waits = [(b - a).total_seconds() for a, b in zip(failed, until_, strict=True)]
    assert waits == [pytest.approx(1.0, abs=0.5), pytest.approx(1.5, abs=0.5)]


def test_a_failed_child_does_not_stop_its_sibling(hub: TravelHub) -> None:
    parent = start(hub, "FailsInTwoChildren", "q", instance_id="two-children")

    failure = hub.ended(parent).failure_details
    assert failure is not None
    assert SAID_BY_THE_SDK.sub("", failure.message) == "not yet a"
    assert hub.ended("two-children:a").runtime_status is FAILED
    assert hub.ended("two-children:b").serialized_output == '{"line":"b","hello":"Hello, b!"}'


def test_a_failure_has_its_type_and_message(hub: TravelHub) -> None:
    state = hub.ended(start(hub, "FailsWithProperties", "row 1"))

    assert state.runtime_status is FAILED
    assert state.failure_details is not None
    assert state.failure_details.error_type == "durabletask.task.TaskFailedError"
    assert state.failure_details.message.endswith(": bad row 1 (Parameter 'row')")


# --- what clients do ------------------------------------------------------------------------------


def test_a_suspended_instance_keeps_an_event_until_it_is_resumed(hub: TravelHub) -> None:
    waiting = start(hub, "Waits", {"twice": False})
    hub.begun(waiting)
    hub.client.suspend_orchestration(waiting, reason="lunch")
    hub.once(waiting, SUSPENDED)

    hub.client.raise_orchestration_event(waiting, "Approval", data="meanwhile")
    until(lambda: EventRaisedEvent in hub.kinds(waiting))
    state = hub.client.get_orchestration_state(waiting)
    assert state is not None
    assert (state.runtime_status, state.serialized_output) == (SUSPENDED, None)

    hub.client.resume_orchestration(waiting)
    assert json.loads(hub.ended(waiting).serialized_output or "")["answer"] == "meanwhile"


def test_terminate_ends_the_children_too_when_asked_to(hub: TravelHub) -> None:
    parent = start(hub, "UsesParts", instance_id="to-be-terminated")
    hub.begun("to-be-terminated:waits")

    hub.client.terminate_orchestration(parent, output="no more", recursive=True)

    assert hub.ended(parent).serialized_output == '"no more"'
    assert hub.ended("to-be-terminated:waits").runtime_status is TERMINATED


def test_terminate_leaves_the_children_alone_when_asked_to(hub: TravelHub) -> None:
    parent = start(hub, "UsesParts", instance_id="to-be-left")
    hub.begun("to-be-left:waits")

    hub.client.terminate_orchestration(parent, recursive=False)
    assert hub.ended(parent).runtime_status is TERMINATED

    hub.client.raise_orchestration_event("to-be-left:waits", "Approval", data=1)
    assert hub.ended("to-be-left:waits").runtime_status is COMPLETED


def test_an_instance_that_waits_for_a_retry_can_be_terminated(hub: TravelHub) -> None:
    state = hub.ended(GIVES_UP)

    assert (state.runtime_status, state.serialized_output) == (TERMINATED, '"enough"')


def test_a_scheduled_start_does_not_run_before_its_time(hub: TravelHub) -> None:
    due = datetime.now(timezone.utc) + timedelta(seconds=2.5)
    later = start(hub, "Echo", "later", start_at=due)

    state = hub.client.get_orchestration_state(later)
    assert state is not None
    is_late = datetime.now(timezone.utc) >= due  # a busy machine looks behind that time
    assert state.runtime_status is OrchestrationStatus.PENDING or is_late
    assert hub.ended(later).serialized_output == '"later"'
    history = hub.client.get_orchestration_history(later)
    [began] = [event for event in history if isinstance(event, OrchestratorStartedEvent)]
    assert _utc(began.timestamp) >= due
    scheduled = execution_of(hub, later).scheduled_start_timestamp
    assert scheduled is not None
    assert _utc(scheduled) == due


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=timezone.utc)


def test_the_id_of_a_running_instance_is_taken(hub: TravelHub) -> None:
    running = start(hub, "Waits", {"twice": False})
    hub.begun(running)
    execution = execution_id_of(hub, running)

    with refused(grpc.StatusCode.ALREADY_EXISTS):
        start(hub, "Echo", "thief", instance_id=running)

    assert execution_id_of(hub, running) == execution


@pytest.mark.parametrize("instance_id", ODD_IDS)
def test_an_id_may_hold_any_character(instance_id: str, hub: TravelHub) -> None:
    start(hub, "Waits", {"twice": True}, instance_id=instance_id)
    hub.client.raise_orchestration_event(instance_id, "Approval", data=instance_id)
    hub.begun(instance_id)
    hub.client.raise_orchestration_event(instance_id, "Approval", data="b")

    state = hub.ended(instance_id)
    assert json.loads(state.serialized_output or "")["answer"] == instance_id
    assert instance_id in {s.instance_id for s in hub.client.get_all_orchestration_states()}
    assert execution_id_of(hub, instance_id)
    assert hub.client.purge_orchestration(instance_id).deleted_instance_count == 1


def test_a_parent_with_an_odd_id_hears_of_its_children(hub: TravelHub) -> None:
    parent = start(hub, "Parent", instance_id="p/\\#?^%2F ü🚀")

    assert [child["line"] for child in json.loads(hub.ended(parent).serialized_output or "")] == [
        "one",
        "two",
    ]
    assert hub.ended(f"{parent}:child-1").runtime_status is COMPLETED


def test_a_start_keeps_its_tags_and_its_version(hub: TravelHub) -> None:
    started = execution_of(hub, "five-cities")

    assert started.version == "1.2.3"
    assert started.tags == {"team": "north", "cost-center": "42 é"}


@pytest.mark.parametrize("new_id", [False, True])
def test_a_restart_runs_the_same_input_again(new_id: bool, hub: TravelHub) -> None:
    first = start(hub, "EchoBig", "x" * 70_000, version="2", tags={"kept": "yes"})
    before = hub.ended(first)
    execution = execution_id_of(hub, first)

    again = hub.client.restart_orchestration(first, restart_with_new_instance_id=new_id)

    assert (again != first) is new_id
    if not new_id:
        until(lambda: execution_id_of(hub, again) != execution)
    assert hub.ended(again).serialized_output == before.serialized_output
    restarted = execution_of(hub, again)
    assert (restarted.name, restarted.version, restarted.tags) == ("EchoBig", "2", {"kept": "yes"})


def test_only_what_has_ended_is_purged_or_restarted(hub: TravelHub) -> None:
    running = start(hub, "Waits", {"twice": False})
    hub.begun(running)

    with refused(grpc.StatusCode.FAILED_PRECONDITION):
        hub.client.purge_orchestration(running)
    with refused(grpc.StatusCode.FAILED_PRECONDITION):
        hub.client.restart_orchestration(running)

    hub.client.raise_orchestration_event(running, "Approval", data=1)
    assert hub.ended(running).runtime_status is COMPLETED


def test_a_purged_instance_is_gone_with_its_children(hub: TravelHub) -> None:
    parent = start(hub, "Parent", instance_id="to-be-purged")
    hub.ended(parent)

    assert hub.client.purge_orchestration(parent, recursive=True).deleted_instance_count == 3

    for gone in (parent, f"{parent}:child-1"):
        assert hub.client.get_orchestration_state(gone) is None
        assert hub.kinds(gone) == []
    assert hub.client.purge_orchestration(parent).deleted_instance_count == 0


def test_a_purge_by_time_and_status_takes_what_matches(hub: TravelHub) -> None:
    since = datetime.now(timezone.utc)
    done = [start(hub, "Echo", n) for n in range(3)]
    failed = start(hub, "FailsItself", "x")
    for instance in (*done, failed):
        hub.ended(instance)

    purged = hub.client.purge_orchestrations_by(created_time_from=since, runtime_status=[COMPLETED])

    assert (purged.deleted_instance_count, purged.is_complete) == (3, True)
    assert [hub.client.get_orchestration_state(instance) for instance in done] == [None] * 3
    assert hub.ended(failed).runtime_status is FAILED


def test_an_event_for_an_instance_that_has_ended_has_no_effect(hub: TravelHub) -> None:
    ended = start(hub, "Echo", 1)
    state = hub.ended(ended)

    hub.client.raise_orchestration_event(ended, "Approval", data=1)
    hub.client.terminate_orchestration(ended)
    hub.client.suspend_orchestration(ended)

    assert hub.client.get_orchestration_state(ended) == state


UNKNOWN: dict[str, Callable[[TravelHub], object]] = {
    "raise-event": lambda hub: hub.client.raise_orchestration_event(NOBODY, "Approval"),
    "terminate": lambda hub: hub.client.terminate_orchestration(NOBODY),
    "suspend": lambda hub: hub.client.suspend_orchestration(NOBODY),
    "resume": lambda hub: hub.client.resume_orchestration(NOBODY),
    "restart": lambda hub: hub.client.restart_orchestration(NOBODY),
}


@pytest.mark.parametrize("call", UNKNOWN)
def test_an_unknown_instance_is_not_found(call: str, hub: TravelHub) -> None:
    with refused(NOT_FOUND):
        UNKNOWN[call](hub)

    assert hub.client.get_orchestration_state(NOBODY) is None


# --- what .NET made of the same -------------------------------------------------------------------


@pytest.mark.parametrize("recorded", recorded_instances().values(), ids=str)
def test_it_ends_as_it_did_under_dotnet(recorded: Recorded, hub: TravelHub) -> None:
    state = hub.ended(recorded.instance_id)

    assert (state.name, state.runtime_status) == (recorded.name, recorded.status)
    if recorded.instance_id != ENDED_BY_THE_SERVER:
        assert comparable(state.serialized_custom_status) == comparable(recorded.custom_status)
    if recorded.status is FAILED:
        failure = state.failure_details
        assert failure is not None
        _, _, message = recorded.output.partition(": ")
        assert SAID_BY_THE_SDK.sub("", failure.message) == message
        assert state.serialized_output == f"{failure.error_type}: {failure.message}"
    elif recorded.status is TERMINATED:  # the Python SDK writes the reason as JSON
        assert json.loads(state.serialized_output or "") == recorded.output
    else:
        assert comparable(state.serialized_output) == comparable(recorded.output)


def comparable(text: Any) -> Any:
    """Return the value of a JSON text: .NET escapes more, and writes ``null`` where Python has none.

    A long text must be the same letter for letter.
    """
    shown = in_expectations(text)
    return json.loads(shown) if isinstance(shown, str) else shown
