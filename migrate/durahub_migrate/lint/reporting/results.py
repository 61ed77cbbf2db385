"""What a run came to: the one value that all formats write."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from durahub_migrate.lint.book import Book, Tally
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.reporting.showing import Showing
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.running import Outcome


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one rule and severity in one source. In files each is told, in hubs examples are."""

    rule: Rule[Any]
    source: str
    in_file: bool
    severity: Severity
    count: int

    @classmethod
    def of(cls, tally: Tally, rule: Rule[Any]) -> "Group":
        """Return the group that *tally* counts."""
        return cls(rule, tally.source, tally.in_file, tally.severity, tally.count)

    @property
    def place(self) -> Place:
        """The source as a place."""
        kind = PlaceKind.FILE if self.in_file else PlaceKind.HUB
        return Place(source=self.source, kind=kind)


@dataclass(frozen=True, slots=True)
class Told:
    """A finding as it may be shown. *fingerprint* is that of the finding as it is."""

    group: Group
    finding: Finding
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The results of a run; its findings are in *book* and can be read again and again.

    *rules* are those selected; which of them were evaluated is in *outcome*. *examples* is how many findings
    of a group in a hub are told, -1 for all. *anchor* is the file that findings in hubs are pinned to by
    formats that need one. *files* is how many files each folder gave. *remarks* are
    sentences about the settings: entries that are expired or useless.
    """

    version: str
    sources: tuple[str, ...]
    rules: Sequence[Rule[Any]]
    book: Book
    outcome: Outcome
    exit_status: int = 0
    fail_on: str = "error"
    profile: str = "migrate"
    settings_file: str | None = None
    examples: int = 5
    showing: Showing = field(default_factory=Showing)
    show_suppressed: bool = False
    remarks: tuple[str, ...] = ()
    anchor: str = "durahub.toml"
    files: Mapping[str, int] = field(default_factory=dict)

    @property
    def by_code(self) -> Mapping[str, Rule[Any]]:
        """The rules by their code."""
        return {rule.code: rule for rule in self.rules}

    @property
    def evaluated(self) -> Sequence[Rule[Any]]:
        """The rules that were judged, by code."""
        judged = (rule for rule in self.rules if rule.code in self.outcome.judged)
        return sorted(judged, key=_code)

    @property
    def not_evaluated(self) -> Sequence[Rule[Any]]:
        """The rules that could not be judged, or not in every source, by code."""
        missing = (rule for rule in self.rules if self.lacks(rule))
        return sorted(missing, key=_code)

    def lacks(self, rule: Rule[Any]) -> Sequence[Need]:
        """Return the evidence that was missing for *rule*: nobody has it, or it could not be read."""
        missing = self.outcome.missing.get(rule.code, frozenset())
        unread = {one.need for one in self.outcome.not_evaluated.get(rule.code, ())}
        return sorted(missing | unread, key=_name)

    @property
    def is_complete(self) -> bool:
        """Whether everything could be read."""
        return not self.outcome.unread

    def counts(self, *, suppressed: bool = False) -> Mapping[Severity, int]:
        """Return how many findings there are of each severity."""
        found: Counter[Severity] = Counter()
        for (_, severity), count in self.book.counts(suppressed=suppressed).items():
            found[severity] += count
        return {severity: found[severity] for severity in Severity}

    def groups(self, *, suppressed: bool = False) -> Iterator[Group]:
        """Yield the groups, the worst first."""
        rules = self.by_code
        for tally in self.book.tallies():
            if tally.suppressed is suppressed:
                yield Group.of(tally, rules[tally.code])

    def findings(self, group: Group, *, suppressed: bool = False) -> Iterator[Told]:
        """Yield the findings of *group* that are told."""
        found = self.book.findings(
            group.rule.code,
            -1 if group.in_file else self.examples,
            source=group.source,
            severity=group.severity,
            suppressed=suppressed,
        )
        for finding in found:
            shown = self.showing.finding(finding, group.rule.message)
            yield Told(group, shown, finding.fingerprint)

    def told(self) -> Iterator[Told]:
        """Yield every finding that is told, and then suppressed ones if they are asked for."""
        for suppressed in (False, True) if self.show_suppressed else (False,):
            for group in self.groups(suppressed=suppressed):
                yield from self.findings(group, suppressed=suppressed)

    def in_files(self) -> list[Told]:
        """Return the findings in files by file and line: they are as few as files have lines."""
        groups = (group for group in self.groups() if group.in_file)
        return sorted((told for group in groups for told in self.findings(group)), key=_line_order)


def _name(need: Need) -> str:
    return need.name


def _code(rule: Rule[Any]) -> str:
    return rule.code


def _line_order(told: Told) -> tuple[str, int, int, str]:
    place = told.finding.place
    line, column = (place.span.line, place.span.column) if place.span is not None else (0, 0)
    return place.source, line, column, told.finding.code
