"""What is done is noted before and behind, on the disk, without payloads; and can be read again."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.errors import FileUnavailable, WrongStatus
from durahub.model.ticks import UNIX_EPOCH, Ticks
from durahub_migrate.acting.audit import AuditedActor, Who, entry_of
from durahub_migrate.acting.audit_log import NAME, AuditLog, AuditQuery
from durahub_migrate.monitor.access import AuditEntry
from durahub_migrate.monitor.actions import Command, Cost, Done, Possible, Verb
from tests.monitor.acting.shops import KEY, command

WHO = Who("eve", "token", request_id="r-1")


def entry(number: int = 0, **fields: object) -> AuditEntry:
    made = AuditEntry(
        at=Ticks(UNIX_EPOCH + number),
        user="eve",
        via="token",
        verb="purge",
        hub=KEY,
        target=f"order-{number}",
        result="done",
    )
    return replace(made, **fields)  # type: ignore[arg-type]


class Stub:
    """An actor that does what it is told, or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.done: list[Command] = []

    async def possible(self, instance_id: str) -> tuple[Possible, ...]:
        return ()

    async def cost(self, command: Command) -> Cost:
        return Cost()

    async def do(self, command: Command) -> Done:
        if self.error is not None:
            raise self.error
        self.done.append(command)
        return Done(verb=command.verb, target=command.target, sentence="it is done")


def test_entries_come_back_newest_first_page_by_page(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    for number in range(25):
        log.note(entry(number))
    first = log.page(count=10)
    second = log.page(count=10, after=first.after)
    third = log.page(count=10, after=second.after)
    found = [*first.entries, *second.entries, *third.entries]
    assert [one.target for one in found] == [f"order-{n}" for n in reversed(range(25))]
    assert third.after is None


def test_pages_go_on_when_the_log_is_put_aside_in_between(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, largest=1_000)
    for number in range(20):
        log.note(entry(number))
    first = log.page(count=7)
    for number in range(20, 40):
        log.note(entry(number))
    found, after = list(first.entries), first.after
    while after is not None:
        page = log.page(count=7, after=after)
        found, after = [*found, *page.entries], page.after
    assert [one.target for one in found] == [f"order-{n}" for n in reversed(range(20))]
    assert len(list(tmp_path.glob("audit.0*.jsonl"))) > 3


def test_entries_are_found_by_what_they_tell(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.note(entry(1))
    log.note(entry(2, user="adam", verb="terminate", job="7"))
    for query in (AuditQuery(user="ADAM"), AuditQuery(verb="terminate"), AuditQuery(job="7")):
        (found,) = log.page(query).entries
        assert found.target == "order-2"
    assert log.page(AuditQuery(user="adam", verb="purge")).entries == ()


def test_two_processes_may_write_one_log(tmp_path: Path) -> None:
    one, other = AuditLog(tmp_path, largest=2_000), AuditLog(tmp_path, largest=2_000)
    for number in range(40):
        (one if number % 2 else other).note(entry(number))
    found = one.page(count=100).entries
    assert [one.target for one in found] == [f"order-{n}" for n in reversed(range(40))]


def test_a_line_that_was_cut_off_costs_no_other(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.note(entry(1))
    log.close()
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"at": "2026-11-')
    AuditLog(tmp_path).note(entry(2))
    assert [one.target for one in log.page().entries] == ["order-2", "order-1"]


@pytest.mark.skipif(os.name == "nt", reason="rights are otherwise there")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    AuditLog(tmp_path).note(entry())
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0


@given(
    text=st.text(max_size=30),
    reason=st.none() | st.text(max_size=30),
    at=st.integers(min_value=0, max_value=3_155_378_975_999_999_999),
)
def test_whatever_is_noted_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, text: str, reason: str | None, at: int
) -> None:
    log = AuditLog(tmp_path_factory.mktemp("log"))
    noted = entry(at=Ticks(at), target=text, user=text, reason=reason)
    log.note(noted)
    log.close()
    assert log.page().entries == (noted,)


async def test_an_action_is_noted_before_and_behind_without_its_payload(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    asked = command(Verb.RAISE_EVENT, "order-7", "by phone", name="Approve", data='"secret"')
    await AuditedActor(Stub(), log, WHO, lambda: UNIX_EPOCH).do(asked)
    behind, before = log.page().entries
    assert (before.result, behind.result) == ("tried", "done")
    assert before.sentence == "name=Approve, data: 8 characters"
    assert (behind.reason, behind.request_id) == ("by phone", "r-1")
    assert b"secret" not in (tmp_path / NAME).read_bytes()


@pytest.mark.parametrize(
    ("error", "result"), [(WrongStatus("i", "Running", "no"), "refused"), (OSError(), "failed")]
)
async def test_what_was_refused_and_what_failed_is_noted(
    tmp_path: Path, error: Exception, result: str
) -> None:
    log = AuditLog(tmp_path)
    with pytest.raises(type(error)):
        await AuditedActor(Stub(error), log, WHO, lambda: UNIX_EPOCH).do(command(Verb.PURGE, "i"))
    assert log.page().entries[0].result == result


async def test_what_cannot_be_noted_is_not_done(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    actor = Stub()
    audited = AuditedActor(actor, AuditLog(tmp_path / "file"), WHO, lambda: UNIX_EPOCH)
    with pytest.raises(FileUnavailable):
        await audited.do(command(Verb.PURGE, "i"))
    assert actor.done == []


class Full:
    """A log on a disk that has room for so many entries."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.kept: list[AuditEntry] = []

    def note(self, entry: AuditEntry) -> None:
        if len(self.kept) >= self.room:
            raise FileUnavailable("audit.jsonl", "No space left on device")
        self.kept.append(entry)


async def test_what_is_done_is_told_as_done_though_no_room_is_left_to_note_it() -> None:
    stub = Stub()
    actor = AuditedActor(stub, Full(1), WHO, lambda: UNIX_EPOCH)
    done = await actor.do(command(Verb.RAISE_EVENT, "order-1", name="Paid"))
    assert len(stub.done) == 1
    assert (done.sentence or "").startswith("it is done; that is not noted: ")

    refused = AuditedActor(
        Stub(WrongStatus("order-1", "Completed", "it has ended")), Full(1), WHO, lambda: UNIX_EPOCH
    )
    with pytest.raises(WrongStatus):
        await refused.do(command(Verb.SUSPEND, "order-1"))


def test_an_entry_behind_a_line_for_which_there_was_no_room_can_be_read(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.note(entry(1))
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"at": "2026-')  # what another process got onto the full disk
    log.note(entry(2))
    assert [one.target for one in log.page().entries] == ["order-2", "order-1"]


def test_an_argument_of_a_wrong_name_is_noted_by_its_size_alone_and_what_is_long_is_cut() -> None:
    asked = command(Verb.RAISE_EVENT, "order-1", name="x" * 100_000, Data="4711-card-number")
    noted = entry_of(replace(asked, reason="r" * 100_000), WHO, lambda: UNIX_EPOCH)
    assert "4711" not in (noted.sentence or "")
    assert "Data: 16 characters" in (noted.sentence or "")
    assert len(noted.sentence or "") < 3_000
    assert len(noted.reason or "") == 2_000
