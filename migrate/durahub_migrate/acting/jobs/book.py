"""The book of jobs: a SQLite file in the monitor's data folder. What a method wrote is on the disk."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from durahub.errors import BadRequest, WrongJobState
from durahub.model.ticks import Ticks
from durahub_migrate.acting.jobs.book_file import BookFile
from durahub_migrate.acting.jobs.item_rows import ITEM, columns_of, item_of, text_of
from durahub_migrate.acting.jobs.items import Item, State
from durahub_migrate.acting.jobs.job_rows import JOBS, Job, job_of, written
from durahub_migrate.monitor.actions import Cost, JobRequest, JobState, JobView

LAST_FAILURES = 5


class JobBook:
    """The jobs in *folder*, which is made. Several processes may use it. Raises `FileUnavailable`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ended: dict[int, tuple[Job, JobView]] = {}
        self._file = BookFile(folder)
        self._db = self._file.db

    def close(self) -> None:
        """Close the file; calling it twice is fine."""
        self._file.close()

    def __enter__(self) -> "JobBook":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- jobs ----------------------------------------------------------------------------------

    def make(
        self, request: JobRequest, made: Ticks, by: str, via: str, address: str | None = None
    ) -> Job:
        """Write a new job, which is still to be counted."""
        with self._file.transaction():
            number = self._db.execute(
                "INSERT INTO job (hub, request, state, made, by, via, address)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    request.command.hub,
                    json.dumps(written(request)),
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
        with self._file.told():
            row = self._db.execute(f"{JOBS} WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise BadRequest(f"there is no batch job {number}")
        return job_of(row)

    def jobs(self) -> tuple[Job, ...]:
        """Return all jobs, the newest first."""
        with self._file.told():
            return tuple(map(job_of, self._db.execute(f"{JOBS} ORDER BY number DESC")))

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
        with self._file.transaction():
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
        with self._file.transaction():
            self._db.execute("UPDATE job SET wanted = ? WHERE number = ?", (wanted, number))

    def set_cost(self, number: int, cost: Cost) -> None:
        """Write what a job was counted to do."""
        with self._file.transaction():
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
        with self._file.told():
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
            last_failures=tuple(f"{text_of(id_)}: {sentence}" for id_, sentence in failures),
        )

    # -- instances -----------------------------------------------------------------------------

    def put_items(self, number: int, items: Iterable[Item], *, anew: bool = False) -> None:
        """Write instances; *anew* those that were there go."""
        with self._file.transaction():
            if anew:
                self._db.execute("DELETE FROM item WHERE job = ?", (number,))
            self._db.executemany(
                f"INSERT INTO item (job, {ITEM}) VALUES (?{', ?' * 12})",  # noqa: S608 (names and marks of ours)
                ((number, *columns_of(one)) for one in items),
            )

    def write(self, number: int, item: Item) -> None:
        """Write an instance as it stands now."""
        self.write_all(number, (item,))

    def write_all(self, number: int, items: Iterable[Item]) -> None:
        """Write instances as they stand now, all or none."""
        with self._file.transaction():
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
            f"SELECT {ITEM} FROM item WHERE job = ? AND seq > ? AND state IN"  # noqa: S608 (names and marks of ours)
            f" ({', '.join('?' * len(wanted))}) ORDER BY seq LIMIT ?"
        )
        values = (number, after, *wanted, -1 if count is None else count)
        with self._file.told():
            return [item_of(row) for row in self._db.execute(sql, values)]

    def all_items(self, number: int, page: int = 1000) -> Iterator[Item]:
        """Yield all instances, a page at a time."""
        after = -1
        while found := self.items(number, count=page, after=after):
            yield from found
            after = found[-1].seq

    def counts(self, number: int) -> dict[State, int]:
        """Return how many instances are in which state."""
        sql = "SELECT state, count(*) FROM item WHERE job = ? GROUP BY state"
        with self._file.told():
            return {State(state): count for state, count in self._db.execute(sql, (number,))}

    def reasons(self, number: int) -> dict[str, int]:
        """Return why instances were skipped, and how many for each reason."""
        sql = (
            "SELECT sentence, count(*) FROM item WHERE job = ? AND state = 'skipped'"
            " GROUP BY sentence ORDER BY 2 DESC"
        )
        with self._file.told():
            return {str(why): count for why, count in self._db.execute(sql, (number,))}

    # -- archives ------------------------------------------------------------------------------

    def next_part(self, number: int) -> int:
        """Return the number of the next part of a job's archive."""
        sql = "SELECT coalesce(max(number), 0) + 1 FROM part WHERE job = ?"
        with self._file.told():
            return int(self._db.execute(sql, (number,)).fetchone()[0])

    def put_part(
        self, number: int, part: int, folder: str, instances: int, items: Iterable[Item]
    ) -> None:
        """Write that a part of the archive is complete, and that *items* are in it."""
        archived = [replace(one, archived=part) for one in items]
        with self._file.transaction():
            self._db.execute(
                "INSERT INTO part VALUES (?, ?, ?, ?)", (number, part, folder, instances)
            )
            self._write(number, archived)

    def parts(self, number: int) -> tuple[tuple[int, str, int], ...]:
        """Return the complete parts of a job's archive: number, folder, instances."""
        sql = "SELECT number, folder, instances FROM part WHERE job = ? ORDER BY number"
        with self._file.told():
            return tuple(self._db.execute(sql, (number,)))
