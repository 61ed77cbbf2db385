"""Prints what ``durahub verify`` has found, for people."""

from collections.abc import Iterable

import click

from durahub.cli.output import print_facts, say, tell
from durahub_migrate.verifying.prints import ENTITY, ORCHESTRATION
from durahub_migrate.verifying.report import RESULTS, Compared
from durahub_migrate.verifying.summary import Summary
from durahub_migrate.verifying.verdicts import Fate, Symbol, Verdict

_PLURALS = {ENTITY: "entities", ORCHESTRATION: "orchestrations"}
_SUM = (Fate.IMPORTED, Fate.ARCHIVED, Fate.DRAINED, Fate.REJECTED, Fate.PURGED, Fate.SKIPPED)


def print_text(
    compared: Compared, summary: Summary, verdicts: Iterable[Verdict], *, everything: bool
) -> None:
    """Print a line for each instance that is not equal, or for every one, and the sums."""
    for verdict in verdicts:
        if everything or verdict.is_fault or verdict.symbol is Symbol.UNREADABLE:
            click.echo(line_of(verdict))
    print_facts(
        {
            "source": compared.source,
            "target": compared.target,
            "compared": _results(summary),
            **{_PLURALS[kind]: _sum(summary, kind) for kind in sorted(summary.fates)},
            "messages": _messages(summary),
        }
    )
    if compared.level == "counts":
        for group, (source, target) in summary.counts.items():
            if source != target:
                tell(f"* {' '.join(filter(None, group))}: {target} where {source} belong")
    for note in summary.notes:
        say(f"note: {note}")


def line_of(verdict: Verdict) -> str:
    """Return what is told of one instance: ``* order-7  row: input differs``."""
    told = [f"{one.part}: {one.text}" for one in verdict.differences]
    told += verdict.notes
    if verdict.symbol is Symbol.ONLY_SOURCE and verdict.fate not in (None, Fate.LOST):
        told.insert(0, verdict.fate.value if verdict.fate is not None else "")
    if verdict.symbol is Symbol.EQUAL and verdict.match is not None:
        told.insert(0, verdict.match.value)
    as_other = f" (as {verdict.target_id})" if verdict.target_id else ""
    line = f"{verdict.symbol.value} {verdict.instance_id}{as_other}"
    return f"{line}  {'; '.join(told)}" if told else line


def _results(summary: Summary) -> str:
    counts = ", ".join(
        f"{summary.symbols[one]:,} {one.value} {word}"
        for one, word in RESULTS.items()
        if summary.symbols[one]
    )
    how = ", ".join(f"{count:,} {match}" for match, count in sorted(summary.matches.items()))
    return f"{counts or 'nothing'}{f' ({how})' if how else ''}"


def _sum(summary: Summary, kind: str) -> str:
    fates = summary.fates[kind]
    told = " + ".join(f"{fates[one]:,} {one.value}" for one in _SUM if fates[one])
    lost = summary.residue(kind)
    missing = f", {lost:,} missing" if lost else ""
    return f"{summary.source(kind):,} = {told or '0'}{missing}"


def _messages(summary: Summary) -> str:
    found = summary.messages
    left = "".join(f" + {count:,} {reason}" for reason, count in sorted(found.left.items()))
    rejected = f" + {found.rejected:,} unreadable" if found.rejected else ""
    return f"{found.source:,} seen = {found.needed:,} needed{left}{rejected}"
