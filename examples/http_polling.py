"""Asynchronous HTTP: a request starts long work, its answer says where to look for the result.

    POST /reports              202, Location: /reports/ID
    GET  /reports/ID           202 and a Retry-After while it runs, then 200 and the report

The web front end and the worker share this process here; they need only share the task hub. The
program is its own caller: it posts, polls until it has the report, and ends.

    durahub up                            # in another terminal
    python examples/http_polling.py

Settings: ENDPOINT (http://localhost:8080), TASKHUB (default).
"""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import aiohttp
import uvicorn
from durabletask.azuremanaged.client import AsyncDurableTaskSchedulerClient
from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.client import OrchestrationStatus
from durabletask.task import ActivityContext, OrchestrationContext, Task
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ENDPOINT = os.environ.get("ENDPOINT", "http://localhost:8080")
HUB: dict[str, Any] = {
    "host_address": ENDPOINT,
    "taskhub": os.environ.get("TASKHUB", "default"),
    "token_credential": None,  # a local server asks for none
    "secure_channel": ENDPOINT.startswith("https://"),
    "logger": logging.Logger("sdk", logging.CRITICAL),  # it calls its own stop an error
}


def write_report(ctx: OrchestrationContext, title: str) -> Iterator[Task[Any]]:
    yield ctx.create_timer(timedelta(seconds=2))  # the data are not ready yet
    return (yield ctx.call_activity(format_report, input=title))


def format_report(ctx: ActivityContext, title: str) -> dict[str, str]:
    return {"title": title, "text": f"All is well with {title}."}


def front_end(client: AsyncDurableTaskSchedulerClient) -> Starlette:
    async def start(request: Request) -> Response:
        title = (await request.json())["title"]
        instance = await client.schedule_new_orchestration(write_report, input=title)
        return Response(status_code=202, headers={"Location": f"/reports/{instance}"})

    async def poll(request: Request) -> Response:
        state = await client.get_orchestration_state(request.path_params["instance"])
        if state is None:
            return Response(status_code=404)
        if state.runtime_status is OrchestrationStatus.COMPLETED:
            return JSONResponse(state.get_output())
        if state.failure_details:
            return JSONResponse({"error": state.failure_details.message}, status_code=500)
        return Response(status_code=202, headers={"Retry-After": "1"})

    routes = [
        Route("/reports", start, methods=["POST"]),
        Route("/reports/{instance}", poll, methods=["GET"]),
    ]
    return Starlette(routes=routes)


async def call(url: str) -> int:
    """Ask for a report as any HTTP client would; return how the program shall end."""
    async with aiohttp.ClientSession(url) as http:
        async with http.post("/reports", json={"title": "the harvest"}) as answer:
            status_url = answer.headers["Location"]
            print(f"POST /reports: {answer.status}, look at {status_url}")
        for _ in range(60):
            async with http.get(status_url) as answer:
                print(f"GET {status_url}: {answer.status}")
                if answer.status != 202:
                    report = await answer.json(content_type=None)
                    print(report)
                    return 0 if answer.status == 200 and report["title"] == "the harvest" else 1
                await asyncio.sleep(int(answer.headers["Retry-After"]))
    print("no report after a minute", file=sys.stderr)
    return 1


async def main() -> int:
    with DurableTaskSchedulerWorker(**HUB) as worker:
        worker.add_orchestrator(write_report)
        worker.add_activity(format_report)
        worker.start()
        async with AsyncDurableTaskSchedulerClient(**HUB) as client:
            listening = socket.create_server(("127.0.0.1", 0))  # any free port
            server = uvicorn.Server(uvicorn.Config(front_end(client), log_level="warning"))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                return await call("http://127.0.0.1:{1}".format(*listening.getsockname()))
            finally:
                server.should_exit = True
                await serving


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
