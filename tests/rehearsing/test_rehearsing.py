"""``durahub rehearse``: an app replays what its instances have behind them; what does not fit is found."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
from click.testing import CliRunner, Result

from durahub.errors import BadRequest
from durahub.model.history import (
    Event,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    TaskCompleted,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import later
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.cli.rehearse import rehearse
from tests.bundle.bundles import NOON, an_instance, written

HEAD = """
import os, socket, subprocess, sys, time
from datetime import timedelta
from durabletask.worker import TaskHubGrpcWorker

print("an app may print what it likes")

def Reserve(ctx, item):
    os._exit(9)  # an activity that runs ends everything

"""
TAIL = """
def register(worker):
    for function in ORCHESTRATORS:
        worker.add_orchestrator(function)
    worker.add_activity(Reserve)

if __name__ == "__main__":
    with TaskHubGrpcWorker(host_address="localhost:1") as worker:
        register(worker)
        worker.start()
        sys.exit(7)
"""
GOOD = """
    yield ctx.call_activity("Reserve", input=item)
    paid = yield ctx.call_activity("Charge", input=item)
    yield ctx.create_timer(timedelta(hours=1))
    return paid
"""


def the_history(instance_id: str = "order-7", base: int = 0, name: str = "Order") -> list[Event]:
    """Return what an order has behind it that waits for its timer."""
    at = [later(NOON, second) for second in range(4)]
    execution = Execution(instance_id, "e1")
    return [
        OrchestratorStarted(timestamp=at[0]),
        ExecutionStarted(timestamp=at[0], execution=execution, name=name, input='"in"'),
        TaskScheduled(event_id=base, timestamp=at[0], name="Reserve"),
        OrchestratorCompleted(timestamp=at[0]),
        OrchestratorStarted(timestamp=at[1]),
        TaskCompleted(timestamp=at[1], task_scheduled_id=base, result="true"),
        TaskScheduled(event_id=base + 1, timestamp=at[1], name="Charge"),
        OrchestratorCompleted(timestamp=at[1]),
        OrchestratorStarted(timestamp=at[2]),
        TaskCompleted(timestamp=at[2], task_scheduled_id=base + 1, result='"paid"'),
        TimerCreated(event_id=base + 2, timestamp=at[2], fire_at=later(at[2], 3600)),
        OrchestratorCompleted(timestamp=at[2]),
    ]


def ended(result: str = '"paid"', status: Status = Status.Completed) -> list[Event]:
    """Return what comes behind it when it ends."""
    at, due = later(NOON, 4000), later(NOON, 3602)
    return [
        OrchestratorStarted(timestamp=at),
        TimerFired(timestamp=at, timer_id=2, fire_at=due),
        ExecutionCompleted(event_id=3, timestamp=at, status=status, result=result),
        OrchestratorCompleted(timestamp=at),
    ]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """One order that waits for its timer."""
    return of_histories(tmp_path / "b", {"order-7": the_history()})


def of_histories(folder: Path, histories: dict[str, list[Event]], **fields: Any) -> Path:
    instances = [
        an_instance(one, history=events, **{"status": "Running", **fields})
        for one, events in histories.items()
    ]
    written(folder, instances)
    return folder


@pytest.fixture
def app(tmp_path: Path) -> Callable[[str], Path]:
    """Write an app whose orchestrator Order has that body, with *others* by their names."""

    def write(body: str = GOOD, **others: str) -> Path:
        bodies = {"Order": body, **others}
        functions = (
            f"def {name}(ctx, item):\n{indent(dedent(text), '    ')}"
            for name, text in bodies.items()
        )
        known = f"ORCHESTRATORS = [{', '.join(bodies)}]\n"
        file = tmp_path / "shop_app.py"
        file.write_text("\n".join([HEAD, *functions, known, TAIL]))
        return file

    return write


def run(bundle: Path, app: object, *arguments: object, env: dict[str, str] | None = None) -> Result:
    words = [str(bundle), "--app", str(app), *map(str, arguments), "--format", "json"]
    return CliRunner().invoke(rehearse, words, env=env)


def verdict(result: Result) -> dict[str, Any]:
    first: dict[str, Any] = json.loads(result.stdout.splitlines()[0])
    return first


def test_an_app_that_does_what_was_done_fits(bundle: Path, app: Callable[..., Path]) -> None:
    done = run(bundle, app())

    assert done.exit_code == 0, done.output
    assert verdict(done)["outcome"] == "ok"
    sums = json.loads(done.stdout.splitlines()[-1])
    assert (sums["ok"], sums["nondeterministic"]) == (1, 0)
    assert sums["sdk"]


CHANGES = {
    "the order is another": (
        """
        yield ctx.call_activity("Charge", input=item)
        yield ctx.call_activity("Reserve", input=item)
        yield ctx.create_timer(timedelta(hours=1))
        """,
        (2, 0, "activity Reserve", "calls activity Charge"),
    ),
    "an activity has another name": (
        """
        yield ctx.call_activity("Reserve", input=item)
        yield ctx.call_activity("Pay", input=item)
        yield ctx.create_timer(timedelta(hours=1))
        """,
        (6, 1, "activity Charge", "calls activity Pay"),
    ),
    "a timer more": (
        """
        yield ctx.call_activity("Reserve", input=item)
        yield ctx.create_timer(timedelta(minutes=1))
        yield ctx.call_activity("Charge", input=item)
        """,
        (6, 1, "activity Charge", "creates a timer"),
    ),
    "an activity less": (
        """
        yield ctx.call_activity("Reserve", input=item)
        yield ctx.wait_for_external_event("Paid")
        """,
        (6, 1, "activity Charge", "does nothing there"),
    ),
    "something more beside the last": (
        """
        yield ctx.call_activity("Reserve", input=item)
        yield ctx.call_activity("Charge", input=item)
        late = ctx.create_timer(timedelta(hours=1))
        ctx.call_activity("Notify", input=item)
        yield late
        """,
        (9, None, "nothing more there", "calls activity Notify"),
    ),
    "it ends sooner": (
        """
        yield ctx.call_activity("Reserve", input=item)
        return "reserved"
        """,
        (6, 1, "activity Charge", "ends, Completed"),
    ),
    "it ends where history goes on": (
        """
        yield ctx.call_activity("Reserve", input=item)
        yield ctx.call_activity("Charge", input=item)
        ctx.create_timer(timedelta(hours=1))
        return "charged"
        """,
        (9, None, "that it goes on", "ends, Completed"),
    ),
    "it fails": (
        """
        yield ctx.call_activity("Reserve", input=item)
        raise ValueError("no stock")
        """,
        (6, 1, "activity Charge", "ends: ValueError: no stock"),
    ),
    "it asks and fails": (
        """
        yield ctx.call_activity("Reserve", input=item)
        ctx.call_activity("Charge", input=item)
        raise ValueError("no stock")
        """,
        (10, 2, "a timer", "ends: ValueError: no stock"),
    ),
}


def test_what_an_app_does_otherwise_is_found_with_the_place(
    tmp_path: Path, app: Callable[..., Path]
) -> None:
    names = {change: f"Order{number}" for number, change in enumerate(CHANGES)}
    histories = {change: the_history(change, name=name) for change, name in names.items()}
    bundle = of_histories(tmp_path / "b", histories)

    done = run(bundle, app(**{names[change]: body for change, (body, _) in CHANGES.items()}))

    assert done.exit_code == 1, done.output
    found = {one["instanceId"]: one for one in map(json.loads, done.stdout.splitlines()[:-1])}
    assert {one["outcome"] for one in found.values()} == {"nondeterministic"}
    told = ("event", "action", "expected", "found")
    said = {change: tuple(one.get(name) for name in told) for change, one in found.items()}
    assert said == {change: place for change, (_, place) in CHANGES.items()}


def test_numbers_of_a_python_history_are_taken_as_they_are(
    tmp_path: Path, app: Callable[..., Path]
) -> None:
    bundle = of_histories(tmp_path / "b", {"order-7": the_history(base=1)})

    assert run(bundle, app()).exit_code == 0
    body, (event, action, *_) = CHANGES["an activity has another name"]
    found = verdict(run(bundle, app(body)))
    assert (found["event"], found["action"]) == (event, action + 1)


def test_an_instance_that_has_ended_must_come_to_its_end_again(
    tmp_path: Path, app: Callable[..., Path]
) -> None:
    ends = {
        "alike": ended(),
        "another end": ended("", Status.Failed),
        "another output": ended('"other"'),
        "terminated": ended("", Status.Terminated),
    }
    histories = {one: [*the_history(one), *end] for one, end in ends.items()}
    bundle = of_histories(tmp_path / "b", histories, status="Completed")

    assert "not replayed: 4 ended" in run(bundle, app()).stderr
    done = run(bundle, app(), "--all")
    found = {one["instanceId"]: one for one in map(json.loads, done.stdout.splitlines()[:-1])}
    assert {one: verdict.get("found") for one, verdict in found.items()} == {
        "alike": None,
        "another end": "ends, Completed",
        "another output": "ends with another output",
        "terminated": None,
    }


def test_a_turn_that_was_not_written_to_its_end_is_done_again(
    tmp_path: Path, app: Callable[..., Path]
) -> None:
    bundle = of_histories(tmp_path / "b", {"order-7": the_history()[:-2]})

    assert run(bundle, app()).exit_code == 0


def test_an_orchestrator_that_the_app_does_not_have_is_missing(
    tmp_path: Path, app: Callable[..., Path]
) -> None:
    begun = [*the_history("a")]
    begun[1] = ExecutionStarted(timestamp=NOON, execution=Execution("a", "e1"), name="Refund")
    written(
        tmp_path / "b",
        [
            an_instance("a", history=begun, status="Running", name="Refund"),
            an_instance("b", history=(), status="Pending", name="Refund"),
            an_instance("c", history=(), status="Pending"),
        ],
    )

    done = run(tmp_path / "b", app())

    assert done.exit_code == 1
    outcomes = [json.loads(line)["outcome"] for line in done.stdout.splitlines()[:-1]]
    assert outcomes == ["missing", "missing", "ok"]


EFFECTS = {
    'socket.create_connection(("localhost", 9))': "asked for socket",
    'subprocess.run(["true"])': "asked for subprocess.Popen",
    'os.system("true")': "asked for os.system",
    "while True: pass": "did not end within 1 s",
    "os._exit(3)": "process ended",
}


def test_what_has_effects_or_does_not_end_is_an_error_and_the_others_are_replayed(
    tmp_path: Path, app: Callable[..., Path]
) -> None:
    names = {body: f"Order{number}" for number, body in enumerate(EFFECTS)}
    histories = {body: the_history(body, name=name) for body, name in names.items()}
    bundle = of_histories(tmp_path / "b", {**histories, "zgood": the_history("zgood")})

    done = run(bundle, app(**{name: body for body, name in names.items()}), "--timeout", 1)

    assert done.exit_code == 1
    found = {one["instanceId"]: one for one in map(json.loads, done.stdout.splitlines()[:-1])}
    assert found.pop("zgood")["outcome"] == "ok"
    assert {one["outcome"] for one in found.values()} == {"error"}
    assert all(EFFECTS[body] in one["why"] for body, one in found.items())


def test_a_sample_is_of_each_orchestrator(tmp_path: Path, app: Callable[..., Path]) -> None:
    histories = {f"order-{number}": the_history(f"order-{number}") for number in range(5)}
    bundle = of_histories(tmp_path / "b", histories)

    done = run(bundle, app(), "--sample", 2)

    assert json.loads(done.stdout.splitlines()[-1])["ok"] == 2
    assert "3 more of one orchestrator" in done.stderr


def test_the_result_is_kept_in_the_bundle_if_asked_for(
    bundle: Path, app: Callable[..., Path]
) -> None:
    root = BundleReader(bundle).manifest.root
    assert run(bundle, app(), "--record").exit_code == 0

    reader = BundleReader(bundle)
    kept = json.loads(reader.report("rehearsal.json") or b"")
    assert (kept["bundleRoot"], kept["ok"]) == (root, 1)
    assert kept["orchestrators"] == {"Order": {"ok": 1}}


# -- loading ---------------------------------------------------------------------------------------


def test_a_function_is_given_a_worker_to_register_with(
    bundle: Path, app: Callable[..., Path]
) -> None:
    env = {"PYTHONPATH": str(app().parent)}

    assert run(bundle, "shop_app:register", env=env).exit_code == 0
    refused = run(bundle, "shop_app:nothing", env=env)
    assert isinstance(refused.exception, BadRequest)
    assert "no function nothing" in str(refused.exception)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise ValueError('no settings')", "ValueError: no settings"),
        ("import sys; sys.exit('usage: app ENDPOINT')", "usage: app ENDPOINT"),
        ("x = 1", "no orchestrator"),
        ("import os; os._exit(4)", "cannot be loaded"),
        ("import socket; socket.create_connection(('localhost', 9))", "asked for socket"),
    ],
)
def test_an_app_that_cannot_be_loaded_is_wrong_usage(
    bundle: Path, tmp_path: Path, text: str, why: str
) -> None:
    (tmp_path / "app.py").write_text(text)

    refused = run(bundle, tmp_path / "app.py")

    assert isinstance(refused.exception, BadRequest)
    assert why in str(refused.exception)


def test_an_app_that_is_not_there_is_told_without_a_traceback(bundle: Path, tmp_path: Path) -> None:
    refused = run(bundle, tmp_path / "app.py")

    assert isinstance(refused.exception, BadRequest)
    assert f"there is no file {tmp_path / 'app.py'}" in str(refused.exception)
    assert "Traceback" not in str(refused.exception)


def test_an_sdk_that_is_built_otherwise_is_refused_and_named(
    bundle: Path, app: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "durabletask").mkdir()
    (tmp_path / "durabletask/__init__.py").touch()
    (tmp_path / "durabletask/worker.py").write_text("class TaskHubGrpcWorker: ...")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)

    refused = run(bundle, app(), "--python", python)

    assert isinstance(refused.exception, BadRequest)
    assert "is built otherwise than 1.12.0" in str(refused.exception)
