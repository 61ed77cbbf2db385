"""``durahub instance``: starting orchestrations and acting on instances; all of it is noted."""

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from durahub.cli.output import say
from durahub.errors import BadRequest, WrongStatus
from durahub.model.ticks import from_datetime, to_text
from durahub_migrate.cli.acting_options import act, acting_options, say_done
from durahub_migrate.cli.hub_opening import hub_option
from durahub_migrate.cli.payload_texts import payload
from durahub_migrate.monitor.actions import Cost, Verb

id_argument = click.argument("instance_id", metavar="ID")


@click.command()
@click.argument("name")
@hub_option
@click.option("--id", "instance_id", default="", help="Instance ID; without it a new one is made.")
@click.option("--input", "input_", help="Input, as JSON text; @FILE reads a file, - stdin.")
@click.option("--version", default=None, help="Version of the orchestration.")
@click.option("--at", type=click.DateTime(), help="Start then (UTC), not now.")
@click.option(
    "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="May be given more than once."
)
@acting_options
def start(
    name: str,
    address: str | None,
    instance_id: str,
    input_: str | None,
    version: str | None,
    at: datetime | None,
    tags: tuple[str, ...],
    output: str,
    **how: Any,
) -> None:
    """Start the orchestration NAME; print the instance's ID."""
    arguments: dict[str, object] = {
        "name": name,
        "id": instance_id or None,
        "input": payload(input_),
        "version": version,
        "at": to_text(from_datetime(at)) if at is not None else None,
        "tags": _tags(tags),
    }
    done = act(address, Verb.START, "", arguments, output=output, **how)
    if done is not None and output != "json":
        click.echo(done.instance_id)


@click.command("raise-event")
@id_argument
@click.argument("name")
@click.argument("data", required=False)
@hub_option
@acting_options
def raise_event(
    instance_id: str, name: str, data: str | None, address: str | None, **how: Any
) -> None:
    """Raise the event NAME at an instance, with DATA: JSON text, @FILE, or - for stdin."""
    arguments: dict[str, object] = {"name": name, "data": payload(data)}
    _without_effect(address, Verb.RAISE_EVENT, instance_id, arguments, how)


@click.command()
@id_argument
@click.option("--recursive", is_flag=True, help="Terminate its children too.")
@hub_option
@acting_options
def terminate(instance_id: str, recursive: bool, address: str | None, **how: Any) -> None:
    """Ask an instance to end. The reason becomes its output."""
    arguments: dict[str, object] = {"recursive": recursive}
    _without_effect(address, Verb.TERMINATE, instance_id, arguments, how)


@click.command()
@id_argument
@hub_option
@acting_options
def suspend(instance_id: str, address: str | None, **how: Any) -> None:
    """Ask an instance to pause."""
    _without_effect(address, Verb.SUSPEND, instance_id, {}, how)


@click.command()
@id_argument
@hub_option
@acting_options
def resume(instance_id: str, address: str | None, **how: Any) -> None:
    """Ask a suspended instance to go on."""
    _without_effect(address, Verb.RESUME, instance_id, {}, how)


@click.command()
@id_argument
@click.option("--new-id", is_flag=True, help="Under a new ID; the old one may still run then.")
@hub_option
@acting_options
def restart(instance_id: str, new_id: bool, address: str | None, output: str, **how: Any) -> None:
    """Start an instance again with its name, version, input and tags; print the ID."""
    done = act(address, Verb.RESTART, instance_id, {"newId": new_id}, output=output, **how)
    if done is not None and output != "json":
        click.echo(done.instance_id)


@click.command()
@id_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@hub_option
@acting_options
def rewind(
    instance_id: str, yes: bool, address: str | None, output: str, folder: Path | None, **how: Any
) -> None:
    """Have a failed instance run again from its failure; asks first.

    What will run again is told before: the activities and children that failed. Whatever they did before
    they failed, they do again.
    """
    done = act(
        address,
        Verb.REWIND,
        instance_id,
        {},
        output=output,
        folder=folder,
        confirm=None if yes else _confirm_rewind,
        **how,
    )
    say_done(done, output)


def _confirm_rewind(cost: Cost) -> None:
    if not sys.stdin.isatty():
        raise BadRequest("nobody confirmed the rewind: look at what runs again, then say --yes")
    more = f" and {len(cost.children)} children" if cost.children else ""
    click.confirm(f"Rewind it{more}?", abort=True, err=True)


@click.command()
@id_argument
@click.option("--recursive", is_flag=True, help="Its ended children too.")
@hub_option
@acting_options
def purge(instance_id: str, recursive: bool, address: str | None, output: str, **how: Any) -> None:
    """Delete an instance that has ended, with its history and payloads."""
    arguments: dict[str, object] = {"recursive": recursive}
    done = act(address, Verb.PURGE, instance_id, arguments, output=output, **how)
    if done is not None and output != "json":
        say(f"{done.instances} purged, {done.rows} history rows")


@click.command("set-custom-status")
@id_argument
@click.argument("value")
@hub_option
@acting_options
def set_custom_status(
    instance_id: str, value: str, address: str | None, output: str, **how: Any
) -> None:
    """Write the custom status of an instance: VALUE is JSON text, @FILE, or - for stdin; null is none."""
    arguments: dict[str, object] = {"value": payload(value)}
    done = act(address, Verb.SET_CUSTOM_STATUS, instance_id, arguments, output=output, **how)
    say_done(done, output)


def _without_effect(
    address: str | None,
    verb: Verb,
    instance_id: str,
    arguments: dict[str, object],
    how: dict[str, Any],
) -> None:
    """Send something to an instance; that it has no effect in its state is a warning, no failure."""
    try:
        say_done(act(address, verb, instance_id, arguments, **how), how["output"])
    except WrongStatus as error:
        if how["dry_run"]:
            raise
        say(f"warning: {error}")


def _tags(texts: tuple[str, ...]) -> Mapping[str, str] | None:
    tags = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key:
            raise BadRequest(f"a tag is written KEY=VALUE, not {text!r}")
        tags[key] = value
    return tags or None


COMMANDS = (
    start,
    raise_event,
    suspend,
    resume,
    terminate,
    restart,
    rewind,
    purge,
    set_custom_status,
)
