"""By which manager a hub is shared: what counts as evidence, and what is refused."""

import pytest

from durahub.classic.options import ClassicOptions, Manager
from durahub.classic.partitioning.app_lease import (
    AppLeaseInfo,
    after_taking,
    app_lease_id,
    decode,
    encode,
    swaps_from,
)
from durahub.classic.partitioning.evidence import (
    Evidence,
    all_sightings,
    choose,
    is_held,
    manager_of,
    sightings,
)
from durahub.classic.partitioning.lease_blob import LeaseBlob
from durahub.classic.partitioning.lease_store import owners
from durahub.classic.partitioning.table import LeaseRow
from durahub.errors import HubMismatch
from durahub.model.ticks import later, parse

NOW = parse("2026-01-15T09:30:00Z")
QUEUE = "myhub-control-00"
ALL_THREE = (Manager.TABLE, Manager.SAFE, Manager.LEGACY)


def row(age: float, owner: str | None = "dotnet-1", **values: object) -> Evidence:
    """Return a hub with a row that was renewed *age* seconds ago."""
    renewed = later(NOW, -age)
    values = {
        "current_owner": owner,
        "last_renewal": renewed,
        "expires_at": later(NOW, 30 - age),
    } | values
    return Evidence([LeaseRow(partition=QUEUE, **values)])  # type: ignore[arg-type]


def blob(folder: str, owner: str | None = "dotnet-1", *, leased: bool = True) -> Evidence:
    """Return a hub with a lease blob."""
    return Evidence(blobs={folder: [LeaseBlob(QUEUE, owner, "token", 3, leased)]})


def both(one: Evidence, other: Evidence) -> Evidence:
    return Evidence([*one.rows, *other.rows], {**one.blobs, **other.blobs})


FREE = LeaseRow(partition=QUEUE)
ALIVE = [
    (row(5), Manager.TABLE),
    (row(5, None, next_owner="dotnet-2"), Manager.TABLE),
    (row(59), Manager.TABLE),
    (row(-20), Manager.TABLE),  # its clock is ahead
    (row(5, "me", next_owner="dotnet-2"), Manager.TABLE),  # it is about to get ours
    (blob("ownership"), Manager.SAFE),
    (blob("intent"), Manager.SAFE),
    (blob("default"), Manager.LEGACY),
    (blob("default", None), Manager.LEGACY),
]
DEAD = [
    (Evidence(), Manager.TABLE),
    (row(61), Manager.TABLE),
    (row(5, None), Manager.TABLE),  # it was let go in order
    (Evidence([FREE]), Manager.TABLE),
    (blob("ownership", leased=False), Manager.SAFE),
    (blob("default", None, leased=False), Manager.LEGACY),
    (row(5, "me"), Manager.TABLE),  # ours, from before a restart
    (blob("default", "ME"), Manager.LEGACY),
]


@pytest.mark.parametrize(("evidence", "manager"), ALIVE + DEAD)
def test_without_a_setting_the_hub_tells(evidence: Evidence, manager: Manager) -> None:
    assert choose("myhub", evidence, Manager.AUTO, "me", NOW) is manager


@pytest.mark.parametrize(("evidence", "manager"), ALIVE)
def test_the_manager_of_living_workers_is_the_only_one_that_can_be_configured(
    evidence: Evidence, manager: Manager
) -> None:
    assert choose("myhub", evidence, manager, "me", NOW) is manager
    for other in set(ALL_THREE) - {manager}:
        with pytest.raises(HubMismatch) as refused:
            choose("myhub", evidence, other, "me", NOW)
        said = str(refused.value)
        assert QUEUE in said
        assert f"by the {manager.value} partition manager" in said
        assert f"told to use the {other.value} one" in said
        assert f"--partition-manager {manager.value}" in said


def test_who_asks_for_a_partition_is_seen_beside_the_one_that_has_it() -> None:
    evidence = row(5, "dotnet-1", next_owner="dotnet-2")
    assert [one.worker for one in all_sightings(evidence, "me", NOW)] == ["dotnet-1", "dotnet-2"]


@pytest.mark.parametrize("evidence", [evidence for evidence, _ in DEAD])
def test_where_nobody_is_at_work_any_manager_can_be_configured(evidence: Evidence) -> None:
    assert sightings(evidence, "me", NOW) == ()
    assert [choose("myhub", evidence, one, "me", NOW) for one in ALL_THREE] == list(ALL_THREE)


def test_a_hub_that_is_shared_in_two_ways_at_once_is_refused_in_any_case() -> None:
    split = both(row(5), blob("ownership"))
    for configured in Manager:
        with pytest.raises(HubMismatch):
            choose("myhub", split, configured, "me", NOW)


def test_leftovers_of_several_managers_tell_nothing_and_those_of_one_do() -> None:
    old = blob("ownership", None, leased=False)
    assert manager_of(both(old, row(500)), "me", NOW) is Manager.TABLE
    assert manager_of(both(old, blob("default", None, leased=False)), "me", NOW) is Manager.TABLE
    assert manager_of(old, "me", NOW) is Manager.SAFE
    assert manager_of(both(old, row(5)), "me", NOW) is Manager.TABLE
    assert manager_of(both(blob("ownership"), row(500)), "me", NOW) is Manager.SAFE


def test_the_manager_that_was_chosen_stays_unless_workers_of_another_one_have_come() -> None:
    old = both(blob("ownership", None, leased=False), row(500))

    def again(evidence: Evidence) -> Manager:
        return choose("myhub", evidence, Manager.AUTO, "me", NOW, Manager.SAFE)

    assert again(old) is Manager.SAFE
    assert again(both(old, row(5))) is Manager.TABLE


def test_a_partition_is_held_by_who_may_work_on_it_not_by_who_wants_it() -> None:
    assert is_held(row(5), QUEUE, NOW)
    assert is_held(blob("ownership"), QUEUE, NOW)
    assert is_held(blob("default"), QUEUE, NOW)
    assert not is_held(blob("intent"), QUEUE, NOW)
    assert not is_held(blob("default"), "myhub-control-01", NOW)
    assert not is_held(row(31), QUEUE, NOW)


def test_owners_are_those_who_work_on_a_partition() -> None:
    shared = both(blob("ownership", "one"), blob("intent", "two"))
    assert owners(shared, Manager.SAFE) == {QUEUE: "one"}
    assert owners(blob("default", "one", leased=False), Manager.LEGACY) == {QUEUE: None}
    assert owners(row(5), Manager.TABLE) == {QUEUE: "dotnet-1"}


# -- the app lease ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("app_name", "lease_id"),
    [
        ("", "811c9dc5-0000-0000-0000-000000000000"),
        ("MyApp", "828293a6-0000-0000-0000-000000000000"),
        ("TravelApp", "41284cc8-0000-0000-0000-000000000000"),
    ],
)
def test_the_app_leases_id_follows_from_the_apps_name(app_name: str, lease_id: str) -> None:
    assert app_lease_id(app_name) == lease_id


def test_the_app_leases_blob_is_byte_for_byte_that_of_the_other_provider() -> None:
    content = b'{"OwnerId":"41284cc8-0000-0000-0000-000000000000","DesiredSwapId":null}'
    info = AppLeaseInfo("41284cc8-0000-0000-0000-000000000000")
    assert encode(info) == content
    assert decode(content) == info


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[]", b"\xff", b'{"OwnerId":3}'])
def test_an_app_leases_blob_that_says_nothing_names_nobody(content: bytes | None) -> None:
    assert decode(content) == AppLeaseInfo()


def test_who_is_wanted_changes_the_lease_and_others_wishes_stay() -> None:
    assert swaps_from(AppLeaseInfo("other", "me"), "me") == "other"
    assert swaps_from(AppLeaseInfo("other", "third"), "me") is None
    assert after_taking(AppLeaseInfo("other", "me"), "me", swapped=True) == AppLeaseInfo("me")
    third = AppLeaseInfo("other", "third")
    assert after_taking(third, "me", swapped=False) == AppLeaseInfo("me", "third")


@pytest.mark.parametrize(
    ("app_name", "setting", "used"),
    [
        (None, None, False),
        ("MyApp", None, True),
        ("MyApp", False, False),
        (None, True, True),  # as .NET does where no name is configured: under the empty one
    ],
)
def test_the_app_lease_is_used_when_there_is_an_app_name(
    app_name: str | None, setting: bool | None, used: bool
) -> None:
    assert ClassicOptions(app_name=app_name, use_app_lease=setting).app_leased is used
