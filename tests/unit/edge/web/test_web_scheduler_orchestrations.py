"""The scheduler's API: orchestrations looked at, started, steered and purged."""

import pytest
from web_shop import SCHEDULER, Shop

from durahub.edge.web.bodies import MOST_BYTES
from durahub.model.history import Status
from durahub.model.ticks import parse

ONE = f"{SCHEDULER}/orchestrations"
GO = {"user-agent": "Go-http-client/1.1"}


@pytest.mark.parametrize("prefix", ["/v1/taskhubs", "/api/v1/taskhubs"])
async def test_the_api_is_at_the_emulators_two_places(shop: Shop, prefix: str) -> None:
    assert (await shop.get(f"{prefix}/ping")).status_code == 200


async def test_the_header_names_the_hub_in_any_case_and_the_first_hub_is_the_default(
    shop: Shop,
) -> None:
    await shop.begun("Wait", "one")

    named = await shop.get(f"{ONE}/one", headers={"x-taskhub": "shop"})
    other = await shop.get(f"{ONE}/one", headers={"x-taskhub": "depot"})
    default = await shop.get(f"{ONE}/one")
    unknown = await shop.get(f"{SCHEDULER}/ping", headers={"x-taskhub": "elsewhere"})

    assert [a.status_code for a in (named, other, default, unknown)] == [200, 404, 200, 404]
    assert unknown.json()["code"] == "DH201"


async def test_an_orchestration_is_shown_without_its_payloads(shop: Shop) -> None:
    row = await shop.ended("Order", "one", 7, version="2.0", tags={"shelf": "A"})

    body = (await shop.get(f"{ONE}/one")).json()

    assert body["instanceId"] == "one"
    assert body["executionId"] == row.execution_id
    assert (body["name"], body["version"], body["tags"]) == ("Order", "2.0", {"shelf": "A"})
    assert body["orchestrationStatus"] == "ORCHESTRATION_STATUS_COMPLETED"
    times = [parse(body[f"{name}Timestamp"]) for name in ("created", "lastUpdated", "completed")]
    assert times == [row.created, row.last_updated, row.completed]
    assert {"input", "output", "parentInstanceId"}.isdisjoint(body)


async def test_a_child_names_its_parent(shop: Shop) -> None:
    await shop.ended("Parent", "parent")

    assert (await shop.get(f"{ONE}/child")).json()["parentInstanceId"] == "parent"


async def test_payloads_are_the_stored_texts(shop: Shop) -> None:
    await shop.ended("Order", "one", {"price": 7})
    await shop.begun("Wait", "two")
    await shop.ended("Fail", "three")

    one, two, three = [
        (await shop.get(f"{ONE}/{i}/payloads")).json() for i in ("one", "two", "three")
    ]

    assert (one["input"], one["output"]) == ('{"price": 7}', '"paid"')
    assert one["orchestrationStatus"] == "ORCHESTRATION_STATUS_COMPLETED"
    assert (two["customStatus"], two["orchestrationStatus"]) == (
        '{"step":1}',
        "ORCHESTRATION_STATUS_RUNNING",
    )
    assert three["failureDetails"]["errorType"] == "ValueError"
    assert three["failureDetails"]["errorMessage"] == "no stock"


async def test_a_history_is_protobuf_json_in_an_object_or_for_the_go_client_an_array(
    shop: Shop,
) -> None:
    row = await shop.ended("Order", "one", 7)
    path = f"{ONE}/one/executions/{row.execution_id}/history"

    events = (await shop.get(path)).json()["history"]
    bare = (await shop.get(path, headers=GO)).json()

    assert bare == events
    kinds = [next(k for k in event if k not in ("eventId", "timestamp")) for event in events]
    assert kinds == [
        "orchestratorStarted",
        "executionStarted",
        "taskScheduled",
        "orchestratorStarted",
        "taskCompleted",
        "executionCompleted",
    ]
    assert events[1]["executionStarted"]["input"] == "7"
    assert events[2]["eventId"] == 0
    assert events[4]["taskCompleted"] == {"taskScheduledId": 0, "result": '"paid"'}
    assert events[5]["executionCompleted"]["orchestrationStatus"] == (
        "ORCHESTRATION_STATUS_COMPLETED"
    )
    assert (await shop.get(f"{ONE}/one/executions/other/history")).status_code == 404


@pytest.mark.parametrize("tail", ["", "/payloads", "/executions/e/history"])
async def test_an_unknown_orchestration_is_not_found_with_what_to_do(shop: Shop, tail: str) -> None:
    answer = await shop.get(f"{ONE}/nobody{tail}")

    assert answer.status_code == 404
    assert answer.json()["code"] == "DH202"
    assert "nobody" in answer.json()["message"]
    assert answer.json()["howToFix"]


async def test_a_start_gives_its_id_in_the_header_and_the_body(shop: Shop) -> None:
    body = {
        "name": "Wait",
        "instanceId": "a/b c",
        "executionId": "e1",
        "input": "7",
        "version": "1.0",
        "tags": {"shelf": "A"},
        "scheduledStartTimestamp": "2001-01-01T00:00:00Z",
    }

    answer = await shop.post(ONE, json=body)

    assert answer.status_code == 201
    assert answer.headers["location"] == "orchestrations/a%2Fb%20c"
    assert answer.json() == {"instanceId": "a/b c"}
    row = await shop.hub.wait_for_start("a/b c", payloads=True)
    assert (row.name, row.input, row.version) == ("Wait", "7", "1.0")
    assert (row.execution_id, row.tags) == ("e1", {"shelf": "A"})


async def test_a_start_may_be_for_later_and_leave_the_id_to_the_hub(shop: Shop) -> None:
    later = "2199-01-01T00:00:00Z"
    answer = await shop.post(ONE, json={"name": "Wait", "scheduledStartTimestamp": later})

    row = await shop.hub.get(answer.json()["instanceId"])
    assert row is not None
    assert row.scheduled_start == parse(later)


async def test_a_second_start_is_a_conflict(shop: Shop) -> None:
    await shop.begun("Wait", "one")

    answer = await shop.post(ONE, json={"name": "Wait", "instanceId": "one"})

    assert (answer.status_code, answer.json()["code"]) == (409, "DH301")


@pytest.mark.parametrize(
    "body", ["{", "[]", '{"name": 7}', '{"name": "Wait", "tags": {"a": 1}}', "{}", '{"name": ""}']
)
async def test_a_bad_start_is_refused(shop: Shop, body: str) -> None:
    answer = await shop.post(ONE, content=body.encode())

    assert (answer.status_code, answer.json()["code"]) == (400, "DH107")


async def test_a_body_that_is_too_large_is_refused(shop: Shop) -> None:
    async def pieces():  # type: ignore[no-untyped-def]
        for _ in range(MOST_BYTES // 1024**2 + 1):
            yield b" " * 1024**2

    stated = await shop.post(ONE, content=b" " * (MOST_BYTES + 1))
    streamed = await shop.post(ONE, content=pieces())

    assert (stated.status_code, streamed.status_code) == (413, 413)


async def test_a_restart_answers_with_the_id_as_text(shop: Shop) -> None:
    await shop.ended("Order", "one", 7)

    same = await shop.post(f"{ONE}/one/restart", json={"restartWithNewInstanceId": False})
    await shop.hub.wait_for_completion("one", payloads=False)
    anew = await shop.post(f"{ONE}/one/restart", json={"restartWithNewInstanceId": True})
    unknown = await shop.post(f"{ONE}/nobody/restart", json={})

    assert (same.status_code, same.text) == (200, "one")
    await shop.until(anew.text, Status.Completed)
    assert anew.text != "one"
    assert unknown.status_code == 404


async def test_events_suspend_resume_raise_and_terminate(shop: Shop) -> None:
    await shop.begun("Wait", "one")
    await shop.begun("Wait", "two")

    async def add(instance_id: str, event: object) -> int:
        return (await shop.post(f"{ONE}/{instance_id}/history", json=event)).status_code

    assert await add("one", {"executionSuspended": {"reason": "stock-taking"}}) == 202
    assert (await shop.until("one", Status.Suspended)).output == "stock-taking"
    assert await add("one", {"executionResumed": {"reason": ""}}) == 202
    await shop.until("one", Status.Running)
    raised = {"eventRaised": {"name": "Approval", "input": "true"}, "eventId": -1}
    assert await add("one", raised) == 202
    assert (await shop.until("one", Status.Completed)).output == "true"
    assert await add("two", {"executionTerminated": {"reason": "closed"}}) == 202
    assert (await shop.until("two", Status.Terminated)).output == "closed"
    assert await add("nobody", {"executionResumed": {}}) == 404


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"timerFired": {}},
        {"executionResumed": {}, "executionSuspended": {}},
        {"eventRaised": 1},
    ],
)
async def test_a_body_that_is_no_event_is_refused(shop: Shop, event: object) -> None:
    await shop.begun("Wait", "one")

    assert (await shop.post(f"{ONE}/one/history", json=event)).status_code == 400


async def test_events_for_many_answer_with_those_that_failed(shop: Shop) -> None:
    await shop.begun("Wait", "one")
    suspend = {"executionSuspended": {"reason": ""}}

    answer = await shop.post(
        f"{ONE}/addhistoryevents", json={"events": {"one": suspend, "nobody": suspend}}
    )

    assert (answer.status_code, answer.json()) == (200, ["nobody"])
    await shop.until("one", Status.Suspended)


async def test_a_purge_deletes_what_has_ended(shop: Shop) -> None:
    await shop.ended("Order", "done", 7)
    await shop.begun("Wait", "one")

    deleted = await shop.delete(f"{ONE}/done")
    again = await shop.delete(f"{ONE}/done")
    running = await shop.delete(f"{ONE}/one")

    assert (deleted.status_code, deleted.json()) == (200, {"deletedInstanceCount": 1})
    assert (again.status_code, running.status_code) == (404, 409)


async def test_other_methods_and_paths_are_refused_with_what_to_do(shop: Shop) -> None:
    method = await shop.client.put(f"{ONE}/one")
    path = await shop.get(f"{SCHEDULER}/nothing")

    assert (method.status_code, path.status_code) == (405, 404)
    assert "GET" in method.headers["allow"]
    assert method.json()["howToFix"]


async def test_a_rewind_of_what_failed_is_accepted(shop: Shop) -> None:
    await shop.ended("Fail", "failed")
    event = {"executionRewound": {"reason": "restocked"}}

    assert (await shop.post(f"{ONE}/failed/history", json=event)).status_code == 202


async def test_a_purge_of_many_counts_those_that_had_ended(shop: Shop) -> None:
    await shop.ended("Order", "a", 7)
    await shop.ended("Order", "b", 7)

    answer = await shop.delete(f"{ONE}/purge", ["a", "b", "nobody"])

    assert (answer.status_code, answer.json()) == (200, {"deletedInstanceCount": 2})


async def test_forced_terminations_answer_with_those_that_are_left(shop: Shop) -> None:
    await shop.begun("Wait", "one")

    answer = await shop.post(
        f"{ONE}/forceterminate", json={"InstanceIds": ["one", "nobody"], "Reason": "closed"}
    )

    assert answer.json() == ["nobody"]
    await shop.until("one", Status.Terminated)


async def test_workers_are_listed_with_what_they_do(shop: Shop) -> None:
    await shop.ended("Order", "one", 7)

    (worker,) = (await shop.get(f"{SCHEDULER}/workers")).json()["workers"]

    assert worker == {
        "workerId": "till-1",
        "activeOrchestrationsCount": 0,
        "maxOrchestrationsCount": 9,
        "activeActivitiesCount": 0,
        "maxActivitiesCount": 2,
        "activeEntitiesCount": 0,
        "maxEntitiesCount": 3,
    }
