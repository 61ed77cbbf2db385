"""A bundle as a source of facts."""

from dataclasses import replace
from pathlib import Path

import pytest

from durahub.errors import BadBundle, BadMessage, BadRequest, BadRow, UnfinishedBundle
from durahub.model.history import EventRaised, Execution
from durahub.model.message import Message
from durahub.model.ticks import later
from durahub.stored import NotRead, StoredMessage
from durahub_migrate.bundle.clearing import remove
from durahub_migrate.bundle.writer import BundleWriter
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.facts.hubs import HubFacts, HubKind, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.payloads import PayloadKind
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.running import run
from durahub_migrate.lint.sources.bundle import BundleSource
from durahub_migrate.lint.sources.opening import source_of
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.sources.source import MeasuredSource
from durahub_migrate.lint.target import Given
from tests.bundle.bundles import GIVEN, HUB, NOON, a_history, an_instance, written
from tests.lint.sources.reading_sources import facts_among, reads_of

LARGE = "x" * 2_000_000
INSTANCES = (
    an_instance("a"),
    an_instance("b", input=LARGE, history=a_history("b", text=LARGE)),
    an_instance("c", parent="a"),
    an_instance("@counter@1", input='{"state":"7","sorter":{}}', history=()),
)
MESSAGE = StoredMessage(
    queue="orders-control-00",
    message_id="m1",
    message=Message(
        event=EventRaised(timestamp=NOON, name="Paid", input="42"), target=Execution("a", "e1")
    ),
    deliveries=6,
    due=later(NOON, 60),
    raw=b"{}",
)
POISON = NotRead("queue orders-control-01 message m2", BadMessage("not JSON"), b"<xml>")
BAD = NotRead("table ordersInstances, row 'd'", BadRow("d/", "it is odd"), b"{}", "d")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "orders.hub"
    with BundleWriter(folder, GIVEN) as writer:
        for one in INSTANCES:
            writer.add_instance(one, "a test")
        writer.add_message(MESSAGE)
        writer.add_reject(POISON, message=True)
        writer.add_reject(BAD)
        writer.finish(replace(HUB, queues={"orders-control-00": 40}), later(NOON, 60))
    return folder


def source_at(folder: Path) -> BundleSource:
    return BundleSource("orders.hub", folder, ReadingOptions())


async def test_a_bundle_becomes_facts(bundle: Path) -> None:
    source = source_at(bundle)
    reads = await reads_of(source)

    hub = reads[0].fact
    assert isinstance(hub, HubFacts)
    assert (hub.kind, hub.frozen, hub.now) == (HubKind.BUNDLE, False, later(NOON, 60))
    assert hub.queues == {"orders-control-00": 40}
    message, poison = facts_among(reads, MessageFacts)
    assert (message.target, message.deliveries, message.visible_at) == ("a", 6, later(NOON, 60))
    assert [one.size for one in message.payloads] == [2]
    assert (poison.place.key, poison.problem, poison.head) == (
        "orders-control-01/m2",
        "not a queue message: not JSON",
        "<xml>",
    )
    rejected, *instances = facts_among(reads, InstanceFacts)
    assert (rejected.instance_id, rejected.row) == ("d", None)
    assert "it is odd" in rejected.problems[0].sentence
    assert [one.instance_id for one in instances] == ["a", "c", "b", "@counter@1"]
    assert await source.count() == len(reads) - 1


async def test_a_large_text_is_measured_and_let_go(bundle: Path) -> None:
    reads = await reads_of(source_at(bundle))
    large = next(one for one in facts_among(reads, InstanceFacts) if one.instance_id == "b")

    assert max(one.size for one in large.payloads) == len(LARGE)
    assert large.row is not None
    assert large.row.input == ""
    assert large.state.started is not None
    assert large.state.started.input == ""


async def test_an_entity_has_its_state(bundle: Path) -> None:
    reads = await reads_of(source_at(bundle))
    entity = facts_among(reads, InstanceFacts)[-1]

    assert entity.place.kind is PlaceKind.ENTITY
    assert entity.entity is not None
    assert entity.entity.state == "7"
    assert [one.kind for one in entity.payloads if one.where.startswith("row, Input")] == [
        PayloadKind.ENTITY_STATE
    ]


async def test_a_reading_goes_on_behind_each_of_its_positions(bundle: Path) -> None:
    reads = await reads_of(source_at(bundle))
    for index, read in enumerate(reads[1:], 1):
        rest = await reads_of(source_at(bundle), read.position)
        assert [one.fact for one in rest] == [one.fact for one in (reads[0], *reads[index + 1 :])]


async def test_a_sample_leaves_histories_out(bundle: Path) -> None:
    source = BundleSource("orders.hub", bundle, ReadingOptions(share=1e-9))
    instances = facts_among(await reads_of(source), InstanceFacts)
    assert [one.instance_id for one in instances] == ["d", "a", "c", "b", "@counter@1"]
    assert not any(one.history_is_read for one in instances)


async def test_what_is_no_position_is_told(bundle: Path) -> None:
    with pytest.raises(BadRequest):
        await reads_of(source_at(bundle), "elsewhere:7")


async def test_a_bundle_stands_still_and_has_neither_leases_nor_blobs(bundle: Path) -> None:
    provided = source_at(bundle).provides
    assert Need.SNAPSHOT in provided
    assert not provided & {Need.STORAGE, Need.LEASES, Need.BLOBS}


@pytest.mark.parametrize("form", ["{}", "bundle:{}"])
def test_a_bundle_is_known_by_its_path(bundle: Path, form: str) -> None:
    assert isinstance(source_of(form.format(bundle)), BundleSource)


async def test_a_bad_bundle_is_a_clear_error(bundle: Path) -> None:
    segment = bundle / "segments/instances-00000.pb.zst"
    segment.write_bytes(segment.read_bytes()[:-1])
    with pytest.raises(BadBundle, match="instances-00000"):
        await reads_of(source_at(bundle))
    assert await source_at(bundle).count() is None


async def test_an_unfinished_bundle_is_a_clear_error(tmp_path: Path) -> None:
    with BundleWriter(tmp_path / "b", GIVEN):
        pass
    with pytest.raises(UnfinishedBundle):
        await reads_of(source_of(str(tmp_path / "b")))


async def test_another_bundle_at_the_same_path_is_another_source(bundle: Path) -> None:
    before = source_at(bundle).identity
    assert source_at(bundle).identity == before
    remove(bundle)
    assert isinstance(source_at(bundle), MeasuredSource)
    written(bundle, INSTANCES[:1])
    assert source_at(bundle).identity != before


async def test_messages_are_judged_beside_the_instances_that_are_told_after_them(
    tmp_path: Path,
) -> None:
    unknown = Message(event=EventRaised(timestamp=NOON, name="Paid"), target=Execution("z", None))
    ended = an_instance("a", status="Completed", last_updated=later(NOON, -3600))
    messages = [MESSAGE, replace(MESSAGE, message_id="m2", due=None, message=unknown)]
    written(tmp_path / "b", [ended], messages)
    rules = [rule for rule in RULES if rule.code in ("QUE604", "QUE605")]
    book = Book()

    await run([source_at(tmp_path / "b")], rules, Given(now=NOON), book)
    found = [(one.code, one.place.key) for one in book.findings()]
    book.close()

    assert found == [("QUE604", "orders-control-00/m2"), ("QUE605", "orders-control-00/m1")]


@pytest.mark.parametrize("messages", [[], [MESSAGE]])
async def test_a_bundle_tells_beforehand_whether_it_has_messages(
    tmp_path: Path, messages: list[StoredMessage]
) -> None:
    written(tmp_path / "b", INSTANCES[:1], messages)
    reads = await reads_of(source_at(tmp_path / "b"))

    hub = reads[0].fact
    assert hub.has_messages == (len(facts_among(reads, MessageFacts)) > 0) == bool(messages)


async def test_an_empty_hub_is_a_hub(tmp_path: Path) -> None:
    written(tmp_path / "b")
    assert len(await reads_of(source_at(tmp_path / "b"))) == 1
