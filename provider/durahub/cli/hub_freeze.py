"""``durahub hub freeze`` and ``durahub hub thaw``: a hub is held still, so that it can be moved."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import click

from durahub.cli.opening import hub_address, run, storage_of
from durahub.cli.output import format_option, print_facts, print_json, say
from durahub.cli.server_life import stop_signal
from durahub.cli.tracking_options import tracking_prefix_option
from durahub.errors import DurahubError, FileUnavailable, HubInUse
from durahub.freezing import Freeze, Freezer, Terms, encode, to_json
from durahub.model.ticks import to_text

BLOCKED = 3


@click.command()
@click.argument("address", metavar="[HUB]", required=False, envvar="DURAHUB_HUB")
@click.option(
    "--lasting",
    is_flag=True,
    help="Return when the hub is frozen; it stays so until 'durahub hub thaw', even if this machine is gone.",
)
@click.option(
    "--sample",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Count messages twice, so far apart, to show that nobody writes.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=900.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for workers to be gone and for what they had taken to show up again.",
)
@click.option(
    "--hidden-for",
    type=click.FloatRange(min=0),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a message that a worker has taken may stay hidden: the apps' "
    "controlQueueVisibilityTimeout.",
)
@click.option(
    "--lease",
    type=click.IntRange(15, 60),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long the hub stays frozen if this command is killed.",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write there, too, what was seen, taken and counted.",
)
@tracking_prefix_option
@format_option
def freeze(
    address: str | None,
    lasting: bool,
    sample: float,
    wait: float,
    hidden_for: float,
    lease: int,
    report: Path | None,
    tracking_prefix: str | None,
    output: str,
) -> None:
    """Hold a task hub still: no worker can take a partition, and nobody was found to write.

    Stop the apps on the hub first. This command waits until nobody holds a partition any more, takes the app
    lease and the leases of all partitions, and counts the messages twice. Then it holds the hub until Ctrl+C;
    with --lasting it returns, and the hub stays frozen until 'durahub hub thaw'. No instance, message or
    payload is touched.

    Leases stop neither activities, which any worker takes, nor clients, which start instances and send
    events: if somebody writes all the same, the command says where, and lets go. 'durahub export' looks for
    it again when it has read everything.

    A hub in a SQLite file is frozen while this command has the file, with all other hubs in it.

    \b
    durahub hub freeze orders --lasting
    durahub export orders orders.hub --frozen
    durahub hub thaw orders

    Exit status: 0 frozen, and thawed again, or lasting; 2 wrong usage or no such hub; 3 the hub is in use
    (DH305), somebody writes to it (DH306), or it is not held any more (DH307); 4 storage does not answer;
    5 stopped before it was frozen.
    """  # noqa: D301 (click's mark for lines that stay as they are)
    named = hub_address(address)
    terms = Terms(
        lasting=lasting, wait=wait, hidden_for=hidden_for, apart=sample, lease=float(lease)
    )

    async def freezing() -> int:
        async with storage_of(named.store) as storage:
            freezer = storage.freezing(named.hub, tracking_prefix)
            with stop_signal() as stop:
                try:
                    return await _until_stopped(freezer, terms, stop, report, output)
                except HubInUse as error:
                    return _blocked(error)

    raise SystemExit(run(freezing()))


async def _until_stopped(
    freezer: Freezer, terms: Terms, stop: asyncio.Event, report: Path | None, output: str
) -> int:
    """Freeze, and hold it until it is asked to stop; return the exit status."""
    stopped = asyncio.create_task(stop.wait(), name="stop")
    told = _Told()
    work = asyncio.create_task(freezer.freeze(terms, told), name="freeze")
    try:
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await _cancelled(work)
            say("stopped; nothing is held")
            return 5
        frozen = work.result()
        if report is not None:
            _write(report, frozen)
        _print(frozen, output)
        if terms.lasting:
            say("frozen until 'durahub hub thaw'")
            return 0
        say("frozen; Ctrl+C thaws it")
        holding = asyncio.create_task(freezer.hold(), name="hold")
        await asyncio.wait({holding, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if holding.done():
            holding.result()  # raises
        await _cancelled(holding)
        say("thawed")
        return 0
    finally:
        stopped.cancel()
        if not terms.lasting:
            await freezer.release()


def _write(report: Path, frozen: Freeze) -> None:
    try:
        report.write_bytes(encode(frozen))
    except OSError as error:
        raise FileUnavailable(str(report), str(error.strerror)) from None


async def _cancelled(work: "asyncio.Task[Any]") -> None:
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work


class _Told:
    """Says what is waited for, each sentence once."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, sentence: str) -> None:
        if sentence != self._last:
            say(sentence)
        self._last = sentence


def _blocked(error: DurahubError) -> int:
    say(f"error: {error}")
    say(f"       'durahub explain {error.code}' says more")
    return BLOCKED


def _print(frozen: Freeze, output: str) -> None:
    if output == "json":
        print_json(to_json(frozen))
        return
    counted = frozen.samples[-1].queues if frozen.samples else {}
    print_facts(
        {
            "hub": frozen.hub,
            "frozen": to_text(frozen.frozen_at) if frozen.frozen_at is not None else "no",
            "held by": frozen.holder,
            "leases": len(frozen.leases),
            "seen before": ", ".join(one.who for one in frozen.seen),
            "messages": ", ".join(f"{queue.depth} in {name}" for name, queue in counted.items()),
        }
    )


@click.command()
@click.argument("address", metavar="[HUB]", required=False, envvar="DURAHUB_HUB")
@tracking_prefix_option
@format_option
def thaw(address: str | None, tracking_prefix: str | None, output: str) -> None:
    """Let go of a hub that 'durahub hub freeze' holds: its workers can have it again at once.

    Also after the freezing command was killed. Only what a freeze has taken is touched; doing it twice is
    fine.

    Exit status: 0 the hub is not frozen, 2 wrong usage or no such hub, 4 storage does not answer.
    """
    named = hub_address(address)

    async def thawing() -> None:
        async with storage_of(named.store) as storage:
            done = await storage.freezing(named.hub, tracking_prefix).thaw()
        if output == "json":
            print_json({"hub": named.hub, "released": list(done)})
        else:
            for one in done:
                click.echo(f"released {one}")
        say(f"{named} is thawed" if done else f"{named} was not frozen")

    run(thawing())
