"""Saved views."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.errors import BadQuery, BadRequest, FileUnavailable
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.row import Row, Sort
from durahub_migrate.monitor.views import BUILT_IN, SavedView, checked, from_text, to_text
from durahub_migrate.watching.index import LocalIndex, LocalIndexes
from durahub_migrate.watching.views_file import ViewsFile, count_of
from tests.monitor.querying.generated import HOUR, NOW

MINE = SavedView(
    name="My orders",
    query="name:Order* age>1h",
    sort="updated",
    columns=("instanceId", "tag.region"),
    hubs=("a@local",),
    shared=False,
    owner="ada",
)


@pytest.fixture
def file(tmp_path: Path) -> ViewsFile:
    return ViewsFile(tmp_path / "data" / "views.json", lambda: NOW)


def saved(file: ViewsFile, owner: str | None = None) -> list[SavedView]:
    return [view for view in file.views(owner) if not view.built_in]


def test_views_that_are_kept_are_there_behind_the_built_in_ones(file: ViewsFile) -> None:
    shared = SavedView(name="all failed", query="status:Failed")
    file.keep(MINE)
    file.keep(shared)
    file.keep(replace(shared, sort="name"))

    assert file.views("ada") == (*BUILT_IN, replace(shared, sort="name"), MINE)
    assert MINE.order == Sort("updated", descending=False)


def test_a_private_view_is_seen_by_its_owner_alone(file: ViewsFile) -> None:
    file.keep(MINE)
    file.keep(replace(MINE, owner="bob", query=""))

    assert saved(file, "ada") == [MINE]
    assert [view.owner for view in saved(file, "bob")] == ["bob"]
    assert saved(file, "eve") == []
    assert not file.remove(MINE.name, "eve")
    assert file.remove(MINE.name, "ada")
    assert [view.owner for view in saved(file)] == ["bob"]


def test_views_are_handed_on_as_a_file(file: ViewsFile, tmp_path: Path) -> None:
    file.keep(MINE)
    file.keep(SavedView(name="b"))
    other = ViewsFile(tmp_path / "other.json", lambda: NOW)

    taken = other.take(file.exported("ada"), "bob")

    assert {view.name for view in taken} == {"My orders", "b"}
    assert saved(other, "bob") == [SavedView(name="b"), replace(MINE, owner="bob")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "format"),
        ('{"format":"durahub.views/1"}', "no list"),
        ('{"format":"durahub.views/1","views":[1]}', "an object with a name"),
        ('{"format":"durahub.views/1","views":[{"name":"a","query":1}]}', "'a' has a query"),
        ('{"format":"durahub.views/1","views":[{"name":"a","hubs":[1]}]}', "'a' has hubs"),
        ('{"format":"durahub.views/1","views":[{"name":"a","query":"x:"}]}', "no field 'x'"),
        ('{"format":"durahub.views/1","views":[{"name":" a"}]}', "not the name of a view"),
    ],
)
def test_a_file_that_is_not_one_of_views_changes_nothing(
    file: ViewsFile, text: str, problem: str
) -> None:
    file.keep(MINE)

    with pytest.raises((BadRequest, BadQuery), match=problem):
        file.take(text)
    assert saved(file) == [MINE]


def test_what_makes_no_sense_is_not_kept(file: ViewsFile) -> None:
    for wrong in (
        {"name": ""},
        {"name": " a"},
        {"name": "a" * 81},
        {"name": "running"},
        {"query": "nmae:x"},
        {"sort": "is"},
        {"sort": "--created"},
        {"columns": ("<b>",)},
    ):
        with pytest.raises((BadRequest, BadQuery)):
            file.keep(replace(MINE, **wrong))  # type: ignore[arg-type]
    with pytest.raises(BadRequest, match="built in"):
        file.remove("Running")
    assert saved(file) == []


def test_a_file_that_cannot_be_read_is_left_as_it_is(tmp_path: Path) -> None:
    place = tmp_path / "views.json"
    place.write_text('{"format":"durahub.views/9","views":[]}')
    file = ViewsFile(place, lambda: NOW)

    with pytest.raises(FileUnavailable, match="format"):
        file.keep(MINE)
    assert "durahub.views/9" in place.read_text()


names = st.text(min_size=1, max_size=8)


@given(st.builds(SavedView, name=names, hubs=st.lists(names).map(tuple), owner=st.none() | names))
def test_a_view_is_the_same_after_it_was_written_and_read(view: SavedView) -> None:
    try:
        checked(view, NOW)
    except BadRequest:
        return
    assert from_text(to_text([view]), NOW) == (view,)


def test_the_built_in_views_count_what_they_say(memory: LocalIndexes) -> None:
    old, young = Ticks(NOW - 20 * HOUR), Ticks(NOW - HOUR // 2)
    memory.of("a@local").put(
        [
            Row(hub="a@local", instance_id="1", status="Running", created=old, updated=old),
            Row(hub="a@local", instance_id="2", status="Running", created=young, updated=young),
            Row(hub="a@local", instance_id="3", status="Failed", created=old, updated=young),
            Row(hub="a@local", instance_id="4", status="Failed", created=old, updated=old),
            Row(hub="a@local", instance_id="5", status="Suspended", updated=old, parent_id="1"),
        ]
    )

    def index_of(hubs: tuple[str, ...]) -> LocalIndex:
        return memory.some(hubs) if hubs else memory.whole

    assert {view.name: count_of(view, index_of, NOW) for view in BUILT_IN} == {
        "Running": 2,
        "Failed today": 1,
        "Stuck candidates": 2,
        "Parents only": 4,
        "Entities": 0,
        "Last hour": 1,
    }
    assert count_of(SavedView(name="a", hubs=("b@x",)), index_of, NOW) == 0
