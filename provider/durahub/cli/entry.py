"""The way in and out of the command: errors become one sentence on stderr and an exit status."""

import logging

import click

from durahub.cli.held import advice
from durahub.cli.running import running_servers
from durahub.errors import DurahubError
from durahub.model.visible import visible

INTERRUPTED = 130


def run_entry(cli: click.Command) -> int:
    """Run *cli* with this process's arguments; return the exit status."""
    logging.getLogger("azure").setLevel(logging.ERROR)  # what it warns of becomes an error of ours
    try:
        result = cli.main(standalone_mode=False)
    except DurahubError as error:
        click.echo(f"error: {visible(str(error), lines=True)}", err=True)
        held = advice(error, running_servers())
        if held is not None:
            click.echo(f"       {visible(held)}", err=True)
        click.echo(f"       'durahub explain {error.code}' says more", err=True)
        return error.exit_status
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return result if isinstance(result, int) else 0
