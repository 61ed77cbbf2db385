"""Lines that CI systems read from a log: GitHub's annotations, Azure Pipelines' logging commands.

Sources: GitHub, "Workflow commands for GitHub Actions"; Azure Pipelines, "Logging commands".
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.reporting.results import Results
from durahub_migrate.lint.reporting.sentences import (
    counted,
    finding_message,
    printable,
    source_of,
    summary,
    unread,
    within_source,
)
from durahub_migrate.lint.rule_page import page_of_rule

MOST_ANNOTATIONS = 10
"""Of each level GitHub shows as many of one step; the others it drops without a word."""

_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_AZURE = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def github(results: Results) -> Iterator[str]:
    """Yield lines: annotations for the worst, plain lines for those that would not be shown."""
    used: Counter[str] = Counter()
    for severity, place, title, message in _said(results):
        level = _GITHUB[severity]
        used[level] += 1
        if used[level] > MOST_ANNOTATIONS:
            at = f"{printable(str(place))}: " if place is not None else ""
            yield f"{level}: {at}{title}: {message}"
            continue
        properties = ",".join(f"{name}={_property(text)}" for name, text in _github(place, title))
        yield f"::{level} {properties}::{_data(message)}"
    yield summary(results)


def azure(results: Results) -> Iterator[str]:
    """Yield lines: logging commands for errors and warnings, plain lines for what is only worth knowing."""
    for severity, place, title, message in _said(results):
        if severity not in _AZURE:
            yield f"{title}: {message}"
            continue
        properties = {"type": _AZURE[severity], **_azure(place), "code": title.split()[0]}
        text = "".join(f"{name}={_azure_property(value)};" for name, value in properties.items())
        yield f"##vso[task.logissue {text}]{_azure_data(f'{title}: {message}')}"
    yield summary(results)


def _said(results: Results) -> Iterator[tuple[Severity, Place | None, str, str]]:
    """Yield severity, place in a file, title and message of what is worth a line, the worst first."""
    for sentence in unread(results):
        yield Severity.ERROR, None, "not read", printable(sentence)
    for group in results.groups():
        title = f"{group.rule.code} {group.rule.message}"
        advice = page_of_rule(group.rule).short_advice
        if group.in_file or results.examples < 0:
            for told in results.findings(group):
                place = told.finding.place
                at = "" if group.in_file else f"{printable(str(place))}: "
                message = f"{at}{finding_message(told.finding)}. {advice}"
                yield group.severity, place if group.in_file else None, title, message
        else:
            examples = "; ".join(
                f"{within_source(told.finding)}: {finding_message(told.finding)}"
                for told in results.findings(group)
            )
            message = f"{source_of(group)}: {counted(group.count, 'finding')}: {examples}. {advice}"
            yield group.severity, None, title, message
    for remark in results.remarks:
        yield Severity.WARNING, None, "settings", printable(remark)


def _github(place: Place | None, title: str) -> Iterator[tuple[str, str]]:
    if place is not None and place.kind is PlaceKind.FILE:
        yield "file", printable(place.source.replace("\\", "/"))
        if place.span is not None:
            yield "line", str(place.span.line)
            yield "endLine", str(place.span.end_line)
            if place.span.line == place.span.end_line:  # columns of several lines are refused
                yield "col", str(place.span.column)
                yield "endColumn", str(place.span.end_column)
    yield "title", title


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _azure(place: Place | None) -> Mapping[str, str]:
    if place is None or place.kind is not PlaceKind.FILE:
        return {}
    found = {"sourcepath": printable(place.source)}
    if place.span is not None:
        found |= {"linenumber": str(place.span.line), "columnnumber": str(place.span.column)}
    return found


def _azure_data(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _azure_property(text: str) -> str:
    return _azure_data(text).replace("]", "%5D").replace(";", "%3B")
