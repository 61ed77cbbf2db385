"""Row by row: what a tree in each row of the decision table gets, at each kind of target."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from durahub.model.history import ExecutionSuspended
from durahub.stored import StoredInstance, StoredMessage
from durahub_migrate.assessment.decision_table import DECISIONS
from durahub_migrate.assessment.rows import Row
from tests.bundle.bundles import NOON
from tests.planning.planned import (
    EARLIER,
    LATER,
    activity,
    child,
    ended,
    entity,
    pending,
    planned,
    queued,
    raised,
    result,
    running,
    sent,
    timer,
)

CALL = '{"op":"get","id":"6f7e0c52-1fd0-4f4c-9d4e-0a1f2c3d4e5f","parent":"order-7"}'
SIGNAL = (
    '{"op":"add","signal":true,"id":"6f7e0c52-1fd0-4f4c-9d4e-0a1f2c3d4e5f",'
    '"due":"2026-11-01T14:00:00Z"}'
)
QUEUED = '{"exists":true,"state":"7","queue":[{"op":"add","signal":true,"id":"a","input":"1"}]}'
LOCKED = '{"exists":true,"state":"7","lockedBy":"order-7"}'


@dataclass(frozen=True, kw_only=True)
class Case:
    """An example of a row, and by target its letter with the losses that somebody looks for."""

    row: Row
    instances: Sequence[StoredInstance]
    messages: Sequence[StoredMessage] = ()
    root: str = "order-7"
    endpoint: str
    asked: str = ""  # where it is known to take b4, and is asked to; else b4 in the place of b2
    imported: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()  # losses at the endpoint beside those of its strategy
    blocked: str = ""  # at the endpoint
    blocked_everywhere: bool = False


NEW = ("times-are-new", "execution-id-is-new")
CASES = (
    Case(row=Row.ENDED, instances=[ended()], endpoint="d", moved=("only-in-the-bundle",)),
    Case(row=Row.PENDING, instances=[pending()], endpoint="b1", moved=NEW),
    Case(
        row=Row.SCHEDULED,
        instances=[pending(scheduled_start=LATER)],
        endpoint="b1",
        moved=NEW,
    ),
    Case(
        row=Row.ACTIVITY_QUEUED,
        instances=[running(activity())],
        messages=[queued(activity())],
        endpoint="b2",
        moved=NEW,
    ),
    Case(
        row=Row.ACTIVITY_TAKEN,
        instances=[running(activity())],
        endpoint="b2",
        imported=("activity-may-run-again",),
        moved=(*NEW, "activity-may-run-again"),
    ),
    Case(
        row=Row.RESULT_QUEUED,
        instances=[running(activity())],
        messages=[queued(result())],
        endpoint="b2",
        moved=NEW,
    ),
    Case(row=Row.TIMER, instances=[running(timer())], endpoint="b2", moved=NEW),
    Case(row=Row.EVENT, instances=[running()], endpoint="b2", moved=NEW),
    Case(
        row=Row.CHILD,
        instances=[running(child()), running(root="order-7:1", parent="order-7")],
        endpoint="b2",
        moved=NEW,
    ),
    Case(
        row=Row.ENTITY_ANSWER,
        instances=[running(sent(CALL))],
        endpoint="b2",
        moved=(*NEW, "calls-are-sent-again"),
    ),
    Case(
        row=Row.RUNNING_UNREAD,
        instances=[running(turned=False)],
        endpoint="b2",
        moved=NEW,
    ),
    Case(
        row=Row.SUSPENDED,
        instances=[running(timer(), ExecutionSuspended(timestamp=NOON, reason="wait"))],
        endpoint="b2",
        moved=NEW,
    ),
    Case(
        row=Row.ETERNAL,
        instances=[running(timer(), started_by_client=False)],
        endpoint="b2",
        moved=NEW,
    ),
    Case(
        row=Row.ENTITY_IDLE,
        instances=[entity('{"exists":true,"state":"7"}')],
        root="@counter@a",
        endpoint="b2",
    ),
    Case(
        row=Row.ENTITY_BUSY,
        instances=[entity(QUEUED)],
        root="@counter@a",
        endpoint="b2",
    ),
    Case(
        row=Row.ENTITY_LOCKED,
        instances=[entity(LOCKED), running(timer())],
        root="@counter@a",
        endpoint="b2",
        moved=("lock-is-asked-for-again",),
    ),
    Case(
        row=Row.ENTITY_EMPTY,
        instances=[entity(None)],
        root="@counter@a",
        endpoint="d",
        moved=("only-in-the-bundle",),
    ),
    Case(
        row=Row.SIGNAL_OF_ORCHESTRATOR,
        instances=[
            ended(history=(*running(sent(SIGNAL, name="op@2026-11-01T14:00:00Z")).history,)),
        ],
        endpoint="b2",  # although it has ended: nothing else tells of the signal
        asked="b2",
        moved=(*NEW, "retention-starts-anew"),
    ),
    Case(
        row=Row.EVENT_QUEUED,
        instances=[running()],
        messages=[queued(raised("a"), number=1), queued(raised("b"), number=2)],
        endpoint="b2",
        moved=(*NEW, "order-across-queues"),
    ),
    Case(
        row=Row.MESSAGE,
        instances=[running(timer(EARLIER))],
        endpoint="b2",
        imported=("overdue-timer-fires-at-once",),
        moved=(*NEW, "overdue-timer-fires-at-once"),
    ),
    Case(
        row=Row.POISON,
        instances=[running(timer())],
        messages=[queued(raised(), deliveries=10)],
        endpoint="b2",
        imported=("poison-left",),
        moved=(*NEW, "poison-left"),
    ),
    Case(
        row=Row.STRAY,
        instances=[running(timer())],
        messages=[queued(result(), execution="another")],
        endpoint="b2",
        moved=(*NEW, "message-for-nobody-left"),
    ),
    Case(
        row=Row.UNREADABLE,
        instances=[entity("no JSON")],
        root="@counter@a",
        endpoint="b2",
        blocked="cannot be read",
        blocked_everywhere=True,
    ),
    Case(
        row=Row.BAD_ID,
        instances=[running(timer(), root="bestellung-ä")],
        root="bestellung-ä",
        endpoint="b2",
        moved=NEW,
        blocked="refuses the ID",
    ),
    Case(
        row=Row.LARGE,
        instances=[running(timer(), input="x" * 1_048_577, custom_status="y" * 1_048_577)],
        endpoint="b2",
        moved=NEW,
        blocked="above the target's 1,048,576 bytes",
    ),
)
each_row = pytest.mark.parametrize("case", CASES, ids=lambda case: case.row.value)


def test_every_row_that_a_bundle_can_tell_has_an_example() -> None:
    assert {case.row for case in CASES} | {Row.UNSEEN} == DECISIONS.keys()


@each_row
@pytest.mark.parametrize("target", ["own", "classic"])
def test_a_store_of_ours_imports_all_of_it(case: Case, target: str, tmp_path: Path) -> None:
    found = planned(tmp_path / "b", case.instances, case.messages, target=target)

    unit = found.by_root[case.root]
    assert unit.strategy.value == "a"
    assert set(found.codes(case.root)) == set(case.imported)
    assert bool(unit.blockers) is case.blocked_everywhere


@each_row
def test_an_endpoint_takes_it_by_public_calls(case: Case, tmp_path: Path) -> None:
    found = planned(tmp_path / "b", case.instances, case.messages, target="endpoint")

    unit = found.by_root[case.root]
    assert unit.strategy.value == case.endpoint, unit.why
    assert set(found.codes(case.root)) == set(case.moved)
    assert case.blocked in " ".join(unit.blockers)
    assert bool(unit.blockers) is bool(case.blocked)


@each_row
def test_what_a_probe_has_seen_is_taken_only_if_it_is_asked_for(case: Case, tmp_path: Path) -> None:
    plain = planned(tmp_path / "b", case.instances, case.messages, target="probed")
    asked = planned(tmp_path / "b", case.instances, case.messages, target="probed", prefer="b4")

    assert plain.by_root[case.root].strategy.value == case.endpoint
    expected = case.asked or ("b4" if case.endpoint == "b2" else case.endpoint)
    assert asked.by_root[case.root].strategy.value == expected
