"""A storage account whose one hub is generated while it is read: of any size, and counted.

It speaks as much of the protocols as reading takes. Every instance has ended after one activity; of the
queues and the leases there is nothing to tell.
"""

import contextlib
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from durahub.classic import instance_rows
from durahub.classic.columns import to_odata
from durahub.classic.dialect import DTFX_2_9
from durahub.classic.history_rows import HistoryRow, encode, sentinel
from durahub.classic.names import HubNames
from durahub.classic.request_counts import kind
from durahub.engine.commit import InstanceUpdate
from durahub.local.azurite import connection_string
from durahub.model.history import Status
from tests.lint.sources.http_server import answering
from tests.unit.doctor.shop import EXECUTION, NOW, activity, at, episode, result, started
from tests.unit.doctor.shop import end as completed

NAMES = HubNames("Shop")
ACCOUNT = "/devstoreaccount1/"
TEMPLATE = "order-0000000"
EVENTS = (
    *(started(TEMPLATE), *episode(activity())),
    *episode(result(), completed()),
)
ROWS_EACH = len(EVENTS) + 1  # with the sentinel
MOST = 1000
_XML = '<?xml version="1.0" encoding="utf-8"?>'


def id_of(number: int) -> str:
    return f"order-{number:07}"


@dataclass
class GeneratedHub:
    """A hub of *count* instances, and what was asked of it by service and kind.

    *refuse* may answer a request itself: it is told how many table queries there were, and returns status
    and error code.
    """

    count: int
    refuse: Callable[[str, int], tuple[int, str] | None] = lambda _service, _queries: None
    seen: Counter[str] = field(default_factory=Counter)
    connection_string: str = ""

    @property
    def queries(self) -> int:
        return self.seen["table query"]

    def answer(self, service: str, method: str, path: str, query: dict[str, str]) -> web.Response:
        rest = f"{path}?{'&'.join(f'{key}={value}' for key, value in query.items())}"
        self.seen[f"{service} {kind(service, method, rest)}"] += 1
        refused = self.refuse(service, self.queries)
        if refused is not None:
            return _error(*refused)
        return getattr(self, f"_{service}")(path, query)  # type: ignore[no-any-return]

    # -- services ------------------------------------------------------------------------------

    def _table(self, path: str, query: dict[str, str]) -> web.Response:
        if path == "Tables":
            tables = (NAMES.instances_table, NAMES.history_table)
            return _json({"value": [{"TableName": name} for name in tables]})
        condition = query.get("$filter", "")
        if path == f"{NAMES.instances_table}()":
            return self._page(_INSTANCE, 1, query, condition)
        if path == f"{NAMES.history_table}()":
            return self._page(_HISTORY, ROWS_EACH, query, condition)
        if one := re.fullmatch(r"\w+Instances\(PartitionKey='order-(\d+)',RowKey=''\)", path):
            row = _INSTANCE[0].replace(TEMPLATE, id_of(int(one[1])))
            return web.Response(text=row, content_type="application/json")
        return _error(404, "TableNotFound")

    def _page(
        self, texts: tuple[str, ...], each: int, query: dict[str, str], condition: str
    ) -> web.Response:
        """Return a page of a table in which every instance has *each* rows, made of *texts*."""
        first = 0
        if "NextPartitionKey" in query:
            first = int(query["NextPartitionKey"])
        elif after := re.fullmatch(r"PartitionKey gt 'order-(\d+)'", condition):
            first = (int(after[1]) + 1) * each
        end = self.count * each
        if only := re.fullmatch(r"PartitionKey eq 'order-(\d+)'", condition):
            first = int(only[1]) * each
            end = first + each
        last = min(first + MOST, end)
        rows = ",".join(
            texts[number % each].replace(TEMPLATE, id_of(number // each))
            for number in range(first, last)
        )
        headers = {
            "x-ms-continuation-NextPartitionKey": str(last),
            "x-ms-continuation-NextRowKey": "",
        }
        return web.Response(
            text=f'{{"value":[{rows}]}}',
            content_type="application/json",
            headers=headers if last < end else {},
        )

    def _queue(self, path: str, query: dict[str, str]) -> web.Response:
        if query.get("comp") == "list":
            queues = (NAMES.workitem_queue, *NAMES.control_queues(2))
            named = "".join(f"<Queue><Name>{name}</Name></Queue>" for name in queues)
            return _xml(
                f"{_XML}<EnumerationResults><Queues>{named}</Queues><NextMarker/></EnumerationResults>"
            )
        if path.endswith("/messages"):
            return _xml(f"{_XML}<QueueMessagesList></QueueMessagesList>")
        return web.Response(headers={"x-ms-approximate-messages-count": "0"})

    def _blob(self, path: str, query: dict[str, str]) -> web.Response:
        if query.get("comp") == "list" and not path:
            return _xml(
                f"{_XML}<EnumerationResults><Containers/><NextMarker/></EnumerationResults>"
            )
        return _error(404, "ContainerNotFound")


def _texts(rows: Iterator[Any]) -> tuple[str, ...]:
    return tuple(json.dumps(to_odata(row)) for row in rows)


def _instance() -> Iterator[Any]:
    update = InstanceUpdate(
        execution_id=EXECUTION,
        last_updated=at(2),
        custom_status=None,
        started=started(TEMPLATE),
        status=Status.Completed,
        completed=at(2),
        sets_output=True,
        output='"done"',
    )
    yield instance_rows.checkpoint(TEMPLATE, update, NAMES.hub, output_text='"done"')


def _history() -> Iterator[Any]:
    for index, event in enumerate(EVENTS):
        yield encode(HistoryRow(event, EXECUTION, index), TEMPLATE, DTFX_2_9)
    yield sentinel(TEMPLATE, EXECUTION, NOW)


_INSTANCE, _HISTORY = _texts(_instance()), _texts(_history())


def _json(value: Any) -> web.Response:
    return web.json_response(value)


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="application/xml")


def _error(status: int, code: str) -> web.Response:
    body = f"{_XML}<Error><Code>{code}</Code><Message>no</Message></Error>"
    headers = {"x-ms-error-code": code}
    return web.Response(status=status, text=body, content_type="application/xml", headers=headers)


@contextlib.asynccontextmanager
async def served(hub: GeneratedHub) -> AsyncIterator[GeneratedHub]:
    """Serve a hub for the body."""
    async with contextlib.AsyncExitStack() as stack:
        urls = {
            f"{service}_url": await stack.enter_async_context(_serving(hub, service))
            for service in ("blob", "queue", "table")
        }
        hub.connection_string = connection_string(**urls)
        yield hub


@contextlib.asynccontextmanager
async def _serving(hub: GeneratedHub, service: str) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.Response:
        path = request.path.removeprefix(ACCOUNT.rstrip("/")).removeprefix("/")
        return hub.answer(service, request.method, path, dict(request.query))

    async with answering(handle) as url:
        yield url
