"""How far a run is, kept in its book: a run that was stopped goes on where the book was last saved.

Whatever is found up to a position is saved together with it, in one transaction. So a run that dies at any
moment has lost what it found since, reads that again, and finds nothing twice.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from durahub import __version__
from durahub.errors import DurahubError, WorkFileUnusable, all_errors
from durahub.model.ticks import Ticks
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.collecting import Collector, Count, Note
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.unread import Unread
from durahub_migrate.lint.place import place_of, plain
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.sources.source import IdentifiedSource, Source
from durahub_migrate.lint.target import Given

_RUN, _POSITION, _DONE, _UNREAD, _READ = (
    f"durahub {name}" for name in ("run", "position", "done", "unread", "read")
)


@dataclass(frozen=True, slots=True)
class Identity:
    """What one run is: a work file belongs to one. *settings* are those that nobody else knows of."""

    version: str
    sources: str  # files count by what is in them
    rules: str
    settings: str
    collectors: str


def identity_of(
    sources: Sequence[Source],
    rules: Sequence[Rule[Any]],
    given: Given,
    collectors: Sequence[Collector],
    settings: str,
) -> Identity:
    """Return what tells a run from others."""
    addresses = [
        source.identity if isinstance(source, IdentifiedSource) else source.address
        for source in sources
    ]
    told = replace(given, now=Ticks(0), hub=None)
    return Identity(
        version=__version__,
        sources=json.dumps(addresses),
        rules=json.dumps(sorted(rule.code for rule in rules)),
        settings=json.dumps([_sorted(asdict(told)), settings]),
        collectors=json.dumps(sorted(type(one).__name__ for one in collectors)),
    )


def _sorted(value: Any) -> Any:
    """Return a value of settings in a form that is the same in every process."""
    match value:
        case Mapping():
            return {str(key): _sorted(one) for key, one in sorted(value.items(), key=str)}
        case frozenset() | set():
            return sorted(map(str, value))
        case list() | tuple():
            return [_sorted(one) for one in value]
        case int() | float() | str() | bool() | None:
            return value
    return str(value)


@dataclass(frozen=True, slots=True)
class ReadCounts:
    """What was read of one source, earlier runs that this one goes on from included.

    *instances* whose histories were left out, of a sample, are not among *histories*; *events* are those of
    histories.
    """

    facts: int = 0
    instances: int = 0
    histories: int = 0
    events: int = 0
    messages: int = 0
    blobs: int = 0
    rows: int = 0
    requests: int = 0


class Work:
    """The state of one run in its book."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.begins_anew = False
        """Whether there was a finished run that could not read everything; it is forgotten."""

    @property
    def is_finished(self) -> bool:
        """Whether everything was read and concluded."""
        return self._book.note(_RUN, "finished") is not None

    def begin(self, identity: Identity, now: Ticks) -> Ticks:
        """Begin a run, or go on with one; return when it began. Raises `WorkFileUnusable`.

        One that is finished and has gaps (no right to read the blobs, perhaps) begins anew: they may be
        closed by now, and most rules look at all that belongs to an instance together.
        """
        told = asdict(identity)
        known = {name: self._book.note(_RUN, name) for name in told}
        if known["version"] is not None:
            differs = [name for name, text in told.items() if known[name] != text]
            if differs:
                said = (
                    f"it belongs to a run with other {' and '.join(differs)}; --fresh begins anew"
                )
                raise WorkFileUnusable(self._book.path, said)
            self.begins_anew = self.is_finished and bool(self.unread())
            if not self.begins_anew:
                return Ticks(int(self._book.note(_RUN, "now") or now))
            self._book.clear()
        self._book.collect(Note(_RUN, name, text) for name, text in told.items())
        self._book.collect([Note(_RUN, "now", str(int(now)))])
        self._book.save()
        return now

    def position(self, source: Source) -> str | None:
        """Return up to where a source was read; ``None``: nothing of it."""
        return self._book.note(_POSITION, source.address)

    def reached(self, sources: Sequence[Source]) -> list[tuple[str | None, bool]]:
        """Return how far each source was read: two of these differ if there was progress."""
        return [(self.position(one), self.is_done(one)) for one in sources]

    def is_done(self, source: Source) -> bool:
        """Tell whether a source was read to its end."""
        return self._book.note(_DONE, source.address) is not None

    def is_hub(self, source: Source) -> bool:
        """Tell whether a source that was read to its end is a hub."""
        return bool(self._book.note(_DONE, source.address))

    def save(self, source: Source, position: str, read: Mapping[str, int]) -> None:
        """Save everything that was found up to *position*; *read* was since the last time."""
        self._count(source, read)
        self._book.collect([Note(_POSITION, source.address, position)])
        self._book.save()

    def mark(self) -> None:
        """Remember this moment: everything up to a position has been found."""
        self._book.mark()

    def stop(
        self,
        source: Source,
        position: str | None,
        read: Mapping[str, int],
        all_read: Mapping[str, int],
    ) -> None:
        """Save what was found up to *position*, the last one; the rest is forgotten, if it is found again.

        Without a work file nobody will go on, and all is kept.
        """
        if not self._book.path:
            self._count(source, all_read)
            return
        self._book.back_to_mark()
        if position is not None:
            self.save(source, position, read)

    def end(self, source: Source, read: Mapping[str, int], *, is_hub: bool) -> None:
        """Note that a source, or a hub, was read to its end."""
        self._count(source, read)
        self._book.collect([Note(_DONE, source.address, "a hub" if is_hub else "")])

    def keep(self) -> None:
        """Save everything up to now."""
        self._book.save()

    def finish(self) -> None:
        """Save what was concluded: the run is over."""
        self._book.collect([Note(_RUN, "finished", "")])
        self._book.save()

    def _count(self, source: Source, read: Mapping[str, int]) -> None:
        self._book.collect(Count(f"{_READ} {source.address}", name, n) for name, n in read.items())

    def read(self, source: Source) -> ReadCounts:
        """Return what was read of a source."""
        return ReadCounts(**dict(self._book.counted(f"{_READ} {source.address}")))

    # -- what could not be read ----------------------------------------------------------------

    def go_on(self, source: Source) -> None:
        """Forget what a run could not read of a source because it was stopped: that comes now."""
        for key, text in list(self._book.notes(_UNREAD)):
            found = json.loads(text)
            if found["can_go_on"] and found["place"]["source"] == source.address:
                self._book.forget(_UNREAD, key)

    def miss(self, unread: Unread) -> None:
        """Take note of what could not be read; once, also if it is met again."""
        key = f"{unread.place} {unread.need.name} {unread.error.code}"
        body = {
            "need": unread.need.name,
            "place": plain(unread.place),
            "code": unread.error.code,
            "sentence": unread.error.sentence,
            "can_go_on": unread.can_go_on,
        }
        self._book.collect([Note(_UNREAD, key, json.dumps(body))])

    def unread(self) -> tuple[Unread, ...]:
        """Return what could not be read."""
        return tuple(_unread(json.loads(text)) for _, text in self._book.notes(_UNREAD))


def _unread(body: dict[str, Any]) -> Unread:
    kind = all_errors()[body["code"]]
    error = kind.__new__(kind)
    DurahubError.__init__(error, body["sentence"])  # the sentence is made already
    return Unread(Need[body["need"]], place_of(body["place"]), error, body["can_go_on"])
