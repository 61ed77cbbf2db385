"""What the sweeper writes into the index."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.query import AllOf, Query
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.row import HEAD, Row, Sort
from durahub_migrate.watching.index import LocalHubIndex, LocalIndexes
from durahub_migrate.watching.index.record import record_of, row_of
from durahub_migrate.watching.keeping import PartitionSum, SweepState
from tests.monitor.querying.generated import NOW, rows, words

HUB = "a@local"
ALL = Query("", AllOf(), NOW)
ROW = Row(hub=HUB, instance_id="a", name="Order", created=NOW, custom_status="waits")


def kept(hub: LocalHubIndex) -> dict[str, Row]:
    return {row.instance_id: row for row in hub.page(ALL, Sort("id"), count=1000).rows}


def stored(row: Row) -> Row:
    return row_of(HUB, record_of(row), None)


def found(hub: LocalHubIndex, text: str) -> set[str]:
    return {row.instance_id for row in hub.page(parse(text, NOW), Sort("id"), count=99).rows}


def test_what_was_put_is_there(memory: LocalIndexes) -> None:
    hub = memory.of(HUB)
    whole = replace(ROW, tags={"b": "1", "a": "2"}, parent_id="p", seen=NOW, bytes=7, key="k")

    assert hub.put([whole]) == {"a"}

    assert hub.row("a") == whole
    assert hub.row("b") is None
    assert hub.count() == 1
    assert hub.ids("a") == hub.ids("") == ("a",)
    assert hub.children("p") == ("a",)


def test_a_row_that_is_as_before_did_not_change_but_was_seen(memory: LocalIndexes) -> None:
    hub = memory.of(HUB)
    hub.put([ROW])

    assert hub.put([replace(ROW, seen=NOW)]) == frozenset()
    assert hub.row("a") == replace(ROW, seen=NOW)
    assert hub.put([replace(ROW, status="Running")]) == {"a"}


def test_of_rows_with_the_same_id_the_last_counts(memory: LocalIndexes) -> None:
    hub = memory.of(HUB)

    assert hub.put([ROW, replace(ROW, status="Failed")]) == {"a"}
    assert hub.counts(ALL) == {"Failed": 1}


def test_a_text_that_changed_is_found_by_its_new_words(memory: LocalIndexes) -> None:
    hub = memory.of(HUB)
    hub.put([ROW])
    hub.put([replace(ROW, custom_status="is DONE")])

    assert found(hub, "waits") == set()
    assert found(hub, '"is done"') == found(hub, "custom~done") == {"a"}


def test_of_a_text_the_head_is_kept(memory: LocalIndexes) -> None:
    hub = memory.of(HUB)
    hub.put([replace(ROW, output="x" * HEAD + "tail")])

    row = hub.row("a")
    assert row is not None
    assert row.output == "x" * HEAD
    assert found(hub, "tail") == set()


def test_characters_that_a_file_cannot_keep_have_stand_ins(memory: LocalIndexes) -> None:
    hub = memory.of(HUB)
    hub.put([replace(ROW, output="a\0b\ud800c\x1fd")])

    row = hub.row("a")
    assert row is not None
    assert row.output == "a\u2400b\ufffdc\u241fd"
    assert found(hub, '"b\ud800C"') == {"a"}


def test_what_was_learned_stays_when_the_row_is_put_again(memory: LocalIndexes) -> None:
    hub = memory.of(HUB)
    hub.put([ROW])

    assert hub.learn({"a": "p", "unknown": "p"}, {"a": 70}) == {"a"}
    assert hub.learn({"a": "p"}) == frozenset()
    assert hub.put([ROW]) == frozenset()
    hub.put([replace(ROW, status="Running")])

    assert hub.row("a") == replace(ROW, status="Running", parent_id="p", bytes=70)
    assert found(hub, "parent:p size>60") == {"a"}


def test_a_sweep_that_ends_removes_what_it_did_not_see(memory: LocalIndexes) -> None:
    hub = memory.of(HUB)
    other = memory.of("b@local")
    other.put([Row(hub="b@local", instance_id="z")])
    hub.put([replace(ROW, instance_id=one) for one in "abc"])
    hub.begin_sweep(NOW, "mark 1")
    hub.put([ROW], position="page 2", swept=True)
    hub.put([replace(ROW, instance_id="d")])  # came by a look at changes meanwhile

    state = hub.sweep()
    assert state.under_way
    assert (state.position, state.begun, state.mark, state.seen) == ("page 2", NOW, "mark 1", 1)
    assert hub.end_sweep(Ticks(NOW + 1)) == {"b", "c"}

    assert set(kept(hub)) == {"a", "d"}
    assert hub.sweep() == SweepState(
        begun=NOW, mark="mark 1", seen=1, complete=Ticks(NOW + 1), last_count=2
    )
    assert other.count() == 1
    assert hub.end_sweep(NOW) == frozenset()


def test_a_sweep_goes_on_in_another_process(tmp_path: Path) -> None:
    place = str(tmp_path / "data" / "monitor.index")
    with closing(LocalIndexes(place)) as first:
        first.of(HUB).put([replace(ROW, instance_id="old")])
        first.of(HUB).begin_sweep(NOW, None)
        first.of(HUB).put([ROW], position="p", swept=True)
        first.of(HUB).mark("changes 7")

    with closing(LocalIndexes(place)) as second:
        hub = second.of(HUB)
        assert (hub.sweep().position, hub.sweep().changes) == ("p", "changes 7")
        hub.put([replace(ROW, instance_id="b")], swept=True)
        assert hub.end_sweep(NOW) == {"old"}


def test_removed_and_dropped_rows_leave_nothing(memory: LocalIndexes) -> None:
    hub, other = memory.of(HUB), memory.of("b@local")
    hub.put([replace(ROW, instance_id=one) for one in "abc"])
    other.put([Row(hub="b@local", instance_id="a", name="Other")])
    hub.mark("7")

    assert hub.remove(["a", "unknown"]) == {"a"}
    assert found(hub, "waits") == {"b", "c"}
    hub.drop()

    assert (hub.count(), hub.counts(ALL), hub.sweep()) == (0, {}, SweepState())
    assert memory.whole.names(ALL) == {"Other": {"Pending": 1}}
    hub.put([ROW])
    assert set(kept(hub)) == {"a"}


def test_all_hubs_together_are_those_that_are_watched_now(tmp_path: Path) -> None:
    place = str(tmp_path / "monitor.index")
    with closing(LocalIndexes(place)) as first:
        first.of(HUB).put([ROW])
        first.of("b@local").put([Row(hub="b@local", instance_id="a")])

    with closing(LocalIndexes(place)) as second:
        assert second.whole.counts(ALL) == {}
        second.of(HUB)
        assert second.whole.counts(ALL) == {"Pending": 1}
        assert second.some([HUB, "b@local"]).counts(ALL) == {"Pending": 2}


@st.composite
def deeds(draw: st.DrawFn) -> tuple[str, object]:
    kind = draw(st.sampled_from(["put", "put", "sweep", "end", "remove", "learn"]))
    ids = st.sampled_from("abcd")
    match kind:
        case "put":
            some = rows.map(lambda row: replace(row, hub=HUB, parent_id=None, bytes=None))
            pairs = st.tuples(some, ids).map(lambda one: replace(one[0], instance_id=one[1]))
            return kind, draw(st.lists(pairs, max_size=3))
        case "remove":
            return kind, draw(st.lists(ids, max_size=2))
        case "learn":
            return kind, draw(st.dictionaries(ids, words, max_size=2))
    return kind, None


@given(st.lists(deeds(), max_size=8))
def test_whatever_happens_to_it_the_index_is_what_a_dictionary_would_be(
    happened: list[tuple[str, object]],
) -> None:
    model: dict[str, Row] = {}
    seen: set[str] | None = None
    with closing(LocalIndexes()) as indexes:
        hub = indexes.of(HUB)
        for kind, what in happened:
            if kind == "put" and isinstance(what, list):
                changed = hub.put(what)
                before = dict(model)
                for row in what:
                    parent = model[row.instance_id].parent_id if row.instance_id in model else None
                    model[row.instance_id] = stored(replace(row, parent_id=parent))
                    if seen is not None:
                        seen.add(row.instance_id)
                assert changed == {one for one in model if model[one] != before.get(one)}
            elif kind == "sweep":
                hub.begin_sweep(NOW, None)
                seen = set()
            elif kind == "end":
                gone = hub.end_sweep(NOW)
                assert gone == (set() if seen is None else set(model) - seen)
                model = {one: row for one, row in model.items() if one not in gone}
                seen = None
            elif kind == "remove" and isinstance(what, list):
                assert hub.remove(what) == set(what) & set(model)
                for one in what:
                    model.pop(one, None)
            elif isinstance(what, Mapping):
                hub.learn(what)
                for one, parent in what.items():
                    if one in model:
                        model[one] = stored(replace(model[one], parent_id=parent))
            assert kept(hub) == model
            assert hub.count() == len(model)
            assert sum(hub.counts(ALL).values()) == len(model)


def test_rows_and_bytes_of_partitions_are_counted_as_they_change(memory: LocalIndexes) -> None:
    hub = memory.of(HUB)
    hub.put([replace(ROW, instance_id=str(at), partition=at % 2, bytes=10 + at) for at in range(4)])
    memory.of("b@local").put([replace(ROW, hub="b@local", partition=0, bytes=1)])

    assert hub.partitions() == {
        0: PartitionSum(instances=2, running=2, bytes=22),
        1: PartitionSum(instances=2, running=2, bytes=24),
    }
    hub.put([replace(ROW, instance_id="0", partition=0, bytes=5, status="Completed")])
    hub.learn({}, {"2": 100, "gone": 7})
    hub.remove(["1", "3"])

    assert hub.partitions() == {0: PartitionSum(instances=2, running=1, bytes=105)}
    hub.drop()
    assert hub.partitions() == {}
