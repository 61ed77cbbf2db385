"""Text for people: where, which rule, what is wrong, what to do.

``text`` groups what is in hubs by rule; ``full`` adds the source line and why it matters; ``concise`` has one
line a finding; ``grouped`` begins with the rule.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import click

from durahub.secret_texts import hidden
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.reporting.evidence import ways
from durahub_migrate.lint.reporting.results import Group, Results, Told
from durahub_migrate.lint.reporting.sentences import (
    counted,
    finding_message,
    group_message,
    not_evaluated,
    printable,
    source_of,
    summary,
    unread,
    was_read,
    within_source,
)
from durahub_migrate.lint.rule_page import page_of_rule

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}


@dataclass(frozen=True, slots=True)
class Style:
    """How text looks. *line_of* returns a line of a file, ``None`` if it cannot be read.

    *brief* text does not tell how much was read, and what the rules lack that were not evaluated.
    """

    colors: bool = False
    brief: bool = False
    line_of: Callable[[str, int], str | None] = lambda _file, _line: None

    def severity(self, severity: Severity) -> str:
        """Return the severity's word."""
        return self._styled(severity.value, fg=_COLORS[severity], bold=True)

    def code(self, code: str) -> str:
        """Return a rule's code."""
        return self._styled(code, bold=True)

    def faint(self, text: str) -> str:
        """Return what is not important."""
        return self._styled(text, dim=True)

    def _styled(self, text: str, **how: object) -> str:
        return click.style(text, **how) if self.colors else text  # type: ignore[arg-type]


def text(results: Results, style: Style, *, full: bool = False) -> Iterator[str]:
    """Yield lines: findings in files by line, then those in hubs by rule, then what the run was."""
    for told in results.in_files():
        yield from _in_file(told, style, full=full)
    for group in results.groups():
        if not group.in_file:
            yield from _in_hub(group, results, style, full=full)
    yield from _suppressed(results, style)
    yield from _fixable(results)
    yield from ending(results, style, full=full)


def concise(results: Results, style: Style) -> Iterator[str]:
    """Yield a line for each finding, and for what groups leave out."""
    for told in results.in_files():
        yield _line(told.finding, style)
    for group in results.groups():
        if group.in_file:
            continue
        shown = 0
        for told in results.findings(group):
            shown += 1
            yield _line(told.finding, style)
        if shown < group.count:
            more = counted(group.count - shown, "more finding")
            yield f"{source_of(group)}: {group.rule.code} {more}"
    yield from _suppressed(results, style)
    yield from ending(results, style)


def grouped(results: Results, style: Style) -> Iterator[str]:
    """Yield each rule with all its places below it."""
    for rule, groups in groupby(results.groups(), key=lambda group: (group.severity, group.rule)):
        severity, found = rule
        yield f"{style.code(found.code)} {style.severity(severity)} {found.message}"
        for group in groups:
            yield f"  {source_of(group)}: {counted(group.count, 'finding')}"
            for told in results.findings(group):
                at = _line_number(told.finding) if group.in_file else within_source(told.finding)
                yield f"    {at}: {finding_message(told.finding)}"
        yield f"  What to do: {page_of_rule(found).short_advice}"
        yield ""
    yield from _suppressed(results, style)
    yield from ending(results, style)


def statistics(results: Results, style: Style) -> Iterator[str]:
    """Yield how many findings each rule has."""
    for group in _summed(results):
        said = f"{group.count:>9,}  {style.severity(group.severity)}  {style.code(group.rule.code)}"
        yield f"{said}  {group.rule.message}"
    yield from ending(results, style)


def ending(results: Results, style: Style, *, full: bool = False) -> Iterator[str]:
    """Yield what was not read, what was not evaluated, remarks, and the numbers."""
    for sentence in unread(results):
        yield f"{style.severity(Severity.ERROR)} not read: {sentence}"
    for remark in results.remarks:
        yield f"{style.severity(Severity.WARNING)} {printable(remark)}"
    missing = len(results.not_evaluated)
    if missing and not style.brief:
        end = ":" if full else "; --format full names them:"
        yield style.faint(f"{counted(missing, 'rule')} not evaluated for lack of evidence{end}")
        yield from (style.faint(f"  {line}") for line in ways(results))
    if full:
        yield from (style.faint(f"  {line}") for line in not_evaluated(results))
    if not style.brief:
        yield from (style.faint(line) for line in was_read(results))
    yield summary(results)


def _in_file(told: Told, style: Style, *, full: bool) -> Iterator[str]:
    finding, rule = told.finding, told.group.rule
    fixable = " [*]" if _is_fixable(told) else ""
    yield f"{_line(finding, style)}{fixable}"
    if full:
        yield from _source_line(finding, style)
    yield from _advice(rule.code, told.group, style, full=full)
    yield ""


def _is_fixable(told: Told) -> bool:
    fix = told.finding.fix
    return fix is not None and fix.safe


def _fixable(results: Results) -> Iterator[str]:
    """Yield what can be done about findings in files."""
    fixes = [told.finding.fix for told in results.in_files() if told.finding.fix is not None]
    safe = sum(fix.safe for fix in fixes)
    if safe:
        yield f"[*] {counted(safe, 'finding')} can be fixed: --diff shows how, --fix does it"
    if safe < len(fixes):
        yield (
            f"{counted(len(fixes) - safe, 'finding')} can be fixed in a way that may change what a file "
            "means: --diff --unsafe-fixes shows how"
        )


def _in_hub(group: Group, results: Results, style: Style, *, full: bool) -> Iterator[str]:
    yield (
        f"{source_of(group)}: {style.severity(group.severity)} {style.code(group.rule.code)} "
        f"{group_message(group)}"
    )
    shown = 0
    for told in results.findings(group):
        shown += 1
        yield f"    {within_source(told.finding)}: {finding_message(told.finding)}"
    if shown < group.count:
        yield style.faint(f"    and {group.count - shown:,} more; --each shows all")
    yield from _advice(group.rule.code, group, style, full=full)
    yield ""


def _advice(code: str, group: Group, style: Style, *, full: bool) -> Iterator[str]:
    page = page_of_rule(group.rule)
    if full:
        yield f"  Why it matters: {page.why}"
        yield f"  What to do: {page.what_to_do}"
    else:
        yield f"  What to do: {page.short_advice}"
    yield style.faint(f"  More: durahub explain {code}")


def _source_line(finding: Finding, style: Style) -> Iterator[str]:
    span = finding.place.span
    line = style.line_of(finding.place.source, span.line) if span is not None else None
    if span is None or line is None:
        return
    width = span.end_column - span.column if span.end_line == span.line else 1
    number = f"{span.line:>5} | "
    yield f"{number}{_shown(hidden(line))}"
    yield " " * (len(number) + span.column - 1) + "^" * max(width, 1)


def _shown(line: str) -> str:
    """Return a line of a file as wide as it is: no character of it steers a terminal."""
    return "".join(one if one.isprintable() else " " if one == "\t" else "\ufffd" for one in line)


def _line(finding: Finding, style: Style) -> str:
    said = finding_message(finding)
    at = printable(str(finding.place))
    return f"{at}: {style.severity(finding.severity)} {style.code(finding.code)} {said}"


def _line_number(finding: Finding) -> str:
    span = finding.place.span
    return (
        f"{span.line}:{span.column}"
        if span is not None
        else printable(finding.place.key) or "the file"
    )


def _suppressed(results: Results, style: Style) -> Iterator[str]:
    if not results.show_suppressed:
        return
    for group in results.groups(suppressed=True):
        for told in results.findings(group, suppressed=True):
            why = printable(told.finding.suppressed or "")
            yield style.faint(f"suppressed ({why}): ") + _line(told.finding, style)


def _summed(results: Results) -> Sequence[Group]:
    """Return one group for each rule and severity, the most frequent first."""
    sums: dict[tuple[str, Severity], Group] = {}
    for group in results.groups():
        key = (group.rule.code, group.severity)
        count = group.count + (sums[key].count if key in sums else 0)
        sums[key] = Group(group.rule, "", group.in_file, group.severity, count)
    return sorted(sums.values(), key=lambda group: -group.count)
