"""A bundle as the content of a move: found through its index, and the same as when all of it is read."""

import json
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from durahub.errors import BadBundle
from durahub.model.history import EventRaised, Execution
from durahub.model.message import Message
from durahub.stored import StoredInstance, StoredMessage
from durahub_migrate.bundle import framing, index, layout
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.bundle.writer import BundleWriter
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.moving.content import Content
from tests.bundle.bundles import GIVEN, HUB, NOON, a_history, an_instance, written
from tests.bundle.test_same_bundle import FAMILY, MESSAGES, REJECTS
from tests.moving.loaded import load
from tests.unit.scheduler.scheduler_values import events

LARGE = an_instance("large", history=a_history("large", text="é" * 700_000))


def to(target: str, name: str = "go") -> StoredMessage:
    event = EventRaised(timestamp=NOON, name=name)
    return StoredMessage(
        queue="orders-control-00",
        message_id=name,
        message=Message(event=event, target=Execution(target)),
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "orders.hub"
    written(folder, (*FAMILY, LARGE), (*MESSAGES, to("nobody")), REJECTS)
    return folder


def everything(content: Content) -> object:
    """Return all that a content says, but for sizes."""
    trees = [replace(one, size=0) for one in content.trees()]
    ids = [held.instance.instance_id for tree in trees for held in content.members(tree.root_id)]
    return (
        trees,
        [list(content.members(tree.root_id)) for tree in trees],
        [content.member(one) for one in (*ids, "nobody")],
        [content.messages_to(one) for one in (*ids, "nobody")],
        list(content.strays()),
        list(content.rejects()),
    )


def test_trees_stand_together(tmp_path: Path) -> None:
    found = [an_instance("b"), an_instance("b:1", parent="b"), an_instance("a")]
    written(tmp_path / "orders.hub", found)

    with open_content(tmp_path / "orders.hub") as content:
        assert [(one.root_id, one.members) for one in content.trees()] == [("a", 1), ("b", 2)]
        assert [one.instance for one in content.members("b")] == found[:2]
        assert content.member("a") is not None
        assert content.member("c") is None


def test_a_message_to_nobody_is_a_stray(bundle: Path) -> None:
    with open_content(bundle) as content:
        assert [one.instance_id for one in content.strays()] == ["nobody"]
        assert len(content.messages_to("m-alone")) == len(MESSAGES)


def test_it_tells_what_was_rejected(bundle: Path) -> None:
    with open_content(bundle) as content:
        assert [one.place for one in content.rejects()] == [one.place for one in REJECTS]


ids = st.sampled_from(["a", "b", "c", "a:1", "é", "\ud800", "?", "@counter@1", "@counter@2"])
statuses = st.sampled_from(["Pending", "Running", "Completed", "Failed", "Martian", "\ud800"])


@st.composite
def hubs(draw: st.DrawFn) -> list[StoredInstance]:
    found = draw(st.lists(ids, unique=True, max_size=6))
    return [
        an_instance(
            one,
            status=draw(statuses),
            history=(
                *a_history(one, draw(st.none() | st.sampled_from(found)))[
                    : draw(st.integers(0, 8))
                ],
                *draw(st.lists(events.map(lambda e: replace(e, is_played=False)), max_size=2)),
            ),
        )
        for one in found
    ]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(hubs(), st.lists(ids, max_size=4), st.sampled_from([700, 5_000, 64 << 20]))
@example([], ["a", "\ud800", "?", "\ud800"], 700)
def test_it_says_what_reading_all_of_it_says(
    tmp_path_factory: pytest.TempPathFactory,
    instances: list[StoredInstance],
    targets: list[str],
    largest: int,
) -> None:
    folder = tmp_path_factory.mktemp("bundle") / "b"
    with BundleWriter(folder, GIVEN, largest_segment=largest) as writer:
        for one in instances:
            writer.add_instance(one, "a test")
        for number, target in enumerate(targets):
            writer.add_message(to(target, str(number)))
        writer.finish(HUB, NOON)
    with open_content(folder) as content:
        assert everything(content) == everything(load(BundleReader(folder)))


def test_what_is_in_several_frames_is_found(tmp_path: Path) -> None:
    text = "x" * (framing.FRAME // 3)
    found = [an_instance(f"{n:02}", history=a_history(f"{n:02}", text=text)) for n in range(9)]
    written(tmp_path / "b", found)
    shuffled = random.Random(7).sample(found, len(found))
    with (
        open_content(tmp_path / "b") as content,
        sqlite3.connect(tmp_path / "b/index.sqlite") as db,
    ):
        frames = db.execute("SELECT DISTINCT frame FROM instance").fetchall()
        for one in shuffled:
            held = content.member(one.instance_id)
            assert held is not None
            assert held.instance == one
    db.close()
    assert len(frames) == 3


def changed_index(folder: Path, *statements: str) -> None:
    """Change the index of a bundle; it says of itself that it is as it was written."""
    with sqlite3.connect(folder / "index.sqlite") as db:
        for statement in statements:
            db.execute(statement)
    db.close()
    root = BundleReader(folder).manifest.root
    (folder / "index.json").write_bytes(index.says(folder / "index.sqlite", root))


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE instance",
        "UPDATE instance SET frame = 'x'",
        'UPDATE instance SET "offset" = -7',
        "UPDATE instance SET records = 0",
        "UPDATE instance SET records = 'x'",
        "UPDATE segment SET path = '../../secret'",
    ],
)
def test_an_index_that_somebody_else_has_made_is_refused_where_it_cannot_be(
    bundle: Path, statement: str
) -> None:
    changed_index(bundle, statement)
    with open_content(bundle) as content, pytest.raises(BadBundle):
        content.member(next(content.trees()).root_id)


def test_an_index_that_is_no_database_is_refused(bundle: Path) -> None:
    (bundle / "index.sqlite").write_bytes(b"not a database" * 100)
    root = BundleReader(bundle).manifest.root
    (bundle / "index.json").write_bytes(index.says(bundle / "index.sqlite", root))
    with open_content(bundle) as content, pytest.raises(BadBundle, match=r"index\.sqlite"):
        list(content.trees())


def test_the_size_of_a_tree_has_its_large_texts_in_it(bundle: Path) -> None:
    with open_content(bundle) as content:
        sizes = {one.root_id: one.size for one in content.trees()}
    assert sizes["large"] > 1_400_000
    assert sizes["orphan"] < 2_000


def test_the_digest_of_a_tree_changes_with_its_messages(tmp_path: Path) -> None:
    digests = set()
    for number, messages in enumerate([(), (to("a"),), (to("a", "other"),), (to("b"),)]):
        written(tmp_path / str(number), [an_instance("a")], messages)
        with open_content(tmp_path / str(number)) as content:
            digests.update(one.digest for one in content.trees())
    assert len(digests) == 3


def test_a_row_behind_its_history_is_of_one_that_has_ended(tmp_path: Path) -> None:
    whole = an_instance("ended", status="Running")
    written(tmp_path / "b", [whole, an_instance("runs", status="Running", history=())])
    with open_content(tmp_path / "b") as content:
        assert {one.root_id: one.live for one in content.trees()} == {"ended": 0, "runs": 1}


# -- the index -----------------------------------------------------------------------------------


def remove_index(folder: Path) -> None:
    (folder / layout.INDEX).unlink()


def change_index(folder: Path) -> None:
    with sqlite3.connect(folder / layout.INDEX) as db:
        db.execute("UPDATE tree SET live = 99")
    db.close()


def cut_index(folder: Path) -> None:
    (folder / layout.INDEX).write_bytes(b"SQLite format 3\0")


def of_another_bundle(folder: Path) -> None:
    said = json.loads((folder / layout.INDEX_SAYS).read_text())
    (folder / layout.INDEX_SAYS).write_text(json.dumps({**said, "root": "0" * 64}))


def no_word_of_it(folder: Path) -> None:
    (folder / layout.INDEX_SAYS).write_text("[]")


@pytest.mark.parametrize(
    "harm", [remove_index, change_index, cut_index, of_another_bundle, no_word_of_it]
)
def test_an_index_that_does_not_belong_is_made_again(
    bundle: Path, harm: Callable[[Path], None]
) -> None:
    with open_content(bundle) as content:
        expected = everything(content)
    files = {one.name: one.read_bytes() for one in bundle.glob("index.*")}
    harm(bundle)
    with open_content(bundle) as content:
        assert everything(content) == expected
    assert {one.name: one.read_bytes() for one in bundle.glob("index.*")} == files


def test_an_index_that_cannot_be_written_is_made_elsewhere(bundle: Path) -> None:
    remove_index(bundle)
    (bundle / layout.INDEX).mkdir()  # nothing can be put there, by root neither
    with open_content(bundle) as content:
        assert next(one.root_id for one in content.trees()) == "@counter@1"
    assert [one.name for one in bundle.glob("index.*")] == [layout.INDEX]


FULL_DISK = """
import resource, sys
from pathlib import Path
from durahub.errors import FileUnavailable
from durahub_migrate.bundle.index import IndexWriter

resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, -1))
try:
    IndexWriter(Path(sys.argv[1])).finish()
except FileUnavailable as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")
def test_an_index_for_which_there_is_no_room_is_a_clear_error(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "index.sqlite")],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.startswith("DH506: ")


# -- damage, threads -----------------------------------------------------------------------------


def test_a_damaged_segment_is_named_at_its_first_use(bundle: Path) -> None:
    member = "segments/instances-00000.pb.zst"
    content = bytearray((bundle / member).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / member).write_bytes(content)
    with open_content(bundle) as opened:
        assert opened.member("@counter@1") is not None
        with pytest.raises(BadBundle) as refused:
            opened.member("m-alone")
    assert refused.value.member == member


def test_several_threads_read_at_once(bundle: Path) -> None:
    with open_content(bundle) as content:
        expected = everything(content)
        found: list[object] = []
        threads = [
            threading.Thread(target=lambda: found.append(everything(content))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [expected] * 4
