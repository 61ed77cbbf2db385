"""Durable Functions' API: instances started, steered and purged; keys; the links that are handed out."""

import asyncio
import json
import logging

import httpx
import pytest
from prometheus_client import CollectorRegistry
from web_shop import FUNCTIONS, HOST, PATIENCE, Shop, open_shop

from durahub.edge.http import HttpServer, application
from durahub.edge.listening import bind
from durahub.model.history import Status
from durahub.model.ticks import later, to_text

INSTANCES = f"{FUNCTIONS}/instances"
START = f"{FUNCTIONS}/orchestrators"
JSON = {"content-type": "application/json"}


async def test_a_start_answers_with_the_links_of_the_instance(shop: Shop) -> None:
    answer = await shop.post(f"{START}/Wait/order%2F1?code=abc", json={"price": 7})

    one = f"{HOST}{INSTANCES}/order%2F1"
    suffix = "taskHub=Shop&connection=Storage&code=abc"
    assert answer.status_code == 202
    assert answer.headers["retry-after"] == "10"
    assert answer.headers["location"] == f"{one}?{suffix}"
    assert list(answer.json().items()) == [
        ("id", "order/1"),
        ("statusQueryGetUri", f"{one}?{suffix}"),
        ("sendEventPostUri", f"{one}/raiseEvent/{{eventName}}?{suffix}"),
        ("terminatePostUri", f"{one}/terminate?reason={{text}}&{suffix}"),
        ("rewindPostUri", f"{one}/rewind?reason={{text}}&{suffix}"),
        ("purgeHistoryDeleteUri", f"{one}?{suffix}"),
        ("restartPostUri", f"{one}/restart?{suffix}"),
        ("suspendPostUri", f"{one}/suspend?reason={{text}}&{suffix}"),
        ("resumePostUri", f"{one}/resume?reason={{text}}&{suffix}"),
    ]


async def test_the_links_that_are_handed_out_work(shop: Shop) -> None:
    links = (await shop.post(f"{START}/Wait", json=1)).json()
    await shop.hub.wait_for_start(links["id"], payloads=False)

    raised = await shop.post(links["sendEventPostUri"].replace("{eventName}", "Approval"), json=[1])
    ended = await shop.hub.wait_for_completion(links["id"], payloads=True)
    status = await shop.get(links["statusQueryGetUri"])
    purged = await shop.delete(links["purgeHistoryDeleteUri"])

    assert (raised.status_code, ended.output) == (202, "[1]")
    assert status.json()["output"] == [1]
    assert purged.json() == {"instancesDeleted": 1}


async def test_hub_and_connection_of_a_request_stand_in_its_links(shop: Shop) -> None:
    answer = await shop.post(f"{START}/Wait/one?taskhub=depot&Connection=Other")

    assert answer.json()["statusQueryGetUri"] == (
        f"{HOST}{INSTANCES}/one?taskHub=Depot&connection=Other"
    )
    depot = await shop.directory.find("Depot")
    assert await depot.get("one") is not None


async def test_a_start_without_a_body_has_no_input(shop: Shop) -> None:
    await shop.post(f"{START}/Wait/one")
    await shop.post(f"{START}/Wait/two", content=b' {"a": 1.50} ')

    one, two = await shop.hub.get("one"), await shop.hub.get("two")
    assert one is not None
    assert two is not None
    assert (one.input, two.input) == (None, '{"a": 1.50}')


async def test_a_start_replaces_what_has_ended_and_refuses_what_runs(shop: Shop) -> None:
    await shop.ended("Order", "done", 1)
    await shop.begun("Wait", "running")

    assert (await shop.post(f"{START}/Order/done")).status_code == 202
    refused = await shop.post(f"{START}/Order/running")
    assert refused.status_code == 409
    assert "running" in refused.json()["ExceptionMessage"]
    await shop.until("done", Status.Completed)


async def test_bad_json_is_refused_and_not_quoted(shop: Shop) -> None:
    answer = await shop.post(f"{START}/Order/one", content=b'{"secret": nonsense')

    assert answer.status_code == 400
    assert answer.json()["Message"] == "Invalid JSON content"
    assert "line 1" in answer.json()["ExceptionMessage"]
    assert "nonsense" not in answer.text


async def test_who_waits_gets_the_output(shop: Shop) -> None:
    answer = await shop.post(f"{START}/Order/one?timeout=100&pollingInterval=1", json=1)

    assert (answer.status_code, answer.json()) == (200, "paid")


async def test_who_waits_for_a_failure_gets_its_status(shop: Shop) -> None:
    answer = await shop.post(f"{START}/Fail/one?timeout=100&pollingInterval=1")

    assert (answer.status_code, answer.json()["runtimeStatus"]) == (200, "Failed")


async def test_who_waits_in_vain_gets_the_links(shop: Shop) -> None:
    answer = await shop.post(f"{START}/Wait/one?timeout=0.05&pollingInterval=0.01")

    assert (answer.status_code, answer.json()["id"]) == (202, "one")


async def test_who_still_waits_when_the_server_stops_is_told_so() -> None:
    async with open_shop() as shop:
        app = application(CollectorRegistry(), directory=shop.directory)
        server = HttpServer(app, bind("127.0.0.1", 0, "--http-port"))
        serving = asyncio.create_task(server.run_until_stopped())
        async with httpx.AsyncClient(
            timeout=60, base_url=f"http://127.0.0.1:{server.port}"
        ) as client:
            path = f"{START}/Wait/one?timeout=60&pollingInterval=1"
            waiting = asyncio.create_task(client.post(path))
            await shop.hub.wait_for_start("one", payloads=False)
            server.stop()
            answer = await asyncio.wait_for(waiting, PATIENCE)
            await asyncio.wait_for(serving, PATIENCE)

    assert answer.status_code == 503
    assert "stopping" in answer.json()["ExceptionMessage"]


async def test_nobody_waits_for_less_than_the_time_between_two_looks(shop: Shop) -> None:
    answer = await shop.post(f"{START}/Wait/one?timeout=1&pollingInterval=2")

    assert answer.status_code == 400
    assert await shop.hub.get("one") is None


async def test_terminate_suspend_and_resume_are_accepted_with_their_reason(shop: Shop) -> None:
    await shop.begun("Wait", "one")

    suspended = await shop.post(f"{INSTANCES}/one/suspend?reason=stock-taking")
    row = await shop.until("one", Status.Suspended)
    resumed = await shop.post(f"{INSTANCES}/one/resume?reason=done")
    await shop.until("one", Status.Running)
    ended = await shop.post(f"{INSTANCES}/one/TERMINATE?reason=closed%20today")
    last = await shop.until("one", Status.Terminated)

    assert [a.status_code for a in (suspended, resumed, ended)] == [202, 202, 202]
    assert (row.output, last.output) == ("stock-taking", "closed today")


@pytest.mark.parametrize("operation", ["terminate", "suspend", "resume", "rewind"])
async def test_what_has_ended_is_gone_and_what_is_unknown_is_not_found(
    shop: Shop, operation: str
) -> None:
    await shop.ended("Order", "done", 1)

    assert (await shop.post(f"{INSTANCES}/done/{operation}")).status_code == 410
    assert (await shop.post(f"{INSTANCES}/nobody/{operation}")).status_code == 404


async def test_an_event_to_what_has_ended_or_is_unknown_is_refused(shop: Shop) -> None:
    await shop.ended("Order", "done", 1)

    gone = await shop.post(f"{INSTANCES}/done/raiseEvent/Approval", json=1)
    unknown = await shop.post(f"{INSTANCES}/nobody/raiseEvent/Approval", json=1)

    assert (gone.status_code, unknown.status_code) == (410, 404)


async def test_an_event_is_sent_as_json_or_not_at_all(shop: Shop) -> None:
    await shop.begun("Wait", "one")
    path = f"{INSTANCES}/one/raiseevent/Approval"

    as_text = await shop.post(path, content=b"yes", headers={"content-type": "text/plain"})
    broken = await shop.post(path, content=b"{", headers=JSON)
    good = await shop.post(path, content=b' {"n": 1.50} ', headers=JSON)

    assert (as_text.status_code, broken.status_code, good.status_code) == (400, 400, 202)
    assert as_text.json() == {"Message": "Only application/json request content is supported"}
    assert broken.json()["Message"] == "Invalid JSON content"
    assert (await shop.until("one", Status.Completed)).output == '{"n": 1.50}'


async def test_a_restart_makes_a_new_instance_unless_the_same_is_asked_for(shop: Shop) -> None:
    await shop.ended("Order", "one", 7)

    anew = await shop.post(f"{INSTANCES}/one/restart")
    same = await shop.post(f"{INSTANCES}/one/restart?restartWithNewInstanceId=false")
    unknown = await shop.post(f"{INSTANCES}/nobody/restart")

    assert anew.status_code == 202
    assert anew.json()["id"] not in ("one", "")
    row = await shop.hub.get(anew.json()["id"])
    assert row is not None
    assert (row.name, row.input) == ("Order", "7")
    assert (same.status_code, same.json()["id"]) == (202, "one")
    for instance_id in (row.instance_id, "one"):
        await shop.until(instance_id, Status.Completed)
    assert unknown.status_code == 400
    assert unknown.json()["Message"] == (
        "InstanceId does not match a valid orchestration instance."
    )


async def test_a_purge_deletes_what_has_ended(shop: Shop) -> None:
    await shop.ended("Order", "done", 1)
    await shop.begun("Wait", "running")

    assert (await shop.delete(f"{INSTANCES}/done")).json() == {"instancesDeleted": 1}
    assert (await shop.delete(f"{INSTANCES}/done")).status_code == 404
    assert (await shop.delete(f"{INSTANCES}/running")).status_code == 412
    assert await shop.hub.get("done") is None


async def test_a_purge_of_many_needs_a_time_to_begin_at(shop: Shop) -> None:
    answer = await shop.delete(f"{INSTANCES}?runtimeStatus=Completed")

    assert answer.status_code == 400
    assert answer.json() == "Please provide value for 'createdTimeFrom' parameter."


async def test_a_purge_of_many_goes_by_time_and_status(shop: Shop) -> None:
    day = (await shop.ended("Order", "done", 1)).created
    await shop.ended("Fail", "failed")
    span = f"createdTimeFrom={to_text(later(day, -60))}"

    nothing = await shop.delete(f"{INSTANCES}?{span}&createdTimeTo={to_text(later(day, -30))}")
    failed = await shop.delete(f"{INSTANCES}?{span}&runtimeStatus=Failed")
    rest = await shop.delete(f"{INSTANCES}?{span}")

    assert nothing.status_code == 404
    assert (failed.json(), rest.json()) == ({"instancesDeleted": 1}, {"instancesDeleted": 1})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/orchestrators/Order"),
        ("PUT", "/instances/one"),
        ("POST", "/instances/one"),
        ("POST", "/instances/one/dance"),
        ("POST", "/instances/one/dance/Approval"),
        ("PATCH", "/entities/counter/a"),
        ("GET", "/nothing"),
    ],
)
async def test_other_paths_and_methods_are_404(shop: Shop, method: str, path: str) -> None:
    answer = await shop.client.request(method, f"{FUNCTIONS}{path}")

    assert (answer.status_code, answer.content) == (404, b"")


async def test_with_keys_configured_one_of_them_is_needed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_shop(keys=frozenset({"first-key", "second-ü"})) as shop:
        allowed = [
            await shop.get(f"{INSTANCES}?code=first-key"),
            await shop.get(INSTANCES, headers={"x-functions-key": "first-key"}),
            await shop.get(f"{INSTANCES}?code=second-%C3%BC"),
        ]
        refused = [
            await shop.get(INSTANCES),
            await shop.get(f"{INSTANCES}?code=first-keyy"),
            await shop.post(f"{START}/Wait/one?code="),
            await shop.delete(f"{INSTANCES}/one", headers={"x-functions-key": "nonsense"}),
            await shop.get(f"{FUNCTIONS}/entities"),
        ]
        started = await shop.post(f"{START}/Wait/one", headers={"x-functions-key": "first-key"})

        assert [answer.status_code for answer in allowed] == [200, 200, 200]
        assert [(a.status_code, a.content) for a in refused] == [(401, b"")] * 5
        assert started.json()["statusQueryGetUri"].endswith("&code=first-key")
        assert "first-key" not in json.dumps(
            [
                {**record.__dict__, "msg": record.getMessage()}
                for record in caplog.records
                if record.name.startswith("durahub")
            ],
            default=str,
        )


async def test_a_rewind_of_what_failed_is_accepted(shop: Shop) -> None:
    await shop.ended("Fail", "failed")

    answer = await shop.post(f"{INSTANCES}/failed/rewind?reason=restocked")

    assert answer.status_code == 202


async def test_a_rewind_of_what_runs_is_a_failed_precondition(shop: Shop) -> None:
    await shop.begun("Wait", "one")

    assert (await shop.post(f"{INSTANCES}/one/rewind")).status_code == 412
