"""HTTP callers beyond what a server takes on are told when to try again."""

import asyncio

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from durahub.edge.http import application
from durahub.edge.metrics import HubMetrics
from durahub.edge.overload import Bounds, Load, Overload
from durahub.edge.web.overload import Admitted

PATHS = (
    "/v1/taskhubs/orders/orchestrations",
    "/api/v1/taskhubs/orders/orchestrations",
    "/runtime/webhooks/durabletask/instances",
)


def _client(app: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")  # type: ignore[arg-type]


@pytest.mark.parametrize("path", PATHS)
async def test_a_request_beyond_the_bound_gets_429_and_when_to_try_again(path: str) -> None:
    overload = Overload(Bounds(calls=1))
    overload.enter(Load.WRITE, "", 0)
    registry = CollectorRegistry()
    registry.register(HubMetrics(dict, dict, overload))
    async with _client(application(registry, overload=overload)) as client:
        refused = await client.get(path)
        probe = await client.get("/healthz")
        metrics = await client.get("/metrics")

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert "server.max_calls" in refused.text
    assert probe.status_code == 204
    assert 'durahub_refused_total{reason="calls"} 1.0' in metrics.text
    assert 'durahub_calls{kind="calls"} 1.0' in metrics.text


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/v1/taskhubs/Orders/orchestrations", {"headers": {"x-taskhub": "Orders"}}),
        ("/runtime/webhooks/durabletask/instances", {"params": {"taskHub": "Orders"}}),
    ],
)
async def test_a_hub_that_has_its_share_is_refused_and_another_is_not(
    path: str, named: dict[str, dict[str, str]]
) -> None:
    overload = Overload(Bounds(calls=4, shared=True))
    for _ in range(3):
        overload.enter(Load.READ, "orders", 0)
    other = {key: dict.fromkeys(told, "billing") for key, told in named.items()}
    async with _client(application(CollectorRegistry(), overload=overload)) as client:
        refused = await client.get(path, **named)  # type: ignore[arg-type]
        let_in = await client.get(path, **other)  # type: ignore[arg-type]

    assert refused.status_code == 429
    assert let_in.status_code != 429


async def test_a_request_counts_with_its_body_until_its_answer_is_sent() -> None:
    overload, going, go_on = Overload(Bounds(calls=1)), asyncio.Event(), asyncio.Event()

    async def slow(_: Request) -> Response:
        going.set()
        await go_on.wait()
        return PlainTextResponse("done")

    routes = [Route("/v1/taskhubs/{hub}", slow, methods=["POST"])]
    app = Admitted(Starlette(routes=routes), overload)
    async with _client(app) as client:
        first = asyncio.create_task(client.post("/v1/taskhubs/orders", content=b"12345"))
        await going.wait()
        assert overload.in_progress == {"calls": 1, "waits": 0, "streams": 0, "bytes": 5}
        second = await client.post("/v1/taskhubs/orders")
        go_on.set()
        answered = await first

    assert (answered.status_code, second.status_code) == (200, 429)
    assert set(overload.in_progress.values()) == {0}
