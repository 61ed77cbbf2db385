"""What HTTP brings: requests to all APIs of a server, and the parameters and bodies of the monitor's."""

import contextlib
import json
from typing import Any
from urllib.parse import unquote

from prometheus_client import CollectorRegistry
from starlette.datastructures import QueryParams
from starlette.requests import Request

from durahub.edge.http import application
from durahub.edge.web.bodies import parsed
from durahub.errors import DurahubError
from durahub.model.ticks import Ticks
from durahub_migrate.acting.arguments import Arguments
from durahub_migrate.alerting import book
from durahub_migrate.monitor.actions import Command, Verb
from durahub_migrate.monitor.views import from_json
from durahub_migrate.web.bodies import fitted, read_body
from durahub_migrate.web.handlers import charts, exports, histories, jobs, looking, queries, views
from durahub_migrate.web.operations import Operation, read_parameters
from tests.fuzz.served import HUB, Served
from tests.fuzz.target import JSON, TIMES, clean_text_of, finished, target, text_of
from tests.fuzz.targets.archives import scratch

NOW = Ticks(639_000_000_000_000_000)
FUNCTIONS, SCHEDULER = "/runtime/webhooks/durabletask", f"/v1/taskhubs/{HUB}"
SERVED = Served()
METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH")
PATHS = tuple(
    text.encode()
    for text in (
        f"GET {FUNCTIONS}/instances?", f"POST {FUNCTIONS}/orchestrators/Order/an-id",
        f"GET {FUNCTIONS}/instances/order-7?showHistory=true", f"DELETE {FUNCTIONS}/instances?",
        f"POST {FUNCTIONS}/instances/order-7/raiseEvent/Go", f"GET {FUNCTIONS}/entities/Counter/a",
        f"POST {FUNCTIONS}/entities/Counter/a?op=add", f"POST {SCHEDULER}/orchestrations/query",
        f"POST {SCHEDULER}/entities/query", "&runtimeStatus=", "&top=", "&createdTimeFrom=", "%2F",
        "\nx-ms-continuation-token: ", "\nx-taskhub: ", "\ncontent-type: application/json", "\n\n{}",
        "&timeout=1", "&reason=", "%00", "%ff", "/../", "//",
    )
)  # fmt: skip


@target("http-request", words=(*PATHS, *JSON, *TIMES), seconds=8)
def http_request(data: bytes) -> None:
    """A request to any path of a server, as HTTP writes it: an answer, and never 500."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    method, _, address = first.partition(b" ")
    path, _, query = address.partition(b"?")
    headers = [line.partition(b": ")[::2] for line in lines]
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method.decode("latin-1") or "GET",
        "scheme": "http",
        "path": unquote(path.decode("latin-1")) or "/",
        "raw_path": path or b"/",
        "query_string": query,
        "headers": [(name.lower(), value) for name, value in headers]
        + [(b"host", b"shop.example")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8082),
        "root_path": "",
        "app": None,
    }
    directory = SERVED.directory
    app = application(CollectorRegistry(), directory=directory)
    answers: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answers.append(message["status"])

    SERVED.run(lambda: app(scope, receive, send))
    assert all(status != 500 for status in answers), answers


@target("http-body", words=JSON)
def http_body(data: bytes) -> None:
    """The JSON of a body, of the server's APIs and of the monitor's."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    headers = [(b"content-type", b"application/json")]
    with contextlib.suppress(DurahubError):
        finished(read_body(Request({"type": "http", "headers": headers}, receive)))
    parsed(text_of(data))


ARGUMENTS = tuple(
    f'"{name}":'.encode()
    for name in ("name", "id", "input", "version", "at", "tags", "data", "recursive", "newId", "value",
                 "operation", "empty", "locks", "names", "force")
)  # fmt: skip


@target("monitor-command", words=(*JSON, *TIMES, *ARGUMENTS))
def monitor_command(data: bytes) -> None:
    """The arguments of an action, as the monitor's API and the command line get them."""
    try:
        values = json.loads(clean_text_of(data))
    except (ValueError, RecursionError):
        return
    if not isinstance(values, dict):
        return
    for verb in Verb:
        with contextlib.suppress(DurahubError):
            found = Arguments.of(Command(verb=verb, hub="hub", target="a-target", arguments=values))
            found.check()


@target("monitor-body", words=(*JSON, *TIMES, b'"query":', b'"verb":', b'"hubs":', b'"arguments":'))
def monitor_body(data: bytes) -> None:
    """A body of the monitor's API: a job, a saved view; members that do not fit are named."""
    try:
        value = json.loads(clean_text_of(data))
    except (ValueError, RecursionError):
        return
    for kind in (views.ViewAsked, views.SavedView, jobs.JobAsked):
        with contextlib.suppress(DurahubError):
            fitted(kind, value)
    from_json(value)


def operations() -> list[Operation]:
    return [
        one
        for module in (queries, exports, charts, histories, looking)
        for one in module.operations()
    ]


@target(
    "monitor-parameters",
    words=(b"q=", b"&limit=", b"&sort=-created", b"&after=", b"&hub=", b"%", b"+"),
)
def monitor_parameters(data: bytes) -> None:
    """The query string of a call of the monitor's API."""
    params = QueryParams(text_of(data))
    for operation in operations():
        with contextlib.suppress(DurahubError):
            read_parameters(operation, params)


@target("alert-book", words=(*JSON, b"alarms", b"silences", b"pending", b"made"))
def alert_book(data: bytes) -> None:
    """The book of alerts, which a restarted monitor goes on from."""
    with scratch() as folder:
        (folder / book.NAME).write_bytes(data)
        book.Book(folder).read()
