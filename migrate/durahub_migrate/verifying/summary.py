"""The sums of a comparison: what has become of everything that the source has."""

from collections import Counter
from dataclasses import dataclass, field

from durahub_migrate.verifying.verdicts import Fate, Symbol, Verdict

Group = tuple[str, str, str, str]
"""Kind, name, status, version."""


@dataclass(slots=True, kw_only=True)
class Messages:
    """Of the messages that the source shows, by what has become of them. *left* is by reason."""

    source: int = 0
    needed: int = 0  # something waits for them, or they bring something new
    left: Counter[str] = field(default_factory=Counter)
    rejected: int = 0

    @property
    def residue(self) -> int:
        """What is none of these: 0, or the sum does not come out."""
        return self.source - self.needed - self.left.total() - self.rejected


@dataclass(slots=True, kw_only=True)
class Summary:
    """The sums. *counts* are the expected instances at the source, and those at the target, by group."""

    symbols: Counter[Symbol] = field(default_factory=Counter)
    fates: dict[str, Counter[Fate]] = field(default_factory=dict)  # by kind
    messages: Messages = field(default_factory=Messages)
    counts: dict[Group, tuple[int, int]] = field(default_factory=dict)
    matches: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Count a verdict."""
        self.symbols[verdict.symbol] += 1
        self.faults += verdict.is_fault
        if verdict.match is not None and verdict.symbol is Symbol.EQUAL:
            self.matches[verdict.match.value] += 1
        if verdict.fate is not None:
            self.fates.setdefault(verdict.kind, Counter())[verdict.fate] += 1

    def source(self, kind: str) -> int:
        """Return how many of a kind the source has."""
        return self.fates.get(kind, Counter()).total()

    def residue(self, kind: str) -> int:
        """Return how many of a kind are nowhere."""
        return self.fates.get(kind, Counter())[Fate.LOST]

    @property
    def is_equal(self) -> bool:
        """Whether nothing is wrong."""
        lost = sum(self.residue(kind) for kind in self.fates)
        return not self.faults and not lost and not self.messages.residue
