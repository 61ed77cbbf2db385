"""Jobs over actors in memory: what a test says happens to each instance, without any storage."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from durahub.errors import InstanceNotFound, WrongStatus
from durahub.model.ticks import UNIX_EPOCH, Ticks, later
from durahub.stored import NotRead, StoredInstance
from durahub_migrate.acting.audit import Who
from durahub_migrate.acting.audit_log import AuditLog
from durahub_migrate.acting.jobs.book import JobBook
from durahub_migrate.acting.jobs.counting import Found, of_scan
from durahub_migrate.acting.jobs.service import Jobs
from durahub_migrate.monitor.actions import Command, Cost, Done, JobRequest, JobView, Possible, Verb
from durahub_migrate.monitor.hub import StoreKind
from durahub_migrate.monitor.possible import OFFERS, Offers
from durahub_migrate.monitor.row import Row
from tests.monitor.acting.shops import KEY

EVE = Who("eve", "loopback")
NOW = later(UNIX_EPOCH, 1_800_000_000)


def row(instance_id: str, status: str = "Completed", **fields: object) -> Row:
    values = {"name": "Order", "execution_id": f"e-{instance_id}", "updated": NOW} | fields
    return Row(hub=KEY, instance_id=instance_id, status=status, **values)  # type: ignore[arg-type]


@dataclass
class FakeActor:
    """An actor over rows in memory, which may fail where a test says."""

    rows: dict[str, Row]
    before: Callable[[Command], None] = lambda _: None
    behind: Callable[[Command], None] = lambda _: None
    children: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unread: dict[str, NotRead] = field(default_factory=dict)
    sent: "Counter[str]" = field(default_factory=Counter)
    kind: StoreKind = StoreKind.SCHEDULER
    hub: str = KEY
    name: str = "shop"

    @property
    def offers(self) -> Offers:
        return OFFERS[self.kind]

    async def look(self, instance_id: str) -> Row | None:
        return self.rows.get(instance_id)

    async def scan(self) -> AsyncIterator[Row]:
        for one in sorted(self.rows.values(), key=lambda one: one.instance_id):
            yield one

    async def whole(self, instance_id: str) -> StoredInstance | NotRead | None:
        if instance_id in self.unread:
            return self.unread[instance_id]
        found = self.rows.get(instance_id)
        return stored(found) if found is not None else None

    async def possible(self, instance_id: str) -> tuple[Possible, ...]:
        return ()

    async def cost(self, command: Command) -> Cost:
        if command.target not in self.rows:
            raise InstanceNotFound(command.target)
        children = self.children.get(command.target, ())
        return Cost(instances=1, rows=10, bytes=1_000, requests=6, children=children)

    async def do(self, command: Command) -> Done:
        self.before(command)
        found = self.rows.get(command.target)
        if found is None:
            raise InstanceNotFound(command.target)
        self.sent[command.target] += 1
        match command.verb:
            case Verb.PURGE:
                if not found.is_ended:
                    raise WrongStatus(command.target, found.status, "it runs")
                del self.rows[command.target]
            case Verb.TERMINATE:
                self.rows[command.target] = replace(found, status="Terminated")
        self.behind(command)
        return Done(verb=command.verb, target=command.target, instances=1, rows=10, sentence="done")


def stored(found: Row) -> StoredInstance:
    return StoredInstance(
        instance_id=found.instance_id,
        execution_id=found.execution_id,
        name=found.name,
        version=None,
        status=found.status,
        created=NOW,
        last_updated=found.updated,
        completed=NOW,
        scheduled_start=None,
        input='"in"',
        output='"out"',
        custom_status=None,
        tags=None,
        generation=None,
    )


def actor_of(*rows: Row, **how: object) -> FakeActor:
    return FakeActor({one.instance_id: one for one in rows}, **how)  # type: ignore[arg-type]


def orders(count: int, status: str = "Completed") -> FakeActor:
    return actor_of(*(row(f"order-{number:03d}", status) for number in range(count)))


def clock() -> Ticks:
    return NOW


def jobs_at(folder: Path, actor: FakeActor, *, book: JobBook | None = None, **how: object) -> Jobs:
    """Return the jobs of a folder as a process has them that has just started."""

    def finding(_: str) -> Found:
        return lambda query: of_scan(actor, query)

    how = {"monotonic": ticking(), "sleep": no_sleep, **how}
    return Jobs(
        book or JobBook(folder),
        lambda _: actor,
        finding,
        AuditLog(folder),
        clock,
        **how,  # type: ignore[arg-type]
    )


def ticking() -> Callable[[], float]:
    """Return a clock on which a second passes with each look."""
    now = [0.0]

    def look() -> float:
        now[0] += 1.0
        return now[0]

    return look


async def no_sleep(_: float) -> None:
    """Let time pass at once."""


def request(verb: Verb, query: str = "", **how: object) -> JobRequest:
    arguments = how.pop("arguments", {})
    reason = how.pop("reason", None)
    asked = Command(verb=verb, hub=KEY, arguments=arguments, reason=reason)  # type: ignore[arg-type]
    return JobRequest(command=asked, query=query, **({"rate": 500.0} | how))  # type: ignore[arg-type]


async def ready(jobs: Jobs, asked: JobRequest) -> JobView:
    return await jobs.settled(jobs.make(asked, EVE).number)


async def run(jobs: Jobs, asked: JobRequest) -> JobView:
    number = (await ready(jobs, asked)).number
    jobs.start(number, EVE)
    return await jobs.settled(number)


def results(jobs: Jobs, number: str) -> "Counter[str]":
    lines = list(jobs.report(number, "csv"))[1:]
    return Counter(line.split(",")[1] for line in lines)
