"""What is found in a hub, by profile."""

from durahub.dispatch.clock import system_clock
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.running import run
from durahub_migrate.lint.sources.source import Source
from durahub_migrate.lint.target import Given, Target


async def found_in(source: Source, profile: str = "recommended", **target: object) -> list[Finding]:
    """Return what the rules of a profile find; everything must be readable."""
    rules = [rule for rule in RULES if profile in rule.profiles]
    book = Book()
    outcome = await run([source], rules, Given(now=system_clock(), target=Target(**target)), book)
    assert not outcome.unread, outcome.unread
    found = list(book.findings())
    book.close()
    return found


def told(findings: list[Finding]) -> list[str]:
    return [f"{f.severity.value} {f.code} {f.place}: {f.detail}" for f in findings]
