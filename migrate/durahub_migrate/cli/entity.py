"""``durahub entity``: the entities of a hub, signals to them, and cleaning up."""

from datetime import datetime
from typing import Any

import click

from durahub.cli.opening import run
from durahub.cli.output import format_option, print_facts, print_json, say
from durahub.engine.entities.ids import is_entity
from durahub.errors import BadInstanceId, BadRequest, InstanceNotFound
from durahub.model.ticks import from_datetime, to_text
from durahub_migrate.cli.acting_options import act, acting_options, say_done
from durahub_migrate.cli.hub_opening import hub_option, place_of, watched
from durahub_migrate.cli.instance_json import row_json
from durahub_migrate.cli.instance_list import Listing, list_instances
from durahub_migrate.cli.instance_whole import limits_for
from durahub_migrate.cli.list_options import QUERIES, list_options
from durahub_migrate.cli.payload_texts import payload
from durahub_migrate.monitor.actions import Cost, Verb
from durahub_migrate.monitor.seam import Detail

entity_argument = click.argument("entity_id", metavar="@NAME@KEY")


@click.group()
def entity() -> None:
    """Look at the entities of a task hub, signal them, clean up and delete.

    \b
    durahub entity list 'name:Counter is:locked'
    durahub entity show @counter@sales
    durahub entity signal @counter@sales add 5
    durahub entity clean --empty --locks --dry-run
    """  # noqa: D301 (click's mark for lines that stay as they are)


@entity.command("list", context_settings=QUERIES)
@click.argument("words", metavar="[QUERY]", nargs=-1)
@hub_option
@list_options
def list_(words: tuple[str, ...], address: str | None, listing: Listing, fail_if_any: bool) -> None:
    """List the entities that QUERY finds, in the language of docs/query.md; all without one."""
    found = list_instances((address,) if address else (), " ".join(words), listing, entities=True)
    raise SystemExit(1 if fail_if_any and found else 0)


@entity.command()
@entity_argument
@hub_option
@format_option
def show(entity_id: str, address: str | None, output: str) -> None:
    """Show an entity: its state, what waits in it, and who holds its lock."""

    async def reading() -> Detail:
        async with watched(place_of(address), limits_for(output)) as hub:
            found = await hub.detail(_entity(entity_id))
        if found is None:
            raise InstanceNotFound(entity_id)
        return found

    detail = run(reading())
    row = row_json(detail.row)
    found = {
        **row,
        "state": detail.state,
        "operations": list(detail.operations),
        "lockedBy": detail.locked_by,
        "lockIsOrphaned": detail.lock_is_orphaned,
    }
    if output == "json":
        print_json({**found, "missing": dict(detail.missing) or None})
        return
    print_facts(
        {
            "entity": entity_id,
            "created": row["created"],
            "last updated": row["updated"],
            "state": detail.state,
            "waiting": ", ".join(detail.operations),
            "locked by": detail.locked_by,
            "the lock": "is orphaned: 'durahub entity clean --locks' releases it"
            if detail.lock_is_orphaned
            else "",
        }
    )
    for member, problem in detail.missing:
        say(f"warning: {member}: {problem}")


@entity.command()
@entity_argument
@click.argument("operation")
@click.argument("data", required=False)
@click.option("--at", type=click.DateTime(), help="Deliver it then (UTC), not now.")
@hub_option
@acting_options
def signal(
    entity_id: str,
    operation: str,
    data: str | None,
    at: datetime | None,
    address: str | None,
    output: str,
    **how: Any,
) -> None:
    """Signal OPERATION to an entity, with DATA: JSON text, @FILE, or - for stdin.

    An entity that is not there is made by its first signal.
    """
    arguments: dict[str, object] = {
        "operation": operation,
        "data": payload(data),
        "at": to_text(from_datetime(at)) if at is not None else None,
    }
    done = act(address, Verb.SIGNAL_ENTITY, _entity(entity_id), arguments, output=output, **how)
    say_done(done, output)


@entity.command()
@click.option("--empty", is_flag=True, help="Remove entities that have no state and wait for none.")
@click.option("--locks", is_flag=True, help="Release locks of orchestrations that have ended.")
@hub_option
@acting_options
def clean(empty: bool, locks: bool, address: str | None, output: str, **how: Any) -> None:
    """Remove empty entities, release orphaned locks; without a choice both."""
    both = not empty and not locks
    arguments: dict[str, object] = {"empty": empty or both, "locks": locks or both}
    done = act(address, Verb.CLEAN_ENTITIES, "", arguments, output=output, **how)
    say_done(done, output)


@entity.command()
@entity_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@hub_option
@acting_options
def delete(entity_id: str, yes: bool, address: str | None, output: str, **how: Any) -> None:
    """Delete an entity with its state, whatever waits in it; asks first."""

    def confirm(_: Cost) -> None:
        click.confirm(f"Delete {entity_id} with its state?", abort=True, err=True)

    done = act(
        address,
        Verb.DELETE_ENTITY,
        _entity(entity_id),
        {},
        output=output,
        confirm=None if yes else confirm,
        **how,
    )
    say_done(done, output)


def _entity(text: str) -> str:
    """Return the ID of an entity. Raises `BadInstanceId`, `BadRequest`."""
    if not text:
        raise BadRequest("an entity is called @name@key")
    if not is_entity(text):
        raise BadInstanceId(text, "an entity is called @name@key")
    return text
