"""The command ``durahub``."""

import sys

import click

from durahub import __version__
from durahub.cli.entry import run_entry
from durahub.cli.explain import explain
from durahub.cli.hub import hub
from durahub.cli.instance import instance
from durahub.cli.retention import retention
from durahub.cli.serve import serve
from durahub.cli.up import up


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="durahub")
def cli() -> None:
    """Run Durable Task apps on the classic Azure Storage layout.

    \b
    Start here:
      durahub up                       a local server: Azurite, gRPC endpoint, metrics
      durahub serve --config FILE      a server in production
      durahub instance list            what runs on it
      durahub explain DH503            what an error means and what to do

    Exit status: 0 done, 1 failed, 2 wrong input, 4 something outside does not answer.
    """  # noqa: D301 (click's mark for a paragraph to leave as it is)


for command in (up, serve, retention, hub, instance, explain):
    cli.add_command(command)


def main() -> None:
    """Run the command; an error of durahub's own is one sentence, not a traceback."""
    sys.exit(run_entry(cli))


if __name__ == "__main__":
    main()
