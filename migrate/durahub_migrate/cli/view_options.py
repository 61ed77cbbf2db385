"""Which views of a bundle a command is to write, and what became of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from durahub.cli.output import say
from durahub_migrate.views import parquet
from durahub_migrate.views.writing import View, Viewed

__all__ = ("View", "check_views", "say_viewed", "view_option")

F = TypeVar("F", bound=Callable[..., Any])

NAMES = click.Choice([one.value for one in View])


def view_option(command: F) -> F:
    """Add ``--view``, any number of times."""
    return click.option(
        "--view",
        "views",
        type=NAMES,
        multiple=True,
        callback=_views,
        help="Write a view into the bundle, under compat/: histories as the ExportHistory of .NET, JavaScript"
        " and Java or that of Python writes them, or tables of Parquet. Several times for several.",
    )(command)


def _views(_: click.Context, __: click.Parameter, names: Sequence[str]) -> tuple[View, ...]:
    return tuple(View(name) for name in dict.fromkeys(names))


def check_views(views: Sequence[View]) -> None:
    """Raise `MissingPackage` where one of *views* cannot be written."""
    if View.PARQUET in views:
        parquet.check_installed()


def say_viewed(done: Mapping[View, Viewed]) -> None:
    """Say what is in each view."""
    for view, found in done.items():
        left_out = f", {found.left_out} left out that it cannot hold" if found.left_out else ""
        say(f"view {view.value}: {found.ended} that have ended, {found.open} open{left_out}")
