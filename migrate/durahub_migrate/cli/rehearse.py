"""``durahub rehearse``: the user's own orchestrators replay the histories of a bundle, with no effects."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich.console import Console

from durahub.cli.opening import run
from durahub.cli.output import format_option, print_json, print_rows, say
from durahub.errors import BadRequest
from durahub_migrate.bundle.reports import add_report
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.rehearsing.playing import App, playing
from durahub_migrate.rehearsing.rehearsal import Wanted
from durahub_migrate.rehearsing.rehearsal import rehearse as lead
from durahub_migrate.rehearsing.verdicts import Outcome, Rehearsal, Verdict

REPORT = "rehearsal.json"
TOLD_EVERY = 100  # instances


@click.command()
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--app",
    required=True,
    metavar="APP",
    help="The app: a file.py that starts its worker, MODULE, or MODULE:FUNCTION, which is given a worker "
    "to register its orchestrators with.",
)
@click.option(
    "--python",
    default=sys.executable,
    metavar="PATH",
    help="The Python of the app's own environment; by default the one that runs durahub.",
)
@click.option("--all", "ended", is_flag=True, help="Replay instances that have ended, too.")
@click.option(
    "--sample",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Replay at most N instances of each orchestrator; by default all.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long one replay may take.",
)
@click.option(
    "--record", is_flag=True, help=f"Keep the result in the bundle, as reports/{REPORT}, for plans."
)
@click.argument("arguments", nargs=-1, metavar="[-- ARGUMENTS]")
@format_option
def rehearse(
    bundle: Path,
    app: str,
    python: str,
    ended: bool,
    sample: int,
    timeout: float,
    record: bool,
    arguments: tuple[str, ...],
    output: str,
) -> None:
    """Replay the histories in BUNDLE with the app that is to go on with them, and tell what does not fit.

    The app is one in Python with the durabletask SDK. It is loaded in a process of its own. Its worker is
    not started, its activities and entities are never called, and who asks there for the network or another
    program is refused. Each orchestrator is shown what its instance has behind it; it must ask for
    the same activities, timers and sub-orchestrations, in the same order, and come to the same end.

    ARGUMENTS are the app's own, as for a file.py that takes an endpoint.

    \b
    durahub rehearse orders.hub --app worker.py
    durahub rehearse orders.hub --app shop.workers:register --python ../shop/.venv/bin/python
    durahub rehearse orders.hub --app worker.py --format json -- localhost:8080 orders | jq .expected

    Exit status: 0 everything fits, 1 something does not (nondeterministic, without its orchestrator, or not
    to be replayed), 2 wrong usage, a bad bundle, or an app that cannot be loaded.
    """  # noqa: D301 (click's mark for lines that stay as they are)
    played = App(name=app, arguments=arguments, python=python, seconds=timeout)
    wanted = Wanted(ended=ended, most=sample)

    async def rehearsing() -> Rehearsal:
        with open_content(bundle) as content, _progress() as tell:
            found = Rehearsal(bundle_root=content.manifest.root, app=app)
            async with playing(played) as player:
                wrong: list[Verdict] = []
                async for verdict in lead(content, player, wanted, found, tell):
                    if output == "json":
                        print_json(verdict.to_json())
                    elif verdict.outcome is not Outcome.OK:
                        wrong.append(verdict)
            _print(wrong, found, output)
            return found

    found = run(rehearsing())
    if record:
        if bundle.is_file():
            raise BadRequest(f"{bundle} is one file, and cannot be added to; unpack it first")
        content = json.dumps(found.to_json(), indent=1) + "\n"
        add_report(bundle, REPORT, content.encode())
    raise SystemExit(0 if found.is_clean else 1)


def _print(wrong: list[Verdict], found: Rehearsal, output: str) -> None:
    if output == "json":
        print_json(found.to_json())
    elif wrong:
        print_rows(
            ("instance", "orchestrator", "outcome", "what"),
            [(one.instance_id, one.name, one.outcome.value, str(one)) for one in wrong],
        )
    told = ", ".join(f"{count} {name}" for name, count in found.sums.items())
    say(f"replayed with durabletask {found.sdk}: {told}")
    if found.skipped:
        skipped = ", ".join(f"{count} {name}" for name, count in found.skipped.items())
        say(f"not replayed: {skipped}")


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int], object]]:
    """Show on a terminal how many instances were replayed."""
    if not sys.stderr.isatty():
        yield bool
        return
    with Console(stderr=True).status("loading the app") as status:

        def tell(count: int) -> None:
            if count % TOLD_EVERY == 0:
                status.update(f"{count:,} instances replayed")

        yield tell
