"""Looks at a hub as a whole: what is stuck in it, its queues and leases, what it takes in storage."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from durahub.cli.opening import run
from durahub.cli.output import format_option, print_facts, print_json, print_rows, say, tell
from durahub.errors import BadRequest
from durahub.model.ticks import Ticks, seconds_between, to_text
from durahub_migrate.cli.acting_options import act, acting_options, say_done
from durahub_migrate.cli.history_printing import length
from durahub_migrate.cli.hub_opening import place_of, watched
from durahub_migrate.cli.why_printing import print_stuck
from durahub_migrate.monitor.actions import Cost, Verb
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.monitor.partitions import (
    BlobView,
    MessageView,
    PartitionsView,
    QueueView,
    StorageView,
)
from durahub_migrate.monitor.waiting import Stuck
from durahub_migrate.watching.prices import price_in

hub_argument = click.argument("address", metavar="[HUB]", required=False, envvar="DURAHUB_HUB")
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@click.command()
@hub_argument
@click.option(
    "--older-than",
    default="5m",
    show_default=True,
    help="Only those that have not moved for so long: 30s, 5m, 2h, 1d.",
)
@click.option("--fail-if-any", is_flag=True, help="Exit status 1 if there are any: for scripts.")
@format_option
def stuck(address: str | None, older_than: str, fail_if_any: bool, output: str) -> None:
    """List instances that do not move though they should, with the reason for each.

    All rows of the hub are read once (a request for each 1,000), and the suspects looked at one by one, up
    to a bound. Those that wait rightly, for an event or a time, are not listed. Exit status 1 with
    --fail-if-any, if there are any.
    """
    seconds = _seconds(older_than)

    async def looking() -> tuple[Stuck, ...]:
        async with watched(place_of(address)) as hub:
            await hub.read_rows()
            return await hub.stuck(older_than=seconds)

    found = run(looking())
    if output == "json":
        _print_each(found)
    else:
        print_stuck(found)
    if not found:
        say(f"nothing is stuck for {older_than} or longer")
    raise SystemExit(1 if fail_if_any and found else 0)


@click.command()
@hub_argument
@format_option
def partitions(address: str | None, output: str) -> None:
    """Show queues, leases, owners and workers of a hub, and the oldest message of each queue."""

    async def looking() -> PartitionsView:
        async with watched(place_of(address)) as hub:
            return await hub.partitions()

    found = run(looking())
    if output == "json":
        print_json(to_json(found))
        return
    print_facts({"manager": found.manager, "app lease": found.app_lease})
    rows = [
        (one.queue, one.holding.value, one.owner or "", _moment(one.renewed), one.next_owner or "")
        for one in found.partitions
    ]
    if found.work_items is not None:
        rows.append((found.work_items, "", "", "", ""))
    print_rows(
        (
            "queue",
            "messages",
            "hidden",
            "oldest",
            "deliveries",
            "lease",
            "owner",
            "renewed",
            "next",
        ),
        [(*_queue(queue, found.at), *rest) for queue, *rest in rows],
    )
    for worker in found.workers:
        held = ", ".join(map(str, worker.partitions)) or "none"
        maker = f" ({worker.maker})" if worker.maker else ""
        tell(f"worker {worker.name}{maker}: partitions {held}")
    for problem in found.problems:
        say(f"warning: {problem}")


@click.command()
@click.argument("queue")
@click.argument("address", metavar="[HUB]", required=False, envvar="DURAHUB_HUB")
@format_option
def messages(queue: str, address: str | None, output: str) -> None:
    """Look at the messages of QUEUE that can be seen, 32 at most; none is taken.

    QUEUE is a name that 'durahub hub partitions' shows, or only its end: control-02, workitems.
    """

    async def looking() -> tuple[MessageView, ...]:
        async with watched(place_of(address)) as hub:
            names = _queue_names(await hub.partitions())
            return await hub.messages(_queue_named(queue, names))

    found = run(looking())
    if output == "json":
        _print_each(found)
        return
    print_rows(
        ("inserted", "for", "event", "name", "deliveries", "bytes", "verdict", ""),
        [
            (
                _moment(one.inserted),
                one.target,
                one.event,
                one.name,
                one.deliveries,
                one.bytes,
                one.verdict,
                one.why,
            )
            for one in found
        ],
    )
    if not found:
        say("no message can be seen there")


@click.command()
@hub_argument
@click.option(
    "--prices",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What you pay, for the cost of storage: docs/assessment.md has the form of the file.",
)
@format_option
def storage(address: str | None, prices: Path | None, output: str) -> None:
    """Tell what a hub takes in storage: rows, blobs, messages, by name, and what is by estimate.

    All rows are read once (a request for each 1,000), histories and blobs of some instances are measured.
    """
    price = price_in(prices) if prices is not None else None

    async def looking() -> StorageView:
        async with watched(place_of(address), price=price) as hub:
            await hub.read_rows()
            return await hub.storage()

    found = run(looking())
    if output == "json":
        print_json(to_json(found))
        return
    cost = f"{found.cost_month:,.2f} {found.currency or ''}" if found.cost_month is not None else ""
    print_facts(
        {
            "instances": f"{found.instances:,}",
            "entities": f"{found.entities:,}",
            "history rows": f"{found.rows:,}",
            "bytes of rows": f"{found.bytes_rows:,}",
            "blobs": f"{found.blobs:,}, {found.bytes_blobs:,} bytes",
            "orphaned blobs": f"{found.orphaned:,}, {found.orphaned_bytes:,} bytes",
            "messages": f"{found.messages:,}",
            "measured": f"{found.sampled:.0%} of the instances",
            "cost a month": cost,
        }
    )
    print_rows(
        ("name", "instances", "rows", "bytes"),
        [(one.name, one.instances, one.rows, one.bytes) for one in found.names],
    )
    for one in found.assumptions:
        say(f"assumed: {one}")


@click.command()
@hub_argument
@click.option("--orphaned", is_flag=True, help="Those that nothing names any more: the only list.")
@click.option("--delete", "deletes", is_flag=True, help="Delete them; asks first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@acting_options
def blobs(
    address: str | None, orphaned: bool, deletes: bool, yes: bool, output: str, **how: Any
) -> None:
    """List blobs of large payloads that nothing names any more, or delete them."""
    if not orphaned:
        raise BadRequest("say --orphaned: only blobs that nothing names are listed")
    if deletes or how["dry_run"]:

        def confirm(cost: Cost) -> None:
            click.confirm(f"Delete {cost.blobs:,} blobs?", abort=True, err=True)

        asks = None if yes else confirm
        done = act(address, Verb.DELETE_BLOBS, "", {}, output=output, confirm=asks, **how)
        say_done(done, output)
        return

    async def looking() -> tuple[BlobView, ...]:
        async with watched(place_of(address)) as hub:
            return await hub.orphaned_blobs()

    found = run(looking())
    if output == "json":
        _print_each(found)
        return
    print_rows(
        ("blob", "bytes", "changed", "instance"),
        [(one.name, one.bytes, to_text(one.changed), one.instance_id) for one in found],
    )
    if not found:
        say("no blob is orphaned")


def _print_each(found: Sequence[object]) -> None:
    for one in found:
        print_json(to_json(one))


def _moment(moment: Ticks | None) -> str:
    return to_text(moment) if moment is not None else ""


def _queue(queue: QueueView, now: Ticks) -> tuple[object, ...]:
    oldest = length(seconds_between(queue.oldest, now)) if queue.oldest is not None else ""
    return queue.name, queue.depth, queue.hidden, oldest, queue.deliveries


def _queue_names(found: PartitionsView) -> list[str]:
    items = [found.work_items.name] if found.work_items is not None else []
    return [one.queue.name for one in found.partitions] + items


def _queue_named(text: str, names: Sequence[str]) -> str:
    """Return the queue that is meant. Raises `BadRequest` where none is, or several are."""
    found = [one for one in names if one == text] or [one for one in names if one.endswith(text)]
    if len(found) != 1:
        raise BadRequest(f"there is no one queue {text[:80]!r}; there are {', '.join(names)}")
    return found[0]


def _seconds(text: str) -> float:
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        raise BadRequest(f"a length of time is written 30s, 5m, 2h or 1d, not {text[:40]!r}")
    return float(found[1]) * _SECONDS[found[2]]
