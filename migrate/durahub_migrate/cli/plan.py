"""``durahub plan``: decides how each tree of a hub is moved, and writes that to a file."""

import os
from pathlib import Path
from typing import Any

import click

from durahub import __version__
from durahub.cli.output import say
from durahub.errors import BadPlan, WrongJobState
from durahub_migrate.applying import job
from durahub_migrate.cli.plan_printing import print_differences, print_plan
from durahub_migrate.cli.plan_source import bundle_of
from durahub_migrate.cli.plan_target import capabilities_of, check_way, named
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.lint.sources.plan import is_plan
from durahub_migrate.moving.plan import PlanHead
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.planning import id_map as id_maps
from durahub_migrate.planning.balance import residue
from durahub_migrate.planning.guide import ASK_NUMBERING, lacks_numbering
from durahub_migrate.planning.plan_file import PlanFile, write
from durahub_migrate.planning.planning import Planner
from durahub_migrate.planning.request import ARCHIVE, MOVE, Request
from durahub_migrate.planning.telling import PREVIEW

NUMBERING = {
    "0": 0,
    "1": 1,
    "dotnet": 0,
    "java": 0,
    "go": 0,
    "python": 1,
    "javascript": 1,
}
_FILE = click.Path(path_type=Path, dir_okay=False)
_SETTINGS = (
    "prefer",
    "ended",
    "no_tags",
    "allow_unfrozen",
    "allow_unseen",
    "only",
    "skip",
    "drain",
)


@click.command()
@click.argument("source", metavar="[SOURCE", required=False)
@click.argument("target", metavar="TARGET]", required=False)
@click.option(
    "--output", "-o", type=_FILE, help="The plan's file; the bundle's name with .plan without it."
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    help="Where a hub is exported to, to plan its move.",
)
@click.option("--force", is_flag=True, help="Replace the bundle that a hub was exported to before.")
@click.option(
    "--only", multiple=True, metavar="PATTERN", help="Move these trees alone, by their root IDs."
)
@click.option("--skip", multiple=True, metavar="PATTERN", help="Leave these trees out.")
@click.option(
    "--drain", multiple=True, metavar="PATTERN", help="Let these trees end on the old hub."
)
@click.option(
    "--prefer",
    type=click.Choice([one.value for one in Strategy if one is not Strategy.ARCHIVE]),
    help="The strategy of what is in flight, where the decision table allows it.",
)
@click.option(
    "--ended",
    type=click.Choice([ARCHIVE, MOVE]),
    help="What becomes of what has ended: stores of ours get it, endpoints do not, without this.",
)
@click.option(
    "--numbering",
    type=click.Choice(list(NUMBERING)),
    help="The SDK at the target, or the number that its actions count from.",
)
@click.option("--id-map", type=_FILE, help="New instance IDs: a JSON object, old ones to new ones.")
@click.option(
    "--no-tags", is_flag=True, help="Do not mark instances at the target with the move's tags."
)
@click.option("--probe", is_flag=True, help="Try on scratch instances what the target can do.")
@click.option(
    "--capabilities",
    type=_FILE,
    help="What a probe saw: read from this file, or written with --probe.",
)
@click.option(
    "--max-rejects",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="How many instances and messages that cannot be read are put up with.",
)
@click.option("--allow-unfrozen", is_flag=True, help="Let the plan of a hub in use be applied.")
@click.option(
    "--allow-unseen", is_flag=True, help="Let it be applied though queues were read in part alone."
)
@click.option("--show", type=_FILE, help="Print a plan; none is made.")
@click.option(
    "--diff", nargs=2, type=_FILE, metavar="OLD NEW", help="Print what two plans say differently."
)
@click.option("--all", "everything", is_flag=True, help="Print every tree.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "md", "json"]),
    default="text",
    show_default=True,
    envvar="DURAHUB_FORMAT",
    help="Text or Markdown for people, JSON for programs.",
)
@click.pass_context
def plan(
    context: click.Context,
    /,
    source: str | None,
    target: str | None,
    show: Path | None,
    diff: tuple[Path, Path] | None,
    everything: bool,
    output_format: str,
    max_rejects: int,
    **options: Any,
) -> None:
    """Plan the move of the hub or bundle SOURCE to the hub TARGET, and write the plan to a file.

    Nothing is moved, and nothing is written to SOURCE or TARGET. A hub is exported to a bundle first, for all
    that comes later reads the bundle alone. The same bundle, target and options make the same plan. TARGET
    is a hub in Azure Storage, in a file of durahub (sqlite:FILE/NAME) or behind an endpoint of the
    scheduler's protocol (dts:ENDPOINT/NAME).

    \b
    durahub plan orders.hub sqlite:new.db/orders
    durahub plan orders.hub dts:localhost:8080/orders --probe --numbering python
    durahub plan --show orders.plan --format md
    durahub plan --diff before.plan orders.plan

    Exit status: 0 everything can be moved, 1 trees are blocked, something could not be read or two plans
    differ, 2 wrong usage, 3 the target has not the way that was asked for, or not all messages of a frozen
    hub were read, 4 something outside does not
    answer or a file is damaged, 6 rejects within --max-rejects.
    """  # noqa: D301 (click's mark for lines that stay as they are)
    if diff is not None:
        raise SystemExit(print_differences(PlanFile(diff[0]), PlanFile(diff[1]), output_format))
    if show is None:
        if source is None or target is None:
            raise click.UsageError("name SOURCE and TARGET, or a plan with --show")
        made = _make(context, source, target, options)
    else:
        made = PlanFile(show)
    print_plan(made, output_format, everything=everything)
    raise SystemExit(_status(made, max_rejects))


def _make(context: click.Context, source: str, target: str, options: dict[str, Any]) -> PlanFile:
    known = id_maps.read(options["id_map"]) if options["id_map"] else id_maps.IdMap()
    numbering = options["numbering"]
    settings = MoveSettings(
        **{name: options[name] for name in _SETTINGS},
        numbering=NUMBERING[numbering] if numbering else None,
        sdk=numbering if numbering and not numbering.isdigit() else "",
        id_map=known.digest,
    )
    target = named(target)
    capabilities = capabilities_of(target, options["capabilities"], probes=options["probe"])
    request = Request(capabilities=capabilities, settings=settings, ids=known.ids)
    check_way(request, target)
    bundle = bundle_of(context, source, options["bundle"], force=options["force"])
    path = options["output"] or bundle.with_name(bundle.stem + ".plan")
    if path.exists() and not is_plan(path):
        raise BadPlan(str(path), "there is another file, and it is left as it is")
    with open_content(bundle) as content:
        manifest = content.manifest
        head = PlanHead(
            tool=f"durahub {__version__}",
            bundle=Path(os.path.relpath(bundle, path.parent)).as_posix(),
            bundle_root=manifest.root,
            frozen=manifest.frozen,
            source=f"{manifest.source.kind} hub {manifest.source.hub}",
            target=target,
            capabilities=capabilities,
            settings=settings,
        )
        rejected = [one.instance_id for one in content.rejects() if one.instance_id is not None]
        return _written(path, head, Planner(content, request, rejected))


def _written(path: Path, head: PlanHead, planner: Planner) -> PlanFile:
    """Write the plan. One whose job is not over is replaced by the same alone. Raises `WrongJobState`."""
    begun = job.begun_job(path)
    if begun is None:
        return write(path, head, planner)
    fresh = write(path.with_name(path.name + ".new"), head, planner)
    if fresh.end.sha256 != begun.plan:
        fresh.path.unlink()
        wanted = (
            "its plan is kept: name another file with --output, or confirm or abort the job first"
        )
        raise WrongJobState(str(job.folder_of(path)), begun.state.value, wanted)
    fresh.path.replace(path)
    return PlanFile(path)


def _status(made: PlanFile, max_rejects: int) -> int:
    """Return the exit status, and say what stands behind it."""
    head, end = made.head, made.end
    if not head.frozen and not head.settings.allow_unfrozen:
        say(f"warning: {PREVIEW}")
    if lacks_numbering(head, end.units):
        say(f"warning: {ASK_NUMBERING}")
    blocked = end.units.get("blocked", 0)
    missing = sum(abs(count) for count in residue(end.balance).values())
    if missing:
        say(f"error: {missing} things of the source are in none of the sums; report this as a bug")
    if blocked:
        say(f"{blocked} trees are blocked")
    if end.rejected:
        say(f"{end.rejected} instances and messages could not be read; see rejects/ in the bundle")
    if end.hidden:
        say(
            f"warning: {end.hidden:,} messages were hidden when the hub was read, and nothing explains them: "
            "the target does not get them. Delayed signals of clients are such; thaw the hub, let its app "
            "run until they have come, and export it again, or send them to the target yourself"
        )
    unseen = end.unseen if not head.settings.allow_unseen else 0
    if unseen:
        say(
            f"up to {unseen:,} messages were not read: storage shows 32 of a queue; export the frozen hub "
            "with --take, or let them be lost with --allow-unseen"
        )
    if missing or blocked or end.rejected > max_rejects:
        return 1
    if unseen and head.frozen:
        return 3
    return 6 if end.rejected else 0
