"""The book of jobs: a SQLite file in the monitor's data folder. What a method wrote is on the disk."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from durahub.errors import BadRequest, FileUnavailable, WrongJobState
from durahub.model.json_text import loads
from durahub.model.ticks import Ticks
from durahub_migrate.acting.jobs.items import Item, State
from durahub_migrate.monitor.actions import (
    Command,
    Cost,
    JobRequest,
    JobState,
    JobView,
    Verb,
)

NAME = "jobs.sqlite"
LAST_FAILURES = 5
_VERSION = 1
_BUSY = 10.0  # seconds for another process that writes
_SCHEMA = """
CREATE TABLE job (
    number INTEGER PRIMARY KEY AUTOINCREMENT, hub TEXT NOT NULL, request TEXT NOT NULL, state TEXT NOT NULL,
    made INTEGER NOT NULL, by TEXT NOT NULL, via TEXT NOT NULL, cost TEXT, started INTEGER, ended INTEGER,
    problem TEXT, wanted TEXT, address TEXT
);
CREATE TABLE item (
    job INTEGER NOT NULL, seq INTEGER NOT NULL, id BLOB NOT NULL, status TEXT NOT NULL, execution TEXT,
    state TEXT NOT NULL, archived INTEGER, updated INTEGER, sentence TEXT, new_id TEXT,
    instances INTEGER NOT NULL DEFAULT 0, rows INTEGER NOT NULL DEFAULT 0, at INTEGER, PRIMARY KEY (job, seq)
) WITHOUT ROWID;
CREATE INDEX item_state ON item (job, state, seq);
CREATE TABLE part (
    job INTEGER NOT NULL, number INTEGER NOT NULL, folder TEXT NOT NULL, instances INTEGER NOT NULL,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
"""
_ITEM = (
    "seq, id, status, execution, state, archived, updated, sentence, new_id, instances, rows, at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as the book has it. *wanted* is what somebody asked of whoever runs it: pause or cancel.

    *address* is where its hub is, as it was typed.
    """

    number: int
    hub: str
    request: JobRequest
    state: JobState
    made: Ticks
    by: str
    via: str
    cost: Cost | None = None
    started: Ticks | None = None
    ended: Ticks | None = None
    problem: str | None = None
    wanted: str | None = None
    address: str | None = None


class JobBook:
    """The jobs in *folder*, which is made. Several processes may use it. Raises `FileUnavailable`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / NAME
        self._ended: dict[int, tuple[Job, JobView]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                self._file, timeout=_BUSY, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise FileUnavailable(str(self._file), str(error)) from None
        with self._told():
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._migrate()

    def _migrate(self) -> None:
        with self._transaction():
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise FileUnavailable(str(self._file), "a newer durahub has written it")
            if version == 0:
                for statement in filter(None, map(str.strip, _SCHEMA.split(";"))):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {_VERSION}")

    def close(self) -> None:
        """Close the file; calling it twice is fine."""
        self._db.close()

    # -- jobs ----------------------------------------------------------------------------------

    def make(
        self, request: JobRequest, made: Ticks, by: str, via: str, address: str | None = None
    ) -> Job:
        """Write a new job, which is still to be counted."""
        with self._transaction():
            number = self._db.execute(
                "INSERT INTO job (hub, request, state, made, by, via, address)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    request.command.hub,
                    json.dumps(_written(request)),
                    JobState.COUNTING.value,
                    made,
                    by,
                    via,
                    address,
                ),
            ).lastrowid
        assert number is not None  # noqa: S101 (for the types)
        return self.job(number)

    def job(self, number: int) -> Job:
        """Return a job. Raises `BadRequest` if there is none of that number."""
        with self._told():
            row = self._db.execute(f"{_JOBS} WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise BadRequest(f"there is no batch job {number}")
        return _job(row)

    def jobs(self) -> tuple[Job, ...]:
        """Return all jobs, the newest first."""
        with self._told():
            return tuple(map(_job, self._db.execute(f"{_JOBS} ORDER BY number DESC")))

    def set_state(
        self,
        number: int,
        state: JobState,
        *,
        before: Iterable[JobState] = (),
        problem: str | None = None,
        started: Ticks | None = None,
        ended: Ticks | None = None,
    ) -> Job:
        """Write a job's state, from one of *before* alone if there are any. Raises `WrongJobState`."""
        allowed = tuple(one.value for one in before)
        with self._transaction():
            job = self.job(number)
            if allowed and job.state.value not in allowed:
                wanted = f"it would have to be {' or '.join(allowed)}"
                raise WrongJobState(str(number), job.state.value, wanted)
            self._db.execute(
                "UPDATE job SET state = ?, problem = ?, wanted = NULL,"
                " started = coalesce(started, ?), ended = ? WHERE number = ?",
                (state.value, problem, started, ended, number),
            )
        return self.job(number)

    def want(self, number: int, wanted: str | None) -> None:
        """Ask whoever runs a job for something: ``pause`` or ``cancel``."""
        with self._transaction():
            self._db.execute("UPDATE job SET wanted = ? WHERE number = ?", (wanted, number))

    def set_cost(self, number: int, cost: Cost) -> None:
        """Write what a job was counted to do."""
        with self._transaction():
            self._db.execute(
                "UPDATE job SET cost = ? WHERE number = ?", (json.dumps(asdict(cost)), number)
            )

    def view(self, job: Job) -> JobView:
        """Return a job with its numbers, as it is shown; those of one that has ended are counted once."""
        known = self._ended.get(job.number)
        if known is not None and known[0] == job:
            return known[1]
        view = self._view(job)
        if job.ended is not None:
            self._ended[job.number] = (job, view)
        return view

    def _view(self, job: Job) -> JobView:
        counts = self.counts(job.number)
        with self._told():
            failures = self._db.execute(
                "SELECT id, sentence FROM item WHERE job = ? AND state IN ('failed', 'uncertain')"
                " ORDER BY seq DESC LIMIT ?",
                (job.number, LAST_FAILURES),
            ).fetchall()
        return JobView(
            number=str(job.number),
            request=job.request,
            state=job.state,
            made=job.made,
            by=job.by,
            cost=job.cost,
            total=sum(counts.values()),
            done=counts.get(State.DONE, 0),
            skipped=counts.get(State.SKIPPED, 0),
            failed=counts.get(State.FAILED, 0) + counts.get(State.UNCERTAIN, 0),
            started=job.started,
            ended=job.ended,
            problem=job.problem,
            last_failures=tuple(f"{_text(id_)}: {sentence}" for id_, sentence in failures),
        )

    # -- instances -----------------------------------------------------------------------------

    def put_items(self, number: int, items: Iterable[Item], *, anew: bool = False) -> None:
        """Write instances; *anew* those that were there go."""
        with self._transaction():
            if anew:
                self._db.execute("DELETE FROM item WHERE job = ?", (number,))
            self._db.executemany(
                f"INSERT INTO item (job, {_ITEM}) VALUES (?{', ?' * 12})",  # noqa: S608 (names and marks of ours)
                ((number, *_columns(one)) for one in items),
            )

    def write(self, number: int, item: Item) -> None:
        """Write an instance as it stands now."""
        self.write_all(number, (item,))

    def write_all(self, number: int, items: Iterable[Item]) -> None:
        """Write instances as they stand now, all or none."""
        with self._transaction():
            self._write(number, items)

    def _write(self, number: int, items: Iterable[Item]) -> None:
        self._db.executemany(
            "UPDATE item SET state = ?, archived = ?, updated = ?, sentence = ?, new_id = ?, instances = ?,"
            " rows = ?, at = ? WHERE job = ? AND seq = ?",
            (
                (
                    one.state.value,
                    one.archived,
                    one.updated,
                    one.sentence,
                    one.new_id,
                    one.instances,
                    one.rows,
                    one.at,
                    number,
                    one.seq,
                )
                for one in items
            ),
        )

    def items(
        self, number: int, *states: State, count: int | None = None, after: int = -1
    ) -> list[Item]:
        """Return instances in one of *states* (any if there are none), by number, behind *after*."""
        wanted = [one.value for one in states or tuple(State)]
        sql = (
            f"SELECT {_ITEM} FROM item WHERE job = ? AND seq > ? AND state IN"  # noqa: S608 (names and marks of ours)
            f" ({', '.join('?' * len(wanted))}) ORDER BY seq LIMIT ?"
        )
        values = (number, after, *wanted, -1 if count is None else count)
        with self._told():
            return [_item(row) for row in self._db.execute(sql, values)]

    def all_items(self, number: int, page: int = 1000) -> Iterator[Item]:
        """Yield all instances, a page at a time."""
        after = -1
        while found := self.items(number, count=page, after=after):
            yield from found
            after = found[-1].seq

    def counts(self, number: int) -> dict[State, int]:
        """Return how many instances are in which state."""
        sql = "SELECT state, count(*) FROM item WHERE job = ? GROUP BY state"
        with self._told():
            return {State(state): count for state, count in self._db.execute(sql, (number,))}

    def reasons(self, number: int) -> dict[str, int]:
        """Return why instances were skipped, and how many for each reason."""
        sql = (
            "SELECT sentence, count(*) FROM item WHERE job = ? AND state = 'skipped'"
            " GROUP BY sentence ORDER BY 2 DESC"
        )
        with self._told():
            return {str(why): count for why, count in self._db.execute(sql, (number,))}

    # -- archives ------------------------------------------------------------------------------

    def next_part(self, number: int) -> int:
        """Return the number of the next part of a job's archive."""
        sql = "SELECT coalesce(max(number), 0) + 1 FROM part WHERE job = ?"
        with self._told():
            return int(self._db.execute(sql, (number,)).fetchone()[0])

    def put_part(
        self, number: int, part: int, folder: str, instances: int, items: Iterable[Item]
    ) -> None:
        """Write that a part of the archive is complete, and that *items* are in it."""
        archived = [replace(one, archived=part) for one in items]
        with self._transaction():
            self._db.execute(
                "INSERT INTO part VALUES (?, ?, ?, ?)", (number, part, folder, instances)
            )
            self._write(number, archived)

    def parts(self, number: int) -> tuple[tuple[int, str, int], ...]:
        """Return the complete parts of a job's archive: number, folder, instances."""
        sql = "SELECT number, folder, instances FROM part WHERE job = ? ORDER BY number"
        with self._told():
            return tuple(self._db.execute(sql, (number,)))

    # -- the file ------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise FileUnavailable(str(self._file), str(error)) from None

    def __enter__(self) -> "JobBook":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_JOBS = (
    "SELECT number, hub, request, state, made, by, via, cost, started, ended, problem, wanted, address"
    " FROM job"
)


def _job(row: tuple[Any, ...]) -> Job:
    number, hub, request, state, made, by, via, cost, started, ended, problem, *rest = row
    return Job(
        number=number,
        hub=hub,
        request=_request(loads(request)),
        state=JobState(state),
        made=Ticks(made),
        by=by,
        via=via,
        cost=_cost(loads(cost)) if cost is not None else None,
        started=_time(started),
        ended=_time(ended),
        problem=problem,
        wanted=rest[0],
        address=rest[1],
    )


def _item(row: tuple[Any, ...]) -> Item:
    seq, id_, status, execution, state, archived, updated, sentence, new_id, *counts, at = row
    return Item(
        seq=seq,
        instance_id=_text(id_),
        status=status,
        execution_id=execution,
        state=State(state),
        archived=archived,
        updated=_time(updated),
        sentence=sentence,
        new_id=new_id,
        instances=counts[0],
        rows=counts[1],
        at=_time(at),
    )


def _columns(item: Item) -> tuple[object, ...]:
    return (
        item.seq,
        item.instance_id.encode("utf-8", "surrogatepass"),
        item.status,
        item.execution_id,
        item.state.value,
        item.archived,
        item.updated,
        item.sentence,
        item.new_id,
        item.instances,
        item.rows,
        item.at,
    )


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogatepass")


def _time(stored: int | None) -> Ticks | None:
    return Ticks(stored) if stored is not None else None


def _written(request: JobRequest) -> Mapping[str, Any]:
    asked = request.command
    return {
        "verb": asked.verb.value,
        "hub": asked.hub,
        "arguments": dict(asked.arguments),
        "reason": asked.reason,
        "query": request.query,
        "rate": request.rate,
        "archive": request.archive,
        "most": request.most,
        "dryRun": request.dry_run,
    }


def _request(found: Mapping[str, Any]) -> JobRequest:
    return JobRequest(
        command=Command(
            verb=Verb(found["verb"]),
            hub=found["hub"],
            arguments=found["arguments"],
            reason=found["reason"],
        ),
        query=found["query"],
        rate=found["rate"],
        archive=found["archive"],
        most=found["most"],
        dry_run=found["dryRun"],
    )


def _cost(found: Mapping[str, Any]) -> Cost:
    lists = ("reruns", "children", "examples")
    values: dict[str, Any] = {
        name: tuple(value) if name in lists else value for name, value in found.items()
    }
    return Cost(**values)
