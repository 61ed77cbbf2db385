"""``durahub hub settle``: turns a hub of the level exclusive back into one for any worker."""

import contextlib
import sys
from collections.abc import Callable, Iterator

import click
from rich.console import Console

from durahub.classic.settling import Settled
from durahub.cli.opening import hub_address, run, storage_of
from durahub.cli.output import format_option, print_json, print_rows, say
from durahub.cli.tracking_options import tracking_prefix_option


@click.command()
@click.argument("address", metavar="[HUB]", required=False, envvar="DURAHUB_HUB")
@click.option("--dry-run", is_flag=True, help="Change nothing: print what would be done.")
@tracking_prefix_option
@format_option
def settle(address: str | None, dry_run: bool, tracking_prefix: str | None, output: str) -> None:
    """Put the messages of activities that have none, so that any worker can go on with the hub.

    At the level 'exclusive' a server runs activities without messages. One that is stopped in order settles
    what it leaves; this command does it for servers that have crashed. It may be interrupted at any
    point and run again. Nothing may serve the hub meanwhile: leases of a server that has crashed run
    out within a minute.

    \b
    durahub hub settle orders --dry-run
    durahub hub settle env:STORE/orders

    Exit status: 0 all is settled (with --dry-run: there is nothing to do), 1 something is left, 2 the hub
    is in use (DH305) or the usage is wrong, 4 storage does not answer.
    """  # noqa: D301 (click's mark for lines that stay as they are)
    named = hub_address(address)

    async def settling() -> int:
        async with storage_of(named.store) as storage:
            work = storage.settling(named.hub, tracking_prefix)
            with _progress() as tell:
                found = [one async for one in work.run(dry_run=dry_run, progress=tell)]
        _print(found, output)
        done = [one for one in found if one.problem is None]
        activities = sum(len(one.tasks) for one in done)
        would = "would get" if dry_run else "got"
        say(f"{activities} activities of {len(done)} instances {would} their messages")
        left = found if dry_run else [one for one in found if one.problem is not None]
        return 1 if left else 0

    raise SystemExit(run(settling()))


def _print(found: list[Settled], output: str) -> None:
    if output == "json":
        for one in found:
            print_json(
                {"instanceId": one.instance_id, "tasks": list(one.tasks), "problem": one.problem}
            )
    elif found:
        print_rows(
            ("instance", "activities", "problem"),
            [(one.instance_id, len(one.tasks), one.problem) for one in found],
        )


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int], object]]:
    """Show on a terminal how many instances were found."""
    if not sys.stderr.isatty():
        yield bool
        return
    with Console(stderr=True).status("looking for activities without messages") as status:

        def tell(count: int) -> None:
            status.update(f"found {count} instances")

        yield tell
