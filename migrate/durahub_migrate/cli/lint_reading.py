"""The options of ``durahub lint`` that say how a hub is read; they reach the command as ``reading``."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from durahub.address import StoreAddress, parse_store
from durahub.cli.tracking_options import tracking_prefix_option, tracking_store_option
from durahub_migrate.lint.sources.reading_options import ReadingOptions

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Reading:
    """How hubs are read, and the file in which a run that was stopped is kept."""

    options: ReadingOptions
    tracking_store: StoreAddress | None
    work: Path | None
    fresh: bool = False

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said with the results."""
        if self.options.share >= 1.0:
            return ()
        return (
            f"a sample: histories and payloads in blobs of {self.options.share:.4g} of instances",
        )


_OPTIONS = (
    click.option(
        "--sample",
        type=click.FloatRange(min=0, max=100, min_open=True),
        metavar="PERCENT",
        help="Read histories and large payloads of so many instances only. Rows of instances are all read.",
    ),
    click.option(
        "--max-requests-per-second",
        type=click.FloatRange(min=0, min_open=True),
        help="Send a storage account no more requests than that.",
    ),
    click.option(
        "--max-requests",
        type=click.IntRange(min=1),
        help="Stop when so many were sent; with --work the run goes on another time.",
    ),
    click.option(
        "--work",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Keep what is found in this file: the same command goes on where it stopped.",
    ),
    click.option(
        "--fresh",
        is_flag=True,
        help="Begin anew, whatever the file of --work has from earlier runs.",
    ),
    tracking_prefix_option,
    tracking_store_option,
)


def reading_options(command: Command) -> Command:
    """Give *command* these options; it gets a `Reading`."""

    @functools.wraps(command)
    def with_reading(*args: Any, **options: Any) -> Any:
        sample, store = options.pop("sample"), options.pop("tracking_store")
        reading = Reading(
            ReadingOptions(
                share=1.0 if sample is None else sample / 100,
                requests_per_second=options.pop("max_requests_per_second"),
                requests=options.pop("max_requests"),
                tracking_prefix=options.pop("tracking_prefix"),
            ),
            None if store is None else parse_store(store),
            options.pop("work"),
            options.pop("fresh"),
        )
        if reading.fresh and reading.work is None:
            raise click.UsageError("--fresh goes with --work FILE")
        return command(*args, reading=reading, **options)

    decorated: Any = with_reading
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
