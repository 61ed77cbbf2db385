"""CFG118: starts that replace what runs."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import an_app
from durahub_migrate.lint.target import Given

_NAME = "overridableExistingInstanceStates"


class OverridableStates(Rule[AppFacts]):
    """Finds apps whose starts replace instances that are running.

    Why it matters: with ``AnyState`` a second start under an ID ends the first instance's work without a
    trace of it, its activities running on. A start that a client repeats after a time-out, or that two
    callers send during a move, does the same.

    What to do: leave the default, ``NonRunningStates``, and let a caller terminate what it means to replace.

    When to ignore it: every start means to replace, and activities can bear it.
    """

    code = "CFG118"
    message = "a start replaces an instance that is running"
    severity = Severity.WARNING
    source = "host.json reference of Durable Functions"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (Example("`AnyState`", (an_app({_NAME: "anyState"}),)),)
    good = (
        Example("`NonRunningStates`", (an_app({_NAME: "NonRunningStates"}),)),
        Example("The default", (an_app(),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Compare in any case."""
        entry = fact.get(_NAME)
        if entry is not None and entry.text.lower() == "anystate":
            said = f"{_NAME} is AnyState: a repeated start replaces a running instance"
            yield self.at(entry.place, said, head=entry.text)
