"""Tables: Markdown for comments on pull requests, CSV for spreadsheets."""

import csv
import io
from collections.abc import Iterator

from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.reporting.results import Group, Results
from durahub_migrate.lint.reporting.sentences import (
    counted,
    finding_message,
    not_evaluated,
    printable,
    summary,
    unread,
    within_source,
)
from durahub_migrate.lint.rule_page import page_of_rule

COLUMNS = (
    "severity",
    "code",
    "message",
    "source",
    "kind",
    "key",
    "part",
    "line",
    "column",
    "detail",
    "head",
    "of",  # how many there are of this rule in this source
    "suppressed",
    "fingerprint",
)
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # in full width too
_MARKDOWN = str.maketrans({one: f"\\{one}" for one in "\\`*_{}[]<>#|~"})


def csv_table(results: Results) -> Iterator[str]:
    """Yield lines. A cell that a spreadsheet would take for a formula gets an apostrophe in front."""
    yield _row(COLUMNS)
    for told in results.told():
        finding, place = told.finding, told.finding.place
        span = place.span
        cells: tuple[object, ...] = (
            finding.severity.value,
            finding.code,
            told.group.rule.message,
            place.source,
            place.kind.value,
            place.key,
            place.part,
            span.line if span is not None else "",
            span.column if span is not None else "",
            finding.detail,
            finding.head or "",
            told.group.count,
            finding.suppressed or "",
            told.fingerprint,
        )
        yield _row([_cell(cell) for cell in cells])


def markdown(results: Results) -> Iterator[str]:
    """Yield lines: the numbers, a table of rules, then their places."""
    yield "## durahub lint"
    yield ""
    yield f"{summary(results)}."
    groups = list(results.groups())
    if groups:
        yield ""
        yield "| | rule | in | findings | what to do |"
        yield "| --- | --- | --- | ---: | --- |"
        for group in groups:
            advice = page_of_rule(group.rule).short_advice
            yield (
                f"| {_sign(group.severity)} | **{group.rule.code}** {_safe(group.rule.message)} "
                f"| {_safe(group.source)} | {group.count:,} | {advice.replace('|', chr(92) + '|')} |"
            )
    for group in groups:
        yield ""
        yield from _places(group, results)
    for sentence in unread(results):
        yield ""
        yield f"**Not read:** {_safe(sentence)}"
    missing = list(not_evaluated(results))
    if missing:
        yield ""
        yield f"<details><summary>{len(results.not_evaluated)} rules were not evaluated</summary>"
        yield ""
        yield from (f"- {_safe(line)}" for line in missing)
        yield ""
        yield "</details>"
    for remark in results.remarks:
        yield ""
        yield f"**Settings:** {_safe(remark)}"


def _places(group: Group, results: Results) -> Iterator[str]:
    title = f"{group.rule.code} in {_safe(group.source)}: {counted(group.count, 'finding')}"
    yield f"<details><summary>{title}</summary>"
    yield ""
    shown = 0
    for told in results.findings(group):
        shown += 1
        at = str(told.finding.place) if group.in_file else within_source(told.finding)
        yield f"- {_safe(at)}: {_safe(finding_message(told.finding))}"
    if shown < group.count:
        yield f"- and {group.count - shown:,} more"
    yield ""
    yield "</details>"


def _sign(severity: Severity) -> str:
    return {"error": "🔴 error", "warning": "🟠 warning", "info": "🔵 info"}[severity.value]


def _safe(text: str) -> str:
    return printable(text).translate(_MARKDOWN)


def _cell(cell: object) -> str:
    text = printable(str(cell))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(cells: Iterator[str] | tuple[str, ...] | list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
