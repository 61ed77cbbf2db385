"""``durahub hub``: task hubs as storage has them."""

import click

from durahub.address import parse_hub, parse_store
from durahub.classic.names import TrackedHub
from durahub.classic.options import Manager
from durahub.cli.added import HubCommands
from durahub.cli.hub_counts import amiss, count_instances
from durahub.cli.hub_doctor import doctor
from durahub.cli.hub_freeze import freeze, thaw
from durahub.cli.hub_read import read
from durahub.cli.hub_settle import settle
from durahub.cli.opening import LOOKING, hub_address, open_hub, run, storage_of, store_here
from durahub.cli.output import format_option, print_facts, print_json, print_rows, say, warn
from durahub.model.ticks import to_text
from durahub.storage import StorageOptions


@click.group(cls=HubCommands)
def hub() -> None:
    """Look at task hubs, create and delete them.

    HUB is an address: NAME (of the server that runs here, else on the local Azurite), azurite:NAME,
    env:VARIABLE/NAME (connection string in that variable), storage:ACCOUNT/NAME (Entra ID) or
    sqlite:FILE/NAME.
    """


hub.add_command(doctor)
hub.add_command(settle)
hub.add_command(freeze)
hub.add_command(thaw)


@hub.command("list")
@click.argument("store", required=False, envvar="DURAHUB_STORE")
@format_option
def list_(store: str | None, output: str) -> None:
    """List the task hubs of STORE (by default that of the server that runs here, else the local Azurite).

    One whose tables have another name (trackingStoreNamePrefix) or are in another account is listed
    with what has to be said to look into it.
    """
    address = parse_store(store) if store is not None else store_here()

    async def listing() -> None:
        async with storage_of(address, LOOKING) as storage:
            found = await storage.find_hubs()
            tracked = await storage.find_tracked_hubs()
        if output == "json":
            for one in found:
                print_json({"name": one.name, "partitions": one.partitions})
            for other in tracked:
                print_json(
                    {
                        "name": other.name,
                        "partitions": other.partitions,
                        "trackingPrefixes": list(other.prefixes),
                    }
                )
        else:
            rows: list[tuple[object, ...]] = [(one.name, one.partitions) for one in found]
            rows += [(one.name, one.partitions, _tables_of(one)) for one in tracked]
            print_rows(("name", "partitions", "tables"), rows)
        if not found and not tracked:
            say("no task hubs; 'durahub up' or 'durahub hub create NAME' makes one")

    run(listing())


def _tables_of(hub: TrackedHub) -> str:
    """Return what has to be said to look into a hub without tables of its name."""
    if not hub.prefixes:
        return "in another account: --tracking-store, or DURAHUB_TRACKING_STORE"
    return f"of another name: --tracking-prefix {' or '.join(hub.prefixes)}, or DURAHUB_TRACKING_PREFIX"


@hub.command()
@click.argument("address", metavar="[HUB]", required=False, envvar="DURAHUB_HUB")
@click.option(
    "--counts",
    is_flag=True,
    help="Count its instances by status, too: all rows are read, a request for each 1,000.",
)
@format_option
def show(address: str | None, counts: bool, output: str) -> None:
    """Show what a task hub consists of, who serves it, how long its queues are, and what is amiss."""

    async def showing() -> None:
        async with open_hub(hub_address(address), LOOKING) as store:
            info = await store.info()
            counted = await count_instances(store) if counts else None
        problems = amiss(info)
        if output == "json":
            print_json(
                {
                    "name": info.name,
                    "store": info.store,
                    "partitions": info.partitions,
                    "manager": info.manager or None,
                    "queues": info.queues,
                    "owners": info.owners,
                    "appLease": info.app_lease,
                    "resources": list(info.resources),
                    "problems": problems,
                    "instances": counted,
                }
            )
            return
        print_facts(
            {
                "name": info.name,
                "store": info.store,
                "partitions": info.partitions,
                "manager": info.manager,
                "app lease": info.app_lease,
                "instances": ", ".join(f"{n:,} {name}" for name, n in (counted or {}).items()),
            }
        )
        print_rows(
            ("queue", "messages, about", "owner"),
            [(name, count, info.owners.get(name)) for name, count in info.queues.items()],
        )
        for resource in info.resources:
            click.echo(resource)
        warn(problems)

    run(showing())


@hub.command()
@click.argument("address", metavar="HUB")
@click.option(
    "--partitions",
    type=click.IntRange(1, 16),
    default=4,
    show_default=True,
    help="Control queues; every server and worker of the hub must be told the same number.",
)
@click.option(
    "--partition-manager",
    type=click.Choice([one.value for one in Manager]),
    default=Manager.AUTO.value,
    show_default=True,
    help="How workers will share partitions; auto: what the hub tells, a new one gets table.",
)
def create(address: str, partitions: int, partition_manager: str) -> None:
    """Create a task hub: its queues, tables and containers. One that exists is left as it is."""

    async def creating() -> None:
        options = StorageOptions(partitions=partitions, manager=Manager(partition_manager))
        async with open_hub(parse_hub(address), options, create=True) as store:
            say(f"task hub {store.hub} is there, with {partitions} partitions")

    run(creating())


@hub.command("set-aside")
@click.argument("address", metavar="[HUB]", required=False, envvar="DURAHUB_HUB")
@format_option
def set_aside(address: str | None, output: str) -> None:
    """List the messages and rows of a hub that could not be read and were set aside.

    They are still where they were found; nothing is deleted. Exit status 1 if there are any.
    """

    async def listing() -> int:
        async with open_hub(hub_address(address), LOOKING) as store:
            found = await store.set_aside()
        if output == "json":
            for one in found:
                print_json(
                    {
                        "location": one.location,
                        "error": one.error,
                        "firstSeen": to_text(one.first_seen),
                        "head": one.head,
                    }
                )
        else:
            print_rows(
                ("first seen", "location", "error"),
                [(to_text(one.first_seen), one.location, one.error) for one in found],
            )
        return 1 if found else 0

    raise SystemExit(run(listing()))


hub.add_command(read)
