"""Alerting: judges every look, keeps what it decided in the book, and sends what receivers are to be told.

Order of effects: the book with the notices in it, then the notices, then the book without them.
"""

import asyncio
import contextlib
import logging
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace

from durahub.dispatch.clock import Clock
from durahub.errors import BadRequest, NotDelivered
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.alerting.book import Book, Page, Pending
from durahub_migrate.alerting.sending import Refuses, Sender
from durahub_migrate.alerting.settings import AlertSettings
from durahub_migrate.monitor.alarms.facts import HubFacts
from durahub_migrate.monitor.alarms.judging import Finding, judged
from durahub_migrate.monitor.alarms.notices import Notice
from durahub_migrate.monitor.alarms.silences import Silence
from durahub_migrate.monitor.alarms.standing import Alarms, Phase, arrived, resumed, step
from durahub_migrate.monitor.alarms.view import AlertView, firing, view

log = logging.getLogger(__name__)
AGAIN = 30.0
"""Seconds until a receiver that takes nothing is tried again."""
MOST_SILENCES = 500


class Alerting:
    """Alerts of one monitor. `running` sends; `looked` is told of every look, on the same event loop."""

    def __init__(
        self,
        settings: AlertSettings,
        book: Book,
        clock: Clock,
        *,
        link: str | None = None,
        again: float = AGAIN,
        pause: float = 1.0,
    ) -> None:
        self._settings = settings
        self._book = book
        self._clock = clock
        self._again = again
        self._senders = [
            Sender(one, clock, link=link, within=settings.within, pause=pause)
            for one in settings.receivers
        ]
        self._wake = {one.name: asyncio.Event() for one in settings.receivers}
        self._listener: Callable[[AlertView], None] = lambda _: None
        self.sent: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        page = book.read()
        names = set(self._wake)
        self._page = Page(
            alarms=resumed(page.alarms, clock()),
            pending=tuple(one for one in page.pending if one.receiver in names),
        )

    # -- what is known -------------------------------------------------------------------------

    @property
    def alarms(self) -> Alarms:
        """All alarms as they are."""
        return self._page.alarms

    @property
    def receivers(self) -> tuple[str, ...]:
        """The names of who is told."""
        return tuple(self._wake)

    def waiting(self, receiver: str) -> int:
        """Return how many notices a receiver has not taken."""
        return sum(one.receiver == receiver for one in self._page.pending)

    def firing(self) -> tuple[AlertView, ...]:
        """Return what fires."""
        return firing(self.alarms, self._clock())

    def listen(self, listener: Callable[[AlertView], None]) -> None:
        """Have *listener* told of every alert that fires or ends."""
        self._listener = listener

    # -- silences ------------------------------------------------------------------------------

    def silences(self) -> tuple[Silence, ...]:
        """Return the silences that hold now, the one that ends first before the others."""
        now = self._clock()
        found = (one for one in self.alarms.silences if one.until > now)
        return tuple(sorted(found, key=lambda one: (one.until, one.id)))

    def silence(self, asked: Silence) -> Silence:
        """Keep a silence under an ID of its own. Raises `BadRequest` if there are too many."""
        if len(self.silences()) >= MOST_SILENCES:
            raise BadRequest(f"there are {MOST_SILENCES} silences already; end some")
        made = replace(asked, id=secrets.token_hex(6))
        self._keep(replace(self.alarms, silences=(*self.alarms.silences, made)))
        return made

    def unsilence(self, silence_id: str) -> None:
        """End a silence. Raises `BadRequest` if there is none of that ID."""
        left = tuple(one for one in self.alarms.silences if one.id != silence_id)
        if len(left) == len(self.alarms.silences):
            raise BadRequest("there is no silence of that ID")
        self._keep(replace(self.alarms, silences=left))

    # -- looks ---------------------------------------------------------------------------------

    def looked(self, looks: Iterable[HubFacts]) -> None:
        """Judge what was seen, and have receivers told."""
        now, rules = self._clock(), self._settings.rules
        found: list[Finding] = []
        known: set[tuple[str, str]] = set()
        for facts in looks:
            for rule in rules:
                if not rule.is_for(facts.hub):
                    known.add((rule.name, facts.hub))
                elif (told := judged(rule, facts)) is not None:
                    known.add((rule.name, facts.hub))
                    found += told
        before = self.alarms
        after, notices = step(before, rules, found, known, now, self._settings.most_a_minute)
        pending = tuple(
            Pending(receiver, notice)
            for notice in notices
            for receiver in self._wake
            if notice.is_for(receiver)
        )
        self._keep(after, (*self._page.pending, *pending))
        for one in {one.receiver for one in pending}:
            self._wake[one].set()
        self._tell(before, after, now)

    def _tell(self, before: Alarms, after: Alarms, now: Ticks) -> None:
        """Tell pages what fires now and did not before, and the other way round."""
        fired = {k for k, one in after.by_key.items() if one.phase is Phase.FIRING}
        did = {k for k, one in before.by_key.items() if one.phase is Phase.FIRING}
        for key in sorted(fired - did):
            self._listener(view(after, after.by_key[key], now))
        for key in sorted(did - fired):
            ended = replace(before.by_key[key], phase=Phase.OVER)
            self._listener(view(before, ended, now))

    def _keep(self, alarms: Alarms, pending: tuple[Pending, ...] | None = None) -> None:
        kept = self._page.pending if pending is None else pending
        self._page = Page(alarms=alarms, pending=kept)
        self._book.write(self._page)

    # -- sending -------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Alerting"]:
        """Send what is to be sent while the body runs. What is not sent then is kept."""
        tasks = [
            asyncio.create_task(self._serve(one), name=f"tell {one.receiver.name}")
            for one in self._senders
        ]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, sender: Sender) -> None:
        name = sender.receiver.name
        while True:
            self._wake[name].clear()
            await self._deliver(sender)
            if self.waiting(name) and not self._wake[name].is_set():
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._wake[name].wait(), self._again)
            else:
                await self._wake[name].wait()

    async def _deliver(self, sender: Sender) -> None:
        """Send what waits, in the order in which it was made, until the receiver does not answer."""
        name = sender.receiver.name
        for one in [one for one in self._page.pending if one.receiver == name]:
            problem = await _problem(sender, one.notice)
            if problem is None:
                self.sent[name] += 1
                self._done(one, arrived_at=self._clock())
                continue
            self.failed[name] += 1
            is_lost = seconds_between(one.notice.made, self._clock()) >= self._settings.keep
            event = "notice-dropped" if is_lost else "notice-not-delivered"
            log.warning(event, extra={"receiver": name, "problem": str(problem)})
            if is_lost:
                self._done(one)
            if not isinstance(problem, Refuses):
                return

    def _done(self, one: Pending, arrived_at: Ticks | None = None) -> None:
        left = tuple(other for other in self._page.pending if other != one)
        alarms = self.alarms
        is_last = all(other.notice.id != one.notice.id for other in left)
        if arrived_at is not None and is_last:
            alarms = arrived(alarms, one.notice, arrived_at)
        self._keep(alarms, left)


async def _problem(sender: Sender, notice: Notice) -> NotDelivered | None:
    """Send a notice, and return why it was not taken, if it was not."""
    try:
        await sender.send(notice)
    except NotDelivered as error:
        return error
    return None
