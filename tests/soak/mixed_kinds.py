"""Orchestrations of every kind, by the hundred or by the thousand, and what came of each."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.sdk.python_hub import PythonHub
from tests.sdk.travel_hub import until

AT_ONCE = 8  # client calls
WAVE = 360  # instances that run at a time: a local Azurite answers late when thousands do
ACCOUNTS = 20  # counters between which amounts are moved

Result = tuple[str, str | None, str | None]  # status, output, message of the failure
Act = Callable[[PythonHub, str], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """An orchestration, its input for the n-th instance, and what a client does to it."""

    name: str
    given: Callable[[int], Any] = lambda n: None
    act: Act | None = None
    options: Callable[[], dict[str, Any]] = dict


def _raise(*events: tuple[str, Any]) -> Act:
    def act(hub: PythonHub, instance_id: str) -> None:
        for name, data in events:
            hub.client.raise_orchestration_event(instance_id, name, data=data)

    return act


def _terminate(hub: PythonHub, instance_id: str) -> None:
    hub.client.terminate_orchestration(instance_id, output="enough")


def _suspend_and_resume(hub: PythonHub, instance_id: str) -> None:
    hub.client.suspend_orchestration(instance_id)
    hub.client.raise_orchestration_event(instance_id, "go", data=1)
    hub.client.resume_orchestration(instance_id)


def _soon() -> dict[str, Any]:
    return {"start_at": datetime.now(timezone.utc) + timedelta(seconds=2)}


ORCHESTRATIONS = (
    Kind("py_greet_all", lambda n: [f"city {n}", "Lima"]),
    Kind("py_squares", lambda n: 1 + n % 7),
    Kind("py_sleeps", lambda n: 0.1),
    Kind("py_deadline", lambda n: 3600, _raise(("approval", "yes"))),
    Kind("py_deadline", lambda n: 0.1),
    Kind("py_collect", lambda n: ["a", "b", "a"], _raise(("b", 1), ("a", 2), ("a", 3))),
    Kind("py_names_its_child", lambda n: f"child-{n}"),
    Kind("py_child_fails", lambda n: f"failure {n}"),
    Kind("py_activity_fails", lambda n: f"failure {n}"),
    Kind("py_retries", lambda n: f"retried-{n}"),
    Kind("py_count_to", lambda n: {"now": 1, "end": 2 + n % 3}),
    Kind("py_keeps_events", lambda n: 0, _raise(("add", 5), ("add", 6), ("add", 0))),
    Kind("py_collect", lambda n: ["never"], _terminate),
    Kind("py_collect", lambda n: ["go"], _suspend_and_resume),
    Kind("py_greet_all", lambda n: ["Lima"], options=_soon),
    Kind("py_repeats", lambda n: {"letter": "x", "times": 100_000 if n % 100 == 15 else 100}),
)
ENTITIES = (
    Kind("py_calls_counter", lambda n: {"key": f"own-{n}", "signals": [n], "calls": [1, 2]}),
    Kind(
        "py_moves",
        lambda n: {
            "from": f"account-{n % ACCOUNTS}",
            "to": f"account-{(n * 7 + 1) % ACCOUNTS}",
            "amount": n,
        },
    ),
)


def play(hub: PythonHub, numbers: range, within: float) -> dict[str, Result]:
    """Run the instances of these *numbers* to their ends; return what came of each, by its ID.

    The totals of the counters are among the results.
    """
    kinds = (*ORCHESTRATIONS, *ENTITIES)

    def begin(n: int) -> str:
        kind, instance_id = kinds[n % len(kinds)], f"mixed-{n}"
        hub.start(kind.name, kind.given(n), instance_id=instance_id, **kind.options())
        if kind.act:
            kind.act(hub, instance_id)
        return instance_id

    def end(instance_id: str) -> tuple[str, Result]:
        state = hub.client.wait_for_orchestration_completion(instance_id, timeout=within)
        assert state is not None
        message = state.failure_details.message if state.failure_details else None
        return instance_id, (state.runtime_status.name, state.serialized_output, message)

    results: dict[str, Result] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for first in range(0, len(numbers), WAVE):
            wave = numbers[first : first + WAVE]
            results.update(pool.map(end, list(pool.map(begin, wave))))
    for account in range(ACCOUNTS):
        results[f"account-{account}"] = _settled(hub, f"account-{account}")
    return results


def _settled(hub: PythonHub, key: str) -> Result:
    until(lambda: hub.counter(key) is not None)
    return ("entity", str(hub.counter(key)), None)
