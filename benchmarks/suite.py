"""Carries a plan out, step by step: what fails is told of and the rest goes on, what is found is saved."""

import asyncio
import time
from collections.abc import Callable, Sequence

from benchmarks.contestants import parse
from benchmarks.large import hub_size, scale
from benchmarks.lint import lint
from benchmarks.measuring import Failed, counted, timed
from benchmarks.monitor import monitor_index
from benchmarks.monitor_requests import monitor_requests
from benchmarks.monitor_served import monitor_served
from benchmarks.move import move
from benchmarks.plans import (
    Count,
    CountMonitor,
    MeasureLint,
    MeasureMonitor,
    MeasureMove,
    MeasureScale,
    MeasureServed,
    MeasureSize,
    Step,
    Time,
    named,
)
from benchmarks.results import Found, Results
from benchmarks.scenarios import SCENARIOS

STEP_WITHIN = 400.0  # seconds; then it counts as failed
INSTANCES_A_SECOND = 200  # at least, where a hub of many is filled and linted: they get more time
MOVED_A_SECOND = 50  # at least, through all commands
OVERTIME = 120.0  # seconds that the last step may go on after the deadline
AT_ONCE = 16


def carry_out(
    steps: Sequence[Step],
    results: Results,
    deadline: float | None,
    tell: Callable[[str], None],
    found: Callable[[Results], None],
    *,
    at_once: int = AT_ONCE,
    idle_seconds: float = 5.0,
    worker_flags: Sequence[str] = (),
) -> None:
    """Do all steps; *found* is called after each. None is begun after *deadline* (monotonic seconds)."""
    for number, step in enumerate(steps, start=1):
        if deadline is not None and time.monotonic() > deadline:
            left = [named(each) for each in steps[number - 1 :]]
            results.left_out.extend(left)
            found(results)
            return
        tell(f"[{number}/{len(steps)}] {named(step)}")
        started = time.monotonic()
        limit = STEP_WITHIN
        if isinstance(step, MeasureLint | MeasureServed):
            limit += step.instances / INSTANCES_A_SECOND
        elif isinstance(step, MeasureMove):
            limit += step.instances / MOVED_A_SECOND
        if deadline is not None:
            limit = min(limit, deadline + OVERTIME - started)
        one = _do(step, at_once, idle_seconds, worker_flags, limit)
        tell(f"    {_said_of(one)} ({time.monotonic() - started:.0f} s)")
        results.found.append(one)
        found(results)


def _do(
    step: Step, at_once: int, idle_seconds: float, worker_flags: Sequence[str], limit: float
) -> Found:
    async def measured() -> Found:
        contestant = parse(step.contestant)
        match step:
            case Time():
                return await timed(
                    contestant, SCENARIOS[step.scenario], step.n, at_once, step.turn, worker_flags
                )
            case Count():
                scenario = SCENARIOS[step.scenario]
                return await counted(contestant, scenario, step.n, at_once, idle_seconds)
            case MeasureSize():
                return await hub_size(contestant, step.finished, step.n, idle_seconds)
            case MeasureLint():
                return await lint(contestant, step.instances)
            case MeasureMove():
                return await move(contestant, step.instances)
            case MeasureMonitor():
                return monitor_index(contestant, step.instances)
            case MeasureServed():
                return await asyncio.to_thread(monitor_served, contestant, step.instances)
            case CountMonitor():
                return await monitor_requests(contestant, step.figure, step.n)
            case MeasureScale():
                return await scale(contestant, step.filling)

    async def within() -> Found:
        return await asyncio.wait_for(measured(), limit)

    try:
        return asyncio.run(within())
    except Exception as error:  # whatever it is, the other steps are worth having
        said = str(error).splitlines()
        return Failed(named(step), f"{type(error).__name__}: {said[0] if said else ''}")


def _said_of(one: Found) -> str:
    if isinstance(one, Failed):
        return f"FAILED: {one.error}"
    return "done" if not one.wrong else f"WRONG: {one.wrong[0]}"
