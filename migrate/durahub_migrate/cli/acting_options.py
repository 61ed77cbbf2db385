"""Options that every acting command has, and what it prints: what it would do, or has done."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from durahub.cli.opening import run
from durahub.cli.output import format_option, print_facts, print_json, say, tell
from durahub_migrate.cli.hub_opening import acting, folder_option, place_of
from durahub_migrate.monitor.actions import Command, Cost, Done, Verb
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.moving.place import Place

F = TypeVar("F", bound=Callable[..., Any])
MOST_TOLD = 20


def acting_options(command: F) -> F:
    """Add ``--dry-run``, ``--reason``, ``--folder`` and ``--format``."""
    for option in (
        format_option,
        folder_option,
        click.option(
            "--reason", help="Why; it is noted in the audit log, and told to the instance."
        ),
        click.option("--dry-run", is_flag=True, help="Only tell what would be done."),
    ):
        command = option(command)
    return command


def act(
    address: str | Place | None,
    verb: Verb,
    target: str,
    arguments: dict[str, object],
    *,
    reason: str | None,
    folder: Path | None,
    output: str,
    dry_run: bool = False,
    confirm: Callable[[Cost], None] | None = None,
) -> Done | None:
    """Do an action, noted in the audit log, or tell what it would do; return what was done.

    *confirm* is told first what it would do, and raises if it shall not be done.
    """
    place = place_of(address) if address is None or isinstance(address, str) else address
    given = {name: value for name, value in arguments.items() if value is not None}

    async def working() -> Done | None:
        async with acting(place, folder) as there:
            command = Command(
                verb=verb, hub=there.key, target=target, arguments=given, reason=reason
            )
            if dry_run or confirm is not None:
                cost = await there.actor.cost(command)
                if dry_run or output != "json":
                    print_cost(command, cost, output)
                if dry_run:
                    return None
                if confirm is not None:
                    confirm(cost)
            return await there.actor.do(command)

    done = run(working())
    if done is not None and output == "json":
        print_json(to_json(done))
    return done


def print_cost(command: Command, cost: Cost, output: str) -> None:
    """Print what an action would do."""
    if output == "json":
        print_json({"dryRun": True, **to_json(cost)})
        return
    about = "" if cost.exact else "about "
    print_facts(
        {
            "action": command.verb.value,
            "target": command.target or command.hub,
            "instances": f"{cost.instances:,}",
            "takes": f"{about}{cost.rows:,} rows, {cost.blobs:,} blobs, {cost.bytes:,} bytes, "
            f"{cost.requests:,} requests",
            "children": _some(cost.children),
            "skipped": "; ".join(f"{n:,}: {why}" for why, n in cost.skipped.items()),
            "examples": _some(tuple(one for one in cost.examples if one != command.target)),
        }
    )
    for sentence in cost.reruns[:MOST_TOLD]:
        tell(f"runs again: {sentence}")
    if len(cost.reruns) > MOST_TOLD:
        tell(f"and {len(cost.reruns) - MOST_TOLD:,} more")


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST_TOLD:,} more" if len(names) > MOST_TOLD else ""
    return ", ".join(names[:MOST_TOLD]) + more


def say_done(done: Done | None, output: str) -> None:
    """Tell the person at the terminal what was done."""
    if done is not None and output != "json":
        say(done.sentence)
