"""A recorded hub, loaded into storage and linted there as the command does it, a day after it was recorded.

Names are those of the recording: of the hub, and of its messages, which storage gives new ones.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from durahub.model.ticks import Ticks, later, parse
from durahub_migrate.cli.lint_run import Asked, lint
from durahub_migrate.cli.lint_settings import read_settings
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.examples import a_hub
from durahub_migrate.lint.facts.hubs import BlobFacts, MessageFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.keeping import known_codes
from durahub_migrate.lint.reporting.sentences import not_evaluated
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.sources.source import Read, Source
from durahub_migrate.lint.unimplemented import UNIMPLEMENTED
from tests.golden.loading import load
from tests.golden.recorded import FOLDER, RecordedHub
from tests.lint.cli.hubs import InMemory
from tests.lint.sources.reading_sources import classic_source

DAY = 86_400  # seconds
HIDDEN = 600  # seconds for which what was not due after a day stays invisible: longer than a test

PROFILES = ("recommended", "migrate", "strict")


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said with one profile: the findings, sentences on rules not evaluated, and whatever else."""

    findings: tuple[Finding, ...]
    not_evaluated: tuple[str, ...]
    problems: tuple[str, ...]


def asked(hub: RecordedHub, profile: str) -> dict[str, Any]:
    """Return what the user says with a profile.

    That is nothing, or where most apps go, or the most that can be said of a hub that was stopped and goes
    to another language; the app there has everything that was recorded.
    """
    match profile:
        case "migrate":
            return {"target.sdk": "dotnet", "target.sku": "dedicated"}
        case "strict":
            return {
                "target.sdk": "python",
                "target.sku": "consumption",
                "target.strategy": "b2",
                "target.frozen": True,
                "target.offload": True,
                "target.export-every-days": 1,
                "target.actions-per-second": 100,
                "target.names": sorted(_names(hub)),
            }
    return {}


def _names(hub: RecordedHub) -> set[str]:
    """Return the names of orchestrators, entities and activities; an entity's is ``@name@key``."""
    activities = {row["Name"] for row in hub.history if row.get("EventType") == "TaskScheduled"}
    instances = (str(one["name"]) for one in hub.expected.values())
    return activities | {name.split("@")[1] if "@" in name else name for name in instances}


def day_after(hub: RecordedHub) -> Ticks:
    """Return the time a day after a hub was recorded."""
    return later(taken(hub), DAY)


def taken(hub: RecordedHub) -> Ticks:
    """Return when a hub was recorded."""
    dump = json.loads((FOLDER / hub.name / "hub" / "dump.json").read_bytes())
    return parse(dump["takenAt"])


@dataclass
class Remembered:
    """A source that is read once and then remembered: every profile is about the same facts.

    Its blobs and messages are as old as the recording, not as the test that loaded them.
    """

    source: Source
    written: Ticks
    reads: list[Read] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.source.address

    @property
    def provides(self) -> frozenset[Need]:
        return self.source.provides

    async def count(self) -> int | None:
        return None

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        if not self.reads:
            self.reads = [self._dated(one) async for one in self.source.facts(after)]
        for one in self.reads:
            yield one

    def _dated(self, read: Read) -> Read:
        if isinstance(read.fact, BlobFacts):
            return replace(read, fact=replace(read.fact, changed=self.written))
        if isinstance(read.fact, MessageFacts):
            return replace(read, fact=replace(read.fact, inserted=self.written))
        return read


async def findings_by_profile(
    hub: RecordedHub, connection_string: str, name: str
) -> dict[str, Judged]:
    """Load a hub as *name*, and return what is said of it with each profile."""
    ids = await load(hub, connection_string, name, hidden=HIDDEN, age=DAY)
    live = classic_source(connection_string, name, clock=lambda: day_after(hub))
    source = Remembered(live, later(taken(hub), -60))
    rename = _as_recorded(hub, name, ids)
    found = {profile: await judged(hub, source, profile) for profile in PROFILES}
    return {
        profile: replace(one, findings=_renamed(one.findings, rename))
        for profile, one in found.items()
    }


async def sentences_without_storage(hub: RecordedHub) -> dict[str, Judged]:
    """Return what is said of rules that a live hub has no evidence for; nothing else is said."""
    live = classic_source("UseDevelopmentStorage=true", hub.names.hub)
    source = InMemory([a_hub()], provides=live.provides)
    return {profile: await judged(hub, source, profile) for profile in PROFILES}


async def judged(hub: RecordedHub, source: Source, profile: str) -> Judged:
    """Lint as ``durahub lint --each`` does."""
    told = {"profile": profile, **asked(hub, profile)}
    settings = read_settings(None, told, known_codes(RULES, UNIMPLEMENTED))
    book = Book()
    try:
        run = Asked(settings=settings, now=day_after(hub), examples=-1)
        results, outcome, _ = await lint(run, [source], RULES, book)
        unread = (str(one.error) for one in outcome.unread)
        return Judged(
            tuple(told.finding for told in results.told()),
            tuple(not_evaluated(results)),
            (*unread, *results.remarks),
        )
    finally:
        book.close()


def _as_recorded(hub: RecordedHub, name: str, ids: Mapping[str, str]) -> Callable[[str], str]:
    """Return what gives a text the names that the recording has, of the hub *name* with messages *ids*."""
    recorded = hub.names.hub
    others = {name: recorded, name.lower(): recorded.lower(), **ids}
    if hub.names.tracking_prefix is not None:
        others[f"{name}Track"] = hub.names.tracking_prefix
    longest_first = sorted(others, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return lambda text: pattern.sub(lambda found: others[found[0]], text)


def _renamed(findings: Iterable[Finding], rename: Callable[[str], str]) -> tuple[Finding, ...]:
    return tuple(
        replace(
            one,
            place=replace(one.place, key=rename(one.place.key), part=rename(one.place.part)),
            detail=rename(one.detail),
            head=None if one.head is None else rename(one.head),
            discriminator=rename(one.discriminator),
        )
        for one in findings
    )
