"""``durahub instance``: one instance as it is, its history in several forms, why it waits, its family."""

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from durahub.cli.opening import run
from durahub.cli.output import format_option, print_facts, print_json, say
from durahub.dispatch.clock import system_clock
from durahub.errors import BadSettingsFile, DurahubError, InstanceNotFound
from durahub.model.history import ExecutionCompleted, ExecutionStarted
from durahub.model.ticks import to_text
from durahub_migrate.cli.history_printing import SHORT, echo_lines, print_history
from durahub_migrate.cli.hub_opening import hub_option, place_of, watched
from durahub_migrate.cli.instance_json import failure_json, row_json
from durahub_migrate.cli.instance_whole import WHOLE, limits_for
from durahub_migrate.cli.timeline_bars import bars
from durahub_migrate.cli.why_printing import print_pending, print_why
from durahub_migrate.monitor.histories import DiffLine, EventView, FamilyNode
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.monitor.seam import Detail, LiveHistory
from durahub_migrate.monitor.telling.differing import differences
from durahub_migrate.monitor.telling.document import (
    InstanceDocument,
    document_text,
    read_document,
)
from durahub_migrate.monitor.telling.document_redaction import redacted_document
from durahub_migrate.monitor.telling.payloads import Showing
from durahub_migrate.monitor.telling.redaction import by_name
from durahub_migrate.monitor.telling.sequence import sequence_of
from durahub_migrate.monitor.telling.timeline import timeline_of
from durahub_migrate.monitor.waiting import Explanation
from durahub_migrate.watching.watched_hub import WatchedHub

id_argument = click.argument("instance_id", metavar="ID")
text_option = click.option(
    "--text",
    type=click.IntRange(0),
    default=SHORT,
    show_default=True,
    help="Characters of a payload that are shown.",
)
grouped_option = click.option(
    "--grouped/--full",
    default=None,
    help="What belongs together in a line (an activity with its tries), or an event a line. "
    "[default: grouped on a terminal]",
)
json_flag = click.option("--json", "as_json", is_flag=True, help="The same as --format json.")


@click.command()
@id_argument
@click.option(
    "--why/--no-why",
    default=None,
    help="With what it waits for; in JSON only if it is asked for.",
)
@hub_option
@format_option
def show(instance_id: str, why: bool | None, address: str | None, output: str) -> None:
    """Show one instance: its row, its parent, and why it waits."""

    async def showing() -> None:
        async with watched(place_of(address), limits_for(output)) as hub:
            detail = await hub.detail(instance_id)
            if detail is None:
                raise InstanceNotFound(instance_id)
            history = await _history_of(hub, detail) if _needs_history(detail, output) else None
            asks = why if why is not None else output != "json"
            told = await _why(hub, detail) if asks else None
        if output == "json":
            print_json(_detail_json(detail, history, told))
        else:
            _print_detail(detail, history, told)

    run(showing())


def _needs_history(detail: Detail, output: str) -> bool:
    return output != "json" or detail.row.status == "Failed"


async def _history_of(hub: WatchedHub, detail: Detail) -> LiveHistory | None:
    try:
        return await hub.history(detail.row.instance_id)
    except DurahubError:  # what the row tells is shown without it
        return None


async def _why(hub: WatchedHub, detail: Detail) -> Explanation | str | None:
    """Return why an instance waits, or why that cannot be told; ``None`` if it has ended."""
    if detail.row.is_ended:
        return None
    try:
        return await hub.why(detail.row.instance_id)
    except DurahubError as error:
        return str(error)


def _detail_json(
    detail: Detail, history: LiveHistory | None, told: Explanation | str | None
) -> dict[str, Any]:
    failure = None
    for event in history.events if history is not None else ():
        if isinstance(event, ExecutionCompleted) and event.failure is not None:
            failure = failure_json(event.failure)
    return {
        **row_json(detail.row),
        "customStatus": detail.custom_status,
        "input": detail.input,
        "output": detail.output,
        "parentId": detail.row.parent_id or _parent(history),
        "state": detail.state,
        "operations": list(detail.operations) or None,
        "lockedBy": detail.locked_by,
        "failure": failure if failure is not None else detail.failure,
        "missing": dict(detail.missing) or None,
        "why": to_json(told) if isinstance(told, Explanation) else None,
    }


def _print_detail(
    detail: Detail, history: LiveHistory | None, told: Explanation | str | None
) -> None:
    found = row_json(detail.row)
    for name in ("hub", "updated", "seen", "kind"):
        del found[name]
    print_facts(
        {
            **found,
            "tags": ", ".join(f"{key}={value}" for key, value in detail.row.tags.items()),
            "parentId": detail.row.parent_id or _parent(history),
            "customStatus": detail.custom_status,
            "input": detail.input,
            "output": detail.output,
            "state": detail.state,
            "operations": ", ".join(detail.operations),
            "lockedBy": detail.locked_by,
            "why": told.sentence if isinstance(told, Explanation) else told,
        }
    )
    for member, problem in detail.missing:
        say(f"warning: {member}: {problem}")
    if isinstance(told, Explanation) and told.pending:
        click.echo("waits for:")
        print_pending(told.pending)


def _parent(history: LiveHistory | None) -> str | None:
    for event in history.events[:8] if history is not None else ():
        if isinstance(event, ExecutionStarted) and event.parent is not None:
            return event.parent.execution.instance_id
    return None


@click.command()
@id_argument
@grouped_option
@text_option
@json_flag
@hub_option
@format_option
def history(
    instance_id: str,
    grouped: bool | None,
    text: int,
    as_json: bool,
    address: str | None,
    output: str,
) -> None:
    """Show the history of an instance's current execution."""
    output = "json" if as_json else output
    found = _read_history(address, instance_id, output)
    print_history(found, output, grouped=_is_grouped(grouped, output), text=text)


def _is_grouped(grouped: bool | None, output: str) -> bool:
    return grouped if grouped is not None else output != "json" and sys.stdout.isatty()


def _read_history(address: str | None, instance_id: str, output: str) -> LiveHistory:
    async def reading() -> LiveHistory:
        async with watched(place_of(address), limits_for(output)) as hub:
            return await _there(hub, instance_id)

    return run(reading())


async def _there(hub: WatchedHub, instance_id: str) -> LiveHistory:
    """Return the history of an instance; one that is not there has none. Raises `InstanceNotFound`."""
    found = await hub.history(instance_id)
    if not found.events and await hub.detail(instance_id) is None:
        raise InstanceNotFound(instance_id)
    return found


@click.command()
@id_argument
@click.option("--width", type=click.IntRange(40, 1000), help="Columns. [default: the terminal's]")
@hub_option
@format_option
def timeline(instance_id: str, width: int | None, address: str | None, output: str) -> None:
    """Show a history as bars: what ran when, and for how long."""
    found = timeline_of(_read_history(address, instance_id, "text"), now=system_clock())
    if output == "json":
        print_json(to_json(found))
        return
    echo_lines(bars(found, width or shutil.get_terminal_size((100, 24)).columns))


@click.command()
@id_argument
@hub_option
@format_option
def sequence(instance_id: str, address: str | None, output: str) -> None:
    """Print a history as the text of a sequence diagram, for Mermaid."""
    found = sequence_of(_read_history(address, instance_id, "text"))
    if output == "json":
        print_json(to_json(found))
    else:
        click.echo(found.mermaid)


@click.command()
@id_argument
@hub_option
@format_option
def why(instance_id: str, address: str | None, output: str) -> None:
    """Say why an instance does not go on: the reason, the evidence for it, and what to do next.

    Nothing is written and no message is taken. Exit status: 0 it goes on by itself, or has ended, 1 it is
    stuck.
    """

    async def asking() -> Explanation:
        async with watched(place_of(address)) as hub:
            return await hub.why(instance_id)

    found = run(asking())
    if output == "json":
        print_json(to_json(found))
    else:
        print_why(found)
    raise SystemExit(1 if found.is_stuck else 0)


@click.command()
@id_argument
@click.option(
    "--depth",
    type=click.IntRange(0, 20),
    default=3,
    show_default=True,
    help="Generations of children.",
)
@hub_option
@format_option
def family(instance_id: str, depth: int, address: str | None, output: str) -> None:
    """Show an instance's parents, children and generations."""

    async def asking() -> FamilyNode:
        async with watched(place_of(address)) as hub:
            return await hub.family(instance_id, depth=depth)

    found = run(asking())
    if output == "json":
        print_json(to_json(found))
    else:
        echo_lines([*_family_lines(found, 0)])


def _family_lines(node: FamilyNode, depth: int) -> Iterator[str]:
    mark = "*" if node.relation == "self" else "-"
    generation = f" generation {node.generation}" if node.generation else ""
    anew = "  begun anew" if node.begun_anew else ""
    yield (
        f"{'  ' * depth}{mark} {node.instance_id}  {node.name or ''}  "
        f"{node.status or 'not there any more'}{generation}{anew}"
    )
    for child in node.children:
        yield from _family_lines(child, depth + 1)
    if node.more:
        yield f"{'  ' * (depth + 1)}and {node.more:,} more"


@click.command()
@click.argument("left", metavar="A")
@click.argument("right", metavar="B")
@click.option("--with-hub", help="Address of the hub of B, if that is another.")
@click.option("--times", is_flag=True, help="Times are compared, too.")
@click.option("--all", "everything", is_flag=True, help="With the steps that are the same.")
@text_option
@hub_option
@format_option
def diff(
    left: str,
    right: str,
    with_hub: str | None,
    times: bool,
    everything: bool,
    text: int,
    address: str | None,
    output: str,
) -> None:
    """Compare the histories of the instances A and B, step by step. Exit status 1 if they differ."""
    first = _read_history(address, left, "text")
    second = _read_history(with_hub or address, right, "text")
    showing = Showing(None if output == "json" else text)
    lines = differences(first, second, times=times, showing=showing)
    shown = [one for one in lines if everything or one.change != "same"]
    for one in shown:
        if output == "json":
            print_json(to_json(one))
        else:
            echo_lines(_diff_lines(one))
    differ = any(one.change != "same" for one in lines)
    if not differ:
        say(f"{len(lines):,} steps, all the same")
    raise SystemExit(1 if differ else 0)


def _diff_lines(line: DiffLine) -> list[str]:
    mark = {"same": " ", "left": "-", "right": "+", "changed": "~"}[line.change]
    one = line.left if line.left is not None else line.right
    found = [f"{mark} {_event(one)}" if one is not None else mark]
    for member, (before, after) in line.members.items():
        found += [f"    {member}", f"      - {before}", f"      + {after}"]
    return found


def _event(view: EventView) -> str:
    return " ".join(str(part) for part in (view.number, view.type, view.name) if part is not None)


@click.command()
@id_argument
@click.argument("file", required=False)
@click.option("--redact", is_flag=True, help="Hide values of members that are named like secrets.")
@hub_option
def document(instance_id: str, file: str | None, redact: bool, address: str | None) -> None:
    """Write an instance, its history and payloads into FILE (- is stdout), to look at it anywhere.

    'durahub instance open FILE' shows it, and so does the monitor's page. Without FILE it is called by the
    instance's ID; a file that is there is not replaced.
    """

    async def reading() -> InstanceDocument:
        async with watched(place_of(address), WHOLE) as hub:
            detail = await hub.detail(instance_id)
            if detail is None:
                raise InstanceNotFound(instance_id)
            found = await hub.history(instance_id)
            return InstanceDocument(hub=hub.ref, made=system_clock(), detail=detail, history=found)

    made = run(reading())
    text = document_text(redacted_document(made, by_name) if redact else made)
    if file == "-":
        click.echo(text, nl=False)
        return
    path = Path(file) if file is not None else Path(_file_name(instance_id))
    try:
        with path.open("x", encoding="utf-8") as written:
            written.write(text)
    except OSError as error:
        raise BadSettingsFile(str(path), "", f"cannot be written: {error.strerror}") from None
    say(f"written to {path}")


def _file_name(instance_id: str) -> str:
    return re.sub(r"[^\w.-]+", "_", instance_id, flags=re.ASCII)[:100].lstrip(".") + ".durahub.json"


@click.command("open")
@click.argument("file", type=click.Path(path_type=Path))
@grouped_option
@text_option
@json_flag
@format_option
def open_(file: Path, grouped: bool | None, text: int, as_json: bool, output: str) -> None:
    """Show the instance in FILE, which 'durahub instance document' has written."""
    output = "json" if as_json else output
    try:
        found = read_document(file.read_bytes())
    except OSError as error:
        raise BadSettingsFile(str(file), "", f"cannot be read: {error.strerror}") from None
    if output == "json":
        print_json(_detail_json(found.detail, found.history, None))
    else:
        print_facts({"hub": found.hub.key, "as it was at": to_text(found.made)})
        _print_detail(replace(found.detail), found.history, None)
    print_history(found.history, output, grouped=_is_grouped(grouped, output), text=text)


COMMANDS = (show, history, timeline, sequence, why, family, diff, document, open_)
