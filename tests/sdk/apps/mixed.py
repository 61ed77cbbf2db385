"""An app of every kind of orchestration, small, as a worker process of the Python SDK.

    python mixed.py ENDPOINT TASKHUB [--filtered] [--exports FOLDER]

It writes ``worker ready``, and works until it is killed. ``--filtered``: it takes only what it knows.
``--exports``: it also serves scheduled tasks and history export, which writes into that folder.
"""

import argparse
import logging
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.entities import EntityContext, EntityInstanceId
from durabletask.extensions.history_export import ExportHistoryClient
from durabletask.task import (
    ActivityContext,
    OrchestrationContext,
    RetryPolicy,
    Task,
    TaskFailedError,
    when_all,
    when_any,
)

Json = Any
Turns = Iterator[Task[Any]]

COUNTER = "pycounter"
SOON = timedelta(milliseconds=30)

# --- activities -----------------------------------------------------------------------------------

_attempts: Counter[str] = Counter()  # in this process, by key


def py_greet(ctx: ActivityContext, city: str) -> str:
    return f"Hello, {city}!"


def py_square(ctx: ActivityContext, number: int) -> int:
    return number * number


def py_fail(ctx: ActivityContext, message: str) -> None:
    raise ValueError(message)


def py_fail_at_first(ctx: ActivityContext, given: Json) -> int:
    """Fail until the attempt ``times``; attempts are counted by ``key``."""
    _attempts[given["key"]] += 1
    if (attempt := _attempts[given["key"]]) < given["times"]:
        raise ValueError(f"attempt {attempt}")
    return attempt


def py_repeat(ctx: ActivityContext, given: Json) -> str:
    return str(given["letter"] * given["times"])


# --- orchestrations -------------------------------------------------------------------------------


def py_greet_all(ctx: OrchestrationContext, cities: list[str]) -> Turns:
    greetings = []
    for city in cities:
        greetings.append((yield ctx.call_activity(py_greet, input=city)))
    return greetings


def py_squares(ctx: OrchestrationContext, count: int) -> Turns:
    """Add the squares of the numbers below *count*, which is not 0: nothing to wait for never ends."""
    squares = yield when_all([ctx.call_activity(py_square, input=n) for n in range(count)])
    return sum(squares)


def py_sleep(ctx: OrchestrationContext, seconds: float) -> Turns:
    before = ctx.current_utc_datetime
    yield ctx.create_timer(timedelta(seconds=seconds))
    return (ctx.current_utc_datetime - before).total_seconds()


def py_sleeps(ctx: OrchestrationContext, seconds: float) -> Turns:
    yield ctx.create_timer(timedelta(seconds=seconds))
    return "slept"


def py_deadline(ctx: OrchestrationContext, seconds: float) -> Turns:
    approval = ctx.wait_for_external_event("approval")
    deadline = ctx.create_timer(timedelta(seconds=seconds))
    winner = yield when_any([approval, deadline])
    return approval.get_result() if winner is approval else "too late"


def py_collect(ctx: OrchestrationContext, names: list[str]) -> Turns:
    seen = []
    for name in names:
        seen.append((yield ctx.wait_for_external_event(name)))
    return seen


def py_send_to(ctx: OrchestrationContext, given: Json) -> Turns:
    ctx.send_event(given["to"], given["name"], data=given["data"])
    yield ctx.create_timer(SOON)
    return "sent"


def py_parent(ctx: OrchestrationContext, depth: int) -> Turns:
    own = {"id": ctx.instance_id, "parent": ctx.parent_instance_id}
    if depth == 0:
        return [own]
    return [own, *(yield ctx.call_sub_orchestrator(py_parent, input=depth - 1))]


def py_names_its_child(ctx: OrchestrationContext, child_id: str) -> Turns:
    return (yield ctx.call_sub_orchestrator(py_greet_all, input=["Lima"], instance_id=child_id))


def py_has_children(ctx: OrchestrationContext, ids: list[str]) -> Turns:
    yield when_all(
        [ctx.call_sub_orchestrator(py_collect, input=["never"], instance_id=one) for one in ids]
    )


def py_catches(ctx: OrchestrationContext, message: str) -> Turns:
    try:
        yield ctx.call_activity(py_fail, input=message)
    except TaskFailedError as error:
        return {"type": error.details.error_type, "message": error.details.message}


def py_child_fails(ctx: OrchestrationContext, message: str) -> Turns:
    try:
        yield ctx.call_sub_orchestrator(py_activity_fails, input=message)
    except TaskFailedError as error:
        return error.details.message


def py_activity_fails(ctx: OrchestrationContext, message: str) -> Turns:
    yield ctx.call_activity(py_fail, input=message)


def py_retries(ctx: OrchestrationContext, key: str) -> Turns:
    policy = RetryPolicy(first_retry_interval=SOON, max_number_of_attempts=3)
    given = {"key": key, "times": 3}
    return (yield ctx.call_activity(py_fail_at_first, input=given, retry_policy=policy))


def py_retries_a_child(ctx: OrchestrationContext, key: str) -> Turns:
    policy = RetryPolicy(first_retry_interval=SOON, max_number_of_attempts=3)
    return (yield ctx.call_sub_orchestrator(py_fails_once, input=key, retry_policy=policy))


def py_fails_once(ctx: OrchestrationContext, key: str) -> Turns:
    greeting = yield ctx.call_activity(py_greet, input="Cairo")
    attempt = yield ctx.call_activity(py_fail_at_first, input={"key": key, "times": 2})
    return [greeting, attempt]


def py_parent_of_failure(ctx: OrchestrationContext, key: str) -> Turns:
    return (yield ctx.call_sub_orchestrator(py_fails_once, input=key))


def py_count_to(ctx: OrchestrationContext, given: Json) -> Turns:
    yield ctx.call_activity(py_square, input=given["now"])
    if given["now"] < given["end"]:
        ctx.continue_as_new({**given, "now": given["now"] + 1})
    return given["now"]


def py_keeps_events(ctx: OrchestrationContext, total: int) -> Turns:
    number = yield ctx.wait_for_external_event("add")
    if number:
        ctx.continue_as_new(total + number, save_events=True)
    return total


def py_reports(ctx: OrchestrationContext, _: Json) -> Turns:
    for step in (1, 2):
        ctx.set_custom_status({"step": step})
        yield ctx.wait_for_external_event("next")
    return "done"


def py_guids(ctx: OrchestrationContext, _: Json) -> Turns:
    made = [ctx.new_uuid(), ctx.new_uuid()]
    yield ctx.create_timer(SOON)
    return [*made, ctx.new_uuid()]


def py_version(ctx: OrchestrationContext, _: Json) -> str | None:
    return ctx.version


def py_repeats(ctx: OrchestrationContext, given: Json) -> Turns:
    return (yield ctx.call_activity(py_repeat, input=given))


# --- entities -------------------------------------------------------------------------------------


def pycounter(ctx: EntityContext, given: Json) -> Json:
    """A number; operations ``add`` and ``get``, ``refuse`` and ``delete``."""
    value = ctx.get_state(int, 0)
    if ctx.operation == "add":
        ctx.set_state(value + given)
        return value + given
    if ctx.operation == "refuse":
        ctx.set_state(-1)
        raise ValueError(given)
    if ctx.operation == "delete":
        ctx.set_state(None)
    return value


def _counter(key: str) -> EntityInstanceId:
    return EntityInstanceId(COUNTER, key)


def py_calls_counter(ctx: OrchestrationContext, given: Json) -> Turns:
    entity = _counter(given["key"])
    for amount in given["signals"]:
        ctx.signal_entity(entity, "add", input=amount)
    for amount in given["calls"]:
        yield ctx.call_entity(entity, "add", input=amount)
    return (yield ctx.call_entity(entity, "get"))


def py_moves(ctx: OrchestrationContext, given: Json) -> Turns:
    source, target = _counter(given["from"]), _counter(given["to"])
    with (yield ctx.lock_entities([source, target])):
        before = yield ctx.call_entity(target, "get")
        yield ctx.call_entity(source, "add", input=-given["amount"])
        after = yield ctx.call_entity(target, "add", input=given["amount"])
    return after - before


ORCHESTRATIONS: tuple[Callable[..., Any], ...] = (
    py_greet_all, py_squares, py_sleep, py_sleeps, py_deadline, py_collect, py_send_to, py_parent,
    py_names_its_child, py_has_children, py_catches, py_child_fails, py_activity_fails, py_retries,
    py_retries_a_child, py_fails_once, py_parent_of_failure, py_count_to, py_keeps_events, py_reports,
    py_guids, py_version, py_repeats, py_calls_counter, py_moves,
)  # fmt: skip
ACTIVITIES: tuple[Callable[..., Any], ...] = (
    py_greet, py_square, py_fail, py_fail_at_first, py_repeat,
)  # fmt: skip


class FolderWriter:
    """Where exported histories go: a file each, in a folder by container."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(
        self,
        *,
        instance_id: str,
        container: str,
        blob_name: str,
        payload: bytes,
        content_type: str,
        content_encoding: str | None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        file = self._folder / container / blob_name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(payload)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("endpoint")
    parser.add_argument("hub")
    parser.add_argument("--filtered", action="store_true")
    parser.add_argument("--exports", type=Path)
    options = parser.parse_args()
    where: dict[str, Any] = {
        "host_address": options.endpoint,
        "taskhub": options.hub,
        "token_credential": None,
        "secure_channel": False,
        "logger": logging.Logger("sdk", logging.ERROR),
    }
    stopped = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stopped.set())
    with (
        DurableTaskSchedulerWorker(**where) as worker,
        DurableTaskSchedulerClient(**where) as client,
    ):
        for orchestration in ORCHESTRATIONS:
            worker.add_orchestrator(orchestration)
        for activity in ACTIVITIES:
            worker.add_activity(activity)
        worker.add_entity(pycounter)
        if options.exports:
            worker.configure_scheduled_tasks()
            ExportHistoryClient(client, FolderWriter(options.exports)).register_worker(worker)
        if options.filtered:
            worker.use_work_item_filters()
        worker.start()
        print("worker ready", flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
