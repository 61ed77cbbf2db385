"""What a storage request costs in our own process, and what the texts in it cost: CPU alone.

    python -m benchmarks.request_cost [-n 3000] [--concurrency 16] [--json]

The requests go to a server that has its answers ready (`canned_storage.py`), in a process of its own; the
SDK's clients send the same in the same run. Texts are encoded and decoded in a loop.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop
from azure.data.tables import UpdateMode

from benchmarks.canned_storage import transaction
from durahub.classic import envelope, history_rows, tables
from durahub.classic.account import Account
from durahub.classic.columns import Columns, DateTime, from_odata, to_odata
from durahub.classic.dialect import DTFX_2_9
from durahub.classic.queues import Queues, Receipt
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.table_batch import decode, encode
from durahub.classic.tables import Tables
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    TaskCompleted,
    TaskScheduled,
    Trace,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks

SERVER = Path(__file__).with_name("canned_storage.py")
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
ACCOUNT = "devstoreaccount1"
NOW = Ticks(639_000_000_123_456_789)
INSTANCE = Execution("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210")
TRACE = Trace(trace_parent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
EVENTS: tuple[Event, ...] = (
    OrchestratorStarted(timestamp=NOW),
    TaskCompleted(timestamp=NOW, task_scheduled_id=3, result='"Hello, Tokyo!"'),
    TaskScheduled(
        timestamp=NOW, event_id=4, name="hello", version="", input='"Seattle"', trace=TRACE
    ),
    OrchestratorCompleted(timestamp=NOW),
)
MESSAGES = {
    "start": Message(
        event=ExecutionStarted(
            timestamp=NOW, execution=INSTANCE, name="five_cities", version="", input="null"
        ),
        target=INSTANCE,
    ),
    "activity": Message(event=EVENTS[2], target=INSTANCE, sender=INSTANCE),
    "result": Message(event=EVENTS[1], target=INSTANCE, sender=INSTANCE),
}
RECEIPT = Receipt("hub-control-00", "0bd5bb1c-1a55-4d2a-9bd5-7d8ad0a3f2a1", "MjFOb3YyMDI2MTA6M==")
Work = Callable[[], Awaitable[object]]


def rows() -> list[Columns]:
    """Return the rows of a checkpoint."""
    return [
        history_rows.encode(
            history_rows.HistoryRow(event, str(INSTANCE.execution_id), index),
            INSTANCE.instance_id,
            DTFX_2_9,
        )
        for index, event in enumerate(EVENTS, 7)
    ]


def instance_row() -> Columns:
    """Return an instance's row."""
    return {
        "PartitionKey": INSTANCE.instance_id,
        "RowKey": "",
        "CustomStatus": "null",
        "ExecutionId": str(INSTANCE.execution_id),
        "LastUpdatedTime": DateTime(NOW),
        "RuntimeStatus": "Running",
        "TaskHubName": "benchmark",
        "Name": "five_cities",
        "CreatedTime": DateTime(NOW),
    }


def own_requests(account: Account) -> dict[str, Work]:
    """Return our own requests by kind."""
    errors = StorageErrors(account.name, "hub", account.service_of)
    queues, rows_of = Queues(account.queue_wire, errors), Tables(account.table_wire, errors)
    text = envelope.encode(
        envelope.Envelope(
            message=MESSAGES["result"], activity_id=RECEIPT.message_id, sequence_number=7
        ),
        DTFX_2_9,
    )
    guard = history_rows.sentinel(INSTANCE.instance_id, str(INSTANCE.execution_id), NOW)

    async def transact() -> None:
        operations = [*(tables.put(row) for row in rows()), tables.merge(guard, 'W/"e"')]
        await rows_of.transact("HubHistory", operations)

    return {
        "put": lambda: queues.put("hub-control-00", text, 60),
        "get": lambda: queues.receive("hub-control-00", 32, 60),
        "update": lambda: queues.update(RECEIPT, 60),
        "delete": lambda: queues.delete(RECEIPT),
        "insert": lambda: rows_of.insert("HubInstances", instance_row()),
        "merge": lambda: rows_of.merge("HubInstances", instance_row(), "*"),
        "point get": lambda: rows_of.get("HubInstances", INSTANCE.instance_id, ""),
        "transaction of 5": transact,
    }


def sdk_requests(account: Account) -> dict[str, Work]:
    """Return the same requests by the SDK's clients, over the same connections."""
    queue = account.queues.get_queue_client("hub-control-00")
    table = account.tables.get_table_client("HubInstances")
    text = "{" + "x" * 700 + "}"
    row: dict[str, Any] = {
        name: "2026-11-21T10:11:12.1234567Z" if isinstance(value, DateTime) else value
        for name, value in instance_row().items()
    }
    parts = [("upsert", {**row, "RowKey": str(n)}, {"mode": "replace"}) for n in range(5)]

    async def receive() -> None:
        async for _ in queue.receive_messages(messages_per_page=32, visibility_timeout=60):
            break

    return {
        "put": lambda: queue.send_message(text, time_to_live=-1, visibility_timeout=60),
        "get": receive,
        "update": lambda: queue.update_message(
            RECEIPT.message_id, RECEIPT.pop_receipt, visibility_timeout=60
        ),
        "delete": lambda: queue.delete_message(RECEIPT.message_id, RECEIPT.pop_receipt),
        "insert": lambda: table.create_entity(row),
        "merge": lambda: table.update_entity(row, mode=UpdateMode.MERGE),
        "point get": lambda: table.get_entity(INSTANCE.instance_id, "0"),
        "transaction of 5": lambda: table.submit_transaction(parts),
    }


def texts() -> dict[str, Callable[[], object]]:
    """Return what is done with texts, by name."""
    made: dict[str, Callable[[], object]] = {}

    def add_message(name: str, message: Message) -> None:
        sent = envelope.Envelope(message=message, activity_id=RECEIPT.message_id, sequence_number=7)
        text = envelope.encode(sent, DTFX_2_9)
        made[f"message {name}: write"] = lambda: envelope.encode(sent, DTFX_2_9)
        made[f"message {name}: read"] = lambda: envelope.decode(text)

    for name, message in MESSAGES.items():
        add_message(name, message)
    stored = rows()
    answered = [json.loads(tables.dumps(to_odata(row))) for row in stored]
    read = [from_odata(row) for row in answered]
    operations = [tables.put(row) for row in stored]
    body = encode("http://127.0.0.1:10002/a", "T", operations, tables.dumps)[1]
    answer = transaction(body)
    made |= {
        "4 history rows: encode": rows,
        "4 history rows: to operations": lambda: [tables.put(row) for row in stored],
        "4 history rows: to a transaction": lambda: encode(
            "http://127.0.0.1:10002/a", "T", operations, tables.dumps
        ),
        "4 history rows: answer": lambda: decode(answer),
        "4 history rows: from OData": lambda: [from_odata(row) for row in answered],
        "4 history rows: decode": lambda: [history_rows.decode(row) for row in read],
    }
    return made


async def cost_of_requests(work: Work, count: int, at_once: int) -> float:
    """Return the CPU milliseconds of one of *count* requests."""

    async def some(share: int) -> None:
        for _ in range(share):
            await work()

    await some(50)
    shares = [count // at_once] * at_once
    before = time.process_time()
    await asyncio.gather(*map(some, shares))
    return (time.process_time() - before) * 1000 / sum(shares)


def cost_of_text(work: Callable[[], object], count: int) -> float:
    """Return the CPU microseconds of one run: the least of three rounds."""
    found = []
    for _ in range(3):
        before = time.process_time()
        for _ in range(count):
            work()
        found.append((time.process_time() - before) * 1e6 / count)
    return min(found)


async def measure(port: int, options: argparse.Namespace) -> dict[str, Any]:
    """Return all figures."""
    base = f"http://127.0.0.1:{port}/{ACCOUNT}"
    connection = (
        f"AccountName={ACCOUNT};AccountKey={KEY};"
        f"BlobEndpoint={base}/b;QueueEndpoint={base};TableEndpoint={base}"
    )
    requests: dict[str, dict[str, float]] = {}
    async with Account.from_connection_string(connection, "the benchmark") as account:
        own, sdk = own_requests(account), sdk_requests(account)
        for name in own:
            ours = min(
                [
                    await cost_of_requests(own[name], options.n, options.concurrency)
                    for _ in range(3)
                ]
            )
            theirs = await cost_of_requests(
                sdk[name], max(options.n // 10, 50), options.concurrency
            )
            requests[name] = {
                "ours": round(ours, 4),
                "sdk": round(theirs, 4),
                "ratio": round(ours / theirs, 3),
            }
    return {
        "cpu_ms_per_request": requests,
        "cpu_us_per_text": {
            name: round(cost_of_text(work, options.n), 2) for name, work in texts().items()
        },
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", type=int, default=3000, help="requests of each kind (3000)")
    parser.add_argument("--concurrency", type=int, default=16, help="at once (16)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with subprocess.Popen(
        [sys.executable, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin
        assert server.stdout
        port = int(server.stdout.readline())
        report = uvloop.run(measure(port, options))
        server.stdin.close()
    if options.json:
        print(json.dumps(report))
        return
    for title, figures in report.items():
        print(f"\n{title.replace('_', ' ')}")
        for name, figure in figures.items():
            text = (
                ", ".join(f"{k} {v}" for k, v in figure.items())
                if isinstance(figure, dict)
                else figure
            )
            print(f"  {name:<36} {text}")


if __name__ == "__main__":
    main()
