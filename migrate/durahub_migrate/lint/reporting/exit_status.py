"""The exit status of a run, from what it came to."""

from durahub_migrate.lint.book import Book
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.running import Outcome

CLEAN = 0
FOUND = 1
UNREAD = 4
STOPPED = 5
MEANINGS = {
    CLEAN: "everything was read, and no finding counts",
    FOUND: "there are findings at or above --fail-on",
    2: "wrong usage, or a settings file that cannot be",
    UNREAD: "something could not be read: what is said is not the whole truth",
    STOPPED: "stopped before the end; the same command with the same --work goes on",
    130: "interrupted",
}


def status_of(book: Book, outcome: Outcome, fail_on: str, *, can_resume: bool = False) -> int:
    """Return the status. What was not read weighs more than what was found."""
    if outcome.unread:
        return STOPPED if can_resume else UNREAD
    return FOUND if fails(book, fail_on) else CLEAN


def fails(book: Book, fail_on: str) -> bool:
    """Return whether a finding is as bad as *fail_on*, a severity or ``never``."""
    if fail_on == "never":
        return False
    limit = Severity(fail_on).rank
    return any(severity.rank <= limit for (_, severity), count in book.counts().items() if count)
