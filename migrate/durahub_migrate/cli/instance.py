"""``durahub instance``: what runs in a task hub, why it waits, and acting on it."""

from datetime import datetime

import click

from durahub.model.history import Status
from durahub_migrate.cli import instance_act, instance_view
from durahub_migrate.cli.instance_list import Listing, list_instances
from durahub_migrate.cli.list_options import QUERIES, list_options


@click.group()
def instance() -> None:
    """Find orchestration instances, see why they wait, start them and act on them.

    The commands work on storage itself; a server need not run. What is started or sent is
    taken up by the next worker. Looking never writes; every action is noted in the audit log.

    \b
    durahub instance list 'status:Failed name:Order* created>-24h'
    durahub instance why ID
    durahub instance history ID --full --text 500
    durahub instance rewind ID --reason 'the service is back'
    """  # noqa: D301 (click's mark for lines that stay as they are)


@instance.command("list", context_settings=QUERIES)
@click.argument("words", metavar="[QUERY]", nargs=-1)
@click.option(
    "--hub",
    "addresses",
    multiple=True,
    envvar="DURAHUB_HUB",
    help="Address of the task hub, as in 'durahub hub --help'; also dts:ENDPOINT/NAME and bundle:PATH; "
    "may be given more than once. [default: that of 'durahub up']",
)
@click.option("--query", help="The same as QUERY.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.name for status in Status], case_sensitive=False),
    help="Only instances in this state; may be given more than once.",
)
@click.option("--prefix", default="", help="Only IDs that begin so.")
@click.option(
    "--created-from", type=click.DateTime(), help="Only those created then or later (UTC)."
)
@click.option(
    "--created-to", type=click.DateTime(), help="Only those created then or before (UTC)."
)
@list_options
def list_(
    words: tuple[str, ...],
    addresses: tuple[str, ...],
    query: str | None,
    statuses: tuple[str, ...],
    prefix: str,
    created_from: datetime | None,
    created_to: datetime | None,
    listing: Listing,
    fail_if_any: bool,
) -> None:
    """List the instances that QUERY finds; all of them without one.

    The query language is that of the monitor: docs/query.md. There is no index: storage filters by status,
    time of creation and the beginning of IDs, everything else is judged row by row as it comes. Entities are
    listed where the query speaks of them (kind:entity); 'durahub entity list' lists them alone.

    Exit status 1 with --fail-if-any, if there are any.
    """
    found = list_instances(
        addresses,
        " ".join(f"({one})" for one in (" ".join(words), query) if one and one.strip()),
        listing,
        statuses=statuses,
        prefix=prefix,
        created_from=created_from,
        created_to=created_to,
    )
    raise SystemExit(1 if fail_if_any and found else 0)


for command in (*instance_view.COMMANDS, *instance_act.COMMANDS):
    instance.add_command(command)
