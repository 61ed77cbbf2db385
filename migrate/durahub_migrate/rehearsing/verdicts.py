"""What a rehearsal says of an instance, and of all."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

FORMAT, VERSION = "durahub-rehearsal", 1


class Outcome(Enum):
    """How the replay of an instance went."""

    OK = "ok"
    NONDETERMINISTIC = "nondeterministic"
    MISSING = "missing"  # the app has no orchestrator of that name
    ERROR = "error"  # it could not be replayed


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of one instance. The rest is of one that is not ok.

    *event* is the place in its history, from 0, *action* the number of the action there, as it is stored.
    *expected* is what the history has there, *found* what the app would do.
    """

    instance_id: str
    name: str
    outcome: Outcome
    event: int | None = None
    action: int | None = None
    expected: str = ""
    found: str = ""
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as a JSON object; what is not said is left out."""
        said = {key: value for key, value in asdict(self).items() if value not in (None, "")}
        del said["instance_id"]
        return {"instanceId": self.instance_id, **said, "outcome": self.outcome.value}

    def __str__(self) -> str:
        """Return what is wrong, as a sentence."""
        if self.outcome is not Outcome.NONDETERMINISTIC:
            return self.why
        number = f", action {self.action}" if self.action is not None else ""
        place = f"event {self.event}{number}: " if self.event is not None else ""
        return f"{place}history has {self.expected}, the app {self.found}"


@dataclass(slots=True)
class Rehearsal:
    """The sums of a rehearsal, by the orchestrators' names; *skipped* were not asked for."""

    bundle_root: str
    app: str
    sdk: str = ""
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict) -> None:
        """Count a verdict."""
        self.outcomes.setdefault(verdict.name, Counter())[verdict.outcome.value] += 1

    @property
    def sums(self) -> Mapping[str, int]:
        """How many there are of each outcome."""
        total: Counter[str] = Counter({one.value: 0 for one in Outcome})
        for counted in self.outcomes.values():
            total.update(counted)
        return total

    @property
    def is_clean(self) -> bool:
        """Whether all that was replayed is ok."""
        return not any(count for name, count in self.sums.items() if name != Outcome.OK.value)

    def to_json(self) -> dict[str, Any]:
        """Return the sums as a JSON object."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "bundleRoot": self.bundle_root,
            "app": self.app,
            "sdk": self.sdk,
            **self.sums,
            "skipped": dict(self.skipped),
            "orchestrators": {name: dict(counts) for name, counts in self.outcomes.items()},
        }
