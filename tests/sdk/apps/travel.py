"""The app that was recorded from .NET, written with the Python SDK, as a worker process.

    python travel.py ENDPOINT TASKHUB [--slow-never]

Each orchestration schedules the same things in the same order under the same names as the app that
left the golden hubs, so that an instance can go on here where .NET stopped, and histories can be
compared. It writes ``worker ready``, and works until SIGTERM or SIGINT.

``--slow-never``: the activity ``Slow`` does not answer, as while the hubs were recorded; a worker in
which it waits ends by SIGKILL only.
"""

import argparse
import itertools
import json
import logging
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.entities import EntityContext, EntityInstanceId
from durabletask.serialization import JsonDataConverter
from durabletask.task import (
    ActivityContext,
    OrchestrationContext,
    RetryPolicy,
    Task,
    TaskFailedError,
    when_all,
    when_any,
)

RETRY_WAITS = timedelta(seconds=25)  # what `RetryWaits` waits for
CITIES = ("Tokyo", "Seattle", "London", "Cairo", "Lima")

Json = Any
Turns = Iterator[Task[Any]]

ORCHESTRATIONS: list[Callable[..., Any]] = []
ACTIVITIES: list[Callable[..., Any]] = []


def orchestration(function: Callable[..., Any]) -> Callable[..., Any]:
    """Register *function* under its name in the recorded app: ``five_cities`` is ``FiveCities``."""
    return _register(ORCHESTRATIONS, function)


def activity(function: Callable[..., Any]) -> Callable[..., Any]:
    return _register(ACTIVITIES, function)


def _register(registry: list[Callable[..., Any]], function: Callable[..., Any]) -> Any:
    function.__name__ = "".join(word.title() for word in function.__name__.split("_"))
    registry.append(function)
    return function


class CompactJson(JsonDataConverter):
    """JSON as .NET writes it: no spaces, every letter as itself. The texts can then be compared."""

    def serialize(self, value: Json) -> str | None:
        return None if value is None else compact(value)


def compact(value: Json) -> str:
    written = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return written.translate({code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)})


def text(value: Json) -> str:
    """The text of a JSON value: a string is itself, anything else is written out."""
    return value if isinstance(value, str) else compact(value)


# --- orchestrations -----------------------------------------------------------------------------


@orchestration
def five_cities(ctx: OrchestrationContext, _: Json) -> Turns:
    greetings = []
    for city in CITIES:
        greetings.append((yield ctx.call_activity("SayHello", input=city)))
        ctx.set_custom_status({"done": len(greetings), "of": len(CITIES)})
    return greetings


@orchestration
def fan_out(ctx: OrchestrationContext, n: int) -> Turns:
    squares = yield when_all([ctx.call_activity("Square", input=k) for k in range(n)])
    return sum(squares)


@orchestration
def child(ctx: OrchestrationContext, line: Json) -> Turns:
    hello = yield ctx.call_activity("SayHello", input=text(line))
    return {"line": line, "hello": hello}


@orchestration
def parent(ctx: OrchestrationContext, _: Json) -> Turns:
    named = f"{ctx.instance_id}:child-1"
    first = ctx.call_sub_orchestrator("Child", input="one", instance_id=named)
    second = ctx.call_sub_orchestrator("Child", input="two")
    return (yield when_all([first, second]))


@orchestration
def fails_deep(ctx: OrchestrationContext, row: Json) -> Turns:
    return (yield ctx.call_activity("Throws", input=row))


@orchestration
def fails_itself(ctx: OrchestrationContext, said: Json) -> None:
    raise RuntimeError(f"orchestrator says no: {text(said)}") from ValueError(
        "inner of the orchestrator"
    )


@orchestration
def fails_in_child(ctx: OrchestrationContext, row: Json) -> Turns:
    failing = f"{ctx.instance_id}/failing"
    return (yield ctx.call_sub_orchestrator("FailsDeep", input=row, instance_id=failing))


@orchestration
def retries(ctx: OrchestrationContext, row: Json) -> Turns:
    policy = RetryPolicy(
        first_retry_interval=timedelta(seconds=1),
        max_number_of_attempts=3,
        backoff_coefficient=1.5,
    )
    return (yield ctx.call_activity("Flaky", input=row, retry_policy=policy))


@orchestration
def retry_waits(ctx: OrchestrationContext, row: Json) -> Turns:
    policy = RetryPolicy(first_retry_interval=RETRY_WAITS, max_number_of_attempts=4)
    return (yield ctx.call_activity("Flaky", input=row, retry_policy=policy))


@orchestration
def compensates(ctx: OrchestrationContext, row: Json) -> Turns:
    try:
        return (yield ctx.call_activity("Throws", input=row))
    except TaskFailedError as failed:
        undone = yield ctx.call_activity("SayHello", input="undo")
        return {"undone": undone, "because": failed.details.message}


@orchestration
def eternal(ctx: OrchestrationContext, turn: Json) -> Turns:
    event = yield ctx.wait_for_external_event("Approval")
    ctx.set_custom_status({"round": turn["round"], "heard": compact(event)})
    yield ctx.call_activity("SayHello", input=f"round {turn['round']}")
    if turn["round"] + 1 == turn["of"]:
        return {"rounds": turn["of"], "last": event}
    following = {
        "round": turn["round"] + 1,
        "of": turn["of"],
        "log": turn["log"] + compact(event),
    }
    ctx.continue_as_new(following, save_events=True)
    return None


@orchestration
def waits(ctx: OrchestrationContext, asked: Json) -> Turns:
    ctx.set_custom_status("waiting for Approval")
    answer = yield ctx.wait_for_external_event("Approval")
    ctx.set_custom_status({"answered": True})
    second = (yield ctx.wait_for_external_event("Approval")) if asked["twice"] else None
    return {"asked": asked, "answer": answer, "second": second}


@orchestration
def race(ctx: OrchestrationContext, seconds: float) -> Turns:
    timer = ctx.create_timer(timedelta(seconds=seconds))
    event = ctx.wait_for_external_event("Approval")
    winner = yield when_any([timer, event])
    return "timer" if winner is timer else f"event {compact(event.get_result())}"


@orchestration
def sleeps(ctx: OrchestrationContext, seconds: float) -> Turns:
    yield ctx.create_timer(timedelta(seconds=seconds))
    hello = yield ctx.call_activity("SayHello", input="morning")
    return {"slept": seconds, "hello": hello}


@orchestration
def busy(ctx: OrchestrationContext, what: Json) -> Turns:
    first = yield ctx.call_activity("SayHello", input="first")
    slow = yield ctx.call_activity("Slow", input=what)
    last = yield ctx.call_activity("SayHello", input="last")
    return [first, slow, last]


@orchestration
def partly(ctx: OrchestrationContext, n: int) -> Turns:
    names = ("Square", "Square", "Slow")
    return (yield when_all([ctx.call_activity(names[k % 3], input=k) for k in range(n)]))


@orchestration
def uses_parts(ctx: OrchestrationContext, _: Json) -> Turns:
    event = ctx.wait_for_external_event("Approval")
    waiting = f"{ctx.instance_id}:waits"
    answer = ctx.call_sub_orchestrator("Waits", input={"twice": False}, instance_id=waiting)
    hello = ctx.call_activity("SayHello", input="parts")
    timer = ctx.create_timer(timedelta(seconds=30))
    yield when_all([event, answer, hello, timer])
    return [event.get_result(), answer.get_result(), hello.get_result()]


@orchestration
def echo(ctx: OrchestrationContext, value: Json) -> Json:
    return value


@orchestration
def echo_big(ctx: OrchestrationContext, big: Json) -> Turns:
    back = yield ctx.call_activity("EchoBack", input=big)
    ctx.set_custom_status({"size": len(text(back))})
    return back


@orchestration
def sender(ctx: OrchestrationContext, to: str) -> Turns:
    ctx.send_event(to, "Approval", data={"from": ctx.instance_id})
    return (yield ctx.call_activity("SayHello", input="sent"))


@orchestration
def many(ctx: OrchestrationContext, n: int) -> Turns:
    total = 0
    for k in range(n):
        total += yield ctx.call_activity("Square", input=k)
    return total


@orchestration
def wide(ctx: OrchestrationContext, n: int) -> Turns:
    return len((yield when_all([ctx.call_activity("Square", input=k) for k in range(n)])))


@orchestration
def wide_big(ctx: OrchestrationContext, n: int) -> Turns:
    return len((yield when_all([ctx.call_activity("Fill", input=20_000) for _ in range(n)])))


@orchestration
def fails_with_properties(ctx: OrchestrationContext, row: Json) -> Turns:
    return (yield ctx.call_activity("ThrowsArgument", input=row))


@orchestration
def fails_in_two_children(ctx: OrchestrationContext, _: Json) -> Turns:
    own = ctx.instance_id
    failing = ctx.call_sub_orchestrator("FailsOnce", input="a", instance_id=f"{own}:a")
    other = ctx.call_sub_orchestrator("Child", input="b", instance_id=f"{own}:b")
    return (yield when_all([failing, other]))


@orchestration
def fails_once(ctx: OrchestrationContext, name: Json) -> Turns:
    return (yield ctx.call_activity("OnceOnly", input=name))


# --- activities ---------------------------------------------------------------------------------

SLOW_ANSWERS = threading.Event()
NEVER = threading.Event()

_flaky_calls = itertools.count(1)
_once_only: set[str] = set()


class BadArgumentError(Exception):
    """A failure with properties of its own."""

    properties: Mapping[str, Json] = {"paramName": "row", "attempt": 3, "fatal": False}


class Properties:
    """Tells the worker which properties of an exception belong into its failure details."""

    def get_exception_properties(self, exception: Exception) -> Mapping[str, Json] | None:
        return exception.properties if isinstance(exception, BadArgumentError) else None


@activity
def say_hello(ctx: ActivityContext, name: Json) -> str:
    return f"Hello, {text(name)}!"


@activity
def square(ctx: ActivityContext, k: int) -> int:
    return k * k


@activity
def echo_back(ctx: ActivityContext, value: Json) -> Json:
    return value


@activity
def fill(ctx: ActivityContext, length: int) -> str:
    return "x" * length


@activity
def throws(ctx: ActivityContext, row: Json) -> None:
    try:
        try:
            raise ValueError("innermost 'x' is not a number")
        except ValueError as innermost:
            raise LookupError("middle (Parameter 'row')") from innermost
    except LookupError as middle:
        raise RuntimeError(f"outer: {text(row)}") from middle


@activity
def throws_argument(ctx: ActivityContext, row: Json) -> None:
    raise BadArgumentError(f"bad {text(row)} (Parameter 'row')")


@activity
def flaky(ctx: ActivityContext, _: Json) -> str:
    if next(_flaky_calls) % 3:
        raise TimeoutError("flaky attempt")
    return "finally"


@activity
def once_only(ctx: ActivityContext, name: str) -> str:
    if name not in _once_only:
        _once_only.add(name)
        raise RuntimeError(f"not yet {name}")
    return f"well now {name}"


@activity
def slow(ctx: ActivityContext, what: Json) -> str:
    if not SLOW_ANSWERS.is_set():
        NEVER.wait()
    return f"slow done {text(what)}"


# --- orchestrations of entities -----------------------------------------------------------------


@orchestration
def calls_entity(ctx: OrchestrationContext, given: Json) -> Turns:
    entity = EntityInstanceId.parse(given["entity"])
    ctx.signal_entity(entity, "add", 5)
    value = yield ctx.call_entity(entity, "add", 7)
    got = yield ctx.call_entity(entity, "get")
    return {"value": value, "get": got}


@orchestration
def fails_entity(ctx: OrchestrationContext, entity: str) -> Turns:
    try:
        return (yield ctx.call_entity(EntityInstanceId.parse(entity), "fail", "on purpose"))
    except TaskFailedError as failed:
        inner = failed.details.inner_failure
        return inner.message if inner is not None else failed.details.message


@orchestration
def locks(ctx: OrchestrationContext, given: Json) -> Turns:
    entities = [EntityInstanceId.parse(entity) for entity in given["entities"]]
    results = []
    with (yield ctx.lock_entities(entities)):
        ctx.set_custom_status("locked")
        for entity in entities:
            results.append((yield ctx.call_entity(entity, "add", given["amount"])))
        if given["wait"]:
            yield ctx.wait_for_external_event("Approval")
    ctx.set_custom_status("released")
    return results


# --- the entity ---------------------------------------------------------------------------------

FAR = datetime(2030, 1, 1, tzinfo=timezone.utc)


def counter(ctx: EntityContext, given: Json) -> Json:
    """The entity ``counter``; its state is ``{"value": n}``."""
    state = ctx.get_state(dict, {"value": 0})
    match ctx.operation:
        case "add":
            state = {**state, "value": state["value"] + given}
            ctx.set_state(state)
            return state["value"]
        case "get":
            return None if ctx.get_state() is None else state["value"]
        case "fill":
            ctx.set_state({"value": 1, "blob": "z" * given})
        case "delete":
            ctx.set_state(None)
        case "fail":
            raise RuntimeError(f"entity refused: {given}")
        case "forward":
            ctx.signal_entity(EntityInstanceId.parse(given), "add", 1)
        case "forward-later":
            ctx.signal_entity(EntityInstanceId.parse(given), "add", 100, FAR)
        case "start":
            ctx.schedule_new_orchestration("Echo", input="started by an entity", instance_id=given)
        case other:
            raise RuntimeError(f"no such operation: {other}")
    return None


# --- the worker ---------------------------------------------------------------------------------


def make_worker(
    endpoint: str,
    task_hub: str,
    orchestrations: Sequence[Callable[..., Any]] = ORCHESTRATIONS,
    activities: Sequence[Callable[..., Any]] = ACTIVITIES,
    entities: Sequence[Callable[..., Any]] = (counter,),
) -> DurableTaskSchedulerWorker:
    """Return a worker of the whole app, or of another one, not started yet."""
    quiet = logging.getLogger("travel")
    quiet.setLevel(logging.WARNING)
    worker = DurableTaskSchedulerWorker(
        host_address=endpoint,
        taskhub=task_hub,
        token_credential=None,
        secure_channel=endpoint.startswith("https://"),
        data_converter=CompactJson(),
        exception_properties_provider=Properties(),
        logger=quiet,
    )
    for function in orchestrations:
        worker.add_orchestrator(function)
    for function in activities:
        worker.add_activity(function)
    for function in entities:
        worker.add_entity(function)
    return worker


def work(worker: DurableTaskSchedulerWorker) -> None:
    """Run *worker* until SIGTERM or SIGINT."""
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    with worker:
        worker.start()
        print("worker ready", flush=True)
        stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A worker of the recorded app.")
    parser.add_argument("endpoint")
    parser.add_argument("task_hub")
    parser.add_argument("--slow-never", action="store_true")
    options = parser.parse_args()
    if not options.slow_never:
        SLOW_ANSWERS.set()
    work(make_worker(options.endpoint, options.task_hub))


if __name__ == "__main__":
    main()
