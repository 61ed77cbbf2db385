"""Sentences that several formats say."""

import re
from collections.abc import Iterator

from durahub_migrate.lint.finding import Finding, Severity, head_of
from durahub_migrate.lint.place import Place
from durahub_migrate.lint.reporting.results import Group, Results
from durahub_migrate.lint.reporting.showing import Showing


def counted(count: int, word: str, plural: str | None = None) -> str:
    """Return a number with its word: ``1,204 errors``."""
    return f"{count:,} {word if count == 1 else plural or word + 's'}"


def summary(results: Results) -> str:
    """Return one line with the numbers of the run."""
    found = results.counts()
    if any(found.values()):
        words = {Severity.ERROR: "error", Severity.WARNING: "warning"}
        said = ", ".join(
            counted(count, words[severity]) if severity in words else f"{count:,} info"
            for severity, count in found.items()
            if count
        )
    else:
        said = "no findings"
    suppressed = sum(results.counts(suppressed=True).values())
    parts = [said]
    if suppressed:
        parts.append(f"{suppressed:,} suppressed")
    parts.append(f"{counted(len(results.evaluated), 'rule')} evaluated")
    if results.not_evaluated:
        parts.append(f"{len(results.not_evaluated)} not evaluated")
    return "; ".join(parts)


def was_read(results: Results) -> Iterator[str]:
    """Yield a line for each source: ``read azurite:orders: 1,204 instances, 98,000 events, …``."""
    for source, read in results.outcome.read.items():
        if source in results.files:
            said = [counted(results.files[source], "file")]
        else:
            said = [
                counted(read.instances, "instance"),
                counted(read.events, "event"),
                counted(read.messages, "message"),
            ]
            if read.histories < read.instances:
                left_out = read.instances - read.histories
                said.insert(1, f"{counted(left_out, 'history', 'histories')} left out")
            if read.blobs:
                said.append(counted(read.blobs, "blob"))
            if read.requests:
                said.append(counted(read.requests, "request"))
        yield f"read {printable(source)}: {', '.join(said)}"


def not_evaluated(results: Results) -> Iterator[str]:
    """Yield a line for each kind of evidence that was missing, with the rules that need it."""
    by_need: dict[str, list[str]] = {}
    for rule in results.not_evaluated:
        needs = " and ".join(sorted(one.value for one in results.lacks(rule)))
        by_need.setdefault(needs, []).append(rule.code)
    for need, codes in sorted(by_need.items()):
        yield f"needs {need}: {', '.join(codes)}"


def unread(results: Results) -> Iterator[str]:
    """Yield a sentence for everything that could not be read; one may explain several gaps."""
    yield from dict.fromkeys(
        f"{where(one.place, results.showing)}: {printable(results.showing.error(one.error))}"
        for one in results.outcome.unread
    )


def where(place: Place, showing: Showing) -> str:
    """Return a place as it may be shown."""
    return printable(str(showing.place(place)))


def group_message(group: Group) -> str:
    """Return what is said of a whole group: ``instance ID is too long (1,204 findings)``."""
    return f"{group.rule.message} ({counted(group.count, 'finding')})"


def source_of(group: Group) -> str:
    """Return what a group's source is called."""
    return printable(group.source)


def finding_message(finding: Finding) -> str:
    """Return a finding's sentence with the value's head, unless the sentence or the place says that, too."""
    head = finding.head
    is_said = head is None or head == head_of(finding.place.key) or _has(finding.detail, head)
    return printable(finding.detail if is_said else f"{finding.detail}: {head}")


def _has(sentence: str, value: str) -> bool:
    """Tell whether *value* stands in a sentence, and not as a piece of a longer word."""
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", sentence) is not None


_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#(?:vso)?\[)")
"""What a CI system takes for a command in a log: GitHub ``::`` at the beginning of a line and ``##[``
anywhere, Azure Pipelines ``##vso[`` anywhere."""


def printable(text: str) -> str:
    """Return *text* on one line, with what could steer a terminal, or command a CI system, as an escape."""
    if not text.isprintable():
        text = "".join(
            one if one.isprintable() else one.encode("unicode_escape").decode("ascii")
            for one in text
        )
    return _COMMAND.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return f"{found[1] or ''}\\x{ord(found[0][-1]):02x}"


def within_source(finding: Finding) -> str:
    """Return a place in a hub without the hub's address."""
    within = str(finding.place).removeprefix(finding.place.source).lstrip(" :")
    return printable(within) or "the hub"
