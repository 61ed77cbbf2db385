"""One hub gives one root, whoever reads it faster; a tree of orchestrations stands together."""

import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import BadRow
from durahub.model.history import EventRaised, Execution, OrchestratorStarted, TaskCompleted
from durahub.model.message import Message
from durahub.model.ticks import later
from durahub.stored import NotRead, StoredMessage
from durahub_migrate.bundle import canonical, records
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.bundle.semantics import semantic_digest
from durahub_migrate.bundle.writer import BundleWriter, Given
from tests.bundle.bundles import GIVEN, HUB, NOON, a_history, an_instance, read, written

FAMILY = (
    an_instance("z-root"),
    an_instance("b-child", parent="z-root"),
    an_instance("a-child", parent="z-root"),
    an_instance("a-grandchild", parent="b-child"),
    an_instance("m-alone"),
    an_instance("orphan", parent="gone"),
    an_instance("@counter@1", name="@counter", input='{"state":"7","sorter":{}}', history=()),
)
MESSAGES = tuple(
    StoredMessage(
        queue="orders-control-00",
        message_id=f"m{number}",
        message=Message(
            event=EventRaised(timestamp=NOON, name=f"n{number}"), target=Execution("m-alone")
        ),
        raw=b"{}",
    )
    for number in range(5)
)
REJECTS = tuple(
    NotRead(f"table ordersInstances, row '{name}'", BadRow(name, "it is odd"), raw=name.encode())
    for name in ("x", "y")
)


def test_one_hub_gives_one_root_in_whichever_order_it_is_read(tmp_path: Path) -> None:
    chance = random.Random(7)
    roots, members = set(), set()
    for number in range(4):
        folder = tmp_path / str(number)
        shuffled = [list(some) for some in (FAMILY, MESSAGES, REJECTS)]
        for some in shuffled:
            chance.shuffle(some)  # type: ignore[arg-type]
        manifest = written(folder, *shuffled)  # type: ignore[arg-type]
        roots.add(manifest.root)
        files = sorted(one for one in folder.rglob("*") if one.is_file())
        members.add(tuple((str(one.relative_to(folder)), one.read_bytes()) for one in files))
    assert len(roots) == 1
    assert len(members) == 1


def test_one_hub_gives_one_root_in_however_many_segments(tmp_path: Path) -> None:
    members = []
    for number, instances in enumerate((FAMILY, tuple(reversed(FAMILY)))):
        folder = tmp_path / str(number)
        with BundleWriter(folder, GIVEN, largest_segment=700) as writer:
            for one in instances:
                writer.add_instance(one, "a test")
            manifest = writer.finish(HUB, NOON)
        assert len(manifest.files) > 6
        members.append([(one.path, one.sha256, manifest.root) for one in manifest.files])
        members[-1].append(("index", (folder / "index.json").read_text(), ""))
    assert members[0] == members[1]


def test_the_root_does_not_tell_the_time_of_the_export(tmp_path: Path) -> None:
    first = written(tmp_path / "1", FAMILY)
    with BundleWriter(
        tmp_path / "2", Given(tool="durahub later", started=later(NOON, 99))
    ) as writer:
        for one in FAMILY:
            writer.add_instance(one, f"table ordersInstances, row {one.instance_id!r}")
        second = writer.finish(HUB, later(NOON, 120))
    assert second.root == first.root
    assert second.bundle_id != first.bundle_id


def test_any_difference_gives_another_root(tmp_path: Path) -> None:
    changed = replace(FAMILY[0], last_updated=later(NOON, 0.0000001))
    roots = {
        written(tmp_path / "1", FAMILY, MESSAGES, REJECTS).root,
        written(tmp_path / "2", (changed, *FAMILY[1:]), MESSAGES, REJECTS).root,
        written(tmp_path / "3", FAMILY, MESSAGES[1:], REJECTS).root,
        written(tmp_path / "4", FAMILY, MESSAGES, REJECTS[1:]).root,
    }
    assert len(roots) == 4


def test_a_tree_stands_together_its_root_first_then_level_by_level(tmp_path: Path) -> None:
    written(tmp_path / "b", FAMILY)
    found = [
        (one.row.instance_id, one.head.root_instance_id, one.head.depth)
        for one in BundleReader(tmp_path / "b").instances()
    ]
    assert found == [
        ("m-alone", "m-alone", 0),
        ("orphan", "orphan", 0),
        ("z-root", "z-root", 0),
        ("a-child", "z-root", 1),
        ("b-child", "z-root", 1),
        ("a-grandchild", "z-root", 2),
        ("@counter@1", "@counter@1", 0),
    ]


def test_instances_that_are_each_others_parents_are_roots(tmp_path: Path) -> None:
    written(tmp_path / "b", [an_instance("a", parent="b"), an_instance("b", parent="a")])
    assert [one.instance_id for one in read(tmp_path / "b")] == ["a", "b"]


def test_what_was_read_is_in_the_bundle_or_was_rejected(tmp_path: Path) -> None:
    counts = written(tmp_path / "b", FAMILY, MESSAGES, REJECTS).counts
    assert counts.instances_read == len(FAMILY) + len(REJECTS)
    assert counts.messages_read == len(MESSAGES)
    assert counts.instances == {"Completed": 6}
    assert counts.entities == {"Completed": 1}
    assert counts.inflight == {"queue": 5}
    assert counts.rejects == {"DH402": 2}
    reader = BundleReader(tmp_path / "b")
    found = list(reader.rejects())
    assert [one.place for one in found] == [one.place for one in REJECTS]
    assert [reader.raw(one.raw or "") for one in found] == [b"x", b"y"]


def test_an_entity_is_told_in_parts(tmp_path: Path) -> None:
    queue = '[{"op":"add","signal":true,"input":"3","id":"' + "0" * 32 + '"}]'
    text = f'{{"state":"7","queue":{queue},"lockedBy":"order-7","sorter":{{"LastSentToInstance":{{}}}}}}'
    written(tmp_path / "b", [an_instance("@counter@1", input=text, history=())])
    found = next(BundleReader(tmp_path / "b").instances())
    found.whole()
    assert found.entity is not None
    assert (found.entity.state.value, found.entity.locked_by) == ("7", "order-7")
    assert json.loads(found.entity.sorter_raw) == {"LastSentToInstance": {}}
    [waiting] = found.entity.backlog
    assert (
        waiting.entityOperationSignaled.operation,
        waiting.entityOperationSignaled.input.value,
    ) == (
        "add",
        "3",
    )


# -- digests -------------------------------------------------------------------------------------


def test_the_canonical_form_is_what_the_page_says() -> None:
    event = pb.HistoryEvent(eventId=-1, taskCompleted=pb.TaskCompletedEvent(taskScheduledId=3))
    event.taskCompleted.result.value = "ok"
    event.timestamp.seconds, event.timestamp.nanos = 1, 300
    assert canonical.message(event) == (
        b"m"
        b"\x01i\x01"  # eventId −1
        b"\x02t\x86\xda\xc4\x09"  # 10,000,003 ticks
        b"\x07m\x01i\x06\x02s\x02ok\0"
        b"\0"
    )
    assert (
        canonical.value({"b": None, "a": [1, "é"]}) == b"k\x02s\x01ar\x02i\x02s\x02\xc3\xa9s\x01bn"
    )


def test_a_large_text_counts_by_its_digest() -> None:
    text = "x" * canonical.LARGE
    assert canonical.value(text) == b"p" + hashlib.sha256(text.encode()).digest()


def test_the_exact_digest_in_the_tail_is_that_of_what_is_read(tmp_path: Path) -> None:
    instance = an_instance(input="y" * 2_000_000, tags={"a": "b"})
    written(tmp_path / "b", [instance])
    found = next(BundleReader(tmp_path / "b").instances())
    whole = found.whole()
    parts = list(records.parts_of(whole.history))
    assert found.tail is not None
    assert found.tail.sha256_exact == records.exact_digest(found.head, parts)
    assert found.tail.sha256_semantic == semantic_digest(whole)


def test_a_second_run_is_semantically_the_same() -> None:
    once = an_instance()
    again = an_instance(
        execution_id="e2",
        created=later(NOON, 500),
        history=[
            replace(event, timestamp=later(event.timestamp, 500))
            for event in a_history("order-7")
            if not isinstance(event, OrchestratorStarted)
        ],
    )
    assert semantic_digest(once) == semantic_digest(again)


def test_another_result_is_semantically_another() -> None:
    other = [
        replace(event, result='"refused"') if isinstance(event, TaskCompleted) else event
        for event in a_history("order-7")
    ]
    assert semantic_digest(an_instance()) != semantic_digest(an_instance(history=other))
