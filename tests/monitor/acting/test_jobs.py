"""Jobs: counted before, at a rate, paused and gone on with, each instance looked at before."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from durahub.errors import (
    BadArgument,
    BadPayload,
    BadQuery,
    BadRequest,
    FileUnavailable,
    HubNotFound,
    JobRefused,
    NotOffered,
    OverLimit,
    StorageUnavailable,
    WrongJobState,
)
from durahub.stored import NotRead
from durahub_migrate.acting.audit_log import AuditLog
from durahub_migrate.acting.jobs.book import JobBook
from durahub_migrate.acting.jobs.items import Item, State
from durahub_migrate.acting.jobs.locks import Locks, release
from durahub_migrate.acting.jobs.running import TRIES
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.monitor.actions import Command, Cost, JobState, Verb
from durahub_migrate.monitor.hub import StoreKind
from tests.monitor.acting.job_desk import (
    EVE,
    FakeActor,
    actor_of,
    clock,
    jobs_at,
    orders,
    ready,
    request,
    results,
    row,
    run,
)


async def test_a_job_is_counted_before_it_begins(tmp_path: Path) -> None:
    actor = actor_of(row("a"), row("b", "Failed"), row("c", "Running"))
    async with jobs_at(tmp_path, actor) as jobs:
        job = await ready(jobs, request(Verb.PURGE, "name:Order"))
        assert job.state is JobState.READY
        assert (job.total, job.skipped) == (3, 1)
        assert job.cost is not None
        assert (job.cost.instances, job.cost.rows, job.cost.bytes) == (2, 20, 2_000)
        assert job.cost.examples == ("a", "b")
        ((why, number),) = job.cost.skipped.items()
        assert number == 1
        assert "Running: only what has ended can be purged" in why
        assert actor.sent == {}


async def test_what_many_would_take_is_estimated_from_some(tmp_path: Path) -> None:
    async with jobs_at(tmp_path, orders(250)) as jobs:
        job = await ready(jobs, request(Verb.PURGE))
        assert job.cost is not None
        assert (job.cost.instances, job.cost.rows, job.cost.exact) == (250, 2_500, False)


async def test_a_job_does_each_of_its_instances_once(tmp_path: Path) -> None:
    actor = orders(120)
    async with jobs_at(tmp_path, actor) as jobs:
        job = await run(jobs, request(Verb.PURGE))
        assert (job.state, job.done, job.skipped, job.failed) == (JobState.DONE, 120, 0, 0)
        assert set(actor.sent.values()) == {1}
        assert actor.rows == {}


async def test_a_later_instance_is_not_touched(tmp_path: Path) -> None:
    actor = orders(2)
    async with jobs_at(tmp_path, actor) as jobs:
        job = await ready(jobs, request(Verb.PURGE))
        actor.rows["later"] = row("later")
        jobs.start(job.number, EVE)
        await jobs.settled(job.number)
    assert list(actor.rows) == ["later"]


async def test_what_has_changed_since_is_skipped_with_the_reason(tmp_path: Path) -> None:
    actor = actor_of(row("a"), row("b"), row("c"), row("d"))
    async with jobs_at(tmp_path, actor) as jobs:
        number = (await ready(jobs, request(Verb.PURGE))).number
        actor.rows["a"] = row("a", "Running")
        actor.rows["b"] = row("b", execution_id="another")
        del actor.rows["c"]
        jobs.start(number, EVE)
        job = await jobs.settled(number)
        assert (job.done, job.skipped) == (1, 3)
        report = "".join(jobs.report(number, "csv"))
        assert "it was Completed when it was counted, and is Running" in report
        assert "it was started anew since it was counted" in report
        assert "it is gone" in report


async def test_more_than_were_allowed_are_refused(tmp_path: Path) -> None:
    async with jobs_at(tmp_path, orders(11)) as jobs:
        job = await ready(jobs, request(Verb.PURGE, most=10))
        assert job.state is JobState.FAILED
        assert "more than 10 instances" in (job.problem or "")
        with pytest.raises(WrongJobState):
            jobs.start(job.number, EVE)


async def test_a_dry_run_does_nothing(tmp_path: Path) -> None:
    actor = orders(5)
    async with jobs_at(tmp_path, actor) as jobs:
        job = await ready(jobs, request(Verb.PURGE, dry_run=True))
        assert (job.state, job.total, job.done) == (JobState.DONE, 5, 0)
        with pytest.raises(WrongJobState):
            jobs.start(job.number, EVE)
    assert len(actor.rows) == 5


async def test_a_job_pauses_and_goes_on(tmp_path: Path) -> None:
    actor = orders(10)
    async with jobs_at(tmp_path, actor) as jobs:
        number = (await ready(jobs, request(Verb.PURGE))).number

        def pause_at_the_fourth(command: Command) -> None:
            if command.target == "order-003":
                jobs.pause(number)

        actor.behind = pause_at_the_fourth
        jobs.start(number, EVE)
        job = await jobs.settled(number)
        assert (job.state, job.done) == (JobState.PAUSED, 4)
        jobs.resume(number, EVE)
        job = await jobs.settled(number)
        assert (job.state, job.done) == (JobState.DONE, 10)
    assert set(actor.sent.values()) == {1}


async def test_a_job_is_canceled_and_what_was_done_stays(tmp_path: Path) -> None:
    actor = orders(10)
    async with jobs_at(tmp_path, actor) as jobs:
        number = (await ready(jobs, request(Verb.PURGE))).number
        actor.behind = lambda command: (
            jobs.cancel(number) and None if command.target == "order-001" else None
        )
        jobs.start(number, EVE)
        job = await jobs.settled(number)
        assert (job.state, job.done) == (JobState.CANCELED, 2)
        assert results(jobs, number) == {"done": 2, "waiting": 8}
        with pytest.raises(WrongJobState):
            jobs.resume(number, EVE)


async def test_of_a_job_that_another_process_has_just_taken_nothing_is_written(
    tmp_path: Path,
) -> None:
    async with jobs_at(tmp_path, orders(3)) as jobs:
        number = (await ready(jobs, request(Verb.PURGE))).number
        other = Locks(tmp_path).job(int(number))
        assert other is not None  # it has the lock, and has not written the state yet
        before = jobs.view(number)
        for step in (jobs.start, jobs.resume):
            with pytest.raises((JobRefused, WrongJobState)):
                step(number, EVE)
        with pytest.raises(JobRefused):
            jobs.cancel(number)
        assert jobs.view(number) == before
        release(other)
        jobs.start(number, EVE)
        assert (await jobs.settled(number)).state is JobState.DONE


async def test_a_job_that_waits_for_its_turn_pauses_at_once(tmp_path: Path) -> None:
    actor = orders(10)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        jobs.pause(number)

    async with jobs_at(tmp_path, actor, monotonic=lambda: 0.0, sleep=sleep) as jobs:
        number = (await ready(jobs, request(Verb.PURGE, rate=0.01))).number
        jobs.start(number, EVE)
        job = await jobs.settled(number)
    assert job.state is JobState.PAUSED
    assert len(slept) == 1


async def test_a_job_keeps_to_its_rate(tmp_path: Path) -> None:
    actor = orders(21)
    now = [0.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    async with jobs_at(tmp_path, actor, monotonic=lambda: now[0], sleep=sleep) as jobs:
        await run(jobs, request(Verb.PURGE, rate=2.0))
    assert 9.0 <= now[0] <= 11.0


async def test_one_job_runs_on_a_hub_at_a_time(tmp_path: Path) -> None:
    actor = orders(3)
    async with jobs_at(tmp_path, actor) as jobs:
        first = (await ready(jobs, request(Verb.PURGE))).number
        second = (await ready(jobs, request(Verb.PURGE))).number
        jobs.start(first, EVE)
        with pytest.raises(JobRefused):
            jobs.start(second, EVE)
        await jobs.settled(first)
        jobs.start(second, EVE)
        assert (await jobs.settled(second)).skipped == 3


async def test_a_store_that_does_not_answer_is_waited_for(tmp_path: Path) -> None:
    actor = orders(3)
    failures = [2]

    def fail(command: Command) -> None:
        if command.target == "order-001" and failures[0]:
            failures[0] -= 1
            raise StorageUnavailable("shop", "500")

    actor.before = fail
    async with jobs_at(tmp_path, actor) as jobs:
        job = await run(jobs, request(Verb.PURGE))
    assert (job.state, job.done) == (JobState.DONE, 3)


async def test_a_store_that_is_gone_for_long_pauses_the_job(tmp_path: Path) -> None:
    actor = orders(3)
    asked: Counter[str] = Counter()

    def fail(command: Command) -> None:
        asked[command.target] += 1
        raise StorageUnavailable("shop", "no answer")

    actor.before = fail
    async with jobs_at(tmp_path, actor) as jobs:
        job = await run(jobs, request(Verb.PURGE))
        assert (job.state, job.done, job.failed) == (JobState.PAUSED, 0, 0)
        assert "no answer" in (job.problem or "")
        assert asked == {"order-000": TRIES}
        actor.before = lambda _: None
        jobs.resume(job.number, EVE)
        assert (await jobs.settled(job.number)).done == 3


async def test_an_event_whose_fate_nobody_knows_is_not_raised_again(tmp_path: Path) -> None:
    actor = orders(3, "Running")

    def lose(command: Command) -> None:
        if command.target == "order-001":
            raise StorageUnavailable("shop", "the answer is lost")

    actor.behind = lose
    asked = request(Verb.RAISE_EVENT, arguments={"name": "Approve"})
    async with jobs_at(tmp_path, actor) as jobs:
        job = await run(jobs, asked)
        assert (job.state, job.failed) == (JobState.PAUSED, 1)
        actor.behind = lambda _: None
        jobs.resume(job.number, EVE)
        job = await jobs.settled(job.number)
        assert results(jobs, job.number) == {"done": 2, "uncertain": 1}
        assert actor.sent["order-001"] == 1
        assert "nobody knows whether it was done" in job.last_failures[0]

        jobs.resume(job.number, EVE, uncertain=True)
        await jobs.settled(job.number)
        assert results(jobs, job.number) == {"done": 3}
        assert actor.sent["order-001"] == 2


async def test_one_that_fails_for_itself_does_not_stop_the_others(tmp_path: Path) -> None:
    actor = orders(3, "Running")

    def fail(command: Command) -> None:
        if command.target == "order-001":
            raise OverLimit("the data", 2, 1)

    actor.before = fail
    async with jobs_at(tmp_path, actor) as jobs:
        job = await run(jobs, request(Verb.RAISE_EVENT, arguments={"name": "E", "data": "1"}))
    assert (job.state, job.done, job.failed) == (JobState.DONE, 2, 1)


async def test_a_hub_that_is_deleted_meanwhile_ends_the_job(tmp_path: Path) -> None:
    actor = orders(3)

    def gone(_: Command) -> None:
        raise HubNotFound("shop")

    actor.before = gone
    async with jobs_at(tmp_path, actor) as jobs:
        job = await run(jobs, request(Verb.PURGE))
    assert job.state is JobState.FAILED
    assert "Task hub not found" in (job.problem or "")


async def test_whoever_leaves_pauses_what_runs(tmp_path: Path) -> None:
    actor = orders(100)
    jobs = jobs_at(tmp_path, actor)
    number = (await ready(jobs, request(Verb.PURGE))).number
    jobs.start(number, EVE)
    await jobs.close()
    assert jobs.view(number).state is JobState.PAUSED
    async with jobs_at(tmp_path, actor) as after:
        after.resume(number, EVE)
        job = await after.settled(number)
        assert (job.state, job.done) == (JobState.DONE, 100)


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (request(Verb.START, arguments={"name": "O"}), BadArgument),
        (request(Verb.RAISE_EVENT), BadArgument),
        (request(Verb.PURGE, rate=0.0), BadArgument),
        (request(Verb.PURGE, rate=1e9), BadArgument),
        (request(Verb.PURGE, most=0), BadArgument),
        (request(Verb.TERMINATE, archive="somewhere"), BadArgument),
        (request(Verb.PURGE, "status:("), BadQuery),
    ],
)
async def test_a_job_that_cannot_be_is_refused_at_once(
    tmp_path: Path, asked: object, error: type[Exception]
) -> None:
    async with jobs_at(tmp_path, orders(1)) as jobs:
        with pytest.raises(error):
            jobs.make(asked, EVE)  # type: ignore[arg-type]
        assert jobs.all() == ()


async def test_what_a_store_lacks_is_no_job(tmp_path: Path) -> None:
    actor = replace(orders(1), kind=StoreKind.ENDPOINT)
    async with jobs_at(tmp_path, actor) as jobs:
        with pytest.raises(NotOffered):
            jobs.make(request(Verb.SET_CUSTOM_STATUS, arguments={"value": "1"}), EVE)


async def test_a_job_that_is_not_there_is_told(tmp_path: Path) -> None:
    async with jobs_at(tmp_path, orders(1)) as jobs:
        for number in ("7", "seven"):
            with pytest.raises(BadRequest):
                jobs.view(number)


async def test_a_report_tells_each_instance_in_two_formats(tmp_path: Path) -> None:
    actor = actor_of(row("=cmd()|x"), row("b", "Running"))
    async with jobs_at(tmp_path, actor) as jobs:
        number = (await run(jobs, request(Verb.PURGE))).number
        lines = [json.loads(line) for line in jobs.report(number, "jsonl")]
        assert [(one["instanceId"], one["result"]) for one in lines] == [
            ("=cmd()|x", "done"),
            ("b", "skipped"),
        ]
        assert "'=cmd()|x,done" in "".join(jobs.report(number, "csv"))
        with pytest.raises(BadRequest):
            jobs.report(number, "xlsx")


async def test_every_single_action_is_in_the_audit_log(tmp_path: Path) -> None:
    actor = actor_of(row("a"), row("b", "Running"))
    async with jobs_at(tmp_path, actor) as jobs:
        number = (await run(jobs, request(Verb.PURGE, reason="old"))).number
    entries = AuditLog(tmp_path).page().entries
    assert [(one.target, one.result, one.job, one.reason) for one in reversed(entries)] == [
        ("", "tried", number, "old"),
        ("a", "tried", number, "old"),
        ("a", "done", number, "old"),
    ]


# -- archives --------------------------------------------------------------------------------------


def archived(parts: tuple[str, ...]) -> list[str]:
    """Return the instances in the bundles of an archive."""
    found = []
    for part in parts:
        bundle = BundleReader(Path(part))
        bundle.verify()
        found += [one.whole().instance_id for one in bundle.instances()]
    return sorted(found)


async def test_what_is_purged_is_in_an_archive_before(tmp_path: Path) -> None:
    actor = orders(120)
    archive = tmp_path / "archive"

    def check(command: Command) -> None:
        assert any(archive.rglob("manifest.json"))

    actor.before = check
    async with jobs_at(tmp_path, actor) as jobs:
        job = await run(jobs, request(Verb.PURGE, archive=str(archive)))
        assert (job.state, job.done) == (JobState.DONE, 120)
        assert archived(jobs.parts(job.number)) == [f"order-{n:03d}" for n in range(120)]
        assert len(jobs.parts(job.number)) == 3


async def test_what_cannot_be_archived_is_not_purged(tmp_path: Path) -> None:
    actor = orders(3)
    actor.unread["order-001"] = NotRead("here", BadPayload("blob", "there is no such blob"))
    async with jobs_at(tmp_path, actor) as jobs:
        job = await run(jobs, request(Verb.PURGE, archive=str(tmp_path / "archive")))
        assert (job.done, job.failed) == (2, 1)
        assert "it cannot be archived" in job.last_failures[0]
        assert archived(jobs.parts(job.number)) == ["order-000", "order-002"]
    assert list(actor.rows) == ["order-001"]


async def test_without_a_place_for_the_archive_nothing_is_purged(tmp_path: Path) -> None:
    actor = orders(3)
    (tmp_path / "archive").write_text("in the way")
    async with jobs_at(tmp_path, actor) as jobs:
        job = await run(jobs, request(Verb.PURGE, archive=str(tmp_path / "archive")))
        assert job.state is JobState.PAUSED
        assert "nothing was deleted" in (job.problem or "")
        (tmp_path / "archive").unlink()
        jobs.resume(job.number, EVE)
        assert (await jobs.settled(job.number)).done == 3


async def test_what_changes_between_archive_and_purge_stays(tmp_path: Path) -> None:
    actor = orders(2)

    def change(command: Command) -> None:
        if command.target == "order-000":
            actor.rows["order-001"] = replace(actor.rows["order-001"], updated=None)

    actor.behind = change
    async with jobs_at(tmp_path, actor) as jobs:
        job = await run(jobs, request(Verb.PURGE, archive=str(tmp_path / "archive")))
        assert (job.done, job.skipped) == (1, 1)
        assert "it has changed since it was archived" in "".join(jobs.report(job.number))
    assert list(actor.rows) == ["order-001"]


async def test_children_are_archived_with_their_parent_and_purged_before_it(tmp_path: Path) -> None:
    order: list[str] = []
    actor = FakeActor(
        {one: row(one) for one in ("parent", "child", "grandchild")},
        before=lambda command: order.append(command.target),
        children={"parent": ("child", "grandchild")},
    )
    asked = request(
        Verb.PURGE,
        "id:parent",
        archive=str(tmp_path / "archive"),
        arguments={"recursive": True},
    )
    async with jobs_at(tmp_path, actor) as jobs:
        job = await run(jobs, asked)
        assert archived(jobs.parts(job.number)) == ["child", "grandchild", "parent"]
    assert order == ["grandchild", "child", "parent"]
    assert actor.rows == {}


async def test_a_child_that_runs_again_is_not_purged(tmp_path: Path) -> None:
    actor = FakeActor(
        {one: row(one) for one in ("parent", "child", "grandchild")},
        children={"parent": ("child", "grandchild")},
    )

    def restart(command: Command) -> None:
        if command.target == "grandchild":
            actor.rows["child"] = row("child", execution_id="again")

    actor.before = restart
    asked = request(
        Verb.PURGE, "id:parent", archive=str(tmp_path / "a"), arguments={"recursive": True}
    )
    async with jobs_at(tmp_path, actor) as jobs:
        await run(jobs, asked)
    assert list(actor.rows) == ["child"]


async def test_a_dry_run_that_was_killed_behind_its_count_is_counted_again_not_done(
    tmp_path: Path,
) -> None:
    actor = orders(3)
    with JobBook(tmp_path) as book:  # as the process left it between the count and the state
        number = book.make(request(Verb.PURGE, dry_run=True), clock(), "eve", "loopback").number
        book.set_cost(number, Cost(instances=3))
        book.put_items(
            number,
            [Item(seq=n, instance_id=f"order-{n:03d}", status="Completed") for n in range(3)],
        )
    async with jobs_at(tmp_path, actor) as jobs:
        assert jobs.view(number).state is JobState.PAUSED
        jobs.resume(number, EVE)
        job = await jobs.settled(number)
    assert job.state is JobState.DONE
    assert job.done == 0
    assert not actor.sent
    assert len(actor.rows) == 3


async def test_a_job_whose_count_was_not_shown_is_not_begun_by_going_on(tmp_path: Path) -> None:
    actor = orders(2)
    with JobBook(tmp_path) as book:
        number = book.make(request(Verb.PURGE), clock(), "eve", "loopback").number
        book.set_cost(number, Cost(instances=2))
    async with jobs_at(tmp_path, actor) as jobs:
        jobs.resume(number, EVE)
        job = await jobs.settled(number)
    assert job.state is JobState.READY
    assert not actor.sent


async def test_a_job_pauses_when_its_book_cannot_be_written(tmp_path: Path) -> None:
    actor = orders(3)
    book = FullBook(tmp_path)
    async with jobs_at(tmp_path, actor, book=book) as jobs:
        found = await ready(jobs, request(Verb.PURGE))
        book.room = 1
        jobs.start(found.number, EVE)
        job = await jobs.settled(found.number)
        assert job.state is JobState.PAUSED
        book.room = 100
        jobs.resume(found.number, EVE)
        job = await jobs.settled(found.number)
    assert job.state is JobState.DONE
    assert sum(actor.sent.values()) == 3


class FullBook(JobBook):
    """A book on a disk that has room for so many instances as they stand now."""

    room = 100

    def write(self, number: int, item: Item) -> None:
        if not self.room:
            raise FileUnavailable("jobs.sqlite", "database or disk is full")
        self.room -= 1
        super().write(number, item)


@pytest.mark.parametrize("number", ["9" * 30, "٣", "-1", "1_0", "x"])
async def test_a_number_that_no_job_can_have_is_told(tmp_path: Path, number: str) -> None:
    async with jobs_at(tmp_path, orders(1)) as jobs:
        with pytest.raises(BadRequest, match="a batch job has a number"):
            jobs.view(number)


async def test_of_a_job_that_has_ended_the_instances_are_counted_once(tmp_path: Path) -> None:
    asked: list[int] = []

    class Counted(JobBook):
        def counts(self, number: int) -> dict[State, int]:
            asked.append(number)
            return super().counts(number)

    async with jobs_at(tmp_path, orders(3), book=Counted(tmp_path)) as jobs:
        await run(jobs, request(Verb.PURGE))
        first = jobs.all()
        asked.clear()
        assert jobs.all() == first
    assert asked == []
    assert first[0].done == 3
