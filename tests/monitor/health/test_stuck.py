"""The stuck list of a fleet, from rows and one look; size, growth and cost; readiness."""

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.health.measures import (
    BlobSum,
    Known,
    Measured,
    Price,
    storage_view,
)
from durahub_migrate.monitor.health.readiness import of_instance, of_rows
from durahub_migrate.monitor.health.stuck import stuck, told_in_whole
from durahub_migrate.monitor.partitions import Holding
from durahub_migrate.monitor.row import Kind, Row
from durahub_migrate.monitor.waiting import Explanation, Reason, Stuck
from tests.monitor.health.seen_hubs import (
    CONTROL,
    NOW,
    WORK,
    activity,
    ago,
    event,
    message,
    owned,
    queue,
    row,
    seen,
)


def lines(*rows: Row, hub: object = None, older_than: float = 300.0) -> list[Stuck]:
    found = seen() if hub is None else hub
    return list(stuck(rows, found, lambda _: CONTROL[0], older_than))  # type: ignore[arg-type]


def reasons(*rows: Row, hub: object = None, older_than: float = 300.0) -> list[Reason]:
    return [one.reason for one in lines(*rows, hub=hub, older_than=older_than)]


def test_a_pending_instance_without_message_has_lost_its_start() -> None:
    assert reasons(row(status="Pending")) == [Reason.NEVER_STARTED]


def test_one_that_is_scheduled_for_later_is_not_stuck() -> None:
    assert reasons(row(status="Pending", scheduled_start=Ticks(NOW + 10))) == []


def test_messages_that_nobody_takes_are_told_by_who_should() -> None:
    waiting = queue(CONTROL[0], message("a", event(), inserted=ago(900)))
    expired = {**dict.fromkeys(CONTROL, owned()), CONTROL[0]: owned("w2", holding=_expired())}
    assert reasons(row(), hub=seen(waiting)) == [Reason.QUEUED_BEHIND_BACKLOG]
    assert reasons(row(), hub=seen(waiting, owners=expired)) == [Reason.OWNER_NOT_RENEWING]
    assert reasons(row(), hub=seen(waiting, owners={}, workers=())) == [Reason.NO_WORKERS]


def _expired() -> Holding:

    return Holding.EXPIRED


def test_a_poison_activity_is_told_of_its_instance() -> None:
    poison = queue(WORK, message("a", activity(), inserted=ago(900), deliveries=7))
    found = lines(row(), hub=seen(poison))
    assert [one.reason for one in found] == [Reason.ACTIVITY_POISON]
    assert "'Charge'" in found[0].sentence


def test_a_suspended_instance_is_not_stuck() -> None:
    assert reasons(row(status="Suspended")) == []


def test_an_entity_whose_lock_holder_does_not_run_is_stuck() -> None:
    entity = row("@counter@a", kind=Kind.ENTITY, locked_by="gone")
    assert reasons(entity) == [Reason.ENTITY_LOCK_HELD_BY]
    assert Reason.ENTITY_LOCK_HELD_BY not in reasons(entity, row("gone"))


def test_what_may_wait_rightly_comes_last_and_is_kept_only_when_it_is_explained_as_stuck() -> None:
    found = lines(row("quiet"), row("lost", status="Pending"))
    assert [one.instance_id for one in found] == ["lost", "quiet"]
    quiet = found[1]
    rightly = Explanation(
        instance_id="quiet",
        reason=Reason.TIMER_UNTIL,
        sentence="Waiting for a timer.",
        is_stuck=False,
        at=NOW,
    )
    assert told_in_whole(quiet, rightly) is None
    at_fault = Explanation(
        instance_id="quiet",
        reason=Reason.MESSAGE_LOST,
        sentence="Lost.",
        is_stuck=True,
        at=NOW,
    )
    told = told_in_whole(quiet, at_fault)
    assert told is not None
    assert (told.reason, told.whole) == (Reason.MESSAGE_LOST, True)


def test_what_moved_a_moment_ago_is_not_listed() -> None:
    assert reasons(row(updated=ago(10))) == []


# -- storage -------------------------------------------------------------------------------------


def measured(name: str, size: int, rows: int = 10) -> Measured:
    return Measured(instance_id="a", name=name, rows=rows, bytes=size)


def test_names_are_estimated_from_what_was_measured_of_them() -> None:
    known = Known(names={"Order": 100, "Ship": 10}, recent=70)
    found = storage_view(
        NOW,
        [measured("Order", 1000), measured("Order", 3000), measured("Ship", 500, 4)],
        known,
        BlobSum(blobs=3, bytes=5000, orphaned=1, orphaned_bytes=100),
        12,
        Price(gb_month=2.0, currency="EUR", file="prices.toml"),
    )
    assert [(one.name, one.bytes, one.rows) for one in found.names] == [
        ("Order", 200_000, 1000),
        ("Ship", 5_000, 40),
    ]
    assert (found.bytes_rows, found.bytes_blobs, found.messages) == (205_000, 5_000, 12)
    assert found.growth_instances == 10.0
    assert found.sampled == round(3 / 110, 4)
    assert found.cost_month == round(210_000 / 1e9 * 2.0, 4)
    assert any("prices.toml" in said for said in found.assumptions)


def test_a_name_that_was_not_measured_counts_as_the_mean_of_the_others() -> None:
    known = Known(names={"Order": 1, "Ship": 1})
    found = storage_view(NOW, [measured("Order", 1000)], known, BlobSum(), 0, None)
    assert found.bytes_rows == 2000
    assert found.cost_month is None


def test_an_empty_hub_takes_nothing() -> None:
    found = storage_view(NOW, [], Known(names={}), BlobSum(), 0, None)
    assert (found.instances, found.bytes_rows, found.growth_bytes) == (0, 0, None)


# -- readiness -----------------------------------------------------------------------------------


def test_ids_that_the_scheduler_refuses_get_a_badge() -> None:
    (found,) = of_rows([row("ö" * 3), row("ok"), row("ü")], NOW)
    assert (found.code, found.severity, found.count) == ("IDN502", "error", 2)
    assert found.instances == ("ööö", "ü")


def test_a_payload_above_a_megabyte_gets_a_badge() -> None:
    found = of_instance(
        row(), NOW, input='"' + "x" * 1_100_000 + '"', output=None, custom_status=None
    )
    assert "PAY401" in {one.code for one in found}
    assert of_instance(row(), NOW, input='"x"', output=None, custom_status=None) == ()
