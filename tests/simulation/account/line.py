"""The way of one process to the account: how long requests take, and what goes wrong with them.

A request is sent, arrives and has its effect at one moment, and its answer comes back. It may be lost on
the way there or back, storage may be busy, the client may have given up when it arrives at last. Effects
happen outside of the process that sent the request: it may be paused, or dead, by then.
"""

import asyncio
import contextvars
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from random import Random

import aiohttp

from durahub.classic.request_counts import kind
from tests.simulation.account.exchange import Refused, Reply, Request, refusal
from tests.simulation.account.service import StorageAccount

READ_TIMEOUT = 30.0  # seconds without an answer, of the real transport
_NOBODY = contextvars.Context()  # storage itself: no process's


class What(Enum):
    """What happens to a request."""

    ANSWERED = "answered"
    UNSENT = "unsent"  # the connection breaks: no effect
    RESET = "reset"  # it has its effect, and the connection breaks
    SILENT = "silent"  # it has its effect, and no answer comes
    STALE = "stale"  # the client gives up; then it has its effect
    BUSY = "busy"  # storage refuses, and nothing happens
    UNSURE = "unsure"  # it has its effect, and storage answers that it failed


_BUSY = ((429, "TooManyRequests"), (503, "ServerBusy"), (500, "InternalError"))


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one request, and how many seconds it takes there and back."""

    what: What = What.ANSWERED
    there: float = 0.01
    back: float = 0.01
    busy: int = 0  # which of the refusals
    retry_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """How often requests go wrong, each between 0 and 1."""

    late: float = 0.0
    unsent: float = 0.0
    reset: float = 0.0
    silent: float = 0.0
    stale: float = 0.0
    busy: float = 0.0
    unsure: float = 0.0


CALM = Trouble()
LATE = 12.0  # seconds, at most
LATENCY = 0.02  # the same, where nothing is wrong


def draw(random: Random, trouble: Trouble, usual: float = LATENCY / 2) -> Fate:
    """Return the fate of the next request, which takes *usual* seconds each way if it is not late."""
    longest = LATE if random.random() < trouble.late else 2 * usual
    there, back, kind = random.uniform(0, longest), random.uniform(0, longest), random.random()
    for what in (What.UNSENT, What.RESET, What.SILENT, What.STALE, What.BUSY, What.UNSURE):
        share = getattr(trouble, what.value)
        if kind < share:
            retry_after = random.choice([None, 1, 3]) if what is What.BUSY else None
            return Fate(what, there, back, random.randrange(len(_BUSY)), retry_after)
        kind -= share
    return Fate(What.ANSWERED, there, back)


class Entry(Enum):
    """What a passage says of a request that arrives."""

    PASSES = "passes"
    REFUSED = "refused"  # storage is busy
    FROM_THE_DEAD = "from the dead"  # its process has died since; nobody waits for the answer
    CRASHES = "crashes"  # its process dies now, before the effect


class Passage:
    """What all requests of one process pass; this one lets all through."""

    def enter(self, what: str) -> Entry:
        """Say what becomes of a request that arrives; *what* is like ``"table merge"``."""
        return Entry.PASSES

    def leave(self) -> bool:
        """Tell whether the answer to that request leaves: its process may die behind the effect."""
        return True


class Line:
    """The way of one process to *account*. *fate* decides about each request.

    ``stalled_until`` tells until when the process stands still; ``watch`` is told of what has its effect.
    """

    def __init__(
        self,
        account: StorageAccount,
        fate: Callable[[Request], Fate],
        random: Random,
        passage: Passage | None = None,
        stalled_until: Callable[[], float] = float,
    ) -> None:
        self.watch: Callable[[Request, Reply], None] = lambda request, reply: None
        self.faults = 0
        self._account = account
        self._fate = fate
        self._random = random
        self._passage = passage or Passage()
        self._stalled_until = stalled_until
        self._waiting: dict[asyncio.Future[Reply], None] = {}
        self._dead = False

    async def exchange(self, request: Request) -> Reply:
        """Send *request* and return the answer, if one comes."""
        if self._dead:
            raise asyncio.CancelledError
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[answer] = None
        fate = self._fate(request)
        if fate.what is not What.ANSWERED:
            self.faults += 1
        _later(fate.there + self._stalled(), self._arrive, request, fate, answer)
        try:
            return await answer
        finally:
            self._waiting.pop(answer, None)

    def die(self) -> None:
        """End as the process does: what it has sent may arrive, and what comes back is for nobody."""
        self._dead = True
        for answer in list(self._waiting):
            answer.cancel()

    @property
    def is_dead(self) -> bool:
        """Whether its process is."""
        return self._dead

    def _stalled(self) -> float:
        return max(0.0, self._stalled_until() - asyncio.get_running_loop().time())

    def _arrive(self, request: Request, fate: Fate, answer: "asyncio.Future[Reply]") -> None:
        if fate.what is What.UNSENT:
            self._come_back(fate.back, answer, aiohttp.ServerDisconnectedError())
            return
        entry = self._passage.enter(name_of(request))
        if entry is Entry.FROM_THE_DEAD and self._random.random() < 0.5:
            self._take_effect(request)
        if entry in (Entry.FROM_THE_DEAD, Entry.CRASHES):
            return
        self.faults += entry is Entry.REFUSED
        if fate.what is What.BUSY or entry is Entry.REFUSED:
            self._come_back(fate.back, answer, _busy(request, fate))
            return
        if fate.what is What.STALE:
            self._come_back(READ_TIMEOUT, answer, aiohttp.ServerTimeoutError())
            _later(READ_TIMEOUT + fate.back, self._take_effect, request)
            return
        reply = self._take_effect(request)
        if not self._passage.leave():
            return
        match fate.what:
            case What.RESET:
                self._come_back(fate.back, answer, aiohttp.ServerDisconnectedError())
            case What.SILENT:
                self._come_back(READ_TIMEOUT, answer, aiohttp.ServerTimeoutError())
            case What.UNSURE:
                failed = refusal(request.service, Refused(500, "OperationTimedOut"))
                self._come_back(fate.back, answer, failed)
            case _:
                self._come_back(fate.back, answer, reply)

    def _take_effect(self, request: Request) -> Reply:
        reply = self._account.handle(request)
        self.watch(request, reply)
        return reply

    def _come_back(
        self, seconds: float, answer: "asyncio.Future[Reply]", outcome: Reply | Exception
    ) -> None:
        """Let *outcome* be known in so many seconds, or when the process goes on that stands still."""

        def arrive() -> None:
            stalled = self._stalled()
            if stalled > 0:
                _later(stalled, arrive)
            elif answer.done():
                return
            elif isinstance(outcome, Reply):
                answer.set_result(outcome)
            else:
                answer.set_exception(outcome)

        _later(seconds, arrive)


def name_of(request: Request) -> str:
    """Return what a request does: ``"queue put"``."""
    query = "&".join(f"{name}={value}" for name, value in request.query.items())
    rest = f"{request.raw_path}?{query}"
    return f"{request.service} {kind(request.service, request.method, rest)}"


def _busy(request: Request, fate: Fate) -> Reply:
    status, code = _BUSY[fate.busy]
    said = refusal(request.service, Refused(status, code))
    if fate.retry_after is None:
        return said
    return Reply(status, {**said.headers, "Retry-After": str(fate.retry_after)}, said.body)


def _later(seconds: float, call: Callable[..., object], *arguments: object) -> None:
    asyncio.get_running_loop().call_later(seconds, call, *arguments, context=_NOBODY)
