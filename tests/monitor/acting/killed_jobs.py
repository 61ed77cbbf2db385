"""Jobs that are killed, with SIGKILL, at one write after the other, until they are done. Run by a test.

What the hub holds, and how often it was asked for what, is in a file: an asking is written before it has its
effect, and both are there after a crash.
"""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from durahub.errors import InstanceNotFound
from durahub.stored import NotRead, StoredInstance
from durahub_migrate.acting.audit_log import AuditLog
from durahub_migrate.acting.jobs.book import JobBook
from durahub_migrate.acting.jobs.counting import of_scan
from durahub_migrate.acting.jobs.service import Jobs
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.monitor.access import AuditEntry
from durahub_migrate.monitor.actions import Command, Cost, Done, JobState, Verb
from tests.applying.forked import in_child
from tests.monitor.acting.job_desk import EVE, FakeActor, clock, no_sleep, request, row, ticking

INSTANCES = 4


class Killer:
    """Kills the process at the write *at*, counted from 1."""

    def __init__(self, at: int) -> None:
        self.left = at

    def point(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalBook(JobBook):
    """A book whose process may die before and behind each commit."""

    killer: Killer | None = None

    def write_all(self, number, items):  # type: ignore[no-untyped-def]
        self._point()
        super().write_all(number, items)
        self._point()

    def put_part(self, *arguments):  # type: ignore[no-untyped-def]
        self._point()
        super().put_part(*arguments)
        self._point()

    def set_state(self, *arguments, **how):  # type: ignore[no-untyped-def]
        self._point()
        job = super().set_state(*arguments, **how)
        self._point()
        return job

    def _point(self) -> None:
        if self.killer is not None:
            self.killer.point()


@dataclass(frozen=True)
class MortalLog:
    """An audit log whose process may die before and behind each entry."""

    log: AuditLog
    killer: Killer

    def note(self, entry: AuditEntry) -> None:
        self.killer.point()
        self.log.note(entry)
        self.killer.point()


class StoredHub(FakeActor):
    """A hub whose instances are in a file, a line for each thing that happened."""

    def __init__(self, file: Path, killer: Killer) -> None:
        super().__init__({})
        self.file, self.killer = file, killer
        for line in file.read_text().splitlines():
            happened = json.loads(line)
            if happened["what"] == "start":
                self.rows[happened["id"]] = row(happened["id"], happened["status"])
            elif happened["what"] == "purge":
                self.rows.pop(happened["id"], None)
            elif happened["what"] == "terminate":
                self.rows[happened["id"]] = replace(self.rows[happened["id"]], status="Terminated")

    async def cost(self, command: Command) -> Cost:
        return Cost(instances=1)

    async def whole(self, instance_id: str) -> StoredInstance | NotRead | None:
        self.killer.point()
        return await super().whole(instance_id)

    async def do(self, command: Command) -> Done:
        if command.target not in self.rows:
            raise InstanceNotFound(command.target)
        self.killer.point()
        with self.file.open("a") as file:
            file.write(json.dumps({"what": command.verb.value, "id": command.target}) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.killer.point()
        found = self.rows[command.target]
        if command.verb is Verb.PURGE:
            del self.rows[command.target]
        elif command.verb is Verb.TERMINATE:
            self.rows[command.target] = replace(found, status="Terminated")
        return Done(verb=command.verb, target=command.target, sentence="done", instances=1)


def made(folder: Path, status: str) -> None:
    """Make the hub, and a job that is counted."""
    with (folder / "hub").open("w") as file:
        for number in range(INSTANCES):
            what = {"what": "start", "id": f"order-{number}", "status": status}
            file.write(json.dumps(what) + "\n")


def jobs_of(folder: Path, killer: Killer) -> Jobs:
    book = MortalBook(folder)
    book.killer = killer
    actor = StoredHub(folder / "hub", killer)
    log = MortalLog(AuditLog(folder), killer)
    return Jobs(
        book,
        lambda _: actor,
        lambda _: lambda query: of_scan(actor, query),
        log,
        clock,
        monotonic=ticking(),
        sleep=no_sleep,
    )


async def ask(folder: Path, verb: Verb) -> None:
    archive = str(folder / "archive") if verb is Verb.PURGE else None
    arguments = {"name": "Approve"} if verb is Verb.RAISE_EVENT else {}
    async with jobs_of(folder, Killer(0)) as jobs:
        made_job = jobs.make(request(verb, archive=archive, arguments=arguments), EVE)
        await jobs.settled(made_job.number)


async def go_on(folder: Path, kill_at: int) -> None:
    """Start the job, or go on with it."""
    killer = Killer(kill_at)
    async with jobs_of(folder, killer) as jobs:
        state = jobs.view(1).state
        if state is JobState.DONE:
            return
        (jobs.start if state is JobState.READY else jobs.resume)(1, EVE)
        await jobs.settled(1)


def held(folder: Path, kills: int) -> dict[str, object]:
    """Return what there is at the end."""
    happened = [json.loads(line) for line in (folder / "hub").read_text().splitlines()]
    sent = Counter(one["id"] for one in happened if one["what"] != "start")
    with JobBook(folder) as book:
        job = book.job(1)
        states = Counter(item.state.value for item in book.all_items(1))
        parts = [Path(part) for _, part, _ in book.parts(1)]
    saved: list[str] = []
    for part in parts:
        bundle = BundleReader(part)
        bundle.verify()
        saved += [one.whole().instance_id for one in bundle.instances()]
    return {
        "kills": kills,
        "state": job.state.value,
        "states": dict(states),
        "most": max(sent.values(), default=0),
        "sent": sorted(sent),
        "saved": sorted(set(saved)),
        "entries": len(AuditLog(folder).page(count=1000).entries),
    }


def disturbed(folder: Path, verb: Verb, first: int, every: int) -> dict[str, object]:
    """Do a job, killed at the write *first*, then at each *every*-th, until it is done."""
    folder.mkdir(parents=True)
    made(folder, "Completed" if verb is Verb.PURGE else "Running")
    asyncio.run(ask(folder, verb))
    kills, at = 0, first
    while not in_child(lambda at=at: asyncio.run(go_on(folder, at))):  # type: ignore[misc]
        kills, at = kills + 1, every
        assert kills < 200, "it never ends"
    return held(folder, kills)


if __name__ == "__main__":
    place, named, first, last, every = Path(sys.argv[1]), Verb(sys.argv[2]), *map(int, sys.argv[3:])
    for at in range(first, last + 1):
        print(json.dumps(disturbed(place / str(at), named, at, every)), flush=True)
