"""``durahub apply``: carries a plan out, from where it is to where it can stand."""

import time
from pathlib import Path
from typing import Any

import click

from durahub.cli.opening import run
from durahub.cli.output import format_option, print_facts, print_json
from durahub.cli.server_life import stop_signal
from durahub_migrate.applying import checks, hooks
from durahub_migrate.applying.events import schema_text
from durahub_migrate.applying.plan_file import OpenPlan
from durahub_migrate.applying.session import Wanted, session
from durahub_migrate.applying.settings import PATIENCE, ApplySettings
from durahub_migrate.applying.throttle import UNLIMITED, Limits
from durahub_migrate.cli.apply_options import hook_option, speed_options
from durahub_migrate.cli.apply_telling import teller
from durahub_migrate.cli.movers import open_mover
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.moving.strategy import Strategy


def _show_schema(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        click.echo(schema_text(), nl=False)
        context.exit()


@click.command()
@click.argument("plan", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Check everything and say what would be done.")
@speed_options
@click.option(
    "--max-failures",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="End the run when more units than this have failed all their tries.",
)
@click.option(
    "--max-rejects",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Hand over though so many units were rejected by the target.",
)
@click.option("--skip-blocked", is_flag=True, help="Leave blocked units where they are.")
@click.option(
    "--wait-for-target",
    "patience",
    type=click.FloatRange(min=0),
    default=PATIENCE,
    show_default=True,
    metavar="SECONDS",
    help="How long a target that does not answer is waited for.",
)
@click.option(
    "--postpone-cut-over", is_flag=True, help="Stand ready; 'durahub job cut-over' hands over."
)
@click.option(
    "--postpone-file",
    type=click.Path(path_type=Path),
    help="Wait with the cut-over while this file exists.",
)
@hook_option
@click.option("--quiet", "-q", is_flag=True, help="Tell no progress.")
@format_option
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_schema,
    help="Print the JSON Schema of the events of --format json.",
)
def apply(
    plan: Path,
    dry_run: bool,
    skip_blocked: bool,
    postpone_file: Path | None,
    hook: tuple[str, ...],
    quiet: bool,
    output: str,
    **options: Any,
) -> None:
    """Carry out PLAN: place its units at the target, deliver messages, check, hand over.

    What is done is written into PLAN.job before each call. However a run ends, the same command goes on where
    it was: nothing is done twice that must not be. Ctrl-C ends the steps in hand and stops; a second one ends
    the process at once. Until 'durahub job confirm' all of it can be taken back: 'durahub job abort'.

    \b
    durahub apply orders.plan --dry-run
    durahub apply orders.plan --rate 200 --postpone-cut-over
    durahub job set orders.plan rate=50 parallel=2
    durahub job cut-over orders.plan

    Exit status: 0 done, 1 units have failed, or more were rejected than may be, 2 wrong usage, 3 something
    has to be decided or done first, 4 a file is damaged, or something cannot be reached or written,
    5 stopped, the same command goes on, 6 done, with rejects within --max-rejects.
    """  # noqa: D301 (click's mark for lines that stay as they are)
    wanted = Wanted(
        plan=plan,
        settings=ApplySettings(
            max_failures=options["max_failures"],
            max_rejects=options["max_rejects"],
            patience=options["patience"],
            postpone=options["postpone_cut_over"],
        ),
        limits=limits_of(options),
        skip_blocked=skip_blocked,
        postpone_file=postpone_file,
        hooks=hooks.parse(hook),
    )
    if dry_run:
        _say_what_would_be_done(wanted, output)
        return

    async def applying() -> int:
        with stop_signal() as stop:
            told = teller(output, time.monotonic, quiet=quiet)
            try:
                async with session(
                    wanted, stop, open_mover, told, told_warning, create=True
                ) as job:
                    return await job.apply()
            finally:
                told.close()

    raise SystemExit(run(applying()))


def limits_of(options: dict[str, Any]) -> Limits:
    """Return how fast a job may go, by the command line."""
    return Limits(
        rate=options["rate"] or UNLIMITED,
        bytes_per_second=options["bytes_per_second"] or UNLIMITED,
        parallel=options["parallel"] or 0,
    )


def told_warning(sentence: str) -> None:
    """Tell a warning."""
    click.echo(f"warning: {sentence}", err=True)


def _say_what_would_be_done(wanted: Wanted, output: str) -> None:
    with OpenPlan(wanted.plan) as opened:
        head, end = opened.head, opened.end
        with open_content(opened.bundle) as content:
            checks.check_bundle(str(wanted.plan), head, content.manifest.root)
        checks.check_plan(head, end, skip_blocked=wanted.skip_blocked)
    carried = {one.value for one in Strategy if one.is_carried_out}
    moved = {name: count for name, count in end.units.items() if name in carried}
    left = {name: count for name, count in end.units.items() if name not in moved}
    if output == "json":
        print_json(
            {
                "plan": str(wanted.plan),
                "target": head.target,
                "moves": moved,
                "leaves": left,
                "actions": end.actions,
                "bytes": end.size,
            }
        )
        return
    print_facts(
        {
            "target": head.target,
            "moves": ", ".join(f"{count:,} units by {name}" for name, count in moved.items()),
            "leaves": ", ".join(f"{count:,} units ({name})" for name, count in left.items()),
            "costs": f"{end.actions:,} actions, {end.size:,} bytes",
            "then": "stands ready" if wanted.settings.postpone else "hands over",
        }
    )
