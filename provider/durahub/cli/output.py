"""How results are printed: a table for people, JSON for programs. Results go to stdout, talk to stderr."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from durahub.model.visible import visible

format_option = click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar="DURAHUB_FORMAT",
    help="Text for people, or one JSON object a line.",
)


def say(sentence: str) -> None:
    """Tell the person at the terminal something that is no result."""
    click.echo(visible(sentence, lines=True), err=True)


def tell(line: str) -> None:
    """Print a line of a result that holds texts of others: names, reasons, parts of payloads."""
    click.echo(visible(line, lines=True))


def warn(sentences: Iterable[str]) -> None:
    """Tell what is not as it was asked for, a line each."""
    for sentence in sentences:
        say(f"warning: {sentence}")


def print_json(value: Mapping[str, Any]) -> None:
    """Print one result as a line of JSON; what is ``None`` is left out."""
    present = {key: item for key, item in value.items() if item is not None}
    click.echo(json.dumps(present, ensure_ascii=False))


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table: drawn on a terminal, tab-separated elsewhere; a cell is never more than its text."""
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join("" if cell is None else visible(str(cell)) for cell in row))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # As a Text: rich reads "[red]" in a string as an order, and fails at "[/red]".
        table.add_row(*(Text("" if cell is None else visible(str(cell))) for cell in row))
    Console().print(table)


def print_facts(facts: Mapping[str, object]) -> None:
    """Print the facts about one thing, a line each; empty ones are left out."""
    shown = {name: value for name, value in facts.items() if value not in (None, "")}
    width = max((len(name) for name in shown), default=0)
    for name, value in shown.items():
        click.echo(f"{name.ljust(width)}  {visible(str(value), lines=True)}")
