"""The Python SDK, client and worker: every feature, against a server on each store."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import grpc
import pytest
from durabletask.client import EntityQuery, OrchestrationQuery, OrchestrationStatus
from durabletask.entities import EntityInstanceId
from durabletask.history import TaskCompletedEvent, TaskScheduledEvent

from tests.sdk.apps.mixed import COUNTER
from tests.sdk.python_hub import PythonHub, completed, new_id, python_worker
from tests.sdk.travel_hub import refused, until
from tests.sdk.two_stores import BOTH_STORES, new_hub, server_on

pytestmark = pytest.mark.sdk

COMPLETED = OrchestrationStatus.COMPLETED
FAILED = OrchestrationStatus.FAILED
PENDING = OrchestrationStatus.PENDING
RUNNING = OrchestrationStatus.RUNNING
SUSPENDED = OrchestrationStatus.SUSPENDED
TERMINATED = OrchestrationStatus.TERMINATED
NOT_FOUND = grpc.StatusCode.NOT_FOUND
GREETED = ["Hello, Lima!"]


@pytest.fixture(scope="module", params=BOTH_STORES)
def hub(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PythonHub]:
    name, state = new_hub("Py"), tmp_path_factory.mktemp("state")
    with server_on(request.param, request, state, name) as server:
        hub = PythonHub(server.ready.endpoint, name)
        with hub.client, python_worker(hub.endpoint, name):
            yield hub


def shows(feature: str, *rpcs: str) -> pytest.MarkDecorator:
    return pytest.mark.feature(feature, sdk="python", rpcs=rpcs)


# --- orchestrations -------------------------------------------------------------------------------


@shows("activities, one after another", "Hello")
def test_activities_run_one_after_another(hub: PythonHub) -> None:
    assert hub.output("py_greet_all", ["Tokyo", "Lima"]) == ["Hello, Tokyo!", "Hello, Lima!"]


@shows("activities side by side")
def test_activities_run_side_by_side(hub: PythonHub) -> None:
    assert hub.output("py_squares", 30) == 8555


@shows("many instances at once")
def test_many_instances_run_at_once(hub: PythonHub) -> None:
    started = [hub.start("py_squares", 5) for _ in range(40)]

    assert {completed(hub.ended(one)) for one in started} == {30}


@shows("timers")
def test_a_timer_does_not_fire_early(hub: PythonHub) -> None:
    assert hub.output("py_sleep", 0.5) >= 0.5


@shows("timer against event")
def test_the_first_of_timer_and_event_wins(hub: PythonHub) -> None:
    waiting = hub.start("py_deadline", 60)
    hub.client.raise_orchestration_event(waiting, "approval", data={"by": "me"})

    assert completed(hub.ended(waiting)) == {"by": "me"}
    assert hub.output("py_deadline", 0.05) == "too late"


@shows("external events")
def test_events_of_a_name_keep_their_order(hub: PythonHub) -> None:
    waiting = hub.start("py_collect", ["a", "b", "a"])
    for name, data in (("b", 1), ("A", 2), ("a", 3)):
        hub.client.raise_orchestration_event(waiting, name, data=data)

    assert completed(hub.ended(waiting)) == [2, 1, 3]


@shows("events between orchestrations")
def test_an_orchestration_sends_another_an_event(hub: PythonHub) -> None:
    waiting = hub.start("py_collect", ["from-afar"])
    hub.begun(waiting)

    assert hub.output("py_send_to", {"to": waiting, "name": "from-afar", "data": [1]}) == "sent"
    assert completed(hub.ended(waiting)) == [[1]]


@shows("sub-orchestrations")
def test_a_child_knows_its_parent(hub: PythonHub) -> None:
    own, child, grandchild = hub.output("py_parent", 2)

    assert own["parent"] is None
    assert child["parent"] == own["id"]
    assert grandchild["parent"] == child["id"]


@shows("IDs of sub-orchestrations")
def test_a_child_has_the_id_that_its_parent_chose(hub: PythonHub) -> None:
    chosen = new_id()

    assert hub.output("py_names_its_child", chosen) == GREETED
    assert hub.state(chosen).runtime_status is COMPLETED


@shows("failures of sub-orchestrations")
def test_the_failure_of_a_child_can_be_caught(hub: PythonHub) -> None:
    assert "in the child" in hub.output("py_child_fails", "in the child")


@shows("failures of activities")
def test_a_failure_has_its_type_and_message(hub: PythonHub) -> None:
    caught = hub.output("py_catches", "not today")
    state = hub.run("py_activity_fails", "for good")

    assert caught["message"] == "not today"
    assert caught["type"].endswith("ValueError")
    assert state.runtime_status is FAILED
    assert state.failure_details is not None
    assert "for good" in state.failure_details.message


@shows("orchestrators that no worker knows")
def test_an_unknown_orchestrator_fails(hub: PythonHub) -> None:
    assert hub.run("nobody_wrote_this").runtime_status is FAILED


@shows("retries")
def test_activities_and_children_are_tried_again(hub: PythonHub) -> None:
    assert hub.output("py_retries", new_id()) == 3
    assert hub.output("py_retries_a_child", new_id()) == ["Hello, Cairo!", 2]


@shows("continue-as-new")
def test_an_orchestration_continues_as_new(hub: PythonHub) -> None:
    state = hub.run("py_count_to", {"now": 1, "end": 6})

    assert completed(state) == 6
    assert state.get_input() == {"now": 6, "end": 6}


@shows("continue-as-new keeps events")
def test_events_outlive_continuing_as_new(hub: PythonHub) -> None:
    adding = hub.start("py_keeps_events", 0)
    for number in (1, 2, 3, 4, 0):
        hub.client.raise_orchestration_event(adding, "add", data=number)

    assert completed(hub.ended(adding)) == 10


@shows("custom status")
def test_a_custom_status_is_seen_while_it_runs(hub: PythonHub) -> None:
    reporting = hub.start("py_reports")
    for step in (1, 2):
        until(lambda step=step: hub.state(reporting).get_custom_status() == {"step": step})  # type: ignore[misc]
        hub.client.raise_orchestration_event(reporting, "next")

    assert hub.ended(reporting).get_custom_status() == {"step": 2}


@shows("deterministic GUIDs")
def test_guids_do_not_repeat(hub: PythonHub) -> None:
    assert len(set(hub.output("py_guids"))) == 3


@shows("versions")
def test_an_orchestration_knows_its_version(hub: PythonHub) -> None:
    assert hub.output("py_version", version="2.0.0") == "2.0.0"
    assert not hub.output("py_version")


@shows("large payloads")
def test_payloads_may_be_large_and_odd(hub: PythonHub) -> None:
    odd = "\u2028\0😀'\"\\"

    assert hub.output("py_repeats", {"letter": "é", "times": 200_000}) == "é" * 200_000
    assert hub.output("py_repeats", {"letter": odd, "times": 1}) == odd


# --- management -----------------------------------------------------------------------------------


@shows("state of an instance")
def test_a_state_has_payloads_when_asked(hub: PythonHub) -> None:
    ended = hub.run("py_greet_all", ["Lima"])

    bare = hub.client.get_orchestration_state(ended.instance_id, fetch_payloads=False)

    assert bare is not None
    assert (bare.name, bare.runtime_status) == ("py_greet_all", COMPLETED)
    assert bare.serialized_output is None
    assert hub.state(ended.instance_id).get_input() == ["Lima"]


@shows("waits for start and end")
def test_waiting_ends_with_what_was_awaited(hub: PythonHub) -> None:
    waiting = hub.start("py_collect", ["go"])

    assert hub.begun(waiting).runtime_status is RUNNING
    with pytest.raises(TimeoutError):
        hub.client.wait_for_orchestration_completion(waiting, timeout=1)
    hub.client.raise_orchestration_event(waiting, "go")
    assert hub.ended(waiting).runtime_status is COMPLETED


@shows("unknown instances")
def test_an_unknown_instance_is_not_found(hub: PythonHub) -> None:
    nobody = new_id()

    assert hub.client.get_orchestration_state(nobody) is None
    for call in (
        hub.client.terminate_orchestration,
        hub.client.suspend_orchestration,
        hub.client.resume_orchestration,
        hub.client.restart_orchestration,
    ):
        with refused(NOT_FOUND):
            call(nobody)
    with refused(NOT_FOUND):
        hub.client.raise_orchestration_event(nobody, "any")


@shows("scheduled start")
def test_a_scheduled_start_waits(hub: PythonHub) -> None:
    due = datetime.now(timezone.utc) + timedelta(seconds=1)
    scheduled = hub.start("py_greet_all", ["Lima"], start_at=due)

    found = hub.state(scheduled).runtime_status
    assert found is PENDING or datetime.now(timezone.utc) >= due  # a busy machine looks late
    assert completed(hub.ended(scheduled)) == GREETED
    assert datetime.now(timezone.utc) >= due


@shows("tags")
def test_a_start_with_tags_is_accepted(hub: PythonHub) -> None:
    assert hub.output("py_greet_all", ["Lima"], tags={"team": "blue"}) == GREETED


@shows("reuse of instance IDs")
def test_the_id_of_an_ended_instance_may_be_used_again(hub: PythonHub) -> None:
    reused = hub.start("py_collect", ["again"], instance_id=new_id())
    hub.begun(reused)

    with refused(grpc.StatusCode.ALREADY_EXISTS):
        hub.start("py_greet_all", ["Lima"], instance_id=reused)
    hub.client.raise_orchestration_event(reused, "again")
    hub.ended(reused)
    assert hub.output("py_greet_all", ["Lima"], instance_id=reused) == GREETED


@shows("suspend and resume")
def test_a_suspended_instance_keeps_its_events(hub: PythonHub) -> None:
    waiting = hub.start("py_collect", ["go"])
    hub.begun(waiting)
    hub.client.suspend_orchestration(waiting)
    hub.once(waiting, SUSPENDED)

    hub.client.raise_orchestration_event(waiting, "go", data=7)

    assert hub.state(waiting).runtime_status is SUSPENDED
    hub.client.resume_orchestration(waiting)
    assert completed(hub.ended(waiting)) == [7]


@shows("terminate")
def test_a_terminated_instance_has_the_output_given(hub: PythonHub) -> None:
    waiting = hub.start("py_collect", ["never"])
    hub.begun(waiting)

    hub.client.terminate_orchestration(waiting, output={"why": "enough"})

    state = hub.ended(waiting)
    assert (state.runtime_status, state.get_output()) == (TERMINATED, {"why": "enough"})


@shows("terminate with sub-orchestrations")
@pytest.mark.parametrize("recursive", [True, False])
def test_children_are_terminated_if_asked(recursive: bool, hub: PythonHub) -> None:
    children = [new_id(), new_id()]
    parent = hub.start("py_has_children", children)
    for child in children:
        until(lambda child=child: hub.client.get_orchestration_state(child))  # type: ignore[misc]
        hub.once(child, RUNNING)

    hub.client.terminate_orchestration(parent, recursive=recursive)

    assert hub.ended(parent).runtime_status is TERMINATED
    if not recursive:
        hub.client.raise_orchestration_event(children[0], "never")
    assert hub.ended(children[0]).runtime_status is (TERMINATED if recursive else COMPLETED)


@shows("restart")
def test_an_ended_instance_is_restarted(hub: PythonHub) -> None:
    first = hub.run("py_greet_all", ["Lima"])

    other = hub.client.restart_orchestration(first.instance_id, restart_with_new_instance_id=True)

    assert other != first.instance_id
    assert completed(hub.ended(other)) == GREETED
    hub.client.restart_orchestration(first.instance_id)
    until(lambda: hub.ended(first.instance_id).created_at > first.created_at)


@shows("rewind")
def test_a_failed_instance_is_rewound_with_its_child(hub: PythonHub) -> None:
    failed = hub.run("py_parent_of_failure", new_id())
    assert failed.runtime_status is FAILED

    hub.client.rewind_orchestration(failed.instance_id, reason="try again")

    assert hub.once(failed.instance_id, COMPLETED).get_output() == ["Hello, Cairo!", 2]


@shows("history")
def test_a_history_tells_what_happened(hub: PythonHub) -> None:
    ended = hub.run("py_greet_all", ["Lima"])

    events = hub.client.get_orchestration_history(ended.instance_id)

    kinds = [type(event) for event in events]
    assert kinds.index(TaskScheduledEvent) < kinds.index(TaskCompletedEvent)


@shows("query by page")
def test_a_query_comes_in_pages(hub: PythonHub) -> None:
    prefix = new_id()
    wanted = [hub.start("py_greet_all", ["Lima"], instance_id=f"{prefix}-{n}") for n in range(5)]

    query = OrchestrationQuery(max_instance_count=2, instance_id_prefix=prefix)
    found = hub.client.get_all_orchestration_states(query)

    assert sorted(state.instance_id for state in found) == wanted


@shows("query by status and time")
def test_a_query_selects_by_status_and_time(hub: PythonHub) -> None:
    waiting = hub.start("py_collect", ["never"])
    created = hub.begun(waiting).created_at

    def found(**by: object) -> bool:
        states = hub.client.get_all_orchestration_states(OrchestrationQuery(**by))  # type: ignore[arg-type]
        return waiting in [state.instance_id for state in states]

    assert found(runtime_status=[RUNNING])
    assert not found(runtime_status=[COMPLETED])
    assert found(created_time_from=created - timedelta(seconds=1))
    assert not found(created_time_to=created - timedelta(seconds=1))


@shows("list of ended instances")
def test_ended_instances_are_listed_by_page(hub: PythonHub) -> None:
    begin = datetime.now(timezone.utc) - timedelta(milliseconds=50)
    wanted = [hub.run("py_greet_all", ["Lima"]).instance_id for _ in range(3)]

    listed: list[str] = []
    token = None
    while True:
        page = hub.client.list_instance_ids(
            runtime_status=[COMPLETED],
            completed_time_from=begin,
            page_size=2,
            continuation_token=token,
        )
        listed.extend(page.items)
        if not (token := page.continuation_token):
            break

    assert [one for one in listed if one in wanted] == wanted


@shows("purge")
def test_a_purged_instance_is_gone(hub: PythonHub) -> None:
    ended = hub.run("py_greet_all", ["Lima"]).instance_id

    assert hub.client.purge_orchestration(ended).deleted_instance_count == 1
    assert hub.client.get_orchestration_state(ended) is None
    assert hub.client.purge_orchestration(ended).deleted_instance_count == 0


@shows("purge with sub-orchestrations")
def test_children_are_purged_if_asked(hub: PythonHub) -> None:
    family = [one["id"] for one in hub.output("py_parent", 2)]

    assert hub.client.purge_orchestration(family[0], recursive=True).deleted_instance_count == 3
    assert [hub.client.get_orchestration_state(one) for one in family] == [None, None, None]


@shows("purge by filter")
def test_a_purge_by_filter_takes_what_matches(hub: PythonHub) -> None:
    failed = hub.run("py_activity_fails", "to be purged")

    purged = hub.client.purge_orchestrations_by(
        created_time_from=failed.created_at - timedelta(milliseconds=1),
        created_time_to=failed.created_at + timedelta(milliseconds=1),
        runtime_status=[FAILED],
    )

    assert purged.deleted_instance_count >= 1
    assert hub.client.get_orchestration_state(failed.instance_id) is None


# --- entities -------------------------------------------------------------------------------------


@shows("entities: signals")
def test_an_entity_takes_signals(hub: PythonHub) -> None:
    key = new_id()
    for number in range(10):
        hub.signal(key, "add", number)

    until(lambda: hub.counter(key) == 45)


@shows("entities: calls")
def test_an_entity_answers_calls_in_order(hub: PythonHub) -> None:
    given = {"key": new_id(), "signals": [1, 2], "calls": [3, 4]}

    assert hub.output("py_calls_counter", given) == 10


@shows("entities: failed operations")
def test_a_failed_operation_changes_nothing(hub: PythonHub) -> None:
    key = new_id()
    for operation, given in (("add", 3), ("refuse", "on purpose"), ("add", 4)):
        hub.signal(key, operation, given)

    until(lambda: hub.counter(key) == 7)


@shows("entities: delayed signals")
def test_a_delayed_signal_waits(hub: PythonHub) -> None:
    key, due = new_id(), datetime.now(timezone.utc) + timedelta(seconds=1)
    hub.signal(key, "add", 1, signal_time=due)
    hub.signal(key, "add", 10)

    # a busy machine may see both at once, behind the time of the first
    until(lambda: hub.counter(key) == 10 or datetime.now(timezone.utc) >= due)
    until(lambda: hub.counter(key) == 11)
    assert datetime.now(timezone.utc) >= due


@shows("entities: deletion")
def test_an_entity_without_state_does_not_exist(hub: PythonHub) -> None:
    key = new_id()
    hub.signal(key, "add", 1)
    until(lambda: hub.counter(key) == 1)

    hub.signal(key, "delete")

    until(lambda: hub.client.get_entity(EntityInstanceId(COUNTER, key)) is None)


@shows("entities: locks")
def test_locked_entities_are_used_by_one(hub: PythonHub) -> None:
    a, b = new_id(), new_id()
    moves = [
        hub.start("py_moves", {"from": a, "to": b, "amount": 1}),
        hub.start("py_moves", {"from": b, "to": a, "amount": 10}),
        hub.start("py_moves", {"from": a, "to": b, "amount": 100}),
    ]

    assert [completed(hub.ended(one)) for one in moves] == [1, 10, 100]
    until(lambda: (hub.counter(a), hub.counter(b)) == (-91, 91))


@shows("entities: queries")
def test_entities_are_queried_by_page(hub: PythonHub) -> None:
    prefix = new_id()
    for number in range(3):
        hub.signal(f"{prefix}-{number}", "add", 1)
    for number in range(3):
        until(lambda number=number: hub.counter(f"{prefix}-{number}") == 1)  # type: ignore[misc]

    query = EntityQuery(instance_id_starts_with=f"@{COUNTER}@{prefix}", page_size=2)
    found = hub.client.get_all_entities(query)

    assert sorted(one.id.key for one in found) == [f"{prefix}-{n}" for n in range(3)]


@shows("entities: cleaning")
def test_entities_without_state_are_cleaned_away(hub: PythonHub) -> None:
    result = hub.client.clean_entity_storage()

    assert result.empty_entities_removed >= 0


@shows("entities: unknown and malformed IDs")
def test_an_unknown_entity_does_not_exist(hub: PythonHub) -> None:
    assert hub.client.get_entity(EntityInstanceId(COUNTER, new_id())) is None


def test_the_app_writes_plain_json(hub: PythonHub) -> None:
    state = hub.run("py_greet_all", ["Lima"])

    assert json.loads(state.serialized_output or "null") == GREETED
