"""Options that every list has: order, columns, format."""

import functools
from collections.abc import Callable
from typing import Any

import click

from durahub_migrate.cli.instance_list import Listing

QUERIES = {"ignore_unknown_options": True}
"""A query may begin with a minus: ``-status:Completed``."""

FORMATS = ("text", "table", "json", "jsonl", "csv")


def list_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add them; the command gets ``listing`` and ``fail_if_any``."""

    @functools.wraps(command)
    def with_listing(
        *args: Any,
        output: str,
        columns: str | None,
        sort: str | None,
        limit: int,
        count: bool,
        **options: Any,
    ) -> Any:
        listing = Listing(output, columns, sort, limit, counts=count)
        return command(*args, listing=listing, **options)

    found: Callable[..., Any] = with_listing
    for option in (
        click.option(
            "--format",
            "output",
            type=click.Choice(FORMATS),
            default="text",
            show_default=True,
            envvar="DURAHUB_FORMAT",
            help="A table for people (text, table); one JSON object a line with everything, texts whole; "
            "jsonl and csv: the columns alone.",
        ),
        click.option(
            "--fail-if-any", is_flag=True, help="Exit status 1 if there are any: for scripts."
        ),
        click.option(
            "--count", "--total", "count", is_flag=True, help="Only how many, by status and in all."
        ),
        click.option("--limit", type=click.IntRange(1), default=100, show_default=True),
        click.option("--columns", metavar="NAMES", help="Which columns, with commas between them."),
        click.option(
            "--sort",
            metavar="FIELD",
            help="Order by a field of the query language; -FIELD is descending. Then all rows are read "
            "before the first is shown. [default: storage's order, by ID]",
        ),
    ):
        found = option(found)
    return found
