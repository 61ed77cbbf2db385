"""How plans are printed: as text, as Markdown, as JSON."""

import sys

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from durahub.cli.output import print_json, tell
from durahub.model.visible import visible
from durahub_migrate.planning import diffing, markdown, plain
from durahub_migrate.planning.plan_file import PlanFile
from durahub_migrate.planning.summary import needs_attention
from durahub_migrate.planning.telling import Section, Told, sections, told
from durahub_migrate.planning.telling import Table as Rows


def print_plan(plan: PlanFile, output: str, *, everything: bool) -> None:
    """Print a plan; trees that somebody should look at come first."""
    one = told(plan)
    if output == "json":
        _print_json(one, everything=everything)
    elif output == "md":
        for line in markdown.lines(sections(one, everything=everything)):
            click.echo(line)
    else:
        for section in sections(one, everything=everything):
            _print_text(section)


def _print_json(one: Told, *, everything: bool) -> None:
    print_json(plain.sums(one))
    for unit in one.plan.units():
        if everything or needs_attention(unit):
            print_json(plain.unit(unit))


def _print_text(section: Section) -> None:
    click.echo(section.title.upper())
    for number, line in enumerate(section.lines, 1):
        tell(f"  {number}. {line}" if section.numbered else f"  {line}")
    if section.table is not None:
        _print_table(section.table)
    for entry in section.entries:
        tell(f"  {_shown(entry.root_id)}  {entry.said}")
        for line in entry.lines:
            tell(f"      {line}")
    click.echo()


def _print_table(table: Rows) -> None:
    """Print a table: drawn on a terminal, aligned elsewhere."""
    if sys.stdout.isatty():
        drawn = Table(box=None, pad_edge=False, header_style="bold")
        for column in table.columns:
            drawn.add_column(column, overflow="fold")
        for row in table.rows:
            drawn.add_row(*(Text(visible(cell)) for cell in row))
        Console().print(drawn)
        return
    rows = [table.columns, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        tell(f"  {'  '.join(cells)}".rstrip())


def _shown(text: str) -> str:
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)


def print_differences(old: PlanFile, new: PlanFile, output: str) -> int:
    """Print what differs; return 1 if anything does."""
    heads = list(diffing.of_heads(old.head, new.head))
    if output == "json":
        for line in heads:
            print_json({"plan": line})
    else:
        for line in heads:
            tell(f"* {line}")
    count = 0
    for one in diffing.differences(old, new):
        count += 1
        if output == "json":
            told_ = {"change": one.change.value, "root": one.root_id, "what": list(one.what)}
            print_json(told_)
        else:
            name = markdown.code(one.root_id) if output == "md" else _shown(one.root_id)
            sign = f"- `{one.change.value}`" if output == "md" else one.change.value
            tell(f"{sign} {name}: {'; '.join(one.what)}")
    return 1 if heads or count else 0
