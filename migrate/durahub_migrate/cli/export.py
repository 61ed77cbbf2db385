"""``durahub export``: a hub into a folder of files, to keep, to check or to move it."""

import contextlib
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from durahub import __version__
from durahub.cli.opening import run
from durahub.cli.output import format_option, print_facts, print_json, say
from durahub.cli.tracking_options import tracking_prefix_option, tracking_store_option
from durahub.dispatch.clock import system_clock
from durahub.errors import NotFrozen
from durahub.model.ticks import to_text
from durahub_migrate.bundle import layout
from durahub_migrate.bundle.destination import destination
from durahub_migrate.bundle.manifest import Manifest
from durahub_migrate.bundle.writer import BundleWriter, Given
from durahub_migrate.cli.outlets import opened_outlet
from durahub_migrate.cli.view_options import View, check_views, say_viewed, view_option
from durahub_migrate.export.exporting import Residue
from durahub_migrate.export.exporting import export as lead
from durahub_migrate.export.redacting import Redaction
from durahub_migrate.export.stillness import IN_USE, check_frozen
from durahub_migrate.views.writing import write_into

TOLD_EVERY = 100  # instances
UNSHOWN = "an endpoint shows no messages on their way: events that wait are not exported"


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace the bundle that BUNDLE is already.")
@view_option
@click.option(
    "--frozen",
    is_flag=True,
    help="Only a hub that 'durahub hub freeze' holds; fail if it was written to all the same.",
)
@click.option(
    "--take",
    is_flag=True,
    help="With --frozen, of Azure Storage: receive all visible messages, and put them back.",
)
@click.option(
    "--redact",
    is_flag=True,
    help="Hash instance IDs and leave payloads out: to be checked and counted elsewhere, not to be moved.",
)
@click.option(
    "--redaction-key",
    envvar="DURAHUB_REDACTION_KEY",
    show_envvar=True,
    help="With --redact, the key of the hashes; without it each export has a new one.",
)
@tracking_prefix_option
@tracking_store_option
@format_option
def export(
    source: str,
    bundle: Path,
    force: bool,
    views: tuple[View, ...],
    frozen: bool,
    take: bool,
    redact: bool,
    redaction_key: str | None,
    tracking_prefix: str | None,
    tracking_store: str | None,
    output: str,
) -> None:
    """Export the hub SOURCE into the folder BUNDLE: instances, histories, entities, messages, payloads.

    A BUNDLE that ends with .tar becomes one file.

    The hub is only read; workers may be at work on it, and then its manifest says that it was not frozen:
    of a hub in Azure Storage the bundle is of no single moment. Of a queue there the first 32 visible
    messages can be seen; what rows say is on its way (timers, starts that wait) is told besides. An
    endpoint (dts:) shows no messages at all. With --take all of them are received, hidden for as long as
    that takes, and put back as they were, but for a delivery more; the export says if it would be needed.

    What cannot be read is kept as it lies there, under rejects/, and named. The bundle is complete when its
    manifest.json is there. One that was left unfinished is removed and started over; a complete one is
    replaced with --force only, and a folder with other files never.

    \b
    durahub export orders orders.hub
    durahub export orders orders.hub --frozen
    durahub export sqlite:hub.db/orders orders.hub --format json | jq .root
    durahub export orders orders.hub.tar --view dotnet --view parquet
    durahub export dts:https://shop.westeurope.durabletask.io/orders orders.hub
    durahub lint orders.hub

    Exit status: 0 all was exported, 1 something was rejected, 2 wrong usage or no such hub, 3 with --frozen:
    the hub is not frozen (then nothing is written), or was not all the time; 4 storage does not answer, or
    the bundle cannot be written.
    """  # noqa: D301 (click's mark for lines that stay as they are)

    async def exporting() -> int:
        if take and not frozen:
            raise click.UsageError("--take is for a hub that is --frozen")
        check_views(views)
        key = redaction_key.encode() if redaction_key else secrets.token_bytes(32)
        redaction = Redaction(key) if redact else None
        async with opened_outlet(source, tracking_prefix, tracking_store, takes=take) as outlet:
            if outlet.hub.kind == "endpoint":
                say(UNSHOWN)
            if frozen:
                check_frozen(outlet)
            given = Given(tool=f"durahub {__version__}", started=system_clock())
            with destination(bundle, force=force) as folder:  # not before the source has answered
                with BundleWriter(folder, given) as writer, _progress() as tell:
                    if writer.cleaned:
                        say(
                            f"removed what an unfinished export has left in {folder}; starting over"
                        )
                    manifest = await lead(outlet, writer, system_clock, tell, redaction)
                say_viewed(write_into(folder, views))
        _print(manifest, bundle, output)
        for name, count in manifest.source.partly_seen.items():
            say(
                f"warning: up to {count} messages of {name} were not read: storage shows 32 of a queue; "
                "of a frozen hub --take reads all"
            )
        lost = Residue.of(manifest)
        if lost.instances or lost.messages:
            say(f"error: {lost.instances} instances and {lost.messages} messages are missing")
        if frozen and not manifest.frozen:
            raise NotFrozen(manifest.source.hub, _why(manifest))
        return 1 if manifest.counts.rejects or lost.instances or lost.messages else 0

    raise SystemExit(run(exporting()))


def _print(manifest: Manifest, bundle: Path, output: str) -> None:
    counts = manifest.counts
    if output == "json":
        print_json(
            {
                "bundle": str(bundle),
                "bundleId": manifest.bundle_id,
                "root": manifest.root,
                "frozen": manifest.frozen,
                "redacted": manifest.redacted,
                **{_camel(name): value for name, value in asdict(counts).items()},
            }
        )
    else:
        instances, entities = (sum(one.values()) for one in (counts.instances, counts.entities))
        seen = counts.inflight.get("queue", 0)
        print_facts(
            {
                "bundle": bundle,
                "root": manifest.root,
                "taken": f"{to_text(manifest.started)} to {to_text(manifest.ended)}, {_moment(manifest)}",
                "instances": f"{counts.instances_read} read = {instances} orchestrations "
                f"+ {entities} entities + {counts.instances_rejected} rejected",
                "messages": f"{counts.messages_read} seen = {seen} exported "
                f"+ {counts.messages_rejected} rejected",
                "by rows": f"{counts.inflight.get('table', 0)} timers and starts on their way",
                "events": counts.events,
                "large texts": f"{counts.payloads}, {counts.payload_bytes:,} bytes",
            }
        )
    if counts.rejects:
        told = ", ".join(f"{count} {code}" for code, count in counts.rejects.items())
        say(f"rejected: {told}; see {bundle / layout.REJECT_LIST}")


def _moment(manifest: Manifest) -> str:
    if not manifest.frozen:
        return f"not frozen: {_why(manifest)}"
    holder = manifest.evidence.get("holder")
    return f"frozen by {holder}" if holder else "nobody was at work on it"


def _why(manifest: Manifest) -> str:
    return str(manifest.evidence.get("not_frozen", IN_USE))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int], object]]:
    """Show on a terminal how many instances were read."""
    if not sys.stderr.isatty():
        yield bool
        return
    with Console(stderr=True).status("reading queues") as status:

        def tell(count: int) -> None:
            if count % TOLD_EVERY == 0:
                status.update(f"{count:,} instances read")

        yield tell
