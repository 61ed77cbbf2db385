"""What a JavaScript or a Java worker has begun is moved, and such a worker goes on with it."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from durabletask.client import OrchestrationStatus

from durahub.local.child import Child
from durahub_migrate.cli.apply import apply
from durahub_migrate.cli.export import export
from durahub_migrate.cli.plan import plan
from durahub_migrate.cli.verify import verify
from tests.moving_in_use.play import Hub, Move, foreign_backend, served
from tests.sdk.java_app import JavaApp
from tests.sdk.js_app import JsApp
from tests.sdk.python_hub import PythonHub
from tests.sdk.travel_hub import until
from tests.sdk.two_stores import new_hub

pytestmark = [pytest.mark.sdk, pytest.mark.timeout(300)]

Worker = Callable[[str, str], contextlib.AbstractContextManager[Child]]
HOUR = 3_600


@dataclass(frozen=True)
class Language:
    """An app: *waits* are what it has begun, by ID; *ends* what comes of it after the events *sent*."""

    name: str
    prefix: str
    waits: dict[str, tuple[str, Any]]
    deadline: int

    @property
    def begun(self) -> dict[str, tuple[str, Any]]:
        return {**self.waits, "deadline": ("Deadline", self.deadline)}


SENT = [
    ("collects", "b", 2),
    ("deadline", "approval", "yes"),
    ("reports", "next", 1),
    ("reports", "next", 2),
    ("retries", "go", "now"),
]
ENDS = {"collects": [1, 2], "deadline": "yes", "reports": "done", "greets": ["Hello, Lima!"]}
COMMON = {
    "collects": ("Collect", ["a", "b"]),
    "reports": ("Reports", None),
    "greets": ("GreetAll", ["Lima"]),
}
JS = Language("javascript", "js", {**COMMON, "retries": ("RetriesAndWaits", "moved")}, HOUR)
JAVA = Language("java", "java", {**COMMON, "retries": ("RetriesAndWaits", "moved")}, 1000 * HOUR)
LAST = {
    "javascript": [3, [4, 9], "now", "Hello, Lima!"],
    "java": [3, "now", "Hello, Lima!"],
}


@contextlib.contextmanager
def at_work(language: Language, endpoint: str, hub: str) -> Iterator[Child]:
    app = JsApp() if language is JS else JavaApp()
    with app.worker(endpoint.removeprefix("http://"), hub) as worker:
        yield worker


@pytest.mark.parametrize(
    ("language", "target"),
    [
        pytest.param(language, target, id=f"{language.prefix}-{target}", marks=mark)
        for language, mark, targets in (
            (JS, pytest.mark.js, ("sqlite", "own", "foreign")),
            (JAVA, pytest.mark.java, ("sqlite", "own")),
        )
        for target in targets
    ],
)
def test_its_worker_goes_on_where_it_stood(language: Language, target: str, tmp_path: Path) -> None:
    source = Hub(new_hub("Other"), file=tmp_path / "source.db")
    begun = dict(language.begun)
    if language is JAVA and target != "sqlite":
        # Java's SDK sets a timer again that fires before its delay has passed by the clock of the turns. A
        # ghost replays a timer of the past at once, so a history with one is not what Java expects.
        del begun["retries"]
    _begin(language, begun, source, tmp_path)
    there = Hub("default" if target == "foreign" else new_hub("There"), file=tmp_path / "new.db")
    move = Move(tmp_path, {})
    move.run(export, source.address, move.bundle)
    with contextlib.ExitStack() as ending:
        if target == "sqlite":
            address, more = there.address, ()
        else:
            serving = foreign_backend() if target == "foreign" else served(there, tmp_path)
            endpoint = ending.enter_context(serving)
            address = f"dts:{endpoint}/{there.name}"
            more = ("--numbering", language.name, "--ended", "move")
        move.run(plan, move.bundle, address, *more)
        move.run(apply, move.plan_file, "--quiet")
        move.run(verify, move.bundle, address, "--plan", move.plan_file)
        if target == "sqlite":
            endpoint = ending.enter_context(served(there, tmp_path))
        hub = PythonHub(endpoint, there.name)
        ending.enter_context(hub.client)
        ending.enter_context(at_work(language, endpoint, there.name))
        sent = [one for one in SENT if one[0] in begun]
        for instance_id, name, data in sent:
            hub.client.raise_orchestration_event(instance_id, name, data=data)
        found = {one: hub.ended(one) for one in begun}

    told = {one: state.failure_details or state.get_output() for one, state in found.items()}
    assert told == {one: {**ENDS, "retries": LAST[language.name]}[one] for one in begun}


def _begin(language: Language, begun: dict[str, tuple[str, Any]], source: Hub, state: Path) -> None:
    """Let the worker begin at the source, and leave when everything waits."""
    with served(source, state) as endpoint, at_work(language, endpoint, source.name):
        hub = PythonHub(endpoint, source.name)
        with hub.client as client:
            for instance_id, (name, given) in begun.items():
                hub.start(language.prefix + name, given, instance_id=instance_id)
            client.raise_orchestration_event("collects", "a", data=1)
            hub.once("greets", OrchestrationStatus.COMPLETED)
            wanted = {"collects": "EventRaisedEvent", "retries": "TaskCompletedEvent"}
            for instance_id, kind in wanted.items():
                if instance_id in begun:
                    until(lambda one=instance_id, kind=kind: _has(hub, one, kind))
            until(lambda: hub.state("reports").serialized_custom_status is not None)
            time.sleep(0.5)  # whatever follows in the same turn has been written then


def _has(hub: PythonHub, instance_id: str, kind: str) -> bool:
    history = hub.client.get_orchestration_history(instance_id)
    return any(type(event).__name__ == kind for event in history)
