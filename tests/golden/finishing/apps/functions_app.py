"""The recorded Functions app, written with the Python SDK: what is unfinished in the hub ``functions``.

Its orchestrations pass activities plain values; that these arrive as arrays of one is `going_on`'s.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from durabletask.entities import EntityContext, EntityInstanceId
from durabletask.task import ActivityContext, OrchestrationContext, Task, when_all, when_any

from tests.sdk.apps.travel import CITIES, text

ORCHESTRATIONS: list[Callable[..., Any]] = []
ACTIVITIES: list[Callable[..., Any]] = []

Json = Any
Turns = Iterator[Task[Any]]


def named(name: str, registry: list[Callable[..., Any]]) -> Callable[..., Any]:
    """Register a function under its *name* in the recorded app."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__name__ = name
        registry.append(function)
        return function

    return register


def orchestration(name: str) -> Callable[..., Any]:
    return named(name, ORCHESTRATIONS)


def activity(name: str) -> Callable[..., Any]:
    return named(name, ACTIVITIES)


# --- orchestrations -----------------------------------------------------------------------------


@orchestration("PlanTrip")
def plan_trip(ctx: OrchestrationContext, _: Json) -> Turns:
    greetings = []
    for city in CITIES:
        greetings.append((yield ctx.call_activity("SayHello", input=city)))
        ctx.set_custom_status({"done": len(greetings), "Of": len(CITIES), "last": city})
    return greetings


@orchestration("BookTour")
def book_tour(ctx: OrchestrationContext, _: Json) -> Turns:
    named_leg = f"{ctx.instance_id}:leg-1"
    first = ctx.call_sub_orchestrator("BookLeg", input="one", instance_id=named_leg)
    second = ctx.call_sub_orchestrator("BookLeg", input="two")
    ctx.set_custom_status(ctx.new_uuid())
    return (yield when_all([first, second]))


@orchestration("BookLeg")
def book_leg(ctx: OrchestrationContext, leg: Json) -> Turns:
    hello = yield ctx.call_activity("SayHello", input=leg)
    return {"leg": leg, "parent": ctx.parent_instance_id, "hello": hello}


@orchestration("AwaitApproval")
def await_approval(ctx: OrchestrationContext, asked: Json) -> Turns:
    ctx.set_custom_status("waiting for Approval")
    answer = yield ctx.wait_for_external_event("Approval")
    ctx.set_custom_status({"answered": True, "by": None})
    return {"asked": asked, "answer": answer}


@orchestration("AwaitApprovalFor")
def await_approval_for(ctx: OrchestrationContext, seconds: float) -> Turns:
    answer = ctx.wait_for_external_event("Approval")
    late = ctx.create_timer(timedelta(seconds=seconds))
    yield when_any([answer, late])
    if not answer.is_complete:
        waited = timedelta(seconds=seconds)
        raise TimeoutError(f"Event Approval not received in 0{waited}")
    return f"answered by {answer.get_result()['By']}"


@orchestration("Remind")
def remind(ctx: OrchestrationContext, seconds: float) -> Turns:
    yield ctx.create_timer(timedelta(seconds=seconds))
    return (yield ctx.call_activity("SayHello", input="morning"))


@orchestration("TrackLuggage")
def track_luggage(ctx: OrchestrationContext, turn: Json) -> Turns:
    event = yield ctx.wait_for_external_event("Approval")
    number, log = turn["Number"] + 1, f"{turn['Log']}|{event}"
    following = {"Number": number, "Of": turn["Of"], "Log": log}
    if number == turn["Of"]:
        return following
    # What the app passes on to itself carries its type; what it returns does not.
    ctx.continue_as_new({"$type": "Round, functions", **following}, save_events=True)
    return None


@orchestration("SlowTrip")
def slow_trip(ctx: OrchestrationContext, what: Json) -> Turns:
    first = yield ctx.call_activity("SayHello", input="first")
    slow = yield ctx.call_activity("SlowDesk", input=what)
    last = yield ctx.call_activity("SayHello", input="last")
    return [first, slow, last]


@orchestration("SlowTour")
def slow_tour(ctx: OrchestrationContext, order: Json) -> Turns:
    inputs = (order, None, [1, 2], {"one": 1}, {"anonymous": True}, 1.5)
    return (yield when_all([ctx.call_activity("SlowCounter", input=one) for one in inputs]))


@orchestration("AwaitsLeg")
def awaits_leg(ctx: OrchestrationContext, _: Json) -> Turns:
    own = ctx.instance_id
    given = {"from": own}
    return (
        yield ctx.call_sub_orchestrator("AwaitApproval", input=given, instance_id=f"{own}:child")
    )


@orchestration("WaitsForMany")
def waits_for_many(ctx: OrchestrationContext, _: Json) -> Turns:
    event = ctx.wait_for_external_event("Approval")
    waiting = f"{ctx.instance_id}:waits"
    child = ctx.call_sub_orchestrator("AwaitApproval", instance_id=waiting)
    quick = ctx.call_activity("SayHello", input="parts")
    slow = ctx.call_activity("SlowDesk", input="parts")
    timer = ctx.create_timer(timedelta(seconds=20))
    yield when_all([event, child, quick, slow, timer])
    return {
        "ev": event.get_result(),
        "child": child.get_result(),
        "quick": quick.get_result(),
        "slow": slow.get_result(),
        "timer": "rang",
    }


@orchestration("MoveMiles")
def move_miles(ctx: OrchestrationContext, given: Json) -> Turns:
    accounts = [EntityInstanceId("milesaccount", key) for key in given["Keys"]]
    balances = []
    with (yield ctx.lock_entities(accounts)):
        ctx.set_custom_status("locked")
        for account in accounts:
            balances.append((yield ctx.call_entity(account, "Add", given["Amount"])))
        if given["Wait"]:
            yield ctx.wait_for_external_event("Approval")
    ctx.set_custom_status("released")
    return balances


@orchestration("EarnMiles")
def earn_miles(ctx: OrchestrationContext, key: str) -> Turns:
    account, visits = EntityInstanceId("milesaccount", key), EntityInstanceId("visits", key)
    ctx.signal_entity(account, "Add", 5)
    after = yield ctx.call_entity(account, "Add", 7)
    yield ctx.call_entity(account, "SetOwner", f"owner of {key}")
    yield ctx.call_entity(visits, "inc")
    got = yield ctx.call_entity(account, "Get")
    return {"after": after, "get": got, "visits": (yield ctx.call_entity(visits, "get"))}


@orchestration("EchoText")
def echo_text(ctx: OrchestrationContext, value: Json) -> Turns:
    return (yield ctx.call_activity("CopyPayload", input=value))


# --- activities ---------------------------------------------------------------------------------


@activity("SayHello")
def say_hello(ctx: ActivityContext, name: Json) -> str:
    return f"Hello, {text(name)}!"


@activity("CopyPayload")
def copy_payload(ctx: ActivityContext, value: Json) -> Json:
    return value


@activity("SlowDesk")
def slow_desk(ctx: ActivityContext, what: Json) -> str:
    return f"slow done {shown(what)}"


@activity("SlowCounter")
def slow_counter(ctx: ActivityContext, what: Json) -> str:
    return f"slow done {shown(what)}"


def shown(value: Json) -> str:
    """Return the text of a value: of an object without its own type, but with those inside of it."""
    if isinstance(value, dict):
        return text({name: one for name, one in value.items() if name != "$type"})
    return "(null)" if value is None else text(value)


# --- entities -----------------------------------------------------------------------------------

OPENED = "2026-01-02T03:04:05Z"


def milesaccount(ctx: EntityContext, given: Json) -> Json:
    """The entity ``MilesAccount``."""
    new = {"balance": 0, "owner": None, "entries": [], "opened": OPENED}
    state = ctx.get_state(dict, new)
    match ctx.operation:
        case "Add":
            entries = [*state["entries"], given]
            state = {**state, "balance": state["balance"] + given, "entries": entries}
            ctx.set_state(state)
            return state["balance"]
        case "Get":
            return state["balance"]
        case "SetOwner":
            ctx.set_state({**state, "owner": given})
        case other:
            raise RuntimeError(f"no such operation: {other}")
    return None


def visits(ctx: EntityContext, given: Json) -> Json:
    """The entity ``Visits``: a number."""
    match ctx.operation:
        case "inc":
            ctx.set_state(ctx.get_state(int, 0) + 1)
        case "get":
            return ctx.get_state(int, 0)
        case other:
            raise RuntimeError(f"no such operation: {other}")
    return None


ENTITIES: list[Callable[..., Any]] = [milesaccount, visits]
