"""A chaos run: load while parts are killed, paused and cut off; then calm; then the checker decides."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fault.chaos.callers import Callers, end_waits, ended
from tests.fault.chaos.checker import Held, judge
from tests.fault.chaos.held import (
    await_empty_queues,
    findings_of,
    instances_of,
    ledgers_of,
    messages_of,
)
from tests.fault.chaos.parts import VISIBILITY, Parts, Say
from tests.fault.chaos.plan import Act, plan
from tests.fault.chaos.records import Records
from tests.fault.served import DURAHUB

ENDED_WITHIN = 240.0  # seconds of calm
EMPTY_WITHIN = 300.0
"""Seconds of calm until queues are empty: an answer that no turn has asked for is given up at its eighth
delivery, with pauses of 2 to 128 seconds between them."""
SERVE = (*DURAHUB, "serve")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a run: what is broken, and the figures."""

    broken: Sequence[str]
    figures: Mapping[str, int]
    plan: Sequence[Act]


def run(
    store: str,
    seed: int,
    seconds: float,
    pace: float,
    folder: Path,
    say: Say,
    program: Sequence[str] = SERVE,
) -> Outcome:
    """Run *seconds* of chaos on *store*, with logs and records in *folder*."""
    on_azurite = store == "azurite"
    acts = plan(seed, seconds, 2 if on_azurite else 1, azurite=on_azurite)
    parts = Parts(store, folder, seed, say, program)
    try:
        parts.start()
        callers = Callers(parts.endpoints, parts.records, seed, pace)
        callers.start()
        try:
            _play(parts, acts, seconds, say)
        finally:
            callers.stop()
        say("all is calm")
        parts.calm()
        records, held = _settled(parts, say)
    finally:
        parts.close()
    verdict = judge(records, held, exactly_once=not on_azurite)
    faults = {f"faults: {name}": n for name, n in sorted(parts.counted.items()) if " " in name}
    figures = {
        "seconds": round(seconds),
        **{
            name.replace("faults: kill", "kills:").replace("faults: pause", "pauses:"): n
            for name, n in faults.items()
        },
        "calls refused": callers.refused,
        **verdict.figures,
    }
    return Outcome(broken=(*parts.broken, *verdict.broken), figures=figures, plan=acts)


def _play(parts: Parts, acts: Sequence[Act], seconds: float, say: Say) -> None:
    began = time.monotonic()
    parts.harm_storage()
    for act in acts:
        time.sleep(max(0.0, began + act.at - time.monotonic()))  # the plan says when
        parts.look()
        say(str(act))
        kind, _, number = act.whom.partition(" ")
        if act.what == "kill":
            parts.kill(kind, int(number or 0), act.seconds)
        elif act.what == "pause":
            parts.pause(kind, int(number), act.seconds)
        else:
            parts.harm(int(number), act.what)
    time.sleep(max(0.0, began + seconds - time.monotonic()))  # what was done last has its time, too


def _settled(parts: Parts, say: Say) -> tuple[Records, Held]:
    """Let everything come to its end, and return what there is then."""
    calm_since = time.monotonic()
    records = Records.read(parts.records)
    endpoint = parts.servers[-1].endpoint
    waiting = {one for one in records.asked if one.startswith("events-")}
    end_waits(endpoint, {one: sorted(records.events.get(one, ())) for one in sorted(waiting)})
    states = ended(endpoint, sorted(records.started), ENDED_WITHIN)
    ended(endpoint, sorted(records.asked - records.started), ENDED_WITHIN / 4)
    say(f"{len(states)} instances that were accepted have ended or had their time")
    if parts.store == "azurite":
        left = calm_since + EMPTY_WITHIN - time.monotonic()
        await_empty_queues(parts, max(left, 3 * VISIBILITY), records.asked - records.started)
    ledgers = ledgers_of(endpoint)
    parts.stop_serving()
    instances, findings = instances_of(parts), findings_of(parts)
    if parts.azurite is not None:
        parts.azurite.close()
    held = Held(instances, ledgers, messages_of(parts), findings)
    return Records.read(parts.records), held
