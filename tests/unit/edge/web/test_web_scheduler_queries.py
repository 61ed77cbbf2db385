"""The scheduler's API: queries for orchestrations and for entities, and schedules."""

import json

import pytest
from durabletask.scheduled.models import ScheduleCreationOptions
from web_shop import SCHEDULER, Shop

from durahub.edge.web.entity_query import entities_asked
from durahub.edge.web.orchestration_query import orchestration_query
from durahub.edge.web.scanning import scan_entities, scan_orchestrations
from durahub.edge.web.schedules import creation_input
from durahub.model.ticks import to_text

QUERY = f"{SCHEDULER}/orchestrations/query"
ENTITIES = f"{SCHEDULER}/entities"
SCHEDULES = f"{SCHEDULER}/schedules"


async def found(shop: Shop, **body: object) -> list[str]:
    answer = await shop.post(QUERY, json=body)
    assert answer.status_code == 200, answer.text
    return [one["instanceId"] for one in answer.json()["orchestrations"]]


async def test_an_empty_object_or_no_body_asks_for_everything(shop: Shop) -> None:
    await shop.ended("Order", "one", 7)
    await shop.begun("Wait", "two")
    await shop.ended("Fail", "three")
    await shop.entity("@counter@a", "1")

    answer = (await shop.post(QUERY, json={})).json()

    assert {one["instanceId"] for one in answer["orchestrations"]} == {"one", "two", "three"}
    assert answer["totalCount"] == 3
    assert answer["trivia"]["totalCount"] == 3
    counts = {k: v for k, v in answer["trivia"].items() if k.endswith("edCount")}
    assert counts == {"completedCount": 1, "failedCount": 1}
    assert answer["trivia"]["runningCount"] == 1
    assert answer["trivia"]["pendingCount"] == 0
    assert answer["trivia"]["earliestTimestamp"] < answer["trivia"]["latestTimestamp"]
    assert "truncated" not in answer
    assert (await shop.post(QUERY)).json() == answer


async def test_an_empty_hub_has_no_first_and_no_last_timestamp(shop: Shop) -> None:
    answer = (await shop.post(QUERY, json={})).json()

    assert answer["orchestrations"] == []
    assert "earliestTimestamp" not in answer["trivia"]


async def test_texts_match_anywhere_in_any_case(shop: Shop) -> None:
    await shop.ended("Order", "north/ONE", 7, version="2.1", tags={"Shelf": "Ää"})
    await shop.ended("Fail", "south/two", version="1.0")

    def only(name: str, value: str) -> dict[str, object]:
        return {"filter": {name: {"value": value}}}

    assert await found(shop, **only("orchestrationId", "h/one")) == ["north/ONE"]
    assert await found(shop, **only("name", "ORD")) == ["north/ONE"]
    assert await found(shop, **only("version", "2.")) == ["north/ONE"]
    assert await found(shop, **only("tags", "shelf=ä")) == ["north/ONE"]
    assert await found(shop, filter={"orchestrationId": {"value": "south"}, "name": None}) == [
        "south/two"
    ]


async def test_times_are_from_the_start_on_and_before_the_end(shop: Shop) -> None:
    row = await shop.ended("Order", "one", 7)
    await shop.begun("Wait", "two")
    assert row.completed is not None

    async def within(name: str, start: int | None, end: int | None) -> bool:
        span = {"start": start and to_text(start), "end": end and to_text(end)}  # type: ignore[arg-type]
        return "one" in await found(shop, filter={name: span})

    moments = {
        "createdAt": row.created,
        "lastUpdatedAt": row.last_updated,
        "completedAt": row.completed,
    }
    for name, moment in moments.items():
        assert await within(name, moment, moment + 1)
        assert not await within(name, moment - 1, moment)
        assert not await within(name, moment + 1, None)
        assert await within(name, None, moment + 1)
    assert await found(shop, filter={"completedAt": {"start": "2001-01-01T00:00:00Z"}}) == ["one"]


async def test_the_time_of_a_planned_start_is_a_filter_and_a_column(shop: Shop) -> None:
    planned = "2199-01-01T00:00:00Z"
    await shop.post(
        f"{SCHEDULER}/orchestrations",
        json={"name": "Wait", "instanceId": "later", "scheduledStartTimestamp": planned},
    )
    await shop.begun("Wait", "now")

    assert await found(shop, filter={"startAt": {"start": planned}}) == ["later"]
    for direction in ("ASCENDING_SORT", "DESCENDING_SORT"):
        sort = [{"column": "START_AT", "direction": direction}]
        assert await found(shop, sort=sort) == ["later", "now"]


async def test_states_are_named_as_on_the_wire_or_short(shop: Shop) -> None:
    await shop.ended("Order", "one", 7)
    await shop.begun("Wait", "two")

    for name in ("ORCHESTRATION_STATUS_RUNNING", "Running", "running"):
        wanted = {"orchestrationStatus": {"status": [name]}}
        assert await found(shop, filter=wanted) == ["two"]


@pytest.mark.parametrize(
    ("column", "ascending"),
    [
        ("ORCHESTRATION_ID", ["a", "b", "c"]),
        ("NAME", ["b", "c", "a"]),
        ("VERSION", ["c", "a", "b"]),
        ("CREATED_AT", ["c", "a", "b"]),
        ("LAST_UPDATED_AT", ["c", "a", "b"]),
        ("COMPLETED_AT", ["c", "a", "b"]),
        ("ORCHESTRATION_STATUS", ["c", "b", "a"]),
        ("TAGS", ["b", "a", "c"]),
    ],
)
async def test_any_column_sorts_either_way(shop: Shop, column: str, ascending: list[str]) -> None:
    await shop.ended("Nap", "c", version="1", tags={"z": "1"})
    await shop.ended("Order", "a", "broke", version="2", tags={"k": "1"})
    await shop.ended("Fail", "b", version="3", tags={"a": "1"})
    tie = [{"column": "ORCHESTRATION_ID", "direction": "DESCENDING_SORT"}]

    up = await found(shop, sort=[{"column": column, "direction": "ASCENDING_SORT"}, *tie])
    down = await found(shop, sort=[{"column": column, "direction": "DESCENDING_SORT"}])

    assert up == ascending
    if column == "ORCHESTRATION_STATUS":
        assert down[-1] == "c"
    else:
        assert down == ascending[::-1]


async def test_pages_are_cut_from_the_sorted_whole(shop: Shop) -> None:
    for number in range(5):
        await shop.start("Wait", f"one-{number}")
    by = [{"column": "ORCHESTRATION_ID", "direction": "DESCENDING_SORT"}]

    async def page(start: int, count: int) -> tuple[list[str], int]:
        body = {"sort": by, "pagination": {"startIndex": start, "count": count}}
        answer = (await shop.post(QUERY, json=body)).json()
        return [one["instanceId"] for one in answer["orchestrations"]], answer["totalCount"]

    assert await page(0, 2) == (["one-4", "one-3"], 5)
    assert await page(4, 2) == (["one-0"], 5)
    assert await page(9, 2) == ([], 5)
    assert await page(0, 0) == ([], 5)


async def test_only_the_fields_that_are_asked_for_are_answered(shop: Shop) -> None:
    await shop.ended("Order", "one", 7)

    answer = (await shop.post(QUERY, json={"fields": "instanceId, name,nothing"})).json()

    assert answer["orchestrations"] == [{"instanceId": "one", "name": "Order"}]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"filter": 1},
        {"filter": {"name": {"value": 1}}},
        {"filter": {"createdAt": {"start": "yesterday"}}},
        {"filter": {"orchestrationStatus": {"status": ["Dancing"]}}},
        {"filter": {"orchestrationStatus": {"status": "Running"}}},
        {"sort": [{"column": "COLOUR"}]},
        {"sort": [{"column": "NAME", "direction": "SIDEWAYS"}]},
        {"sort": "NAME"},
        {"pagination": {"count": -1}},
        {"pagination": {"startIndex": "1"}},
    ],
)
async def test_a_query_that_means_nothing_is_refused(shop: Shop, body: object) -> None:
    answer = await shop.post(QUERY, json=body)

    assert (answer.status_code, answer.json()["code"]) == (400, "DH107")


async def test_a_scan_ends_at_its_bound_and_says_so(shop: Shop) -> None:
    for number in range(6):
        await shop.start("Wait", f"one-{number}")

    some, more = await scan_orchestrations(shop.hub, orchestration_query({}), 4, page_size=2)
    every, no_more = await scan_orchestrations(shop.hub, orchestration_query({}), 9, page_size=2)

    assert (len(some), more) == (4, True)
    assert (len(every), no_more) == (6, False)


async def test_a_scan_of_entities_ends_at_its_bound_too(shop: Shop) -> None:
    for key in "abcd":
        await shop.entity(f"@counter@{key}", "1")

    some, more = await scan_entities(shop.hub, entities_asked({}), 2, page_size=2)
    every, no_more = await scan_entities(shop.hub, entities_asked({}), 9, page_size=2)

    assert (len(some), more) == (2, True)
    assert (len(every), no_more) == (4, False)


# -- entities ---------------------------------------------------------------------------------------


async def entities(shop: Shop, **body: object) -> list[str]:
    answer = await shop.post(f"{ENTITIES}/query", json=body)
    assert answer.status_code == 200, answer.text
    return [one["instanceId"] for one in answer.json()["entities"]]


async def test_entities_are_filtered_sorted_and_counted(shop: Shop) -> None:
    for entity_id in ("@counter@Anna", "@lock@b", "@schedule@nightly"):
        await shop.entity(entity_id, "1")
    by_name = [{"column": "NAME"}]

    assert await entities(shop, sort=by_name) == ["@counter@Anna", "@lock@b", "@schedule@nightly"]
    assert await entities(shop) == ["@schedule@nightly", "@lock@b", "@counter@Anna"]
    assert await entities(shop, sort=[{"column": "KEY", "direction": "DESCENDING_SORT"}]) == [
        "@schedule@nightly",
        "@lock@b",
        "@counter@Anna",
    ]
    assert await entities(shop, filter={"key": {"value": "NN"}}) == ["@counter@Anna"]
    assert await entities(shop, filter={"name": {"value": "OUNT"}}) == ["@counter@Anna"]
    assert await entities(shop, filter={"nameStartsWith": {"value": "lo"}}) == ["@lock@b"]
    hidden = [{"value": "@schedule@"}, {"value": "@counter@"}]
    assert await entities(shop, filter={"excludeNameStartsWith": hidden}) == ["@lock@b"]
    assert await entities(shop, sort=by_name, pagination={"startIndex": 1, "count": 1}) == [
        "@lock@b"
    ]
    answer = (await shop.post(f"{ENTITIES}/query", json={"pagination": {"count": 1}})).json()
    assert answer["totalCount"] == 3


async def test_entities_are_filtered_by_their_last_change(shop: Shop) -> None:
    await shop.entity("@counter@a", "1")
    found = await shop.hub.get_entity("@counter@a", with_state=False)
    assert found is not None
    time = found.last_modified

    def span(start: int, end: int) -> dict[str, object]:
        return {"lastModifiedAt": {"start": to_text(start), "end": to_text(end)}}  # type: ignore[arg-type]

    assert await entities(shop, filter=span(time, time + 1)) == ["@counter@a"]
    assert await entities(shop, filter=span(time - 1, time)) == []


async def test_a_total_that_is_not_asked_for_is_not_told(shop: Shop) -> None:
    await shop.entity("@counter@a", "1")

    answer = await shop.post(f"{ENTITIES}/query", json={"fetchTotalCount": False})

    assert answer.json()["totalCount"] == 0


async def test_an_entity_is_shown_and_its_state_is_as_stored(shop: Shop) -> None:
    await shop.entity("@counter@a/b", '{"n": 1.50}')

    shown = (await shop.get(f"{ENTITIES}/@counter@a%2Fb")).json()
    state = await shop.get(f"{ENTITIES}/%40counter%40a%2Fb/state")

    assert shown["instanceId"] == "@counter@a/b"
    assert shown["backlogQueueSize"] == 0
    assert "lastModifiedTime" in shown
    assert (state.status_code, state.text) == (200, '{"n": 1.50}')


async def test_what_is_no_entity_is_refused_or_not_found(shop: Shop) -> None:
    assert (await shop.get(f"{ENTITIES}/order-1")).status_code == 400
    assert (await shop.get(f"{ENTITIES}/@counter@b")).status_code == 404
    assert (await shop.get(f"{ENTITIES}/@counter@b/state")).status_code == 404
    assert (await shop.delete(f"{ENTITIES}/order-1")).status_code == 400


async def test_entities_are_deleted_one_or_many(shop: Shop) -> None:
    for key in "abc":
        await shop.entity(f"@counter@{key}", "1")

    one = await shop.delete(f"{ENTITIES}/@counter@a")
    many = await shop.delete(f"{ENTITIES}/delete", ["@counter@b", "@counter@c", "@counter@d"])
    unknown = await shop.delete(f"{ENTITIES}/@counter@a")

    assert (one.status_code, unknown.status_code) == (204, 404)
    assert many.json() == {"deletedInstanceCount": 2}
    assert await entities(shop) == []


# -- schedules --------------------------------------------------------------------------------------

NIGHTLY = {
    "ScheduleId": "nightly",
    "OrchestrationName": "Order",
    "Interval": "1.00:00:30",
    "OrchestrationInput": "[7]",
    "StartImmediatelyIfLate": True,
}
STATE = {"Status": 1, "ExecutionToken": "ff", "ScheduleConfiguration": NIGHTLY}


async def test_schedules_are_the_states_of_their_entities(shop: Shop) -> None:
    await shop.entity("@schedule@nightly", json.dumps(STATE))
    await shop.entity("@schedule@odd", '"not a schedule"')
    await shop.entity("@counter@a", "1")

    assert (await shop.get(SCHEDULES)).json() == {"entities": [STATE]}
    assert (await shop.get(f"{SCHEDULES}/nightly")).json() == STATE
    assert (await shop.get(f"{SCHEDULES}/odd")).status_code == 404
    assert (await shop.get(f"{SCHEDULES}/weekly")).status_code == 404


async def test_a_schedule_is_created_by_the_operation_of_the_sdk(shop: Shop) -> None:
    dotnet = await shop.post(SCHEDULES, json=NIGHTLY)
    python = await shop.post(f"{SCHEDULES}?sdk=python", json=NIGHTLY)

    assert (dotnet.status_code, python.status_code) == (202, 202)
    options = json.loads(await shop.operated("@schedule@nightly", "CreateSchedule") or "")
    assert options | {"OrchestrationInstanceId": None, "StartAt": None, "EndAt": None} == options
    assert {k: v for k, v in options.items() if v is not None} == NIGHTLY
    given = json.loads(await shop.operated("@schedule@nightly", "create_schedule") or "")
    assert given["interval_seconds"] == 86_430
    assert (given["schedule_id"], given["orchestration_name"]) == ("nightly", "Order")
    assert (given["orchestration_input"], given["start_immediately_if_late"]) == ([7], True)


def test_pythons_sdk_reads_what_a_schedule_is_created_with() -> None:
    _, text = creation_input(NIGHTLY | {"EndAt": "2199-01-01T00:00:00Z"}, "python")

    options = ScheduleCreationOptions.from_json(json.loads(text))
    assert options.interval.total_seconds() == 86_430
    assert options.end_at is not None


@pytest.mark.parametrize(
    "change",
    [
        {"ScheduleId": ""},
        {"OrchestrationName": None},
        {"Interval": "soon"},
        {"Interval": "00:00:00.5"},
        {"StartImmediatelyIfLate": "yes"},
    ],
)
async def test_a_schedule_that_cannot_be_is_refused(shop: Shop, change: dict[str, object]) -> None:
    assert (await shop.post(SCHEDULES, json=NIGHTLY | change)).status_code == 400


async def test_an_sdk_that_is_not_known_is_refused(shop: Shop) -> None:
    assert (await shop.post(f"{SCHEDULES}?sdk=cobol", json=NIGHTLY)).status_code == 400


async def test_a_schedule_is_paused_resumed_and_deleted_by_signals(shop: Shop) -> None:
    await shop.entity("@schedule@nightly", json.dumps(STATE))

    answers = [
        await shop.post(f"{SCHEDULES}/nightly/pause"),
        await shop.post(f"{SCHEDULES}/nightly/resume?sdk=python"),
        await shop.post(f"{SCHEDULES}/weekly/pause"),
        await shop.delete(f"{SCHEDULES}/nightly"),
    ]

    assert [answer.status_code for answer in answers] == [202, 202, 404, 202]
    await shop.operated("@schedule@nightly", "PauseSchedule")
    await shop.operated("@schedule@nightly", "resume_schedule")
    await shop.operated("@schedule@nightly", "delete")


async def test_pages_of_schedules_follow_each_other(shop: Shop) -> None:
    for number in range(101):
        await shop.hub.signal_entity(f"@schedule@{number:03}", "become", json.dumps(STATE))
    await shop.operated("@schedule@100", "become")
    await shop.entity("@schedule@101", json.dumps(STATE))

    first = (await shop.get(SCHEDULES)).json()
    token = first["continuationToken"]
    second = (await shop.get(SCHEDULES, params={"continuationToken": token})).json()

    assert len(first["entities"]) == 100
    assert 1 <= len(second["entities"]) <= 2
    assert "continuationToken" not in second
