"""``GET /instances`` and ``GET /instances/{id}`` as scripts written for Durable Functions use them."""

import re

import pytest
from web_shop import FUNCTIONS, HOST, Shop

from durahub.dispatch.clients import StartRequest
from durahub.model.history import Status
from durahub.model.ticks import later, to_text

INSTANCES = f"{FUNCTIONS}/instances"


async def test_a_status_has_the_members_of_durable_functions_in_their_order(shop: Shop) -> None:
    await shop.ended("Order", "order-1", {"price": 7})

    answer = await shop.get(f"{INSTANCES}/order-1")

    assert answer.status_code == 200
    assert list(answer.json()) == [
        "name",
        "instanceId",
        "runtimeStatus",
        "input",
        "customStatus",
        "output",
        "createdTime",
        "lastUpdatedTime",
    ]
    body = answer.json()
    assert (body["name"], body["instanceId"]) == ("Order", "order-1")
    assert (body["runtimeStatus"], body["input"]) == ("Completed", {"price": 7})
    assert (body["output"], body["customStatus"]) == ("paid", None)
    for time in (body["createdTime"], body["lastUpdatedTime"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", time)


async def test_until_an_instance_has_ended_its_status_is_202_with_where_to_ask_again(
    shop: Shop,
) -> None:
    await shop.begun("Wait", "order-1")

    answer = await shop.get(f"{INSTANCES}/order-1?taskHub=shop&connection=Storage&code=k")

    assert answer.status_code == 202
    assert answer.headers["location"] == (
        f"{HOST}{INSTANCES}/order-1?taskHub=shop&connection=Storage&code=k"
    )
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["customStatus"] == {"step": 1}
    assert answer.json()["output"] is None


async def test_an_instance_that_nobody_has_begun_is_pending(shop: Shop) -> None:
    depot = await shop.directory.find("Depot")
    await depot.start(StartRequest(name="Order", instance_id="order-1"))

    answer = await shop.get(f"{INSTANCES}/order-1?taskHub=DEPOT&showHistory=true")

    assert answer.status_code == 202
    assert answer.json()["runtimeStatus"] == "Pending"
    assert "historyEvents" not in answer.json()


async def test_the_reason_of_a_suspension_is_not_shown_as_output(shop: Shop) -> None:
    await shop.begun("Wait", "order-1")
    await shop.hub.suspend("order-1", "stock-taking")
    await shop.until("order-1", Status.Suspended)

    answer = await shop.get(f"{INSTANCES}/order-1")

    assert (answer.status_code, answer.json()["output"]) == (202, None)


async def test_an_unknown_instance_is_404_without_a_body(shop: Shop) -> None:
    answer = await shop.get(f"{INSTANCES}/nobody")

    assert (answer.status_code, answer.content) == (404, b"")


async def test_an_unknown_task_hub_is_404_and_named(shop: Shop) -> None:
    answer = await shop.get(f"{INSTANCES}/order-1?taskHub=Elsewhere")

    assert answer.status_code == 404
    assert "Elsewhere" in answer.json()["ExceptionMessage"]


@pytest.mark.parametrize(("parameter", "status"), [("true", 500), ("false", 200), ("maybe", 200)])
async def test_a_failure_is_a_server_error_only_where_that_is_asked_for(
    shop: Shop, parameter: str, status: int
) -> None:
    await shop.ended("Fail", "order-1")

    answer = await shop.get(
        f"{INSTANCES}/order-1?returnInternalServerErrorOnFailure={parameter}",
    )

    assert answer.status_code == status
    assert answer.json()["runtimeStatus"] == "Failed"
    assert answer.json()["output"] == "ValueError: no stock"


async def test_the_input_is_left_out_where_that_is_asked_for(shop: Shop) -> None:
    await shop.ended("Order", "order-1", 7)

    assert (await shop.get(f"{INSTANCES}/order-1")).json()["input"] == 7
    assert (await shop.get(f"{INSTANCES}/order-1?showInput=FALSE")).json()["input"] is None
    assert (await shop.get(f"{INSTANCES}/order-1?ShowInput=true")).json()["input"] == 7


async def test_a_history_merges_what_scheduled_into_what_came_of_it(shop: Shop) -> None:
    await shop.ended("Order", "order-1", 7)

    answer = await shop.get(f"{INSTANCES}/order-1?showHistory=true&showHistoryOutput=true")

    started, completed, ended = answer.json()["historyEvents"]
    assert list(answer.json())[-1] == "historyEvents"
    assert (started["EventType"], started["FunctionName"]) == ("ExecutionStarted", "Order")
    assert started["Input"] == "7"
    assert {"Name", "OrchestrationInstance", "ParentInstance", "Version", "Tags"}.isdisjoint(
        started
    )
    assert list(completed) == [
        "EventType",
        "Result",
        "Timestamp",
        "ScheduledTime",
        "FunctionName",
        "Input",
    ]
    assert (completed["EventType"], completed["Result"]) == ("TaskCompleted", "paid")
    assert completed["FunctionName"] == "Charge"
    assert completed["ScheduledTime"] <= completed["Timestamp"]
    assert (ended["EventType"], ended["OrchestrationStatus"]) == ("ExecutionCompleted", "Completed")
    assert ended["Result"] == "paid"
    for event in (started, completed, ended):
        assert {"EventId", "IsPlayed", "TaskScheduledId"}.isdisjoint(event)


async def test_a_history_has_outputs_and_inputs_only_where_they_are_asked_for(shop: Shop) -> None:
    await shop.ended("Order", "order-1", 7)

    answer = await shop.get(f"{INSTANCES}/order-1?showHistory=true&showInput=false")

    events = answer.json()["historyEvents"]
    assert len(events) == 3
    assert all("Result" not in event and "Input" not in event for event in events)


async def test_a_history_tells_why_an_activity_failed(shop: Shop) -> None:
    await shop.ended("Order", "order-1", "broke")

    answer = await shop.get(f"{INSTANCES}/order-1?showHistory=true")

    failed = answer.json()["historyEvents"][1]
    assert (failed["EventType"], failed["FunctionName"]) == ("TaskFailed", "Charge")
    assert failed["Reason"] == "no stock"
    assert failed["FailureDetails"]["ErrorType"] == "ValueError"


async def test_a_history_names_children_and_keeps_both_events_of_a_timer(shop: Shop) -> None:
    await shop.ended("Parent", "parent")
    await shop.ended("Nap", "nap")

    family = (await shop.get(f"{INSTANCES}/parent?showHistory=true")).json()["historyEvents"]
    nap = (await shop.get(f"{INSTANCES}/nap?showHistory=true")).json()["historyEvents"]

    assert [event["EventType"] for event in family][1] == "SubOrchestrationInstanceCompleted"
    assert family[1]["FunctionName"] == "Order"
    assert [event["EventType"] for event in nap][1:3] == ["TimerCreated", "TimerFired"]
    assert set(nap[2]) == {"EventType", "FireAt", "Timestamp"}


async def test_an_empty_hub_lists_nothing_and_has_no_next_page(shop: Shop) -> None:
    answer = await shop.get(INSTANCES)

    assert (answer.status_code, answer.json()) == (200, [])
    assert answer.headers["x-ms-continuation-token"] == ""


async def test_a_slash_at_the_end_means_nothing(shop: Shop) -> None:
    assert (await shop.get(f"{INSTANCES}/")).json() == []


async def test_pages_follow_each_other_by_the_token_in_the_header(shop: Shop) -> None:
    for number in range(5):
        await shop.start("Wait", f"order-{number}")

    seen: list[str] = []
    token = ""
    for _ in range(5):
        answer = await shop.get(f"{INSTANCES}?top=2", headers={"x-ms-continuation-token": token})
        seen += [one["instanceId"] for one in answer.json()]
        assert len(answer.json()) <= 2
        token = answer.headers["x-ms-continuation-token"]
        if not token:
            break

    assert sorted(seen) == [f"order-{number}" for number in range(5)]


async def test_a_token_that_nobody_gave_out_is_refused(shop: Shop) -> None:
    answer = await shop.get(INSTANCES, headers={"x-ms-continuation-token": "%%%"})

    assert answer.status_code == 400
    assert "x-ms-continuation-token" in answer.json()["ExceptionMessage"]


async def listed(shop: Shop, query: str) -> set[str]:
    return {one["instanceId"] for one in (await shop.get(f"{INSTANCES}?{query}")).json()}


async def test_a_list_is_filtered_by_status_prefix_and_time(shop: Shop) -> None:
    first = await shop.ended("Order", "order-1")
    await shop.ended("Fail", "order-2")
    await shop.begun("Wait", "wait-1")
    day = first.created

    assert await listed(shop, "runtimeStatus=Completed,failed") == {"order-1", "order-2"}
    assert await listed(shop, "runtimeStatus=Running&runtimeStatus=Completed") == {
        "order-1",
        "wait-1",
    }
    assert await listed(shop, "instanceIdPrefix=wait") == {"wait-1"}
    assert await listed(shop, f"createdTimeFrom={to_text(later(day, 3600))}") == set()
    assert len(await listed(shop, f"createdTimeFrom={to_text(later(day, -3600))}")) == 3
    assert await listed(shop, f"createdTimeTo={to_text(later(day, -3600))}") == set()
    assert len(await listed(shop, "createdTimeFrom=2001-01-01&createdTimeTo=nonsense")) == 3


async def test_a_list_shows_inputs_unless_they_are_not_wanted(shop: Shop) -> None:
    await shop.ended("Order", "order-1", 7)

    assert (await shop.get(INSTANCES)).json()[0]["input"] == 7
    assert (await shop.get(f"{INSTANCES}?showInput=false")).json()[0]["input"] is None


async def test_an_id_may_hold_what_separates_the_parts_of_a_path(shop: Shop) -> None:
    await shop.ended("Order", "2026/order 1?#%2F", 7)

    answer = await shop.get(f"{INSTANCES}/2026%2Forder%201%3F%23%252F")

    assert answer.json()["instanceId"] == "2026/order 1?#%2F"
