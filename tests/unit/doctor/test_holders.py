"""Who holds what: partitions, the app lease, entities' locks."""

from dataclasses import replace

import pytest

from durahub.classic.doctor.repairs import ClearBlobOwner, ClearOwner, ReleaseLock
from durahub.classic.freezing.naming import holder_name
from durahub.classic.partitioning.app_lease import AppLeaseInfo
from durahub.classic.partitioning.evidence import Evidence
from durahub.classic.partitioning.lease_blob import LeaseBlob, decode, encode
from durahub.classic.partitioning.table import LeaseRow
from durahub.model.history import EventRaised, OrchestratorStarted
from tests.unit.doctor.shop import FINISHED, NOW, Shop, at, episode, started

FREEZER = holder_name(7)
STATE = '{"state":"{\\"value\\":1}","lockedBy":"order-1","sorter":{}}'
STATUS = '{"entityExists":true,"lockedBy":"order-1"}'


@pytest.fixture
def shop() -> Shop:
    return Shop()


def owned(partition: str, **fields: object) -> LeaseRow:
    row = LeaseRow(partition=partition, current_owner="w", expires_at=at(10), etag="e")
    return replace(row, **fields)  # type: ignore[arg-type]  # fields of the row


def blob(partition: str, owner: str | None, *, leased: bool) -> LeaseBlob:
    """Return a lease blob as it is read."""
    written = encode(LeaseBlob(partition, owner=owner, token=owner and "t", epoch=3))
    return decode(written, partition, leased=leased)


def test_a_lease_that_is_renewed_is_clean(shop: Shop) -> None:
    shop.others["leases"] = Evidence((owned("shop-control-00"), owned("shop-control-01")))
    assert shop.names() == []
    assert shop.facts().workers == ("w",)


@pytest.mark.parametrize(("at_work", "seconds", "found"), [(1, 9, 0), (1, -99, 1), (0, 9, 1)])
def test_a_part_of_a_checkpoint_is_broken_off_where_nobody_is_writing_the_rest(
    shop: Shop, at_work: int, seconds: float, found: int
) -> None:
    begun, left = started(timestamp=at(seconds)), OrchestratorStarted(timestamp=at(seconds))
    shop.has(*episode(begun), left)
    shop.change(-1, IsCheckpointComplete=False)
    if at_work:
        shop.others["leases"] = Evidence((owned("shop-control-00"), owned("shop-control-01")))
    assert shop.names().count("checkpoint-cut-off") == found


def test_a_lease_that_ran_out_is_stale(shop: Shop) -> None:
    stale = owned("shop-control-01", expires_at=at(-1))
    shop.others["leases"] = Evidence((owned("shop-control-00"), stale))
    (finding,) = shop.found()
    assert finding.rule.name == "stale-lease"
    assert finding.repair == ClearOwner("shop-control-01", "e")


def test_a_row_that_nobody_owns_is_clean_though_its_times_are_over(shop: Shop) -> None:
    free = owned("shop-control-00", current_owner=None, expires_at=at(-1))
    shop.others["leases"] = Evidence((free, owned("shop-control-01")))
    assert shop.names() == []


@pytest.mark.parametrize("folder", ["default", "intent", "ownership"])
def test_a_lease_blob_that_names_an_owner_is_leased(shop: Shop, folder: str) -> None:
    held = blob("shop-control-00", "w", leased=True)
    shop.others["leases"] = Evidence(blobs={folder: (held,)})
    assert shop.names() == []
    stale = replace(held, leased=False)
    shop.others["leases"] = Evidence(blobs={folder: (stale,)})
    (finding,) = shop.found()
    assert finding.rule.name == "stale-lease"
    assert finding.where == f"blob shop-leases/{folder}/shop-control-00"
    assert finding.repair == ClearBlobOwner(folder, stale)


def test_a_lease_blob_after_a_clean_stop_is_clean(shop: Shop) -> None:
    let_go = blob("shop-control-00", None, leased=False)
    shop.others["leases"] = Evidence(blobs={"default": (let_go,)})
    assert shop.names() == []


def test_two_managers_that_are_alive_are_found(shop: Shop) -> None:
    rows = (owned("shop-control-00", last_renewal=NOW), owned("shop-control-01"))
    held = blob("shop-control-00", "v", leased=True)
    shop.others["leases"] = Evidence(rows, {"ownership": (held,)})
    assert shop.names() == ["two-partition-managers"]


@pytest.mark.parametrize(
    "others",
    [
        {"task_hub_partitions": 4},
        {"leases": Evidence((LeaseRow(partition="shop-control-00"),))},
        {"leases": Evidence([LeaseRow(partition=f"shop-control-0{n}") for n in range(3)])},
    ],
    ids=["taskhub.json", "a row is missing", "a row too many"],
)
def test_numbers_of_partitions_that_disagree_are_found(
    shop: Shop, others: dict[str, object]
) -> None:
    shop.others |= others
    assert shop.names() == ["partitions-disagree"]


def test_the_app_lease_keeps_its_last_owner_after_a_stop(shop: Shop) -> None:
    shop.others["app_lease"] = AppLeaseInfo("a")
    assert shop.names() == []


@pytest.mark.parametrize(
    ("info", "endless"),
    [(AppLeaseInfo("a"), True), (AppLeaseInfo("a", "b"), False)],
    ids=["endless", "asked for"],
)
def test_an_app_lease_that_is_not_let_go_is_found(
    shop: Shop, info: AppLeaseInfo, *, endless: bool
) -> None:
    shop.others["app_lease"] = info
    shop.others["app_lease_is_endless"] = endless
    assert shop.names() == ["app-lease-held"]


def test_a_hub_that_is_frozen_is_clean(shop: Shop) -> None:
    rows = (owned("shop-control-00", last_renewal=NOW), owned("shop-control-01"))
    held = blob("shop-control-00", FREEZER, leased=True)
    frozen = [replace(row, current_owner=FREEZER) for row in rows]
    shop.others["leases"] = Evidence(frozen, {"ownership": (held,)})
    shop.others["app_lease"] = AppLeaseInfo("a")
    shop.others["app_lease_is_endless"] = True
    assert shop.names() == []


# -- locks ---------------------------------------------------------------------------------------


def entity(shop: Shop, state: str = STATE) -> None:
    clock = OrchestratorStarted(timestamp=at(1))
    rest = episode()[1:]
    shop.has(clock, started("@counter@a", input=state), *rest, instance_id="@counter@a")
    shop.change_row("@counter@a", CustomStatus=STATUS)


def test_a_lock_of_an_orchestration_that_runs_is_clean(shop: Shop) -> None:
    entity(shop)
    shop.has(*episode(started()))
    assert shop.names() == []


def test_a_lock_of_an_orchestration_that_has_ended_is_leaked(shop: Shop) -> None:
    entity(shop)
    shop.has(*FINISHED)
    (finding,) = shop.found()
    assert finding.rule.name == "leaked-lock"
    assert isinstance(finding.repair, ReleaseLock)
    assert finding.repair.message.event == EventRaised(
        timestamp=NOW, name="release", input='{"parent":"order-1","id":"fix-orphaned-lock"}'
    )


def test_a_lock_of_nobody_is_leaked(shop: Shop) -> None:
    entity(shop)
    assert shop.names() == ["leaked-lock"]


def test_a_release_may_be_on_its_way(shop: Shop) -> None:
    entity(shop)
    shop.has(*FINISHED)
    shop.sends(EventRaised(timestamp=NOW, name="release", input="{}"), "@counter@a", execution=None)
    assert shop.names() == []


def test_a_release_may_be_hidden(shop: Shop) -> None:
    entity(shop)
    shop.has(*FINISHED)
    shop.hides(shop.queue_of("@counter@a"))
    assert shop.names() == []


def test_an_entity_whose_state_cannot_be_read_is_found(shop: Shop) -> None:
    entity(shop, state="{")
    shop.change_row("@counter@a", CustomStatus="{}")
    assert shop.names() == ["entity-state-unreadable"]
