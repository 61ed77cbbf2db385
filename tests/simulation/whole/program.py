"""The orchestrator of all simulated orchestrations: it does its recipe. And the entities that it calls."""

import json
from collections.abc import Generator, Iterable
from typing import Any

from durahub.dispatch.work import EntityWork
from durahub.engine.entities.work import EntityResult, OperationResult
from tests.simulation.whole.recipe import ENTITY, PROGRAM, Step, Task, task_of
from tests.simulation.whole.replay import Continued, Failed, Future, Replay, Wait

REMEMBERED = 3  # results that an activity is told of, and by which it is known what must be durable


def recipe(context: Replay, text: str | None) -> Generator[Wait, Any, str]:
    """Do the recipe; return what was heard, and the last result."""
    cook = _Cook(context, task_of(text))
    yield from cook.do(cook.task.steps, top=True)
    return json.dumps({"heard": cook.heard, "last": cook.last})


class _Cook:
    """An execution of a recipe."""

    def __init__(self, context: Replay, task: Task) -> None:
        self.context = context
        self.task = task
        self.heard = list(task.heard)
        self.last = ""
        self._number = 0

    def do(self, steps: tuple[Step, ...], *, top: bool = False) -> Generator[Wait, Any, None]:
        for number, step in enumerate(steps):
            match step.kind:
                case "again" if top:
                    rest = Task(steps[number + 1 :], self.task.origin, tuple(self.heard))
                    raise Continued(rest.text())
                case "fail" if top:
                    raise Failed("as it was told to")
                case "lock":
                    yield from self._lock(step)
                case _:
                    yield from self._do(step)

    def _do(self, step: Step) -> Generator[Wait, Any, None]:
        context = self.context
        match step.kind:
            case "act":
                for attempt in range(step.number + 1):
                    try:
                        self.last = yield self._act(fails=attempt < step.number)
                    except Failed:
                        yield context.timer(step.seconds)
            case "fan":
                for one in [self._act() for _ in range(step.number)]:
                    self.last = yield one
            case "sleep":
                yield context.timer(step.seconds)
            case "hear":
                event, timer = context.event(step.name), context.timer(step.seconds)
                yield event, timer
                if event.done:
                    self.heard.append(event.value)
                else:
                    context.ignore(event)
            case "child":
                child = Task(step.steps, f"child of {self.task.origin}")
                try:
                    yield context.child(PROGRAM, child.text(), step.name)
                except Failed:
                    self.last = "child failed"
            case "call":
                self.last = yield context.call(step.name, "note", self._operation())
            case _:
                self._say(step)

    def _say(self, step: Step) -> None:
        """Do what has no answer."""
        context = self.context
        match step.kind:
            case "signal":
                context.call(step.name, "note", self._operation(), signal=True)
            case "tell":
                context.tell(step.name, "told", self._operation())
            case "note":
                context.custom_status = json.dumps(self._operation())

    def _lock(self, step: Step) -> Generator[Wait, Any, None]:
        entities = tuple(sorted(step.name.split(",")))
        section, granted = self.context.lock(entities)
        yield granted
        for entity in entities:
            yield self.context.call(entity, "note", f"{self._operation()} enter {section}")
        yield from self.do(step.steps)
        for entity in entities:
            yield self.context.call(entity, "note", f"{self._operation()} leave {section}")
        self.context.unlock(section, entities)

    def _act(self, *, fails: bool = False) -> Future:
        known = dict(list(self.context.results.items())[-REMEMBERED:])
        told = {"fails": fails, "after": {str(number): one for number, one in known.items()}}
        return self.context.activity("act", json.dumps(told))

    def _operation(self) -> str:
        """Return an ID that no other operation, event or status has."""
        self._number += 1
        return f"{self.context.instance_id}/{self.context.execution_id}/{self._number:03d}"


def apply(work: EntityWork) -> EntityResult:
    """Return what comes of a batch: each operation is written down, and answered by its place."""
    log = log_of(work.state)
    results = []
    for operation in work.operations:
        log.append(operation.input or "")
        results.append(OperationResult(result=json.dumps(len(log))))
    return EntityResult(results=tuple(results), state=json.dumps(log))


def log_of(state: str | None) -> list[str]:
    """Return the operations that an entity has written down."""
    return list(json.loads(state)) if state else []


def entity(key: str) -> str:
    """Return the ID of an entity."""
    return f"@{ENTITY}@{key}"


def doubled(texts: Iterable[str]) -> list[str]:
    """Return what is there more than once."""
    seen: set[str] = set()
    return [one for one in texts if one in seen or seen.add(one)]  # type: ignore[func-returns-value]
