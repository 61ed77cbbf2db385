"""``durahub hub delete``: a hub with everything in it, noted in the audit log."""

from typing import Any

import click

from durahub.address import parse_hub
from durahub_migrate.cli.acting_options import act, acting_options, say_done
from durahub_migrate.cli.hub_opening import place_of
from durahub_migrate.monitor.actions import Cost, Verb


@click.command()
@click.argument("address", metavar="HUB")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Also while workers are at work on it.")
@acting_options
def delete(address: str, yes: bool, force: bool, output: str, **how: Any) -> None:
    """Delete a task hub with every instance, message and payload in it; asks first.

    One on which a worker is at work is not deleted (DH305), unless --force: the worker would make parts of
    it anew.
    """
    named = parse_hub(address)
    found = place_of(address)  # an address without a store means that of the server that runs here
    where = f"{named}, that is {found}," if found != named else str(named)

    def confirm(_: Cost) -> None:
        click.confirm(f"Delete {where} with everything in it?", abort=True, err=True)

    done = act(
        named,
        Verb.DELETE_HUB,
        named.hub,
        {"force": force},
        output=output,
        confirm=None if yes else confirm,
        **how,
    )
    say_done(done, output)
