"""Decides of each finding whether it is wanted, how bad it is, and whether it counts."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from durahub_migrate.lint.baseline import Baseline
from durahub_migrate.lint.collecting import Collected, Note
from durahub_migrate.lint.facts.hubs import HubFacts
from durahub_migrate.lint.facts.templates import InlineIgnore
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.ignores import Ignore
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import Observation, Rule
from durahub_migrate.lint.selection import fits_any, severity_of
from durahub_migrate.lint.settings.settings import Settings
from durahub_migrate.lint.target import Given

KNOWN = "known: it is in the baseline"
INLINE = "durahub inline ignores"
"""The table of notes of ignores in files."""


class Keeping:
    """A `durahub_migrate.lint.running.Keep` that goes by the settings. *today* is a day: ``2026-11-30``."""

    def __init__(
        self,
        settings: Settings,
        rules: Sequence[Rule[Any]],
        today: str,
        baseline: Baseline | None = None,
    ) -> None:
        self._settings = settings
        self._baseline = baseline
        self._names: dict[str, str] = {}  # of hubs, by address
        scopes = (settings.general, *settings.hubs.values())
        self._taken = {
            id(scope): frozenset(rule.code for rule in rules if scope.selection.takes(rule))
            for scope in scopes
        }
        stated = dict.fromkeys(ignore for scope in scopes for ignore in scope.ignores)
        self._ignores = [ignore for ignore in stated if not ignore.is_expired(today)]
        self.expired = tuple(ignore for ignore in stated if ignore.is_expired(today))

    def given(self, given: Given, hub: HubFacts) -> Given:
        """Return *given* with what the settings say of *hub*, whose findings come next."""
        self._names[hub.place.source] = hub.name
        scope = self._settings.of(hub.name)
        return replace(given, target=scope.target, thresholds=scope.thresholds)

    def __call__(self, finding: Finding) -> Finding | None:
        """Return the finding as it counts, ``None`` if its rule is not wanted for its hub."""
        in_file = finding.place.kind is PlaceKind.FILE
        hub = None if in_file else self._names.get(finding.place.source)
        scope = self._settings.of(hub)
        if finding.code not in self._taken[id(scope)]:
            return None
        severity = severity_of(finding.code, scope.severity)
        if severity is not None:
            finding = replace(finding, severity=severity)
        return replace(finding, suppressed=self._reason(finding, hub))

    def _reason(self, finding: Finding, hub: str | None) -> str | None:
        for ignore in self._ignores:
            if ignore.fits(finding, hub):
                return ignore.reason
        if self._baseline is not None and self._baseline.knows(finding):
            return KNOWN
        return None

    def unused(self, judged: frozenset[str], reasons: frozenset[str]) -> tuple[Ignore, ...]:
        """Return the entries that silenced nothing, though all their rules were in *judged*.

        *reasons* are those for which something was silenced: a run may go on from one that noted them.
        """
        codes = {code for taken in self._taken.values() for code in taken}
        return tuple(
            ignore
            for ignore in self._ignores
            if ignore.reason not in reasons
            and {code for code in codes if fits_any(code, (ignore.rule,))} <= judged
        )


class NotingIgnores:
    """A `Collector` that keeps the ignores that stand in files, as notes: a run may be stopped and go on."""

    def collect(self, fact: Any, given: Given) -> Iterator[Collected]:  # noqa: ARG002
        """Yield a note of an ignore."""
        if isinstance(fact, InlineIgnore):
            noted = [fact.place.source, fact.line, list(fact.codes), fact.reason, str(fact.place)]
            yield Note(INLINE, f"{fact.place} {','.join(fact.codes)}", json.dumps(noted))

    def observed(self, observation: Observation, fact: Any) -> Iterator[Collected]:  # noqa: ARG002
        """Yield nothing."""
        return iter(())

    def found(self, finding: Finding, fact: Any | None) -> Iterator[Collected]:  # noqa: ARG002
        """Yield nothing."""
        return iter(())


@dataclass(frozen=True, slots=True)
class NotedIgnore:
    """An ignore in a file. *at* is its place as people read it."""

    file: str
    line: int
    codes: tuple[str, ...]
    reason: str | None
    at: str


class InlineIgnores:
    """The ignores that stand in files, from the *notes* that were kept of them. They are few."""

    def __init__(self, notes: Iterable[tuple[str, str]]) -> None:
        self._all = [_noted(text) for _, text in notes]
        self._used: set[NotedIgnore] = set()

    def reason(self, finding: Finding) -> str | None:
        """Return why *finding* does not count, ``None`` if it does. An ignore without reason is none."""
        span = finding.place.span
        for ignore in self._all if span is not None else ():
            if (ignore.file, ignore.line) != (finding.place.source, span and span.line):
                continue
            if ignore.reason and fits_any(finding.code, ignore.codes):
                self._used.add(ignore)
                return ignore.reason
        return None

    @property
    def without_reason(self) -> list[NotedIgnore]:
        """Those that do not count."""
        return [one for one in self._all if not one.reason]

    @property
    def unused(self) -> list[NotedIgnore]:
        """Those that silenced nothing of what was asked about."""
        return [one for one in self._all if one.reason and one not in self._used]


def _noted(text: str) -> NotedIgnore:
    file, line, codes, reason, at = json.loads(text)
    return NotedIgnore(file, line, tuple(codes), reason, at)


def known_codes(rules: Iterable[Rule[Any]], others: Iterable[str]) -> tuple[str, ...]:
    """Return the codes that settings may name: those of *rules*, and *others* that are reserved."""
    return tuple(sorted({*(rule.code for rule in rules), *others}))
