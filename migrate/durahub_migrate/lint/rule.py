"""What a rule is. Each is one file under ``rules/``; its examples are its tests and its page.

The docstring is the page: its first sentence, then paragraphs ``Why it matters:``, ``What to do:`` and, where
there is more to say, ``When to ignore it:``.
"""

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from durahub.model.ticks import parse
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Fix, Severity, head_of
from durahub_migrate.lint.place import Place
from durahub_migrate.lint.target import Given

Fact = TypeVar("Fact")
EXAMPLE_TIME = parse("2026-11-01T12:00:00Z")
ALL_PROFILES = frozenset({"recommended", "migrate", "strict", "dts-native"})
SCHEDULER_PROFILES = ALL_PROFILES - {"recommended"}  # what breaks on the scheduler, and there alone
MOVING_PROFILES = SCHEDULER_PROFILES - {"dts-native"}  # what breaks on the way there


@dataclass(frozen=True, slots=True)
class Example:
    """What a rule is shown: *text* is what the page prints, *facts* what the rule gets, in this order."""

    text: str
    facts: tuple[Any, ...]
    given: Given = field(default_factory=lambda: Given(now=EXAMPLE_TIME))


class Rule(Generic[Fact]):
    """A rule about one kind of fact; it is judged fact by fact.

    *about* are the types it is shown. *needs* must be met by what was read, else it is not evaluated.
    *profiles* name the sets it belongs to, *since* the month from which a dated baseline has it.
    """

    code: ClassVar[str]
    message: ClassVar[str]  # one line, without full stop
    severity: ClassVar[Severity]
    confidence: ClassVar[Confidence] = Confidence.HIGH
    source: ClassVar[str]
    about: ClassVar[tuple[type, ...]]
    needs: ClassVar[frozenset[Need]] = frozenset()
    profiles: ClassVar[frozenset[str]] = ALL_PROFILES
    since: ClassVar[str] = "2026-11"
    bad: ClassVar[tuple[Example, ...]]
    good: ClassVar[tuple[Example, ...]]

    def check(self, fact: Fact, given: Given) -> Iterator[Finding]:
        """Yield what is wrong with *fact*."""
        raise NotImplementedError

    def at(
        self,
        place: Place,
        detail: str,
        *,
        head: object = None,
        private: bool = False,
        discriminator: str = "",
        severity: Severity | None = None,
        fix: Fix | None = None,
    ) -> Finding:
        """Return a finding of this rule at *place*; *head* is cut to what may be shown."""
        return Finding(
            code=self.code,
            severity=severity or self.severity,
            place=place,
            detail=detail,
            head=None if head is None else head_of(head),
            private=private,
            discriminator=discriminator,
            fix=fix,
        )

    @property
    def page(self) -> str:
        """The docstring without its indentation."""
        return inspect.cleandoc(type(self).__doc__ or "")


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that a joining rule wants to see beside others of the same *group*."""

    group: str
    value: str
    place: Place


class JoiningRule(Rule[Fact]):
    """A rule about several facts together: IDs that collide, messages for instances that are not there.

    It notes observations fact by fact, and concludes group by group when everything was read. What is noted
    is kept on disk, so a hub of any size can be judged: note what is needed and no more.
    """

    def check(self, fact: Fact, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Yield nothing: one fact alone proves nothing here."""
        return iter(())

    def observe(self, fact: Fact, given: Given) -> Iterator[Observation]:
        """Yield what is to be remembered of *fact*."""
        raise NotImplementedError

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:
        """Yield what is wrong with a group; *seen* comes in the order of values and can be read once."""
        raise NotImplementedError


class SummingRule(Rule[Fact]):
    """A rule about a hub's instances as a whole: how many have ended, how they are spread over partitions.

    It adds amounts fact by fact, and judges their sums when everything was read. Only the sums are kept, so
    it costs less than a `JoiningRule`. A hub's own facts are in ``given.hub`` and are not to be counted.
    """

    def check(self, fact: Fact, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Yield nothing: one fact alone proves nothing here."""
        return iter(())

    def amounts(self, fact: Fact, given: Given) -> Iterator[tuple[str, int]]:
        """Yield what *fact* adds, each under the name of its sum."""
        raise NotImplementedError

    def total(self, sums: Iterable[tuple[str, int]], given: Given) -> Iterator[Finding]:
        """Yield what is wrong with a hub, ``given.hub``; its *sums* come by name and can be read once."""
        raise NotImplementedError
