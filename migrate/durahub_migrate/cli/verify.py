"""``durahub verify``: compares two places, instance by instance."""

import contextlib
import sys
import time
from collections.abc import AsyncIterator, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import click
from rich.console import Console

from durahub import __version__
from durahub.cli.opening import run
from durahub.dispatch.clock import system_clock
from durahub.errors import FileUnavailable, RedactedBundle
from durahub_migrate.bundle.archive import opened_bundle
from durahub_migrate.bundle.reader import BundleReader, is_bundle
from durahub_migrate.cli.outlets import opened_outlet, refuse_path
from durahub_migrate.cli.verify_printing import print_text
from durahub_migrate.moving.place import BundleAddress, parse_place
from durahub_migrate.planning.plan_file import PlanFile
from durahub_migrate.verifying.report import Compared, as_json, as_lines
from durahub_migrate.verifying.sides import BundleSide, HubSide, OpenSide, Side
from durahub_migrate.verifying.spool import Spool
from durahub_migrate.verifying.summary import Summary
from durahub_migrate.verifying.verdicts import Match, Verdict
from durahub_migrate.verifying.verifying import Progress, Verification
from durahub_migrate.verifying.wanted import Level, Wanted

LEVELS = {one.name.lower(): one for one in Level}
_FILE = click.Path(path_type=Path, dir_okay=False)
_TOLD_EVERY = 0.1  # seconds


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@click.option("--plan", type=_FILE, help="The move's plan: what it archives or drains is no fault.")
@click.option(
    "--level",
    type=click.Choice(list(LEVELS)),
    default="open",
    show_default=True,
    help="How deep to look; each looks at what those before it do.",
)
@click.option(
    "--match",
    type=click.Choice(["exact", "semantic"]),
    help="How to compare, whatever the plan says.",
)
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Compare N instances in depth, always the same ones.",
)
@click.option("--only", multiple=True, metavar="PATTERN", help="Tell of these instances alone.")
@click.option(
    "--retention",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="What ended so long ago may be missing: the target's policy has purged it.",
)
@click.option("--all", "everything", is_flag=True, help="Print a line for every instance.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    envvar="DURAHUB_FORMAT",
    help="Text for people, JSON for programs.",
)
@click.option("--output", "-o", type=_FILE, help="Write the results as JSON there, too.")
def verify(
    source: str,
    target: str,
    plan: Path | None,
    level: str,
    match: str | None,
    sample: int | None,
    only: tuple[str, ...],
    retention: int | None,
    everything: bool,
    output_format: str,
    output: Path | None,
) -> None:
    """Compare TARGET with SOURCE, what it was moved from: each may be a bundle or a hub, wherever it is.

    Both are only read, and the journal of the move is not asked. Of each instance a symbol is told: = equal,
    > the target has gone on from where the source stood, + only at the target, - only at the source, *
    different (and where), ! it cannot be read.

    \b
    durahub verify orders.hub sqlite:new.db/orders
    durahub verify orders.hub dts:localhost:8080/orders --plan orders.plan
    durahub verify orders.hub sqlite:new.db/orders --output verify.json

    Exit status: 0 everything is equal, has gone on, or is where the plan says; 1 something is not; 2 wrong
    usage or no such hub; 4 something does not answer, or a bundle or plan is damaged.
    """  # noqa: D301 (click's mark for lines that stay as they are)
    wanted = Wanted(
        level=LEVELS[level],
        match=Match(match) if match is not None else None,
        sample=sample,
        only=only,
        retention=retention,
        now=system_clock(),
    )
    compared = Compared(
        tool=f"durahub {__version__}",
        source=source,
        target=target,
        level=level,
        plan=str(plan) if plan is not None else None,
        sample=sample,
        only=only,
    )

    async def verifying() -> int:
        with Spool() as spool, _progress() as tell:
            verification = Verification(
                place_opener(source), place_opener(target), spool, wanted, tell
            )
            if plan is not None:
                _add_plan(verification, PlanFile(plan))
            summary = await verification.run()
            tell("writing", 0, None)
            if output is not None:
                _write(output, compared, summary, spool)
            _print(compared, summary, spool, output_format, everything=everything)
        return 0 if summary.is_equal else 1

    raise SystemExit(run(verifying()))


def place_opener(text: str) -> OpenSide:
    """Return what opens the place that *text* names; a path of a bundle needs no ``bundle:``."""
    path = Path(text)
    if is_bundle(path) or (path.is_file() and path.suffix == ".tar"):
        return _bundle(path)
    refuse_path(text)
    place = parse_place(text)
    if isinstance(place, BundleAddress):
        return _bundle(Path(place.path))

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Side]:
        async with opened_outlet(text) as outlet:
            yield HubSide(text, outlet)

    return opened


def _bundle(path: Path) -> OpenSide:
    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Side]:
        with opened_bundle(path) as folder:
            reader = BundleReader(folder)
            if reader.manifest.redacted:
                raise RedactedBundle(str(path))
            yield BundleSide(str(path), reader)

    return opened


def _add_plan(verification: Verification, plan: PlanFile) -> None:
    settings = plan.head.settings

    def is_left_out(root: str) -> bool:
        named = not settings.only or any(fnmatchcase(root, one) for one in settings.only)
        return not named or any(fnmatchcase(root, one) for one in settings.skip)

    verification.has_plan = True
    verification.is_left_out = is_left_out
    for unit in plan.units():
        verification.add_unit(unit)


def _verdicts(spool: Spool) -> Iterator[Verdict]:
    return map(Verdict.decoded, spool.verdicts())


def _print(
    compared: Compared, summary: Summary, spool: Spool, output_format: str, *, everything: bool
) -> None:
    match output_format:
        case "json":
            pieces = as_json(compared, summary, _verdicts(spool))
        case "jsonl":
            pieces = as_lines(compared, summary, _verdicts(spool))
        case _:
            print_text(compared, summary, _verdicts(spool), everything=everything)
            return
    for piece in pieces:
        click.echo(piece, nl=False)


def _write(path: Path, compared: Compared, summary: Summary, spool: Spool) -> None:
    try:
        with path.open("wb") as file:
            file.writelines(as_json(compared, summary, _verdicts(spool)))
    except OSError as error:
        said = (error.strerror or type(error).__name__).lower()
        raise FileUnavailable(str(path), said) from None


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    """Show on a terminal what is done."""
    if not sys.stderr.isatty():
        yield lambda _doing, _count, _total: None
        return
    with Console(stderr=True).status("opening") as status:
        told = 0.0

        def tell(doing: str, count: int, total: int | None) -> None:
            nonlocal told
            now = time.monotonic()
            if now - told >= _TOLD_EVERY:
                told = now
                of = f" of {total:,}" if total is not None else ""
                status.update(f"{doing}: {count:,}{of} instances")

        yield tell
