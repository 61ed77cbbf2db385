"""Hubs in which a Python app does everything at once: what ends, and what waits for something."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Event
from time import sleep

from durabletask.client import OrchestrationStatus
from durabletask.entities import EntityInstanceId

from tests.sdk.python_hub import PythonHub
from tests.sdk.travel_hub import until

APP = Path(__file__).parents[2] / "sdk" / "apps" / "everything.py"
LARGE = 70_000  # characters: more than a row or a message has room for
LARGEST = 1_030_000  # characters: with quotes still below 1 MiB
LOCKING = {"amount": 1, "wait": True}


def make_everything_wait(hub: PythonHub) -> None:
    """Start instances that wait, each for something else, and wait until they do."""
    far = datetime.now(timezone.utc) + timedelta(days=2)
    hub.start("Busy", "b", instance_id="busy")  # for an activity that never answers
    hub.start("Partly", 6, instance_id="partly")
    hub.start("Sleeps", 3_600, instance_id="sleeps")
    hub.start("Sleeps", 10 * 86_400, instance_id="sleeps-long")
    hub.start("py_sleeps", 86_400, instance_id="naps")
    hub.start("Waits", {"twice": True}, instance_id="waits")
    hub.start("Echo", 1, instance_id="late", start_at=far)
    hub.start("Echo", 1, instance_id="late-and-over", start_at=far)
    hub.client.terminate_orchestration("late-and-over", output="never mind")
    hub.start("UsesParts", instance_id="parts")
    hub.start("py_has_children", ["child-1", "child-2"], instance_id="has-children")
    hub.start("py_deadline", 5 * 86_400, instance_id="deadline")
    hub.start("RetryWaits", "r", instance_id="retries")
    hub.start("Eternal", {"round": 0, "of": 9, "log": ""}, instance_id="eternal")
    for number in range(3):
        hub.client.raise_orchestration_event("eternal", "Approval", data=number)
        hub.client.raise_orchestration_event("waits", "Other", data=number)  # nobody asks for it
    _entities(hub)
    _large(hub)
    _ended(hub)


def _entities(hub: PythonHub) -> None:
    both = {"entities": ["@counter@a", "@counter@b"], **LOCKING}
    hub.start("Locks", both, instance_id="holder")
    until(lambda: hub.state("holder").serialized_custom_status == '"locked"')
    hub.start("Locks", both, instance_id="second")
    for amount in range(5):
        hub.client.signal_entity(EntityInstanceId("counter", "a"), "add", amount)
    later = EntityInstanceId("counter", "later")
    hub.client.signal_entity(later, "forward-later", "@counter@d")
    hub.client.signal_entity(EntityInstanceId("counter", "gone"), "delete")
    at = datetime.now(timezone.utc) + timedelta(days=1)
    hub.signal("from-a-client", "add", 3, signal_time=at)
    hub.signal("own", "add", 3)
    until(lambda: hub.counter("own") == 3)


def _large(hub: PythonHub) -> None:
    for size, name in ((LARGE, "large"), (LARGEST, "largest")):
        hub.start("EchoBig", "ä" * (size // 2), instance_id=name)
        hub.start("py_repeats", {"letter": "x", "times": size}, instance_id=f"{name}-result")
    hub.start("Waits", {"twice": True, "text": "y" * LARGE}, instance_id="large-waits")
    hub.client.raise_orchestration_event("large-waits", "Approval", data="z" * LARGE)
    hub.client.signal_entity(EntityInstanceId("counter", "large"), "fill", LARGE)
    for name in ("large", "large-result", "largest", "largest-result"):
        assert hub.ended(name).runtime_status is OrchestrationStatus.COMPLETED


def _ended(hub: PythonHub) -> None:
    """Suspend, terminate, rewind, purge, restart."""
    hub.start("Waits", {"twice": True}, instance_id="suspended")
    hub.begun("suspended")
    hub.client.suspend_orchestration("suspended")
    hub.once("suspended", OrchestrationStatus.SUSPENDED)
    hub.client.raise_orchestration_event("suspended", "Approval", data=1)
    hub.start("Sleeps", 86_400, instance_id="terminated")
    hub.begun("terminated")
    hub.client.terminate_orchestration("terminated", output="enough")
    hub.ended("terminated")
    for number in range(2):
        name = f"rewound-{number}"
        hub.start("py_parent_of_failure", f"{hub.name}-{number}", instance_id=name)
        assert hub.ended(name).runtime_status is OrchestrationStatus.FAILED
        hub.client.rewind_orchestration(name, reason="again")
        until(lambda name=name: hub.state(name).runtime_status is OrchestrationStatus.COMPLETED)
    hub.start("FailsInChild", "x", instance_id="failed/child")
    hub.ended("failed/child")
    hub.start("Echo", "x" * LARGE, instance_id="purged")
    hub.ended("purged")
    hub.client.purge_orchestration("purged")
    hub.start("Echo", "once more", instance_id="restarted")
    hub.ended("restarted")
    hub.client.restart_orchestration("restarted")
    hub.start("Waits", {"twice": True}, instance_id="one")
    hub.start("Sender", "one", instance_id="sender")
    hub.ended("sender")


# -- what changes all the time ---------------------------------------------------------------------


def _purges(hub: PythonHub, n: int) -> None:
    name = f"purged-{n % 7}"
    hub.run("Echo", "x" * LARGE, instance_id=name)
    hub.client.purge_orchestration(name)


def _fills(hub: PythonHub, n: int) -> None:
    hub.client.signal_entity(EntityInstanceId("counter", "fills"), "fill", LARGE + n)
    sleep(0.05)  # a client that never waits would fill the queue faster than it is emptied


def _deletes(hub: PythonHub, n: int) -> None:
    hub.signal(f"deleted-{n % 3}", "add", 1)
    hub.signal(f"deleted-{n % 3}", "delete")
    sleep(0.05)


def _counts(hub: PythonHub, n: int) -> None:
    hub.run("py_count_to", {"now": 1, "end": 12}, instance_id=f"counts-{n % 5}")


def _moves(hub: PythonHub, n: int) -> None:
    accounts = {"from": f"account-{n % 3}", "to": f"account-{(n + 1) % 3}"}
    hub.run("py_moves", {**accounts, "amount": 1}, instance_id=f"moves-{n % 4}")


def _parents(hub: PythonHub, n: int) -> None:
    hub.run("py_parent", 3, instance_id=f"parents-{n % 4}")


def _fans_out(hub: PythonHub, n: int) -> None:
    hub.run("py_squares", 20, instance_id=f"squares-{n}")


def _rewinds(hub: PythonHub, n: int) -> None:
    name = f"rewinds-{n}"
    hub.run("py_parent_of_failure", f"{hub.name}-again-{n}", instance_id=name)
    hub.client.rewind_orchestration(name, reason="again")
    hub.once(name, OrchestrationStatus.COMPLETED)


def _suspends(hub: PythonHub, n: int) -> None:
    name = hub.start("Waits", {"twice": False}, instance_id=f"suspends-{n % 3}")
    hub.client.suspend_orchestration(name)
    hub.client.resume_orchestration(name)
    hub.client.raise_orchestration_event(name, "Approval", data=1)
    hub.ended(name)


CHANGES = (
    _purges, _fills, _deletes, _counts, _moves, _parents, _fans_out, _rewinds, _suspends,
)  # fmt: skip


@contextmanager
def changing(hub: PythonHub, *, is_cut_off: bool = False) -> Iterator[None]:
    """Let the hub change all the time for the body. Whatever fails is raised at the end.

    It is not if the hub *is_cut_off* in the body: its clients fail then. Nothing is purged in that case, for
    what a purge leaves behind stays until it is purged again.
    """
    stopped = Event()

    def again_and_again(change: Callable[[PythonHub, int], None]) -> None:
        number = 0
        while not stopped.is_set():
            change(hub, number)
            number += 1

    changes = [change for change in CHANGES if change is not _purges or not is_cut_off]
    with ThreadPoolExecutor(len(changes)) as pool:
        running = [pool.submit(again_and_again, change) for change in changes]
        try:
            yield
        finally:
            stopped.set()
    for one in running:
        if not is_cut_off:
            one.result()
