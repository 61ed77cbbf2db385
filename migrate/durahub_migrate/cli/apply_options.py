"""Options that commands on jobs have in common."""

from collections.abc import Callable
from typing import Any

import click

from durahub_migrate.applying.control import MOST_PARALLEL
from durahub_migrate.applying.hooks import MOMENTS
from durahub_migrate.applying.settings import PARALLEL, PARALLEL_IN_A_FILE

Command = Callable[..., Any]


def speed_options(command: Command) -> Command:
    """Give *command* how fast a job may go."""
    for option in (
        click.option(
            "--parallel",
            type=click.IntRange(1, MOST_PARALLEL),
            show_default=f"{PARALLEL}, into a file {PARALLEL_IN_A_FILE}",
            help="Units that are moved at a time.",
        ),
        click.option(
            "--bytes-per-second",
            type=click.FloatRange(min=0, min_open=True),
            help="Bytes a second that the target is sent at most.",
        ),
        click.option(
            "--rate",
            type=click.FloatRange(min=0, min_open=True),
            help="Actions a second at most; without it only the target's refusals slow it down.",
        ),
    ):
        command = option(command)
    return command


hook_option = click.option(
    "--hook",
    multiple=True,
    metavar="NAME=COMMAND",
    help=f"Run a command at a moment: {', '.join(MOMENTS)}; may be repeated.",
)
