"""One run of the linter: sources are opened and read, findings kept, and the results handed back."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from durahub import __version__
from durahub.cli.text_file import read_text
from durahub.errors import BadBaseline, BadSettingsFile, BudgetSpent
from durahub.model.ticks import Ticks, to_text
from durahub_migrate.lint import running
from durahub_migrate.lint.baseline import Baseline, Change, compare, read_baseline, updated, written
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.collecting import Collector
from durahub_migrate.lint.keeping import INLINE, InlineIgnores, Keeping, NotingIgnores
from durahub_migrate.lint.progress import Progress
from durahub_migrate.lint.reporting.exit_status import status_of
from durahub_migrate.lint.reporting.results import Results
from durahub_migrate.lint.reporting.showing import Showing
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.running import Outcome
from durahub_migrate.lint.settings.settings import Settings
from durahub_migrate.lint.sources.folder import FolderSource
from durahub_migrate.lint.sources.source import Source
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.whole_file import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a run is to do and to show. *fail_on* and *baseline* are in the settings."""

    settings: Settings
    now: Ticks
    baseline: Path | None = None
    update_baseline: bool = False
    examples: int = 5
    showing: Showing = field(default_factory=Showing)
    show_suppressed: bool = False
    work: Path | None = None
    fresh: bool = False
    notes: tuple[str, ...] = ()  # further remarks


async def lint(
    asked: Asked,
    sources: Sequence[Source],
    rules: Sequence[Rule[Any]],
    book: Book,
    *,
    collectors: Sequence[Collector] = (),
    progress: Callable[[Progress], object] = bool,
) -> tuple[Results, Outcome, Given]:
    """Judge *sources*. Raises `DurahubError` where nothing at all can be read."""
    settings = asked.settings
    baseline = _baseline(asked)
    wanted = [rule for rule in rules if settings.takes(rule)]
    keeping = Keeping(settings, wanted, to_text(asked.now)[:10], baseline)
    given = Given(
        now=asked.now,
        target=settings.general.target,
        thresholds=settings.general.thresholds,
    )
    outcome = await running.run(
        sources,
        wanted,
        given,
        book,
        keep=keeping,
        collectors=[NotingIgnores(), *collectors],
        progress=progress,
        for_hub=lambda hub: keeping.given(given, hub),
        settings=_identity(settings, baseline),
    )
    inline = InlineIgnores(book.notes(INLINE))
    book.suppress(inline.reason)
    if not outcome.can_go_on:
        book.save()
    remarks = [*asked.notes, *_of_ignores(keeping, outcome, book), *_of_inline(inline, outcome)]
    if asked.baseline is not None:
        remarks += _of_baseline(asked, baseline or Baseline(), book, outcome)
    remarks += _of_work(asked.work, outcome)
    can_resume = outcome.can_go_on and asked.work is not None and not outcome.is_stuck
    status = status_of(book, outcome, settings.fail_on, can_resume=can_resume)
    results = Results(
        version=__version__,
        sources=tuple(source.address for source in sources),
        rules=wanted,
        book=book,
        outcome=outcome,
        exit_status=status,
        fail_on=settings.fail_on,
        profile=settings.general.selection.profile,
        settings_file=settings.file,
        examples=asked.examples,
        showing=asked.showing,
        show_suppressed=asked.show_suppressed,
        remarks=tuple(remarks),
        anchor=settings.file or "durahub.toml",
        files={one.address: len(one.texts) for one in sources if isinstance(one, FolderSource)},
    )
    return results, outcome, given


def _baseline(asked: Asked) -> Baseline | None:
    if asked.baseline is None:
        return None
    if not asked.baseline.exists():
        if asked.update_baseline:
            return Baseline()
        raise BadBaseline(str(asked.baseline), "there is no such file")
    try:
        return read_baseline(read_text(asked.baseline), str(asked.baseline))
    except BadSettingsFile as error:
        raise BadBaseline(str(asked.baseline), error.problem) from None


def _judged(outcome: Outcome) -> frozenset[str]:
    """Return the codes of which it is known that nothing else was found: none if something was not read."""
    return frozenset() if outcome.unread else outcome.judged


def _identity(settings: Settings, baseline: Baseline | None) -> str:
    """Return what decides which findings there are, and which of them count."""
    told = [asdict(replace(settings, fail_on="", file=None, baseline=None)), list(baseline or ())]
    text = json.dumps(told, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)


def _of_work(work: Path | None, outcome: Outcome) -> Iterator[str]:
    """Yield what is to be said of the work file: what it was good for, what it will be."""
    if outcome.told_again is not None:
        began = to_text(outcome.told_again)
        yield f"nothing was read: {work} has the finished run that began at {began}; --fresh begins anew"
    if outcome.began_anew:
        yield f"the finished run in {work} could not read everything, so it was begun anew"
    if not outcome.can_go_on:
        return
    if work is None:
        yield "with --work FILE the run could go on later where it stopped"
    elif not outcome.is_stuck:
        yield f"the same command goes on where it stopped: {work} has what was found so far"
    elif any(isinstance(one.error, BudgetSpent) for one in outcome.unread):
        yield "--max-requests is too few for one step, so nothing new is kept: allow twice as many"
    else:
        yield "nothing new could be read; the same command tries again"


def _of_ignores(keeping: Keeping, outcome: Outcome, book: Book) -> list[str]:
    expired = [
        f"{one.origin}: expired on {one.until}, {one.rule} counts again" for one in keeping.expired
    ]
    unused = [
        f"{one.origin}: nothing of {one.rule} is there to ignore, remove the entry"
        for one in keeping.unused(_judged(outcome), book.reasons())
    ]
    return [*expired, *unused]


def _of_inline(inline: InlineIgnores, outcome: Outcome) -> list[str]:
    said = [
        f"{one.at}: says no reason, so {', '.join(one.codes)} is not ignored"
        for one in inline.without_reason
    ]
    judged = _judged(outcome)
    said += [
        f"{one.at}: nothing of {', '.join(one.codes)} is there to ignore"
        for one in inline.unused
        if judged.issuperset(one.codes)
    ]
    return said


def _of_baseline(asked: Asked, baseline: Baseline, book: Book, outcome: Outcome) -> list[str]:
    """Compare with the baseline, write it if that is wanted, and say what has changed."""
    assert asked.baseline is not None  # noqa: S101 (for the types)
    judged = _judged(outcome)
    change = compare(baseline, book.fingerprints(), judged)
    if not asked.update_baseline:
        return _fixed(change, asked.baseline)
    if outcome.unread:
        return [f"{asked.baseline} was left as it is: not everything could be read"]
    text = written(updated(baseline, book.fingerprints(), judged))
    write_whole(asked.baseline, [text.encode("utf-8")])
    gone = sum(change.fixed.values())
    return [f"{asked.baseline} was written: {change.new} added, {gone} removed"]


def _fixed(change: Change, file: Path) -> list[str]:
    if not change.fixed:
        return []
    said = ", ".join(f"{count} {code}" for code, count in change.fixed.items())
    return [f"{file}: fixed and no more needed: {said}; --update-baseline removes them"]


@asynccontextmanager
async def a_book(work: Path | None, *, fresh: bool = False) -> AsyncIterator[Book]:
    """Give a book for the body: *work*, to go on later, or one that is deleted. A *fresh* one is empty."""
    book = Book(str(work) if work is not None else "")
    try:
        if fresh:
            book.clear()
        yield book
    finally:
        book.close()
