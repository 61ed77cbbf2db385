"""Rules: what raises an alarm, where, how bad it has to be, and who is told how often."""

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase

from durahub_migrate.monitor.waiting import Reason

FORGET_AFTER = 3600.0
"""Seconds after which an alarm ends of which nothing can be told any more: its hub is not watched now."""


class Watch(Enum):
    """What a rule watches. Settings and notices name it so."""

    STUCK = "stuck"  # an instance does not move though it should
    FAILED = "failed"  # instances of a name failed
    QUEUE_AGE = "queue-age"  # the oldest message of a queue waits too long
    NO_OWNER = "no-owner"  # a partition with work that nobody holds
    FLAPPING = "flapping"  # a partition changes hands again and again
    HUB = "hub"  # a hub cannot be reached, may not be read, or is gone
    NO_WORKERS = "no-workers"  # a hub with work, and no worker
    POISON = "poison"  # messages that are delivered again and again, or cannot be read


class Severity(Enum):
    """How bad it is."""

    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule. *hubs* are patterns of keys, *names* of orchestrations' names (``*`` and ``?``, any case).

    *after* is an age in seconds: of a standstill, of a message. *count* is how many there have to be: of
    failed instances (those of the last *within* seconds) and of poison messages. *reasons* are those of
    standstills that count, all if there are none.

    It has to be so for *hold* seconds before anybody is told, and no more for *clear* seconds before it
    counts as over. Who has been told is told again every *repeat* seconds while it lasts. *receivers* are
    names, all receivers if there are none.
    """

    name: str
    when: Watch
    hubs: tuple[str, ...] = ("*",)
    names: tuple[str, ...] = ("*",)
    reasons: frozenset[Reason] = frozenset()
    after: float = 300.0
    count: int = 1
    within: float = 900.0
    hold: float = 0.0
    clear: float = 60.0
    repeat: float = 14_400.0
    severity: Severity = Severity.WARNING
    receivers: tuple[str, ...] = ()

    def is_for(self, hub: str) -> bool:
        """Tell whether it watches the hub of that key."""
        return fits(hub, self.hubs)

    def is_about(self, name: str | None) -> bool:
        """Tell whether it counts instances of that name."""
        return fits(name or "", self.names)


def fits(text: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether one of the patterns has *text*."""
    return any(fnmatchcase(text.casefold(), one.casefold()) for one in patterns)


DEFAULT_RULES = (
    Rule(name="stuck", when=Watch.STUCK, after=600.0, hold=60.0),
    Rule(name="failed", when=Watch.FAILED, count=1, within=900.0),
    Rule(name="queue-age", when=Watch.QUEUE_AGE, after=300.0, hold=60.0),
    Rule(name="no-owner", when=Watch.NO_OWNER, hold=120.0, severity=Severity.CRITICAL),
    Rule(name="flapping", when=Watch.FLAPPING, clear=600.0),
    Rule(name="hub", when=Watch.HUB, hold=300.0, severity=Severity.CRITICAL),
    Rule(name="no-workers", when=Watch.NO_WORKERS, hold=300.0, severity=Severity.CRITICAL),
    Rule(name="poison", when=Watch.POISON),
)
"""What is watched where settings name receivers and no rules."""
