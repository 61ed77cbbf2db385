"""The app of the golden hubs, as far as instances of it wait there, for the recording worker.

It counts its actions from 0, as .NET does: so its replay agrees with a history that .NET began. (The
Python SDK counts from 1, and would call such a history non-deterministic.)
"""

import json
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from tests.checklist.answers import Action, Answer, again, call, child, send, timer
from tests.checklist.turns import Turn
from tests.sdk.dtfx_replay import Context, Run, Task, run

Steps = Generator[Task, Any, Any]

CITIES = ("Tokyo", "Seattle", "London", "Cairo", "Lima")


@dataclass
class FirstOf(Task):
    """It is done when one of several tasks is."""

    choices: Sequence[Task] = ()

    @property
    def is_done(self) -> bool:
        return any(choice.is_done for choice in self.choices)


def five_cities(ctx: Context) -> Steps:
    hellos = []
    for city in CITIES:
        hellos.append((yield ctx.activity("SayHello", city)))
    return hellos


def child_of(ctx: Context) -> Steps:
    hello = yield ctx.activity("SayHello", ctx.input)
    return {"line": ctx.input, "hello": hello}


def parent(ctx: Context) -> Steps:
    first = ctx.child("Child", "one", f"{ctx.instance_id}:child-1")
    return (yield ctx.all([first, ctx.child("Child", "two")]))


def eternal(ctx: Context) -> Steps:
    event = yield ctx.event("Approval")
    yield ctx.activity("SayHello", f"round {ctx.input['round']}")
    if ctx.input["round"] + 1 == ctx.input["of"]:
        return {"rounds": ctx.input["of"], "last": event}
    log = ctx.input["log"] + json.dumps(event, separators=(",", ":"))
    ctx.continue_as_new({"round": ctx.input["round"] + 1, "of": ctx.input["of"], "log": log})
    return None


def waits(ctx: Context) -> Steps:
    answer = yield ctx.event("Approval")
    second = (yield ctx.event("Approval")) if ctx.input["twice"] else None
    return {"asked": ctx.input, "answer": answer, "second": second}


def race(ctx: Context) -> Steps:
    late, event = ctx.timer(ctx.input), ctx.event("Approval")
    yield FirstOf(choices=(late, event))
    return f"event {json.dumps(event.value)}" if event.done else "timer"


def sleeps(ctx: Context) -> Steps:
    yield ctx.timer(ctx.input)
    return {"slept": ctx.input, "hello": (yield ctx.activity("SayHello", "morning"))}


def busy(ctx: Context) -> Steps:
    first = yield ctx.activity("SayHello", "first")
    slow = yield ctx.activity("Slow", ctx.input)
    return [first, slow, (yield ctx.activity("SayHello", "last"))]


def partly(ctx: Context) -> Steps:
    names = ("Square", "Square", "Slow")
    return (yield ctx.all([ctx.activity(names[k % 3], k) for k in range(ctx.input)]))


def uses_parts(ctx: Context) -> Steps:
    event = ctx.event("Approval")
    answer = ctx.child("Waits", {"twice": False}, f"{ctx.instance_id}:waits")
    hello, late = ctx.activity("SayHello", "parts"), ctx.timer(30)
    return (yield ctx.all([event, answer, hello, late]))[:3]


def echo_big(ctx: Context) -> Steps:
    return (yield ctx.activity("EchoBack", ctx.input))


ORCHESTRATORS = {
    "Busy": busy,
    "Child": child_of,
    "EchoBig": echo_big,
    "Eternal": eternal,
    "FiveCities": five_cities,
    "Parent": parent,
    "Partly": partly,
    "Race": race,
    "Sleeps": sleeps,
    "UsesParts": uses_parts,
    "Waits": waits,
}

ACTIVITIES: dict[str, Callable[[Any], Any]] = {
    "EchoBack": lambda given: given,
    "SayHello": lambda given: f"Hello, {given}!",
    "Slow": lambda given: f"slow done {given}",
    "Square": lambda given: given * given,
}


def play(turn: Turn) -> Answer:
    """Replay a turn and answer it."""
    found = run(ORCHESTRATORS, turn.events)
    context = found.context
    actions = [_action(number, event) for number, event in sorted(context.actions.items())]
    if found.end is not None:
        actions.append(_end(found, max([-1, *_ids(turn), *context.actions]) + 1))
    return Answer(actions)


def _ids(turn: Turn) -> list[int]:
    return [event.eventId for event in turn.events]


def _action(number: int, event: pb.HistoryEvent) -> Action:
    match event.WhichOneof("eventType"):
        case "taskScheduled":
            return call(number, event.taskScheduled.name, _value(event.taskScheduled.input))
        case "timerCreated":
            return timer(number, event.timerCreated.fireAt)
        case "subOrchestrationInstanceCreated":
            body = event.subOrchestrationInstanceCreated
            return child(number, body.name, body.instanceId, _value(body.input))
        case _:
            sent = event.eventSent
            return send(number, sent.instanceId, sent.name, _value(sent.input))


def _end(found: Run, number: int) -> Action:
    assert found.end is not None
    if found.context.again is not None:
        return again(number, found.context.again[0], found.unread)
    completion = pb.CompleteOrchestrationAction(
        orchestrationStatus=found.end.orchestrationStatus,
        result=found.end.result if found.end.HasField("result") else None,
    )
    return Action(id=number, completeOrchestration=completion)


def _value(wrapped: Any) -> Any:
    return json.loads(wrapped.value) if wrapped.value else None
