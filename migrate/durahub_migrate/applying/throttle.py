"""How fast a target may be called: what decides, as values of time.

Two buckets hold what may be sent at once, actions and bytes; each fills at its rate. What is sent is taken
out, into debt if need be: then whoever comes next waits until it is paid. The rate is halved when the target
refuses, or takes much longer than it did, and goes up slowly again, to what its user allows. Where the user
allows anything, there is no rate before the first refusal; it begins with half of what was sent lately.
"""

import math
from dataclasses import dataclass, field, replace

BURST = 1.0  # seconds' worth of a rate that may be sent at once
SLOWEST = 0.5  # actions a second
HOLD = 2.0  # seconds after which the rate may be halved again: one jam is refused many times
GROWTH = 0.05  # of the rate, each second in which nothing is refused
FREE_AGAIN = 4.0  # times what was sent when the rate was first cut: then there is no rate again
WINDOW = 10.0  # seconds over which it is counted how much is sent
RISEN = 3.0  # times the usual latency
RISEN_BY = 0.05  # seconds more than that
ENOUGH = 20  # answers, before a latency is usual
QUICK, SLOW = 0.2, 0.01  # weight of an answer in the two averages

UNLIMITED = math.inf


@dataclass(frozen=True, slots=True)
class Limits:
    """What the user allows: a second, and at a time; nobody has said how many where *parallel* is 0.

    *rate* is of actions.
    """

    rate: float = UNLIMITED
    bytes_per_second: float = UNLIMITED
    parallel: int = 8
    pause: bool = False


@dataclass(frozen=True, slots=True)
class Bucket:
    """What may be sent at once; *at* is when *tokens* was true."""

    tokens: float = 0.0
    at: float = 0.0

    def filled(self, now: float, rate: float) -> "Bucket":
        """Return it at *now*; it never holds more than the burst."""
        most = max(1.0, rate * BURST)
        if rate == UNLIMITED:
            return Bucket(0.0, now)
        return Bucket(min(most, self.tokens + max(0.0, now - self.at) * rate), now)

    def seconds(self, rate: float) -> float:
        """Return how long it takes until something may be taken out."""
        return 0.0 if self.tokens >= 0 or rate == UNLIMITED else -self.tokens / rate


@dataclass(frozen=True, slots=True)
class Throttle:
    """What is known of the target's speed. *rate* is what is kept to, at most what *limits* allow.

    *closed_until* is when the target wants to be asked again. *sent* are the actions of the current window,
    which began at *since*; *lately* is what a second of the last one had.
    """

    limits: Limits = field(default_factory=Limits)
    rate: float = UNLIMITED
    ceiling: float = UNLIMITED  # what was sent when the rate was first cut, times FREE_AGAIN
    actions: Bucket = field(default_factory=Bucket)
    bytes: Bucket = field(default_factory=Bucket)
    closed_until: float = 0.0
    halved_at: float = -math.inf
    grown_at: float = 0.0
    since: float = 0.0
    sent: int = 0
    lately: float = 0.0
    answers: int = 0
    quick: float = 0.0
    usual: float = 0.0


def start(limits: Limits, now: float) -> Throttle:
    """Return the throttle of a target of which nothing is known."""
    return Throttle(limits=limits, rate=limits.rate, since=now, grown_at=now)


def allow(state: Throttle, limits: Limits) -> Throttle:
    """Return it with other limits; a higher one is gone up to slowly, if the target has refused."""
    if state.rate == state.limits.rate or limits.rate < state.rate:
        return replace(state, limits=limits, rate=limits.rate)
    return replace(state, limits=limits)


def wait(state: Throttle, now: float) -> float:
    """Return for how many seconds nothing may be sent; infinite while it pauses."""
    if state.limits.pause:
        return math.inf
    rate = state.limits.bytes_per_second
    return max(
        0.0,
        state.closed_until - now,
        state.actions.filled(now, state.rate).seconds(state.rate),
        state.bytes.filled(now, rate).seconds(rate),
    )


def take(state: Throttle, now: float, actions: int, size: int) -> Throttle:
    """Return it when something is sent; to be asked when `wait` is 0."""
    state = _counted(_grown(state, now), now, actions)
    of_actions = state.actions.filled(now, state.rate)
    of_bytes = state.bytes.filled(now, state.limits.bytes_per_second)
    return replace(
        state,
        actions=replace(of_actions, tokens=of_actions.tokens - actions),
        bytes=replace(of_bytes, tokens=of_bytes.tokens - size),
    )


def refused(state: Throttle, now: float, retry_after: float | None) -> Throttle:
    """Return it when the target had no room."""
    closed = max(state.closed_until, now + (retry_after or 0.0))
    return replace(_halved(state, now), closed_until=closed)


def answered(state: Throttle, now: float, seconds: float) -> Throttle:
    """Return it when an answer has taken so long."""
    first = state.answers == 0
    quick = seconds if first else state.quick + QUICK * (seconds - state.quick)
    usual = seconds if first else state.usual + SLOW * (seconds - state.usual)
    state = replace(state, answers=state.answers + 1, quick=quick, usual=usual)
    if state.answers >= ENOUGH and quick > usual * RISEN + RISEN_BY:
        return _halved(state, now)
    return state


def _halved(state: Throttle, now: float) -> Throttle:
    if now - state.halved_at < HOLD:
        return state
    is_free = state.rate == UNLIMITED
    kept = max(SLOWEST, _pace(state, now)) if is_free else state.rate
    return replace(
        state,
        rate=min(max(SLOWEST, kept / 2), state.limits.rate),
        ceiling=kept * FREE_AGAIN if is_free else state.ceiling,
        halved_at=now,
        grown_at=now,
        actions=Bucket(min(0.0, state.actions.tokens) if not is_free else 0.0, now),
    )


def _grown(state: Throttle, now: float) -> Throttle:
    if state.rate >= state.limits.rate:
        return replace(state, grown_at=now)
    rate = state.rate * (1 + GROWTH) ** max(0.0, min(60.0, now - state.grown_at))
    if state.limits.rate == UNLIMITED and rate >= state.ceiling:
        return replace(state, rate=UNLIMITED, grown_at=now)
    return replace(state, rate=min(rate, state.limits.rate), grown_at=now)


def _pace(state: Throttle, now: float) -> float:
    """Return how many actions a second were sent lately."""
    seconds = now - state.since
    if state.lately and seconds < WINDOW / 2:
        return state.lately
    return state.sent / max(seconds, 1.0)


def _counted(state: Throttle, now: float, actions: int) -> Throttle:
    if now - state.since < WINDOW:
        return replace(state, sent=state.sent + actions)
    return replace(state, since=now, sent=actions, lately=_pace(state, now))
