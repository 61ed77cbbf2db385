"""``durahub instance``: what runs in a task hub, and acting on it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from durahub.cli.event_view import event_line, event_view
from durahub.cli.opening import hub_address, open_clients, run
from durahub.cli.output import format_option, print_facts, print_json, print_rows, say
from durahub.dispatch.clients import Clients, StartRequest
from durahub.errors import BadRequest, InstanceNotFound
from durahub.model.history import Status
from durahub.model.instance import Instance
from durahub.model.ticks import from_datetime, to_text
from durahub.store import InstanceQuery

hub_option = click.option(
    "--hub",
    "address",
    envvar="DURAHUB_HUB",
    help="Address of the task hub, as in 'durahub hub --help'. [default: that of 'durahub up']",
)
SHORT = 60  # characters of a payload in a list
BATCH = 1_000  # instances that are printed together; a long list is not held in memory


@click.group()
def instance() -> None:
    """Look at orchestration instances, start them and act on them.

    The commands work on storage itself; a server need not run. What is started or sent is
    taken up by the next worker.
    """


@instance.command("list")
@hub_option
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
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
@format_option
def list_(
    address: str | None,
    statuses: tuple[str, ...],
    prefix: str,
    created_from: Any,
    created_to: Any,
    limit: int,
    output: str,
) -> None:
    """List instances."""
    query = InstanceQuery(
        statuses=frozenset(Status[name] for name in statuses),
        created_from=from_datetime(created_from) if created_from else None,
        created_to=from_datetime(created_to) if created_to else None,
        prefix=prefix,
        payloads=output == "json",
        page_size=min(limit, BATCH),
    )

    async def listing() -> None:
        shown, more = 0, False
        async with open_clients(hub_address(address)) as clients:
            async for batch, is_cut in in_batches(clients, query, limit):
                _print_list(batch, output)
                shown, more = shown + len(batch), is_cut
        if not shown:
            say("no instances")
        elif more:
            say(f"the first {limit}; more with --limit")

    run(listing())


async def in_batches(
    clients: Clients, query: InstanceQuery, limit: int
) -> AsyncIterator[tuple[Sequence[Instance], bool]]:
    """Yield up to *limit* instances, some at a time, and whether there are more than that."""
    found: list[Instance] = []
    token: str | None = None
    left = limit
    while True:
        page = await clients.query(replace(query, token=token))
        found += page.instances
        token = page.token
        done = token is None or len(found) >= left
        if done or len(found) >= BATCH:
            yield found[:left], token is not None or len(found) > left
            left -= len(found)
            found = []
        if done:
            return


def _print_list(batch: Sequence[Instance], output: str) -> None:
    if output == "json":
        for one in batch:
            print_json(_as_json(one))
    elif batch:
        print_rows(
            ("instance", "name", "status", "created", "last updated", "custom status"),
            [
                (
                    one.instance_id,
                    one.name,
                    one.status.name,
                    to_text(one.created),
                    to_text(one.last_updated),
                    (one.custom_status or "")[:SHORT],
                )
                for one in batch
            ],
        )


@instance.command()
@click.argument("instance_id", metavar="ID")
@hub_option
@format_option
def show(instance_id: str, address: str | None, output: str) -> None:
    """Show one instance."""

    async def showing() -> None:
        async with open_clients(hub_address(address)) as clients:
            found = await clients.get(instance_id)
            if found is None:
                raise InstanceNotFound(instance_id)
            failure = await clients.failure_of(found)
        facts = _as_json(found)
        if failure is not None and output == "json":
            facts["failure"] = _failure_json(failure)
        if output == "json":
            print_json(facts)
        else:
            print_facts(facts)

    run(showing())


@instance.command()
@click.argument("instance_id", metavar="ID")
@hub_option
@format_option
def history(instance_id: str, address: str | None, output: str) -> None:
    """Show the history of an instance's current execution, an event a line."""

    async def showing() -> None:
        async with open_clients(hub_address(address)) as clients:
            events = [event async for event in clients.history(instance_id)]
            if not events and await clients.get(instance_id, payloads=False) is None:
                raise InstanceNotFound(instance_id)
        if output == "json":
            for event in events:
                print_json(event_view(event))
            return
        print_rows(
            ("row", "time", "event", "id", ""),
            [(row, *event_line(event)) for row, event in enumerate(events)],
        )

    run(showing())


@instance.command()
@click.argument("name")
@hub_option
@click.option("--id", "instance_id", default="", help="Instance ID; without it a new one is made.")
@click.option("--input", "input_", help="Input, as JSON text.")
@click.option("--version", default=None, help="Version of the orchestration.")
@click.option("--at", type=click.DateTime(), help="Start then (UTC), not now.")
@click.option(
    "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="May be given more than once."
)
def start(
    name: str,
    address: str | None,
    instance_id: str,
    input_: str | None,
    version: str | None,
    at: Any,
    tags: tuple[str, ...],
) -> None:
    """Start the orchestration NAME; print the instance's ID."""
    request = StartRequest(
        name=name,
        instance_id=instance_id,
        input=input_,
        version=version,
        scheduled_start=from_datetime(at) if at else None,
        tags=_tags(tags),
    )

    async def starting() -> None:
        async with open_clients(hub_address(address)) as clients:
            click.echo(await clients.start(request))

    run(starting())


@instance.command("raise-event")
@click.argument("instance_id", metavar="ID")
@click.argument("name")
@click.argument("data", required=False)
@hub_option
def raise_event(instance_id: str, name: str, data: str | None, address: str | None) -> None:
    """Raise the event NAME at an instance, with DATA (JSON text)."""

    async def raising() -> None:
        async with open_clients(hub_address(address)) as clients:
            await clients.raise_event(instance_id, name, data)

    run(raising())


@instance.command()
@click.argument("instance_id", metavar="ID")
@click.option("--reason", help="Becomes the instance's output.")
@click.option("--recursive", is_flag=True, help="Terminate its children too.")
@hub_option
def terminate(instance_id: str, reason: str | None, recursive: bool, address: str | None) -> None:
    """Ask an instance to end."""

    async def terminating() -> None:
        async with open_clients(hub_address(address)) as clients:
            await clients.terminate(instance_id, reason, recursive=recursive)

    run(terminating())


@instance.command()
@click.argument("instance_id", metavar="ID")
@click.option("--reason")
@hub_option
def suspend(instance_id: str, reason: str | None, address: str | None) -> None:
    """Ask an instance to pause."""

    async def suspending() -> None:
        async with open_clients(hub_address(address)) as clients:
            await clients.suspend(instance_id, reason)

    run(suspending())


@instance.command()
@click.argument("instance_id", metavar="ID")
@click.option("--reason")
@hub_option
def resume(instance_id: str, reason: str | None, address: str | None) -> None:
    """Ask a suspended instance to go on."""

    async def resuming() -> None:
        async with open_clients(hub_address(address)) as clients:
            await clients.resume(instance_id, reason)

    run(resuming())


@instance.command()
@click.argument("instance_id", metavar="ID")
@click.option("--new-id", is_flag=True, help="Under a new ID; the old one may still run then.")
@hub_option
def restart(instance_id: str, new_id: bool, address: str | None) -> None:
    """Start an instance again with its name, version, input and tags; print the ID."""

    async def restarting() -> None:
        async with open_clients(hub_address(address)) as clients:
            click.echo(await clients.restart(instance_id, new_id=new_id))

    run(restarting())


@instance.command()
@click.argument("instance_id", metavar="ID")
@click.option("--recursive", is_flag=True, help="Its ended children too.")
@hub_option
def purge(instance_id: str, recursive: bool, address: str | None) -> None:
    """Delete an instance that has ended, with its history and payloads."""

    async def purging() -> None:
        async with open_clients(hub_address(address)) as clients:
            purged = await clients.purge(instance_id, recursive=recursive)
        if not purged.instances:
            raise InstanceNotFound(instance_id)
        say(f"{purged.instances} purged, {purged.rows} history rows")

    run(purging())


def _as_json(one: Instance) -> dict[str, Any]:
    return {
        "instanceId": one.instance_id,
        "executionId": one.execution_id,
        "name": one.name,
        "version": one.version,
        "status": one.status.name,
        "created": to_text(one.created),
        "lastUpdated": to_text(one.last_updated),
        "completed": to_text(one.completed) if one.completed is not None else None,
        "scheduledStart": to_text(one.scheduled_start) if one.scheduled_start is not None else None,
        "generation": one.generation,
        "tags": dict(one.tags) if one.tags else None,
        "customStatus": one.custom_status,
        "input": one.input,
        "output": one.output,
    }


def _failure_json(failure: Any) -> dict[str, Any]:
    return {
        "errorType": failure.error_type,
        "message": failure.message,
        "stackTrace": failure.stack_trace,
        "nonRetriable": failure.non_retriable,
        "properties": failure.properties,
        "inner": _failure_json(failure.inner) if failure.inner else None,
    }


def _tags(texts: tuple[str, ...]) -> Mapping[str, str] | None:
    tags = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key:
            raise BadRequest(f"a tag is written KEY=VALUE, not {text!r}")
        tags[key] = value
    return tags or None
