"""Runs a job: one instance after the other, at its rate, each looked at right before it is acted on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential

from durahub.dispatch.clock import Clock
from durahub.errors import (
    DurahubError,
    EndpointBusy,
    EndpointLacks,
    FileUnavailable,
    HubNotFound,
    InstanceNotFound,
    NotOffered,
    Refused,
    StorageDenied,
    Unavailable,
)
from durahub.stored import NotRead
from durahub_migrate.acting.actor import JobActor
from durahub_migrate.acting.audit import Audit, Who, entry_of, outcome
from durahub_migrate.acting.jobs.archiving import Part, discard, free_folder
from durahub_migrate.acting.jobs.book import JobBook
from durahub_migrate.acting.jobs.counting import of_item, told
from durahub_migrate.acting.jobs.items import (
    PURGES,
    REPEATABLE,
    Item,
    State,
    changed,
    was_done,
    why_not,
)
from durahub_migrate.acting.jobs.job_rows import Job
from durahub_migrate.applying.journal import StopRequested
from durahub_migrate.monitor.access import AuditEntry
from durahub_migrate.monitor.actions import Command, Done, JobState, Verb
from durahub_migrate.monitor.row import Row
from durahub_migrate.moving.pace import Pace

_Answer = TypeVar("_Answer")

PART = 50
"""Instances of a part of an archive."""
TRIES = 5
"""Attempts to reach a store that does not answer, before a job pauses."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between them

_ENDS = (HubNotFound, NotOffered, EndpointLacks)  # no further instance would fare better


class Stopped(Exception):
    """The job cannot go on for now; why is told."""

    def __init__(self, state: JobState, problem: str) -> None:
        super().__init__(problem)
        self.state = state


@dataclass(slots=True)
class Runner:
    """Runs one job, which is this process's alone. *wanted* tells what was asked: ``pause`` or ``cancel``."""

    book: JobBook
    job: Job
    actor: JobActor
    audit: Audit
    clock: Clock
    pace: Pace
    sleep: Callable[[float], Awaitable[None]]
    wanted: Callable[[], str | None]
    on_change: Callable[[], object] = bool
    _trees: dict[int, tuple[Row, ...]] = field(default_factory=dict)
    """Of each instance that is archived with its children: those, the lowest first."""
    _gone: set[str] = field(default_factory=set)
    """Children that were deleted with what was above them."""

    @property
    def _command(self) -> Command:
        return self.job.request.command

    @property
    def _verb(self) -> Verb:
        return self._command.verb

    @property
    def _archive(self) -> Path | None:
        archive = self.job.request.archive
        return Path(archive) if archive and self._verb in PURGES else None

    @property
    def _is_recursive(self) -> bool:
        return self._verb is Verb.PURGE and bool(self._command.arguments.get("recursive"))

    async def run(self) -> tuple[JobState, str | None]:
        """Go on where the job stands; return its state then, and what keeps it from going on."""
        try:
            await self._take_up()
            while items := self.book.items(self.job.number, State.WAITING, count=PART):
                ready = items
                if self._archive is not None:
                    ready = [one for one in items if one.archived is not None]
                    if not ready:
                        await self._write_part(items, self._archive)
                        continue
                for item in ready:
                    self._check_wanted()
                    await self._act(item)
                    self.on_change()
        except Stopped as stopped:
            return stopped.state, str(stopped) or None
        except (
            FileUnavailable
        ) as error:  # the book: what it does not have is settled at the next start
            return JobState.PAUSED, str(error)
        return JobState.DONE, None

    def _check_wanted(self) -> None:
        match self.wanted():
            case "cancel":
                raise Stopped(JobState.CANCELED, "")
            case "pause":
                raise Stopped(JobState.PAUSED, "")

    async def _take(self) -> None:
        """Wait for the next instance's turn."""
        try:
            await self.pace.take()
        except StopRequested:
            self._check_wanted()
            raise Stopped(JobState.PAUSED, "") from None

    # -- what a crash has left -----------------------------------------------------------------

    async def _take_up(self) -> None:
        """Settle what was being done when the process before died."""
        for item in self.book.items(self.job.number, State.TRIED):
            if self._verb not in REPEATABLE:
                sentence = (
                    "it was being done when the job was killed: look at it, it is not repeated"
                )
                self._write(item, State.UNCERTAIN, sentence)
                continue
            row = await self._look(item)
            if was_done(self._verb, row):
                self._write(item, State.DONE, "it was done when the job was killed")
            else:
                self.book.write(self.job.number, replace(item, state=State.WAITING))
        if self._archive is not None and self._is_recursive:
            # which children each was archived with was known to the process before alone
            waiting = self.book.items(self.job.number, State.WAITING)
            archived = [replace(one, archived=None) for one in waiting if one.archived is not None]
            self.book.write_all(self.job.number, archived)

    # -- acting --------------------------------------------------------------------------------

    async def _act(self, item: Item) -> None:
        await self._take()
        row = await self._look(item)
        why = self._why_skipped(item, row)
        if why is not None:
            state = State.DONE if item.instance_id in self._gone else State.SKIPPED
            self._write(item, state, why)
            return
        command = of_item(self._command, item)
        entry = entry_of(command, self._who, self.clock)
        self._audited(entry)
        self.book.write(self.job.number, replace(item, state=State.TRIED, at=self.clock()))
        done, error = await self._tried(command, item)
        stopped = self._note(item, done, error)
        self._audited(outcome(entry, self.clock, done, error))
        if stopped is not None:
            raise stopped from error

    async def _tried(self, command: Command, item: Item) -> tuple[Done | None, Exception | None]:
        try:
            return await self._do(command, item), None
        except Exception as error:
            return None, error

    def _audited(self, entry: AuditEntry) -> None:
        """Note an entry; what cannot be noted is not gone on with."""
        try:
            self.audit.note(entry)
        except FileUnavailable as error:
            raise Stopped(JobState.PAUSED, str(error)) from None

    @property
    def _who(self) -> Who:
        return Who(self.job.by, self.job.via, job=str(self.job.number))

    def _why_skipped(self, item: Item, row: Row | None) -> str | None:
        if row is None and item.instance_id in self._gone:
            return "it was deleted with its parent"
        why = changed(item, row)
        if why is not None or row is None:
            return why
        if item.archived is not None and item.updated != row.updated:
            return "it has changed since it was archived"
        return why_not(row, self._command, self.actor.offers)

    async def _do(self, command: Command, item: Item) -> Done:
        """Do it; what may be done twice is tried again where the store does not answer."""
        tree = self._trees.pop(item.seq, None)
        if tree is not None:
            return await self._purge_tree(command, tree)
        if self._verb not in REPEATABLE:
            return await self.actor.do(command)
        async for attempt in self._retrying():
            with attempt:
                try:
                    return await self.actor.do(command)
                except InstanceNotFound:
                    if attempt.retry_state.attempt_number == 1 or self._verb not in PURGES:
                        raise
                    return Done(verb=self._verb, target=command.target, sentence="it is deleted")
        raise AssertionError("the last attempt raises")

    async def _purge_tree(self, command: Command, tree: tuple[Row, ...]) -> Done:
        """Purge children and then the instance, each by itself: no child that is not archived goes."""
        alone = replace(command, arguments={})
        instances = rows = 0
        for archived in tree:
            now = await self._again(partial(self.actor.look, archived.instance_id))
            if now is None or (now.execution_id, now.updated) != (
                archived.execution_id,
                archived.updated,
            ):
                continue  # it runs again, or was deleted: neither is ours to delete
            done = await self._again(partial(self._gone_or_purged, alone, archived.instance_id))
            instances, rows = instances + done.instances, rows + done.rows
            self._gone.add(archived.instance_id)
        done = await self._again(partial(self._gone_or_purged, alone, command.target))
        instances, rows = instances + done.instances, rows + done.rows
        told_of = f"{instances} deleted, with {rows} rows"
        return replace(done, instances=instances, rows=rows, sentence=told_of)

    async def _gone_or_purged(self, command: Command, instance_id: str) -> Done:
        try:
            return await self.actor.do(replace(command, target=instance_id))
        except InstanceNotFound:
            return Done(verb=self._verb, target=instance_id, sentence="it is deleted")

    def _note(self, item: Item, done: Done | None, error: Exception | None) -> Stopped | None:
        """Write what became of an instance; return why the job cannot go on, ``None`` if it can."""
        if done is not None:
            self._write(item, State.DONE, done.sentence, done)
            return None
        assert error is not None  # noqa: S101 (for the types)
        sentence = told(error)
        match error:
            case Stopped():  # between two deletions of a tree, which is archived anew
                unarchived = replace(item, state=State.WAITING, archived=None)
                self.book.write(self.job.number, unarchived)
                return error
            case HubNotFound() | NotOffered() | EndpointLacks():
                self._write(item, State.FAILED, sentence)
                return Stopped(JobState.FAILED, sentence)
            case InstanceNotFound():
                self._write(item, State.SKIPPED, "it is gone")
            case Refused():
                self._write(item, State.SKIPPED, sentence)
            case Unavailable():
                if self._verb in REPEATABLE or isinstance(error, EndpointBusy | StorageDenied):
                    self.book.write(self.job.number, replace(item, state=State.WAITING))
                else:
                    self._write(
                        item, State.UNCERTAIN, f"nobody knows whether it was done: {sentence}"
                    )
                return Stopped(JobState.PAUSED, sentence)
            case DurahubError():
                self._write(item, State.FAILED, sentence)
            case _:
                state = State.FAILED if self._verb in REPEATABLE else State.UNCERTAIN
                self._write(item, state, f"unexpected: {sentence}")
                return Stopped(JobState.FAILED, f"unexpected: {sentence}")
        return None

    def _write(
        self, item: Item, state: State, sentence: str | None, done: Done | None = None
    ) -> None:
        self.book.write(
            self.job.number,
            replace(
                item,
                state=state,
                sentence=sentence,
                at=self.clock(),
                new_id=done.instance_id if done is not None else None,
                instances=done.instances if done is not None else 0,
                rows=done.rows if done is not None else 0,
            ),
        )

    # -- archiving -----------------------------------------------------------------------------

    async def _write_part(self, items: list[Item], archive: Path) -> None:
        """Have *items* in a bundle and on the disk; those that cannot be read are not deleted."""
        number = self.book.next_part(self.job.number)
        folder = free_folder(archive, self.actor.name, self.job.number, number)
        archived: list[Item] = []
        try:
            with Part(folder, self.actor, self.job.number, self.clock) as part:
                added: set[str] = set()
                for item in items:
                    self._check_wanted()
                    await self._take()
                    found = await self._archive_one(item, part, added)
                    if found is not None:
                        archived.append(found)
                if part.instances:
                    part.finish()
        except FileUnavailable as error:
            raise Stopped(JobState.PAUSED, f"nothing was deleted: {error}") from None
        if part.instances:
            self.book.put_part(self.job.number, number, str(folder), part.instances, archived)
        else:
            discard(folder)
        self.on_change()

    async def _archive_one(self, item: Item, part: Part, added: set[str]) -> Item | None:
        """Add an instance, and what goes with it; ``None`` if it is not to be deleted."""
        row = await self._look(item)
        why = self._why_skipped(replace(item, archived=None), row)
        if why is not None or row is None:
            state = State.DONE if item.instance_id in self._gone else State.SKIPPED
            self._write(item, state, why)
            return None
        tree: list[Row] = []
        if self._is_recursive:
            asked = of_item(self._command, item)
            cost = await self._again(partial(self.actor.cost, asked))
            for child in reversed(cost.children):
                below = await self._again(partial(self.actor.look, child))
                if below is not None and below.is_ended:
                    tree.append(below)
        for one in (*tree, row):
            if one.instance_id in added:
                continue
            whole = await self._again(partial(self.actor.whole, one.instance_id))
            if isinstance(whole, NotRead):
                self._write(item, State.FAILED, f"it cannot be archived: {whole.error}")
                return None
            if whole is None or (whole.execution_id, whole.last_updated) != (
                one.execution_id,
                one.updated,
            ):
                self._write(item, State.SKIPPED, "it has changed while it was archived")
                return None
            part.add(whole)
            added.add(one.instance_id)
        if self._is_recursive:
            self._trees[item.seq] = tuple(tree)
        return replace(item, updated=row.updated)

    # -- the store -----------------------------------------------------------------------------

    async def _look(self, item: Item) -> Row | None:
        return await self._again(partial(self.actor.look, item.instance_id))

    async def _again(self, ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Ask something that may be asked again. Raises `Stopped` where nobody answers."""
        try:
            async for attempt in self._retrying():
                with attempt:
                    return await ask()
        except _ENDS as error:
            raise Stopped(JobState.FAILED, told(error)) from None
        except Unavailable as error:
            raise Stopped(JobState.PAUSED, told(error)) from None
        raise AssertionError("the last attempt raises")

    def _retrying(self) -> AsyncRetrying:
        def retried(error: BaseException) -> bool:
            is_silent = isinstance(error, Unavailable) and not isinstance(
                error, FileUnavailable | StorageDenied | EndpointLacks
            )
            if is_silent:
                self.pace.refused(getattr(error, "seconds", None))
            return is_silent

        return AsyncRetrying(
            retry=retry_if_exception(retried),
            stop=stop_after_attempt(TRIES),
            wait=wait_exponential(FIRST_PAUSE, LONGEST_PAUSE),
            sleep=self.sleep,
            reraise=True,
        )
