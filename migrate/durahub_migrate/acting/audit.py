"""What is noted of actions: once before each, and once with what became of it.

Payloads are never noted, only how large they are.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from durahub.dispatch.clock import Clock
from durahub.errors import DurahubError, FileUnavailable, NotThere, Refused, UsageError
from durahub_migrate.acting.arguments import KNOWN
from durahub_migrate.monitor.access import AuditEntry, User
from durahub_migrate.monitor.actions import Command, Cost, Done
from durahub_migrate.monitor.seam import Actor

log = logging.getLogger(__name__)

PAYLOADS = frozenset({"input", "data", "value"})
"""Arguments of which only the size is noted."""

ARGUMENTS = frozenset().union(*KNOWN.values())
LONGEST = 2_000
"""Characters of a reason, a target or an argument that are noted."""

TRIED, DONE, REFUSED, FAILED = "tried", "done", "refused", "failed"


class Audit(Protocol):
    """Where entries go. What could not be noted is not done: `note` then raises `FileUnavailable`."""

    def note(self, entry: AuditEntry) -> None:
        """Keep an entry, so that it is there after a crash."""


class NoAudit:
    """Keeps nothing."""

    def note(self, entry: AuditEntry) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Who:
    """On whose behalf something is done. *job* is the number of a batch job."""

    name: str
    via: str
    job: str | None = None
    request_id: str | None = None

    @classmethod
    def of(cls, user: User, request_id: str | None = None) -> "Who":
        """Return it for a user of the web page."""
        return cls(user.name, user.via, request_id=request_id)


def entry_of(command: Command, who: Who, clock: Clock) -> AuditEntry:
    """Return the entry that is written before a command is done."""
    return AuditEntry(
        at=clock(),
        user=who.name,
        via=who.via,
        verb=command.verb.value,
        hub=command.hub,
        target=_cut(command.target, LONGEST),
        result=TRIED,
        reason=_cut(command.reason, LONGEST) if command.reason is not None else None,
        sentence=described(command.arguments) or None,
        job=who.job,
        request_id=who.request_id,
    )


def described(arguments: Mapping[str, object]) -> str:
    """Return arguments in a line: ``name=Approve, data: 12 characters``."""
    told = []
    for name, value in arguments.items():
        if value is None:
            continue
        if name in PAYLOADS or name not in ARGUMENTS:  # one with a wrong name may be a payload
            told.append(f"{_cut(name, 40)}: {len(str(value))} characters")
        elif isinstance(value, list | tuple):
            told.append(f"{name}: {len(value)}")
        elif isinstance(value, Mapping):
            told.append(f"{name}: {', '.join(map(str, value))}")
        else:
            told.append(f"{name}={_cut(str(value), LONGEST)}")
    return _cut(", ".join(told), 10 * LONGEST)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def outcome(
    entry: AuditEntry, clock: Clock, done: Done | None, error: BaseException | None
) -> AuditEntry:
    """Return the entry that is written behind: what was done, or why it was not."""
    if error is None:
        sentence = done.sentence if done is not None else None
        return replace(entry, at=clock(), result=DONE, sentence=sentence)
    is_refusal = isinstance(error, Refused | NotThere | UsageError)
    told = str(error) if isinstance(error, DurahubError) else type(error).__name__
    return replace(entry, at=clock(), result=REFUSED if is_refusal else FAILED, sentence=told)


class AuditedActor:
    """An actor of which everything that it does is noted, on behalf of *who*."""

    def __init__(self, actor: Actor, audit: Audit, who: Who, clock: Clock) -> None:
        self._actor = actor
        self._audit = audit
        self._who = who
        self._clock = clock

    async def cost(self, command: Command) -> Cost:
        """Return what a command would do; that is not noted, for nothing is done."""
        return await self._actor.cost(command)

    async def do(self, command: Command) -> Done:
        """Do it, noted before and behind. Raises what the actor raises.

        Raises `FileUnavailable` where it cannot be noted before. What cannot be noted behind is done all the
        same, and told so: whoever took it for failed would do it twice.
        """
        entry = entry_of(command, self._who, self._clock)
        self._audit.note(entry)
        try:
            done = await self._actor.do(command)
        except BaseException as error:
            self._noted(outcome(entry, self._clock, None, error))
            raise
        problem = self._noted(outcome(entry, self._clock, done, None))
        if problem is None:
            return done
        return replace(done, sentence=f"{done.sentence or 'done'}; that is not noted: {problem}")

    def _noted(self, entry: AuditEntry) -> str | None:
        """Note what became of it; return what keeps it from being noted."""
        try:
            self._audit.note(entry)
        except FileUnavailable as error:
            log.error("audit-lost", extra={"verb": entry.verb, "hub": entry.hub})
            return str(error)
        return None
