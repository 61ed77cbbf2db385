"""Which actions are offered in which state, and why others are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.monitor.actions import Possible, Verb
from durahub_migrate.monitor.hub import StoreKind
from durahub_migrate.monitor.possible import (
    OF_ENTITIES,
    OF_HUBS,
    OF_ORCHESTRATIONS,
    OFFERS,
    possible,
    possible_of_hub,
)
from durahub_migrate.monitor.row import ENDED, STATUSES, Kind, Row

CLASSIC, FILE = OFFERS[StoreKind.CLASSIC], OFFERS[StoreKind.SCHEDULER]


def row(status: str, **fields: object) -> Row:
    return Row(hub="h", instance_id="i", status=status, **fields)  # type: ignore[arg-type]


def of(found: tuple[Possible, ...]) -> dict[Verb, Possible]:
    return {one.verb: one for one in found}


def allowed(status: str, **fields: object) -> set[Verb]:
    return {one.verb for one in possible(row(status, **fields), CLASSIC) if one.allowed}


def test_what_runs_can_be_paused_and_ended_but_not_purged() -> None:
    assert allowed("Running") == {
        Verb.RAISE_EVENT,
        Verb.SUSPEND,
        Verb.TERMINATE,
        Verb.RESTART,
        Verb.SET_CUSTOM_STATUS,
    }


def test_what_has_failed_can_be_rewound_and_purged() -> None:
    assert allowed("Failed") == {
        Verb.REWIND,
        Verb.PURGE,
        Verb.RESTART,
        Verb.SET_CUSTOM_STATUS,
    }


@pytest.mark.parametrize("status", sorted(ENDED - {"Failed"}))
def test_only_what_has_failed_is_rewound(status: str) -> None:
    assert Verb.REWIND not in allowed(status)
    assert Verb.PURGE in allowed(status)


def test_only_what_is_suspended_is_resumed_and_not_suspended_again() -> None:
    assert {Verb.RESUME, Verb.SUSPEND} & allowed("Suspended") == {Verb.RESUME}


def test_what_has_not_begun_keeps_events_but_not_with_a_dotnet_worker() -> None:
    at_classic = of(possible(row("Pending"), CLASSIC))[Verb.RAISE_EVENT]
    in_file = of(possible(row("Pending"), FILE))[Verb.RAISE_EVENT]
    assert at_classic.allowed
    assert ".NET worker drops it" in (at_classic.warning or "")
    assert ".NET" not in (in_file.warning or "")


def test_a_custom_status_of_what_runs_is_written_over_by_the_next_checkpoint() -> None:
    found = of(possible(row("Running"), CLASSIC))[Verb.SET_CUSTOM_STATUS]
    assert "the next checkpoint writes the orchestrator's own over it" in (found.warning or "")
    ended = of(possible(row("Completed"), CLASSIC))[Verb.SET_CUSTOM_STATUS]
    assert "checkpoint" not in (ended.warning or "")


def test_of_an_entity_other_actions_are_offered_and_its_lock_is_told() -> None:
    found = of(possible(row("Running", kind=Kind.ENTITY, locked_by="order-7"), CLASSIC))
    assert tuple(found) == OF_ENTITIES
    assert all("order-7 has locked it" in (one.warning or "") for one in found.values())


def test_a_bundle_is_not_changed_at_all() -> None:
    offers = OFFERS[StoreKind.BUNDLE]
    assert not any(one.allowed for one in possible(row("Failed"), offers))
    assert not any(one.allowed for one in possible_of_hub(offers))


def test_what_a_store_lacks_is_told_with_its_reason() -> None:
    endpoint = of(possible(row("Running"), OFFERS[StoreKind.ENDPOINT]))
    assert "no call" in (endpoint[Verb.SET_CUSTOM_STATUS].why_not or "")
    of_file = of(possible_of_hub(FILE))
    assert [verb for verb in OF_HUBS if not of_file[verb].allowed] == [Verb.DELETE_BLOBS]


@given(
    status=st.sampled_from(STATUSES),
    kind=st.sampled_from(Kind),
    store=st.sampled_from(StoreKind),
    parent=st.sampled_from([None, "p"]),
)
def test_whatever_is_not_offered_is_explained(
    status: str, kind: Kind, store: StoreKind, parent: str | None
) -> None:
    found = possible(row(status, kind=kind, parent_id=parent), OFFERS[store])
    assert tuple(one.verb for one in found) == (
        OF_ENTITIES if kind is Kind.ENTITY else OF_ORCHESTRATIONS
    )
    for one in found:
        assert one.allowed == (one.why_not is None)
        assert one.allowed or one.warning is None
