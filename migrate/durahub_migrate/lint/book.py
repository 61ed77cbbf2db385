"""What a run has found so far, in a SQLite file: findings, observations, sums. Memory stays flat."""

import contextlib
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from durahub.errors import WorkFileUnusable
from durahub.scheduler.columns import from_text, to_text
from durahub_migrate.lint.collecting import Collected, Count, Largest, Most
from durahub_migrate.lint.finding import Edit, Finding, Fix, Severity
from durahub_migrate.lint.place import PlaceKind, place_of, plain
from durahub_migrate.lint.rule import Observation

KEPT = 20  # of the largest of a table

BUSY_SECONDS = 0.5
APPLICATION_ID = 0x4448554C
"""``PRAGMA application_id`` of a work file: the letters DHUL."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS finding (
    code TEXT, severity TEXT, source TEXT, in_file INTEGER, place TEXT, suppressed TEXT,
    fingerprint TEXT, body TEXT
);
CREATE INDEX IF NOT EXISTS finding_code ON finding (code, source, place);
CREATE TABLE IF NOT EXISTS observation (code TEXT, grp TEXT, value TEXT, place TEXT);
CREATE TABLE IF NOT EXISTS amount (tbl TEXT, key TEXT, amount INTEGER, PRIMARY KEY (tbl, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS note (tbl TEXT, key TEXT, text TEXT, PRIMARY KEY (tbl, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS largest (
    tbl TEXT, score INTEGER, key TEXT, text TEXT, PRIMARY KEY (tbl, score, key)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings of one rule and severity there are in one source; *in_file* ones have lines."""

    code: str
    source: str
    in_file: bool
    severity: Severity
    suppressed: bool
    count: int


class Book:
    """The notes of one run. *path* is a file, or ``""`` for one that is deleted with the book."""

    def __init__(self, path: str = "") -> None:
        """Open it. Raises `WorkFileUnusable`, also if another process has the file.

        So does whatever it does later, if there is no more room, or the file is not as it was left.
        """
        self.path = path
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
        except sqlite3.Error as error:  # no such folder, no right to
            raise self._unusable(error) from None
        try:
            _make_ours(self._db, is_file=bool(path))
        except sqlite3.Error as error:
            self._db.close()
            raise self._unusable(error) from None
        except WorkFileUnusable:
            self._db.close()
            raise
        self._db.row_factory = _row
        self._added: Counter[str] = Counter()  # to the largest of each table
        self._least: dict[str, int] = {}  # score that is among the largest of a full table
        self._begin()

    def close(self) -> None:
        """Close the file; what was not saved is gone."""
        with contextlib.suppress(sqlite3.Error):  # the disk is full, which was said already
            self._db.close()

    # -- what is saved -------------------------------------------------------------------------

    def save(self) -> None:
        """Make everything up to now last, also if the process dies."""
        self._do("COMMIT")
        self._begin()

    def mark(self) -> None:
        """Set the mark here, to which `back_to_mark` returns; a book that is deleted has none."""
        if not self.path:
            return
        self._do("RELEASE mark")
        self._do("SAVEPOINT mark")

    def back_to_mark(self) -> None:
        """Forget everything since the mark was set, or since it was saved. Only for a book with a *path*."""
        if not self.path:
            raise RuntimeError("a book that is deleted with the run is never gone back in")
        self._do("ROLLBACK TO mark")
        self._added.clear()
        self._least.clear()

    def clear(self) -> None:
        """Forget everything."""
        for table in ("finding", "observation", "amount", "note", "largest"):
            self._do(f"DELETE FROM {table}")  # noqa: S608 (names and marks of ours)
        self._added.clear()
        self._least.clear()
        self.save()

    def _begin(self) -> None:
        self._do("BEGIN")
        if self.path:
            self._do("SAVEPOINT mark")

    def _do(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Execute *sql*; a text may hold halves of surrogate pairs. Raises `WorkFileUnusable`."""
        stored = [from_text(one) if isinstance(one, str) else one for one in values]
        try:
            return self._db.execute(sql, stored)
        except sqlite3.Error as error:  # no room, or somebody else has changed the file
            raise self._unusable(error) from None

    def _read(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """Yield the rows of *sql*. Raises `WorkFileUnusable`."""
        rows = self._do(sql, values)
        try:
            for row in rows:  # noqa: UP028 (yield from would close them, perhaps after the book)
                yield row
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def _unusable(self, error: sqlite3.Error) -> WorkFileUnusable:
        return WorkFileUnusable(self.path or "in the folder for temporary files", str(error))

    # -- findings ------------------------------------------------------------------------------

    def add(self, finding: Finding) -> None:
        """Remember a finding, one that is suppressed too."""
        place = finding.place
        self._do(
            "INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                finding.code,
                finding.severity.value,
                place.source,
                place.kind is PlaceKind.FILE,
                str(place),
                finding.suppressed,
                finding.fingerprint,
                _written(finding),
            ),
        )

    def findings(
        self,
        code: str | None = None,
        most: int = -1,
        *,
        source: str | None = None,
        severity: Severity | None = None,
        suppressed: bool = False,
    ) -> Iterator[Finding]:
        """Yield findings by code and place: those that count, or those that are *suppressed*.

        With *code*, *source*, *severity* only these; *most* of them at most.
        """
        wanted = {"code": code, "source": source, "severity": severity and severity.value}
        asked = {name: value for name, value in wanted.items() if value is not None}
        where = "".join(f" AND {name} = ?" for name in asked)
        sql = (
            f"SELECT body FROM finding WHERE suppressed IS {'NOT ' if suppressed else ''}NULL{where} "  # noqa: S608 (names and marks of ours)
            "ORDER BY code, source, place, rowid LIMIT ?"
        )
        for (body,) in self._read(sql, [*asked.values(), most]):
            yield _finding(body)

    def suppress(self, reason_of: Callable[[Finding], str | None]) -> None:
        """Suppress findings in files that *reason_of*, which is shown all of them, has a reason for."""
        sql = "SELECT rowid, body FROM finding WHERE in_file"
        for row, body in list(self._read(sql)):
            finding = _finding(body)
            reason = reason_of(finding)
            if reason is not None and finding.suppressed is None:
                self._do(
                    "UPDATE finding SET suppressed = ?, body = ? WHERE rowid = ?",
                    (reason, _written(replace(finding, suppressed=reason)), row),
                )

    def reasons(self) -> frozenset[str]:
        """Return the reasons for which findings are suppressed."""
        sql = "SELECT DISTINCT suppressed FROM finding WHERE suppressed IS NOT NULL"
        return frozenset(reason for (reason,) in self._read(sql))

    def counts(self, *, suppressed: bool = False) -> Mapping[tuple[str, Severity], int]:
        """Return by code and severity how many findings count, or how many are *suppressed*."""
        found: dict[tuple[str, Severity], int] = {}
        for tally in self.tallies():
            if tally.suppressed is suppressed:
                key = (tally.code, tally.severity)
                found[key] = found.get(key, 0) + tally.count
        return found

    def tallies(self) -> list[Tally]:
        """Return how many findings there are of each kind, the worst severity first, then by code."""
        rows = self._read(
            "SELECT code, source, in_file, severity, suppressed IS NOT NULL, count(*) "
            "FROM finding GROUP BY 1, 2, 3, 4, 5"
        )
        found = [
            Tally(code, source, bool(in_file), Severity(severity), bool(suppressed), count)
            for code, source, in_file, severity, suppressed, count in rows
        ]
        return sorted(found, key=lambda one: (one.severity.rank, one.code, one.source))

    def fingerprints(self) -> Iterator[tuple[str, str, int]]:
        """Yield code, fingerprint and number of all findings, in this order, suppressed ones too."""
        yield from self._read(
            "SELECT code, fingerprint, count(*) FROM finding GROUP BY 1, 2 ORDER BY 1, 2"
        )

    def observe(self, code: str, observation: Observation) -> None:
        """Remember an observation of a joining rule."""
        self._do(
            "INSERT INTO observation VALUES (?, ?, ?, ?)",
            (code, observation.group, observation.value, json.dumps(plain(observation.place))),
        )

    def observed(self, code: str) -> Iterator[Observation]:
        """Yield the observations of a rule by group and value."""
        sql = "SELECT grp, value, place FROM observation WHERE code = ? ORDER BY grp, value"
        for group, value, place in self._read(sql, [code]):
            yield Observation(group, value, place_of(json.loads(place)))

    def collect(self, found: Iterable[Collected]) -> None:
        """Add to sums, to the most, to the largest, to notes."""
        for one in found:
            if isinstance(one, Largest):
                self._collect_largest(one)
            elif isinstance(one, Count):
                self._do(f"{_INTO_AMOUNT} amount + excluded.amount", _amount(one))
            elif isinstance(one, Most):
                self._do(f"{_INTO_AMOUNT} max(amount, excluded.amount)", _amount(one))
            else:
                self._do(
                    "INSERT OR REPLACE INTO note VALUES (?, ?, ?)", (one.table, one.key, one.text)
                )

    def _collect_largest(self, one: Largest) -> None:
        """Keep what may be among the largest: a table never has many more rows than are shown."""
        if one.score < self._least.get(one.table, one.score):
            return
        values = (one.table, one.score, one.key, one.text)
        self._do("INSERT OR REPLACE INTO largest VALUES (?, ?, ?, ?)", values)
        self._added[one.table] += 1
        if self._added[one.table] % (2 * KEPT) == 0:
            kept = self.largest(one.table)
            if len(kept) == KEPT:
                last = kept[-1]
                self._least[one.table] = last.score
                self._do(
                    "DELETE FROM largest WHERE tbl = ? AND (score < ? OR (score = ? AND key > ?))",
                    (one.table, last.score, last.score, last.key),
                )

    def note(self, table: str, key: str) -> str | None:
        """Return the note of a key, ``None`` if there is none."""
        sql = "SELECT text FROM note WHERE tbl = ? AND key = ?"
        found = next(self._read(sql, [table, key]), None)
        return None if found is None else str(found[0])

    def forget(self, table: str, key: str) -> None:
        """Forget the note of a key."""
        self._do("DELETE FROM note WHERE tbl = ? AND key = ?", [table, key])

    def notes(self, table: str) -> Iterator[tuple[str, str]]:
        """Yield the notes of a table by key."""
        yield from self._read("SELECT key, text FROM note WHERE tbl = ? ORDER BY key", [table])

    def counted(self, table: str) -> Iterator[tuple[str, int]]:
        """Yield the sums, or the greatest amounts, of a table by key."""
        yield from self._read("SELECT key, amount FROM amount WHERE tbl = ? ORDER BY key", [table])

    def largest(self, table: str) -> list[Largest]:
        """Return the largest of a table, the largest first."""
        sql = "SELECT tbl, score, key, text FROM largest WHERE tbl = ? ORDER BY score DESC, key LIMIT ?"
        return [Largest(*row) for row in self._read(sql, [table, KEPT])]


def _make_ours(db: sqlite3.Connection, *, is_file: bool) -> None:
    """Make the tables, and have the file for this connection alone.

    Raises `WorkFileUnusable` and ``sqlite3.Error``.
    """
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION_ID:
        (_, _, file) = db.execute("PRAGMA database_list").fetchone()
        raise WorkFileUnusable(str(file), "it is a database of another program")
    if is_file:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")  # a process that dies loses nothing
    else:
        # nobody goes back in it; a journal in memory would grow with the hub
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
    db.execute("BEGIN IMMEDIATE")  # waits for nobody: another run has it
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute("COMMIT")
    db.executescript(_SCHEMA)


def _row(_: sqlite3.Cursor, row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([to_text(one) if isinstance(one, bytes) else one for one in row])


_INTO_AMOUNT = "INSERT INTO amount VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET amount ="


def _amount(one: Count | Most) -> tuple[str, str, int]:
    return one.table, one.key, one.amount


def _written(finding: Finding) -> str:
    # written out: dataclasses.asdict takes ten times as long, and there may be a finding for each instance
    return json.dumps(
        {
            "code": finding.code,
            "severity": finding.severity.value,
            "place": plain(finding.place),
            "detail": finding.detail,
            "head": finding.head,
            "private": finding.private,
            "discriminator": finding.discriminator,
            "fix": asdict(finding.fix) if finding.fix is not None else None,
            "suppressed": finding.suppressed,
        }
    )


def _finding(text: str) -> Finding:
    body = json.loads(text)
    fix = body.pop("fix")
    severity, place = Severity(body.pop("severity")), place_of(body.pop("place"))
    if fix is not None:
        fix = Fix(**{**fix, "edits": tuple(Edit(**edit) for edit in fix["edits"])})
    return Finding(**body, severity=severity, place=place, fix=fix)
