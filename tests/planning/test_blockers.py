"""What stands against moving a tree, and what the owner can do about it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from durahub.errors import BadRow
from durahub.stored import NotRead, StoredInstance
from durahub_migrate.moving.capabilities import UNPROBED_ENDPOINT
from tests.planning.planned import (
    EARLIER,
    PROBED,
    Planned,
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
    started,
    timer,
)

LOCKED = '{"exists":true,"state":"7","lockedBy":"order-7"}'
LONG = "order-" + "7" * 100


def blockers_of(found: Planned, root: str = "order-7") -> str:
    return " ".join(found.by_root[root].blockers)


def test_a_long_id_is_never_cut_but_mapped(tmp_path: Path) -> None:
    as_it_is = planned(tmp_path / "b", [running(timer(), root=LONG)], target="endpoint")
    mapped = planned(tmp_path / "b", [], target="endpoint", ids={LONG: "order-short"})

    assert "106 characters, 100 are allowed" in blockers_of(as_it_is, LONG)
    assert not mapped.by_root[LONG].blockers
    assert mapped.by_root[LONG].target_id(LONG) == "order-short"
    assert mapped.codes(LONG)["ids-are-new"] == 1


def test_a_new_id_that_another_instance_has_is_a_collision(tmp_path: Path) -> None:
    instances = [running(timer(), root="bestellung-ä"), running(timer())]

    taken = planned(tmp_path / "b", instances, target="endpoint", ids={"bestellung-ä": "order-7"})
    swapped = planned(
        tmp_path / "b", [], target="own", ids={"bestellung-ä": "order-7", "order-7": "bestellung-ä"}
    )

    assert "another instance has: order-7" in blockers_of(taken, "bestellung-ä")
    assert "another instance" not in "".join(one for unit in swapped.units for one in unit.blockers)


def test_a_new_id_that_the_target_refuses_is_refused(tmp_path: Path) -> None:
    found = planned(tmp_path / "b", [running(timer())], target="endpoint", ids={"order-7": "ä"})

    assert "refuses the ID 'ä'" in blockers_of(found)


def test_a_classic_hub_takes_256_characters(tmp_path: Path) -> None:
    roots = ["x" * 256, "y" * 257]
    found = planned(tmp_path / "b", [pending(root) for root in roots], target="classic")

    assert [bool(found.by_root[root].blockers) for root in roots] == [False, True]


def test_what_drains_needs_no_way(tmp_path: Path) -> None:
    found = planned(
        tmp_path / "b", [running(timer(), root=LONG)], target="endpoint", drain=("order-*",)
    )

    assert found.by_root[LONG].strategy.value == "c"
    assert not found.by_root[LONG].blockers
    assert found.codes(LONG) == {"stays-on-the-old-hub": 1}


def test_what_never_ends_cannot_drain(tmp_path: Path) -> None:
    instances = [running(timer(), started_by_client=False), entity('{"exists":true,"state":"7"}')]
    found = planned(tmp_path / "b", instances, target="endpoint", drain=("*",))

    assert "never ends" in blockers_of(found)
    assert "entities do not end" in blockers_of(found, "@counter@a")


def test_a_lock_of_a_holder_that_has_ended_blocks_its_entity_at_an_endpoint(tmp_path: Path) -> None:
    instances = [entity(LOCKED), ended()]

    at_endpoint = planned(tmp_path / "b", instances, target="endpoint")
    in_store = planned(tmp_path / "b", [], target="own")

    assert "is locked by 'order-7', which has ended" in blockers_of(at_endpoint, "@counter@a")
    assert not in_store.by_root["@counter@a"].blockers  # as it was


def test_a_lock_of_a_holder_that_is_nowhere_blocks_its_entity(tmp_path: Path) -> None:
    found = planned(tmp_path / "b", [entity(LOCKED)], target="endpoint")

    assert "which is not in the bundle" in blockers_of(found, "@counter@a")


@pytest.mark.parametrize("target", ["own", "endpoint"])
def test_a_lock_and_its_holder_move_together_or_not_at_all(target: str, tmp_path: Path) -> None:
    instances = [entity(LOCKED), running(timer())]

    holder_stays = planned(tmp_path / "b", instances, target=target, skip=("order-*",))
    entity_stays = planned(tmp_path / "b", [], target=target, skip=("@*",))
    holder_drains = planned(tmp_path / "b", [], target=target, drain=("order-*",))
    both = planned(tmp_path / "b", [], target=target)

    assert "which is not part of the move" in blockers_of(holder_stays, "@counter@a")
    assert "holds the lock of @counter@a" in blockers_of(entity_stays)
    assert "which is not moved" in blockers_of(holder_drains, "@counter@a")
    assert not any(unit.blockers for unit in both.units)


def test_a_tree_of_which_a_part_could_not_be_read_is_blocked(tmp_path: Path) -> None:
    rejects = [
        NotRead("table", BadRow("table", "no such event"), b"{}", instance_id=one)
        for one in ("order-7:1", "day-1")
    ]
    instances = [running(child()), running(timer(), root="order-8", parent="day-1")]
    found = planned(tmp_path / "b", instances, rejects=rejects)

    assert "could not be read by the export: order-7:1" in blockers_of(found)
    assert "could not be read by the export: day-1" in blockers_of(found, "order-8")
    assert found.ending["rejected"] == 2


def test_a_parent_that_was_purged_is_a_loss(tmp_path: Path) -> None:
    found = planned(tmp_path / "b", [running(timer(), parent="day-1")])

    assert not found.by_root["order-7"].blockers
    assert found.codes("order-7") == {"parent-is-missing": 1}


def test_what_runs_without_a_history_cannot_be_replayed(tmp_path: Path) -> None:
    found = planned(tmp_path / "b", [pending(status="Running")], target="endpoint")

    assert "it runs and has no history" in blockers_of(found)


def test_an_endpoint_that_was_seen_to_refuse_is_believed(tmp_path: Path) -> None:
    instances = [running(timer(EARLIER)), entity('{"exists":true,"state":"7"}')]
    refuses = replace(UNPROBED_ENDPOINT, probed=True, past_timers=False, entities=False)
    no_way = replace(refuses, ghost=False)

    found = planned(tmp_path / "b", instances, target=refuses)
    nothing = planned(tmp_path / "b", [], target=no_way)

    assert "timers are overdue" in blockers_of(found)
    refused = "the probe saw that the target does not take an entity's state"
    assert refused in blockers_of(found, "@counter@a")
    assert "the target was seen to take none of them" in blockers_of(nothing)


def test_without_ghost_replay_what_a_probe_has_seen_is_taken(tmp_path: Path) -> None:
    other = replace(UNPROBED_ENDPOINT, probed=True, ghost=False, rewind_history=True)

    found = planned(tmp_path / "b", [running(timer())], target=other)

    assert found.by_root["order-7"].strategy.value == "b3"
    assert "row-times-are-new" in found.codes("order-7")


def test_a_large_message_blocks_too(tmp_path: Path) -> None:
    messages = [queued(raised(text="x" * 1_048_577))]
    found = planned(tmp_path / "b", [running(timer())], messages, target="endpoint")

    assert "1,048,577" in blockers_of(found)


# -- choices -------------------------------------------------------------------------------------


def test_what_has_ended_is_moved_where_it_is_asked_for(tmp_path: Path) -> None:
    moved = planned(tmp_path / "b", [ended(), ended("ä")], target="endpoint", ended="move")
    by_backend = planned(tmp_path / "b", [], target="probed", ended="move", prefer="b4")
    archived = planned(tmp_path / "b", [], target="own", ended="archive")

    assert moved.by_root["order-7"].strategy.value == "b2"
    assert moved.codes("order-7")["retention-starts-anew"] == 1
    assert by_backend.by_root["order-7"].strategy.value == "b4"
    assert {unit.strategy.value for unit in archived.units} == {"d"}


def test_starting_again_what_runs_is_a_choice_that_says_what_it_costs(tmp_path: Path) -> None:
    instances = [running(activity(), timer(number=1))]
    found = planned(tmp_path / "b", instances, target="endpoint", prefer="b1")

    assert found.by_root["order-7"].strategy.value == "b1"
    assert found.codes("order-7")["activities-run-again"] == 1
    assert found.codes("order-7")["delay-begins-again"] == 1


def test_what_is_asked_for_and_impossible_gives_way(tmp_path: Path) -> None:
    instances = [running(child()), running(timer(), root="order-7:1", parent="order-7")]
    found = planned(tmp_path / "b", instances, target="endpoint", prefer="b1")

    unit = found.by_root["order-7"]
    assert unit.strategy.value == "b2"
    assert "start again (b1) was asked for, and it is not possible" in unit.why


def test_a_whole_hub_may_drain(tmp_path: Path) -> None:
    instances = [running(timer()), entity('{"exists":true,"state":"7"}')]
    found = planned(tmp_path / "b", instances, target="endpoint", prefer="c")

    assert found.by_root["order-7"].strategy.value == "c"
    assert found.by_root["@counter@a"].strategy.value == "b2"  # entities do not end


def test_what_has_just_continued_as_new_is_started_again(tmp_path: Path) -> None:
    at_the_cut = running(turned=False, started_by_client=False)
    found = planned(tmp_path / "b", [at_the_cut], target="endpoint")

    assert found.by_root["order-7"].strategy.value == "b1"


def test_another_numbering_is_told(tmp_path: Path) -> None:
    found = planned(tmp_path / "b", [running(activity())], target="endpoint", numbering=1)

    assert found.codes("order-7")["actions-are-renumbered"] == 1


# -- sums ----------------------------------------------------------------------------------------


def test_everything_of_the_source_is_in_one_of_the_sums(tmp_path: Path) -> None:
    instances = [
        running(timer(), root="a"),
        running(timer(), root="skipped"),
        running(timer(), root="drained"),
        running(child("begins"), root="parent"),
        ended("over"),
        pending(LONG),
        entity('{"exists":true,"state":"7"}'),
    ]
    messages = [
        queued(raised(), to="a", number=1),
        queued(raised(), to="a", number=2, deliveries=20),
        queued(raised(), to="skipped", number=3),
        queued(raised(), to="drained", number=4),
        queued(started("begins"), to="begins", number=5),  # of a child that has no row yet
        queued(raised(), to="over", number=6),
        queued(raised(), to="nobody", number=7),
        queued(raised(), to=LONG, number=8),
    ]
    rejects = [NotRead("row", BadRow("row", "bad"), b"", instance_id="lost")]
    found = planned(
        tmp_path / "b",
        instances,
        messages,
        rejects=rejects,
        target="endpoint",
        skip=("skipped",),
        drain=("drained",),
    )

    assert found.ending["balance"] == {
        "orchestrations": {
            "source": 7,
            "imported": 2,
            "skipped": 1,
            "drained": 1,
            "archived": 1,
            "blocked": 1,
            "rejected": 1,
        },
        "entities": {"source": 1, "imported": 1},
        "messages": {
            "source": 8,
            "imported": 2,
            "archived": 3,
            "skipped": 1,
            "drained": 1,
            "blocked": 1,
        },
    }
    assert found.ending["strays"] == 1


@pytest.mark.parametrize(
    ("target", "is_signal", "strays"),
    [("own", True, 0), ("own", False, 0), ("endpoint", True, 0), ("endpoint", False, 1)],
)
def test_what_begins_an_entity_is_no_stray_where_nobody_else_sends_it(
    target: str, is_signal: bool, strays: int, tmp_path: Path
) -> None:
    signal = raised("op", json.dumps({"op": "add", "signal": is_signal, "id": "a"}))
    found = planned(tmp_path / "b", [], [queued(signal, to="@counter@new")], target=target)

    assert found.ending["strays"] == strays
    assert (
        sum(found.ending["balance"]["messages"].values()) == 2
    )  # of the source, and where it goes


def test_results_of_an_orchestration_that_has_not_begun_run_again(tmp_path: Path) -> None:
    messages = [queued(result(0), number=1), queued(result(1), number=2)]
    found = planned(tmp_path / "b", [pending()], messages, target="endpoint")

    assert found.codes("order-7")["activities-run-again"] == 2


def test_hidden_messages_that_nothing_explains_are_counted(tmp_path: Path) -> None:
    instances = [running(timer()), running(activity(), root="b"), pending("c")]
    found = planned(
        tmp_path / "b",
        instances,
        [queued(raised())],
        queues={"orders-control-00": 5, "orders-workitems": 1},
    )

    assert (
        found.ending["hidden"] == 2
    )  # of six one was seen; a timer, an activity, a start are awaited


def test_only_what_is_asked_for_is_part_of_the_move(tmp_path: Path) -> None:
    instances = [pending("order-1"), pending("order-2"), pending("day-1")]
    found = planned(tmp_path / "b", instances, only=("order-*",), skip=("*-2",))

    assert [unit.root_id for unit in found.units] == ["order-1"]


def test_what_has_sent_a_delayed_signal_is_moved_by_a_way_that_sends_it_again(
    tmp_path: Path,
) -> None:
    signal = '{"op":"add","signal":true,"id":"a","due":"2026-11-01T14:00:00Z"}'
    instances = [running(timer(number=1), sent(signal, name="op@2026-11-01T14:00:00Z"))]
    no_ghost = replace(PROBED, ghost=False)

    asked = planned(tmp_path / "b", instances, target="probed", prefer="b4")
    lost = planned(tmp_path / "b", [], target=no_ghost)
    seen = planned(
        tmp_path / "c", instances, [queued(raised("op", signal), to="@counter@a")], target=no_ghost
    )

    assert asked.by_root["order-7"].strategy.value == "b2"
    assert lost.by_root["order-7"].strategy.value == "b4"
    assert lost.codes("order-7")["delayed-signal-is-lost"] == 1
    assert "delayed-signal-is-lost" not in seen.codes("order-7")


def test_an_import_keeps_ids(tmp_path: Path) -> None:
    found = planned(tmp_path / "b", [running(timer())], target="own", ids={"order-7": "order-8"})
    assert "an import keeps IDs" in found.by_root["order-7"].blockers[0]


def test_who_has_asked_an_entity_that_gets_another_id_is_blocked(tmp_path: Path) -> None:
    asking = [running(sent('{"op":"add","signal":true,"id":"a"}'))]
    ids = {"@counter@a": "@counter@b"}

    mapped = planned(tmp_path / "b", asking, target="endpoint", ids=ids)
    plain = planned(tmp_path / "b", [], target="endpoint")

    assert "its code knows the old one" in mapped.by_root["order-7"].blockers[0]
    assert plain.by_root["order-7"].blockers == ()


def has_sent(root: str, *receivers: str) -> StoredInstance:
    """Return an orchestration that has sent events, and waits for a timer."""
    events = (replace(sent("1", to, "Approved"), event_id=n) for n, to in enumerate(receivers))
    return running(*events, timer(number=9), root=root)


def test_trees_that_have_sent_each_other_events_block_each_other(tmp_path: Path) -> None:
    instances = [
        has_sent("a", "b", "c"),
        has_sent("b", "a"),
        has_sent("c", "c", "c:1", "nobody"),
        running(timer(), root="c:1", parent="c"),
    ]

    found = planned(tmp_path / "b", instances, target="endpoint")
    dropping = replace(UNPROBED_ENDPOINT, probed=True, drops_strays=True)
    dropped = planned(tmp_path / "b", [], target=dropping)
    one_drains = planned(tmp_path / "b", [], target="endpoint", drain=("b",))
    one_stays = planned(tmp_path / "b", [], target="endpoint", skip=("a",))
    in_store = planned(tmp_path / "b", [], target="own")

    assert "it and b have sent each other events" in blockers_of(found, "a")
    assert "it and a have sent each other events" in blockers_of(found, "b")
    assert not found.by_root["c"].blockers
    for other in (dropped, one_drains, one_stays, in_store):
        assert not any(unit.blockers for unit in other.units)
