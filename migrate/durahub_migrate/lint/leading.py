"""Leads rules over facts one by one; what they say goes into the book."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from durahub_migrate.lint.book import Book
from durahub_migrate.lint.collecting import Collector, Count
from durahub_migrate.lint.facts.hubs import BlobFacts, Diagnosis, HubFacts, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import JoiningRule, Observation, Rule, SummingRule
from durahub_migrate.lint.secrets import observed_without_secrets, without_secrets
from durahub_migrate.lint.target import Given

Keep = Callable[[Finding], Finding | None]
"""Returns a finding as it counts: its severity may be another, or it is suppressed. ``None``: not wanted."""

_IMPLIED: Mapping[type, frozenset[Need]] = {
    HubFacts: frozenset({Need.HUB}),
    InstanceFacts: frozenset({Need.INSTANCES}),
    MessageFacts: frozenset({Need.QUEUES}),
    BlobFacts: frozenset({Need.BLOBS}),
    Diagnosis: frozenset({Need.INSTANCES, Need.HISTORY, Need.QUEUES, Need.LEASES}),
}
"""What has to be read for facts of a type to be there, whether a rule names it or not."""


def missing_needs(rule: Rule[Any], provided: frozenset[Need]) -> frozenset[Need]:
    """Return what nobody provides of what a rule needs; one kind of fact that it is about is enough."""
    lacking = [_implied(kind) - provided for kind in rule.about]
    of_facts = frozenset() if not all(lacking) else frozenset().union(*lacking)
    return (rule.needs - provided) | of_facts


def is_touched(rule: Rule[Any], lost: frozenset[Need]) -> bool:
    """Tell whether a rule cannot be judged where *lost* could not be read.

    A rule that looks at facts one by one goes on with those that are there, of another kind.
    """
    touched = [bool(_implied(kind) & lost) for kind in rule.about]
    joins = isinstance(rule, JoiningRule | SummingRule)
    return bool(rule.needs & lost) or (any(touched) if joins else all(touched))


def _implied(kind: type) -> frozenset[Need]:
    return _IMPLIED.get(kind, frozenset())


class Leading:
    """Leads *rules* over facts. A rule is only called for facts that it is about."""

    def __init__(
        self, rules: Sequence[Rule[Any]], book: Book, keep: Keep, collectors: Sequence[Collector]
    ) -> None:
        self._rules = rules
        self._book = book
        self._keep = keep
        self._collectors = collectors
        self._about: dict[type, _Called] = {}
        self._hubs: dict[str, Given] = {}
        self._in_files: set[Finding] = set()

    def know(self, hub: HubFacts, given: Given) -> None:
        """Take note of what is given of a hub."""
        self._hubs[hub.place.source] = given

    def take(self, fact: Any, given: Given) -> None:
        """Judge one fact, and take note of it."""
        called = self._called_for(type(fact))
        for check in called.checks:
            for finding in check(fact, given):
                self._add(finding, fact)
        for joining in called.joining:
            for one in joining.observe(fact, given):
                is_of_file = one.place.kind is PlaceKind.FILE
                observation = observed_without_secrets(one) if is_of_file else one
                self._book.observe(joining.code, observation)
                for collector in self._collectors:
                    self._book.collect(collector.observed(observation, fact))
        if given.hub is not None:
            for summing in called.summing:
                for name, amount in summing.amounts(fact, given):
                    table = _sums(summing, given.hub.place.source)
                    self._book.collect((Count(table, name, amount),))
        for collector in self._collectors:
            self._book.collect(collector.collect(fact, given))

    def conclude(self, given: Given, without: Mapping[str, frozenset[str]]) -> None:
        """Judge what was observed and summed up, when everything was read.

        *without* are the sources that some rules, by their codes, must not be judged by: evidence is missing.
        """
        for rule in self._rules:
            left_out = without.get(rule.code, frozenset())
            if isinstance(rule, JoiningRule):
                seen = _of_others(self._book.observed(rule.code), left_out)
                for group, of_group in groupby(seen, key=_group):
                    self._add_all(rule.conclude(group, of_group, given))
            if isinstance(rule, SummingRule):
                for source, of_hub in self._hubs.items():
                    if source not in left_out:
                        sums = self._book.counted(_sums(rule, source))
                        self._add_all(rule.total(sums, of_hub))

    def _called_for(self, kind: type) -> "_Called":
        found = self._about.get(kind)
        if found is None:
            found = _Called.of([rule for rule in self._rules if issubclass(kind, rule.about)])
            self._about[kind] = found
        return found

    def _add_all(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self._add(finding, None)

    def _add(self, finding: Finding, fact: Any | None) -> None:
        if finding.place.kind is PlaceKind.FILE:
            finding = without_secrets(finding)
            # A template is judged with each of its parameters files; much is the same with all.
            if finding in self._in_files:
                return
            self._in_files.add(finding)
        kept = self._keep(finding)
        if kept is not None:
            self._book.add(kept)
            for collector in self._collectors:
                self._book.collect(collector.found(kept, fact))


@dataclass(frozen=True, slots=True)
class _Called:
    """What is called for each fact of one type, chosen once: a hub has more instances than we have rules."""

    checks: tuple[Callable[[Any, Given], Iterator[Finding]], ...]
    joining: tuple[JoiningRule[Any], ...]
    summing: tuple[SummingRule[Any], ...]

    @classmethod
    def of(cls, rules: Sequence[Rule[Any]]) -> "_Called":
        """Return what of *rules* is to be called; those that only join or sum up check nothing."""
        nothing = (JoiningRule.check, SummingRule.check)
        return cls(
            tuple(rule.check for rule in rules if type(rule).check not in nothing),
            tuple(rule for rule in rules if isinstance(rule, JoiningRule)),
            tuple(rule for rule in rules if isinstance(rule, SummingRule)),
        )


def _of_others(seen: Iterable[Observation], left_out: frozenset[str]) -> Iterator[Observation]:
    return (one for one in seen if one.place.source not in left_out)


def _sums(rule: Rule[Any], source: str) -> str:
    """Return the name of the table of a rule's sums over the hub of a source."""
    return f"{rule.code} {source}"


def _group(observation: Observation) -> str:
    return observation.group
