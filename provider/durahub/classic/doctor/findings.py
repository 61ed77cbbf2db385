"""What a rule says: its name, how bad it is, where, what it means, what would repair it."""

from dataclasses import dataclass
from enum import Enum

from durahub.classic.doctor.repairs import Repair


class Severity(Enum):
    """How bad a finding is. A note passes by itself as soon as a worker runs, or is normal."""

    ERROR = "error"  # something stands still, or tells what is not so
    WARNING = "warning"  # something is left over, or was interrupted
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An invariant of the layout. ``name`` is stable; ``remedy`` is what a repair does, or who decides."""

    name: str
    severity: Severity
    means: str
    remedy: str

    def found(
        self,
        where: str,
        detail: str,
        *,
        instance_id: str | None = None,
        repair: Repair | None = None,
    ) -> "Finding":
        """Return a finding of this rule; *detail* names no payload."""
        return Finding(
            rule=self, where=where, detail=detail, instance_id=instance_id, repair=repair
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A place where a rule does not hold: ``table NAME KEY/ROW``, ``queue NAME message ID``, ``blob NAME``.

    ``repair`` is ``None`` where only a person can decide.
    """

    rule: Rule
    where: str
    detail: str
    instance_id: str | None = None
    repair: Repair | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: its rule and its place."""
        return self.rule.name, self.where

    @property
    def counts(self) -> bool:
        """Whether the hub is not clean for it."""
        return self.rule.severity is not Severity.NOTE


@dataclass(frozen=True, slots=True)
class Undecided:
    """What could not be told, for messages are hidden: not a finding, and not a clean bill either."""

    queues: tuple[str, ...]
    awaited: int
    hidden: int

    def __str__(self) -> str:
        """Return the sentence."""
        return (
            f"{self.awaited} messages that instances wait for are not to be seen; {self.hidden} hidden "
            f"in {', '.join(self.queues)} may be these"
        )
