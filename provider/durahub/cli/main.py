"""The command ``durahub``."""

import sys

import click

from durahub import __version__
from durahub.cli.added import Commands
from durahub.cli.entry import run_entry
from durahub.cli.explain import explain
from durahub.cli.health import health
from durahub.cli.hub import hub
from durahub.cli.retention import retention
from durahub.cli.serve import serve
from durahub.cli.token import token
from durahub.cli.up import up


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="durahub")
def cli() -> None:
    """Run Durable Task apps on the classic Azure Storage layout; watch, check and move hubs.

    \b
    Start here:
      durahub up                       a local server: Azurite, gRPC endpoint, monitor, metrics
      durahub serve --config FILE      a server in production
      durahub monitor SOURCE...        a page of all your hubs: what runs, and why it waits
      durahub instance list            what runs on it
      durahub instance why ID          what an instance waits for, and what to do about it
      durahub lint .                   what breaks on the Durable Task Scheduler, or today
      durahub plan SOURCE TARGET       how a hub would be moved; docs/moving.md has an example
      durahub explain DH503            what an error means and what to do

    Exit status: 0 done, 1 failed, or something was found, 2 wrong input, 3 something has to be decided or
    done first, 4 something outside does not answer, or a file is damaged, 5 stopped, can be gone on with, 6
    done, with rejects that were allowed.
    """  # noqa: D301 (click's mark for a paragraph to leave as it is)


for command in (up, serve, health, token, retention, hub, explain):
    cli.add_command(command)


def main() -> None:
    """Run the command; an error of durahub's own is one sentence, not a traceback."""
    sys.exit(run_entry(cli))


if __name__ == "__main__":
    main()
