"""What it costs to move a hub: each command in a process of its own; all that came in has to be there.

A hub in a SQLite file is filled (`benchmarks.moved_hub`), exported, planned, applied and verified, with a
store of ours, a hub in Azurite or an endpoint as target. What was moved to Azurite is exported from there.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.contestants import SDK_MEMORY, Contestant
from benchmarks.foreign_endpoint import ForeignEndpoint, running_foreign_endpoint
from benchmarks.large import counts_of
from benchmarks.moved_hub import LIVE, WHOLE, Filled, fill
from benchmarks.proxy import Proxy, running_proxy
from benchmarks.stand import HUB, TOP
from benchmarks.stores import VARIABLE, running_store

TARGETS = {
    "sqlite": "another SQLite file",
    "azurite": "a hub in Azurite, from which it is then exported",
    SDK_MEMORY: "an endpoint, by ghost replay: of instances of which none has ended",
}
BACK = "export back"  # from Azurite


@dataclass(frozen=True)
class MovedHub:
    """What moving a hub to a contestant has cost. Entities count as instances.

    *commands* has for each command, by name: ``seconds``, ``cpu`` in seconds, ``peak`` in MiB, ``written`` in
    bytes, ``requests`` to storage. *bundle* is in bytes, without what is derived; *index* is that.
    *planned* are the actions that the plan tells, *calls* and *actions* what the endpoint has counted.
    """

    contestant: str
    instances: int
    events: int
    messages: int
    bundle: int
    index: int
    commands: dict[str, dict[str, float]]
    planned: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    actions: dict[str, int] = field(default_factory=dict)
    requests: dict[str, dict[str, int]] = field(default_factory=dict)  # by command and kind
    wrong: list[str] = field(default_factory=list)


async def move(contestant: Contestant, instances: int) -> MovedHub:
    """Fill a hub in a file and move it. Raises RuntimeError if a command cannot be carried out."""
    is_foreign = contestant.store == SDK_MEMORY
    with ExitStack() as stack:
        top = Path(stack.enter_context(TemporaryDirectory(prefix="durahub-benchmark-")))
        filled = await fill(top / "old.db", HUB, instances, LIVE if is_foreign else WHOLE)
        place, env = f"sqlite:{top / 'new.db'}/{HUB}", {}
        proxy: Proxy | None = None
        endpoint: ForeignEndpoint | None = None
        if contestant.counted:
            storage = stack.enter_context(
                running_store(contestant.store, top / "store", dumps=False)
            )
            proxy = stack.enter_context(running_proxy(dict(storage.urls)))
            place, env = f"env:{VARIABLE}/{HUB}", dict(storage.behind(proxy.urls).env)
        elif is_foreign:
            endpoint = stack.enter_context(running_foreign_endpoint())
            place = f"{endpoint.address}/{HUB}"
        commands = _Commands(top, env, proxy)
        old, bundle, plan = f"sqlite:{top / 'old.db'}/{HUB}", top / "moved.hub", top / "moved.plan"
        exported = await commands.run("export", old, str(bundle))
        planned = await commands.run("plan", str(bundle), place, "--output", str(plan))
        before = endpoint.counts() if endpoint else {}
        applied = await commands.run("apply", str(plan), "--quiet")
        after = endpoint.counts() if endpoint else {}
        verified = await commands.run(
            "verify", str(bundle), place, "--plan", str(plan), form="jsonl"
        )
        wrong = [
            *_differences("export", exported, _of_export(filled)),
            *_differences("plan", planned, _of_plan(filled)),
            *_differences("apply", applied, _of_apply(filled)),
            *_differences("verify", verified, _of_verify(filled, exact=endpoint is None)),
        ]
        if contestant.counted:
            back = await commands.run("export", place, str(top / "back.hub"), name=BACK)
            wrong += _differences(BACK, back, _of_export(filled, queues=False))
        sizes = _sizes(bundle)
    units = planned["strategies"].values()
    costs, actions = sum(one["actions"] for one in units), _since(before, after, "actions")
    if endpoint and costs != sum(actions.values()):
        wrong.append(
            f"the plan tells {costs} actions, the endpoint has seen {sum(actions.values())}"
        )
    return MovedHub(
        contestant.name,
        filled.instances,
        filled.events,
        filled.messages,
        *sizes,
        commands=commands.found,
        planned=costs,
        calls=_since(before, after, "calls"),
        actions=actions,
        requests=commands.requests,
        wrong=wrong,
    )


def _since(
    before: Mapping[str, Counter[str]], after: Mapping[str, Counter[str]], kind: str
) -> dict[str, int]:
    return dict(after[kind] - before[kind]) if after else {}


class _Commands:
    """Runs commands, and keeps what they cost."""

    def __init__(self, top: Path, env: Mapping[str, str], proxy: Proxy | None) -> None:
        self._top = top
        self._env = env
        self._proxy = proxy
        self.found: dict[str, dict[str, float]] = {}
        self.requests: dict[str, dict[str, int]] = {}

    async def run(
        self, command: str, *arguments: str, name: str = "", form: str = "json"
    ) -> dict[str, Any]:
        """Return the last object that the command prints. Raises RuntimeError if it fails."""
        costs, said = self._top / "costs.json", self._top / "said.json"
        before = counts_of(self._proxy)
        started = time.perf_counter()
        with said.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "benchmarks.costly_command",
                str(costs),
                command,
                *arguments,
                "--format",
                form,
                cwd=TOP,
                env={**os.environ, **self._env},
                stdout=out,
            )
            try:
                status = await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        seconds = time.perf_counter() - started
        if status not in (0, 1):  # 1: what differs is looked at
            raise RuntimeError(f"{command} ended with {status}")
        sent = counts_of(self._proxy) - before
        self.found[name or command] = {
            "seconds": seconds,
            **json.loads(costs.read_bytes()),
            "requests": sum(sent.values()),
        }
        if sent:
            self.requests[name or command] = dict(sent)
        return _last_object(said)


def _last_object(file: Path) -> dict[str, Any]:
    last = b"{}"
    with file.open("rb") as lines:
        for line in lines:
            last = line
    found: dict[str, Any] = json.loads(last)
    return found


def _sizes(bundle: Path) -> tuple[int, int]:
    """Return the bytes of a bundle without and of what is derived."""
    sizes: Counter[bool] = Counter()
    for one in bundle.rglob("*"):
        if one.is_file():
            sizes[one.name.startswith("index.")] += one.stat().st_size
    return sizes[False], sizes[True]


# -- what has to come out --------------------------------------------------------------------------


def _of_export(filled: Filled, *, queues: bool = True) -> dict[str, Any]:
    """Return what an export has to tell. Of a queue of Azure Storage no more than 32 messages can be seen."""
    told = {
        "instancesRead": filled.instances,
        "instancesRejected": 0,
        "messagesRejected": 0,
        "events": filled.events,
        "payloads": filled.large,
        "rejects": {},
    }
    return told | ({"messagesRead": filled.messages} if queues else {})


def _of_plan(filled: Filled) -> dict[str, Any]:
    return {
        "frozen": True,
        "residue": {"entities": 0, "messages": 0, "orchestrations": 0},
        "balance entities imported": filled.entities,
        "balance orchestrations imported": filled.instances - filled.entities,
        "balance messages imported": filled.messages,
    }


def _of_apply(filled: Filled) -> dict[str, Any]:
    return {
        "state": "handed-over",
        "failed": 0,
        "rejected": 0,
        "instances": filled.instances,
        "events": filled.events,
        "residue": {"entities": 0, "messages": 0, "orchestrations": 0},
    }


def _of_verify(filled: Filled, *, exact: bool) -> dict[str, Any]:
    return {
        "equal": True,
        "faults": 0,
        "results equal": filled.instances,
        **({"matches exact": filled.instances} if exact else {}),
    }


def _differences(name: str, said: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """Return what differs; a key of several words leads into objects."""
    wrong = []
    for key, is_to_be in expected.items():
        found: Any = said
        for word in key.split():
            found = found.get(word) if isinstance(found, Mapping) else None
        if found != is_to_be:
            wrong.append(f"{name}: {key} is {found}, not {is_to_be}")
    return wrong
