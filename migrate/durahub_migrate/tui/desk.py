"""What the screens stand on: the monitor as its user may see it, and what acts on his behalf and is noted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from durahub.dispatch.clock import Clock
from durahub.errors import BadRequest, DurahubError, NotOffered
from durahub.model.ticks import Ticks
from durahub_migrate.acting.audit import Audit, AuditedActor, Who, entry_of, outcome
from durahub_migrate.monitor.access import User
from durahub_migrate.monitor.actions import Command, Cost, Done, JobRequest, JobView, Possible, Verb
from durahub_migrate.monitor.query import Query
from durahub_migrate.monitor.seam import HubWatch, Monitor
from durahub_migrate.monitor.telling.payloads import Showing
from durahub_migrate.monitor.telling.redaction import RedactionPlace

T = TypeVar("T")


class Sight(Protocol):
    """What the user sees of the monitor: payloads are redacted, or hidden, by it alone."""

    @property
    def user(self) -> User:
        """Who looks."""

    @property
    def monitor(self) -> Monitor:
        """What he looks at."""

    def may(self, what: str | Verb, hub: str) -> bool:
        """Tell whether the user may do something at a hub."""

    def need(self, what: str | Verb, hub: str) -> None:
        """Raise `NotGranted` unless he may."""

    def restricted(self, query: Query, keys: Sequence[str] = ()) -> Query:
        """Return a query that tells no more than he may see."""

    def shown(self, value: T, hub: str = "") -> T:
        """Return a value as he may see it."""

    def showing(self, text: int | None = ...) -> Showing:
        """Return how texts of histories are shown."""

    def redacted(self, text: str, place: RedactionPlace) -> str:
        """Return the text of a payload as he may see it."""


class Jobs(Protocol):
    """What runs jobs; `durahub_migrate.acting.jobs.service.Jobs` says what each raises."""

    def all(self) -> tuple[JobView, ...]:
        """Return all jobs."""

    def make(self, request: JobRequest, who: Who) -> JobView:
        """Make a job and begin to count it."""

    def start(self, number: int | str, who: Who) -> JobView:
        """Start a job that was counted."""

    def resume(self, number: int | str, who: Who) -> JobView:
        """Go on with a job."""

    def pause(self, number: int | str) -> JobView:
        """Ask that a job pauses."""

    def cancel(self, number: int | str) -> JobView:
        """End a job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """All that screens need. *jobs* are ``None`` where nothing may be done."""

    sight: Sight
    audit: Audit
    clock: Clock
    jobs: Jobs | None = None
    stuck_after: float = 300.0
    require_reason: bool = False

    @property
    def monitor(self) -> Monitor:
        """The hubs."""
        return self.sight.monitor

    def now(self) -> Ticks:
        """Return the time."""
        return self.clock()

    def hub(self, key: str) -> HubWatch:
        """Return a hub. Raises `HubNotFound`."""
        return self.monitor.hub(key)

    async def possible(self, hub: HubWatch, instance_id: str) -> tuple[Possible, ...]:
        """Return which actions make sense, of those that the user may do."""
        found = await hub.possible(instance_id)
        return tuple(one for one in found if self.sight.may(one.verb, hub.ref.key))

    async def cost(self, command: Command) -> Cost:
        """Return what a command would do."""
        self.sight.need(command.verb, command.hub)
        return await self.hub(command.hub).cost(command)

    async def do(self, command: Command) -> Done:
        """Do a command, noted before and behind. Raises `NotGranted`, `BadRequest` without a reason."""
        who = Who.of(self.sight.user)
        try:
            self.sight.need(command.verb, command.hub)
            self._check_reason(command)
        except DurahubError as error:
            entry = entry_of(command, who, self.clock)
            self.audit.note(outcome(entry, self.clock, None, error))
            raise
        return await AuditedActor(self.hub(command.hub), self.audit, who, self.clock).do(command)

    def make_job(self, request: JobRequest) -> JobView:
        """Make a job and begin to count it; it then waits to be started."""
        self.sight.need(request.command.verb, request.command.hub)
        self._check_reason(request.command)
        return self._running.make(request, Who.of(self.sight.user))

    def steer(self, job: JobView, how: Callable[[Jobs, Who], JobView]) -> JobView:
        """Start, pause, resume or cancel a job."""
        self.sight.need(job.request.command.verb, job.request.command.hub)
        return how(self._running, Who.of(self.sight.user))

    def _check_reason(self, command: Command) -> None:
        if self.require_reason and not (command.reason or "").strip():
            raise BadRequest("no action without a reason here")

    @property
    def _running(self) -> Jobs:
        if self.jobs is None:
            raise NotOffered("the monitor", "a job", "this monitor only reads")
        return self.jobs
