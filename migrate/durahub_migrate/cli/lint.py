"""``durahub lint``: what will break on the scheduler, and what is wrong with a hub today."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import click
from click.core import ParameterSource

from durahub.address import StoreAddress
from durahub.cli.opening import run
from durahub.cli.output import say
from durahub.cli.text_file import read_text
from durahub.dispatch.clock import system_clock
from durahub.errors import DurahubError
from durahub_migrate.assessment.collector import AssessmentCollector
from durahub_migrate.assessment.making import assess
from durahub_migrate.assessment.prices import read_prices
from durahub_migrate.assessment.redaction import redacted
from durahub_migrate.assessment.writing import form_of, write_report
from durahub_migrate.cli.lint_fixing import differences, write_fixes
from durahub_migrate.cli.lint_formats import FORMATS, STATISTICS, style_for, write
from durahub_migrate.cli.lint_listing import list_rules
from durahub_migrate.cli.lint_options import settings_options
from durahub_migrate.cli.lint_progress import progress_is_shown, telling
from durahub_migrate.cli.lint_reading import Reading, reading_options
from durahub_migrate.cli.lint_run import Asked, a_book
from durahub_migrate.cli.lint_run import lint as judged
from durahub_migrate.cli.lint_settings import find_file, read_settings, shown
from durahub_migrate.cli.lint_stopping import stopped_in_order
from durahub_migrate.lint.keeping import known_codes
from durahub_migrate.lint.reporting import json_form
from durahub_migrate.lint.reporting.exit_status import CLEAN, FOUND, STOPPED
from durahub_migrate.lint.reporting.results import Results
from durahub_migrate.lint.reporting.showing import Showing
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.sources.opening import NO_PATH, is_bare, source_of
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.sources.source import Source
from durahub_migrate.lint.unimplemented import UNIMPLEMENTED

EXAMPLES = 5
FOR_UPLOAD = ("sarif",)
"""Formats whose files are uploaded by a next step, which must come about whatever was found."""


class Opens(Protocol):
    """Opens what a word on the command line names, as `source_of` does."""

    def __call__(
        self,
        text: str,
        options: ReadingOptions | None = None,
        *,
        tracking_store: StoreAddress | None = None,
    ) -> Source:
        """Return the source. Raises `DurahubError`."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is around the command: what opens a source, and the folder that settings are looked for from."""

    open_source: Opens = source_of
    folder: Path = field(default_factory=Path.cwd)


@click.command()
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@settings_options
@reading_options
@click.option(
    "--format",
    "output_format",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    envvar="DURAHUB_LINT_FORMAT",
    help="How results are written.",
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead."
)
@click.option("--statistics", is_flag=True, help="Only how many findings each rule has.")
@click.option("--each", is_flag=True, help="Every finding in a hub, not examples.")
@click.option(
    "--max-examples",
    type=click.IntRange(min=1),
    default=EXAMPLES,
    show_default=True,
    help="How many findings of a rule in a hub are told.",
)
@click.option(
    "--report",
    "reports",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Write an assessment for people, too: .html, .md or .json. May be given several times.",
)
@click.option(
    "--prices",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What you pay, for the report's costs: docs/assessment.md has the form of the file.",
)
@click.option("--fix", is_flag=True, help="Fix files where that changes nothing of what they mean.")
@click.option("--diff", "show_diff", is_flag=True, help="Print what --fix would change, and stop.")
@click.option("--unsafe-fixes", is_flag=True, help="Fix what may change a meaning, too.")
@click.option("--exit-zero", is_flag=True, help="Findings do not change the exit status.")
@click.option(
    "--update-baseline", is_flag=True, help="Write what is found to the baseline: it is known then."
)
@click.option("--show-suppressed", is_flag=True, help="Tell findings that do not count, too.")
@click.option("--redact", is_flag=True, help="Digests instead of instance IDs, and no values.")
@click.option(
    "--show-payloads", is_flag=True, help="The beginnings of users' payloads, where they matter."
)
@click.option("--list-rules", "listing", is_flag=True, help="List the rules that would run.")
@click.option("--show-settings", is_flag=True, help="Print the settings that count.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of --format json.")
@click.option(
    "-q", "--quiet", is_flag=True, help="Neither progress nor talk: findings and their number only."
)
@click.option("--no-progress", is_flag=True, help="No progress on a terminal.")
@click.option(
    "--progress-every",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="A plain line of progress on stderr every so many seconds.",
)
@click.pass_context
def lint(
    context: click.Context,
    /,
    sources: tuple[str, ...],
    asked: Mapping[str, Any],
    config: Path | None,
    reading: Reading,
    **options: Any,
) -> None:
    """Check hubs, apps and templates: what breaks on the scheduler, and what is wrong today.

    A SOURCE is a folder or a file (host.json, settings, packages, Bicep, ARM, retention policies), a hub's
    address, or a hub bundle. Without one it is the working folder. Nothing is changed; a hub may be in use.

    \b
    durahub lint                                     the app in this folder
    durahub lint app/ azurite:orders                 an app with its hub: some rules need both
    durahub lint storage:account/orders --profile recommended
    durahub lint infra/ --select RET,ARM --format github
    durahub lint . --diff                            what --fix would change
    durahub lint . --format sarif --output lint.sarif
    durahub lint storage:account/orders --sample 5 --max-requests-per-second 100 --report orders.html
    durahub lint . --baseline lint-baseline.json --update-baseline
    durahub lint --list-rules --select ALL           all rules
    durahub explain IDN501                           one rule

    Rules are selected by the beginnings of their codes: CFG settings and packages, HUB structure, RPL replay,
    PAY payloads, IDN identifiers, QUE queues and timers, ENT entities, RET retention, ARM templates. A rule
    that lacks evidence is told as not evaluated, never as passed.

    Settings stand in the table [lint] of durahub.toml, which is looked for upwards: docs/lint.md.

    Exit status: 0 no findings that count; 1 findings at or above --fail-on; 2 wrong usage; 4 something could
    not be read; 5 stopped, --work goes on. With --format sarif findings give 0, so that the
    file is uploaded, unless --fail-on is said with it.
    """  # noqa: D301 (click's mark for lines that stay as they are)
    codes = known_codes(RULES, UNIMPLEMENTED)
    around = context.obj or Around()
    found = config or find_file(around.folder)
    settings = read_settings(found, asked, codes, _name(found, around.folder))
    if options["schema"]:
        click.echo(json_form.schema(), nl=False)
        return
    if options["show_settings"]:
        click.echo("\n".join(shown(settings)))
        return
    if options["listing"]:
        rules = [rule for rule in RULES if settings.takes(rule)]
        write(list_rules(rules, options["output_format"]), options["output"])
        return
    fails = context.get_parameter_source("fail_on") is ParameterSource.COMMANDLINE
    if options["exit_zero"] or (options["output_format"] in FOR_UPLOAD and not fails):
        settings = replace(settings, fail_on="never")
    wanted = Asked(
        settings=settings,
        now=system_clock(),
        baseline=Path(settings.baseline) if settings.baseline else None,
        update_baseline=options["update_baseline"],
        examples=-1 if options["each"] else options["max_examples"],
        showing=Showing(redact=options["redact"], payloads=options["show_payloads"]),
        show_suppressed=options["show_suppressed"],
        work=reading.work,
        fresh=reading.fresh,
        notes=reading.remarks,
    )
    _check(options, wanted)
    is_shown = progress_is_shown(quiet=_is_quiet(options), every=options["progress_every"])
    how = replace(reading.options, count=is_shown)  # who sees no ETA pays for no counting
    opened = [
        around.open_source(text, how, tracking_store=reading.tracking_store)
        for text in sources or (".",)
    ]
    raise SystemExit(_done(wanted, opened, options))


def _check(options: Mapping[str, Any], wanted: Asked) -> None:
    """Refuse options that make no sense, before anything is read."""
    if options["unsafe_fixes"] and not (options["fix"] or options["show_diff"]):
        raise click.UsageError("--unsafe-fixes goes with --fix or --diff")
    if options["update_baseline"] and wanted.baseline is None:
        raise click.UsageError("--update-baseline needs --baseline FILE")
    for report in options["reports"]:
        form_of(report)


def _is_quiet(options: Mapping[str, Any]) -> bool:
    return bool(options["quiet"] or options["no_progress"])


def _done(wanted: Asked, opened: list[Source], options: Mapping[str, Any]) -> int:
    """Do what was asked for; return the exit status."""
    unsafe = options["unsafe_fixes"]
    if options["show_diff"]:
        said = differences(wanted, opened, RULES, unsafe=unsafe)
        write([said], options["output"])
        return FOUND if said and wanted.settings.fail_on != "never" else CLEAN
    if options["fix"]:
        opened, changed = write_fixes(wanted, opened, RULES, unsafe=unsafe)
        if not options["quiet"]:
            done = f"fixed {', '.join(changed)}" if changed else "nothing was to be fixed"
            say(f"{done}; this remains:")
    try:
        with stopped_in_order():
            return run(_linting(wanted, opened, options))
    except DurahubError:
        _doubt(source.address for source in opened)
        raise
    except KeyboardInterrupt:
        if wanted.work is None:
            raise
        say(f"stopped; the same command goes on: {wanted.work} has what was found so far")
        return STOPPED


async def _linting(wanted: Asked, opened: list[Source], options: Mapping[str, Any]) -> int:
    collectors = [AssessmentCollector()] if options["reports"] else []
    prices = options["prices"] and read_prices(  # a mistake in them is told before hours of reading
        read_text(options["prices"]), str(options["prices"])
    )
    async with a_book(wanted.work, fresh=wanted.fresh) as book:
        with telling(quiet=_is_quiet(options), every=options["progress_every"]) as tell:
            results, outcome, given = await judged(
                wanted, opened, RULES, book, collectors=collectors, progress=tell
            )
        _write(results, options)
        for report in options["reports"]:
            assessment = assess(book, outcome, given, prices)
            write_report(report, redacted(assessment) if options["redact"] else assessment)
            if not options["quiet"]:
                say(f"written to {report}")
        _doubt(one.place.source for one in outcome.unread)
        return results.exit_status


def _doubt(addresses: Iterable[str]) -> None:
    """Say which sources that could not be read may have been meant as files."""
    for address in dict.fromkeys(addresses):
        if is_bare(address):
            say(f"{address}: {NO_PATH}, so it was taken for the name of a hub")


def _write(results: Results, options: Mapping[str, Any]) -> None:
    name, file = options["output_format"], options["output"]
    made = FORMATS[name]
    if options["statistics"]:
        made = STATISTICS.get(name, STATISTICS["text"])
    write(made(results, style_for(file, brief=options["quiet"])), file)
    if file is not None and not options["quiet"]:
        say(f"written to {file}")


def _name(file: Path | None, folder: Path) -> str | None:
    """Return the settings file as messages call it: without *folder* where it is in there."""
    if file is None:
        return None
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)
