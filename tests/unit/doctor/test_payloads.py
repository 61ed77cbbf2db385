"""Large payloads: which blobs are named, which nothing names."""

import pytest

from durahub.classic.doctor.repairs import DeleteBlob
from durahub.classic.doctor.rules import blobs
from durahub.classic.doctor.rules.blobs import Blob, NamedBlob
from durahub.classic.payloads import blob_url, message_blob, property_blob
from durahub.model.history import EventType
from tests.unit.doctor.shop import FINISHED, Shop, at

URL = "http://127.0.0.1/account/shop-largemessages"
GUID = "28e24086-8ac3-4166-bf08-db9dd74c063a"
RESULT = property_blob("a/b", "0000000000000004", "TaskCompleted", "Result", 7)
START = message_blob("a/b", GUID, EventType.ExecutionStarted)
WORK = message_blob("a/b", GUID, EventType.TaskScheduled)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_blobs_name_tells_its_instance_and_its_queue() -> None:
    assert blobs.named(RESULT) == NamedBlob("a^0b", is_message=False, is_activity=False)
    assert blobs.named(START) == NamedBlob("a/b", is_message=True, is_activity=False)
    assert blobs.named(WORK) == NamedBlob("a/b", is_message=True, is_activity=True)
    assert blobs.named("a/b/some.txt") is None


def test_rows_name_blobs_by_columns_and_by_addresses(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.change(5, Result="", ResultBlobName=RESULT)
    shop.change_row(Output=blob_url(URL, RESULT), Input=blob_url(URL, START))
    facts = shop.facts()
    (instance,) = shop.instances(facts)
    assert set(blobs.needed(instance, URL)) == {RESULT, START}
    assert set(blobs.mentioned(instance, URL)) >= {RESULT, START}


def test_a_column_that_nothing_names_is_an_orphan_even_of_an_instance_that_is_there(
    shop: Shop,
) -> None:
    blob = Blob(RESULT, 100, at(-3600))
    finding = blobs.orphan(blob, shop.facts(), 60, has_instance=True)
    assert finding is not None
    assert finding.repair == DeleteBlob(RESULT)


def test_the_blob_of_a_message_is_kept_until_its_instance_is_purged(shop: Shop) -> None:
    blob = Blob(START, 100, at(-3600))
    assert blobs.orphan(blob, shop.facts(), 60, has_instance=True) is None
    assert blobs.orphan(blob, shop.facts(), 60, has_instance=False) is not None


def test_what_is_young_may_be_about_to_be_named(shop: Shop) -> None:
    blob = Blob(RESULT, 100, at(-30))
    assert blobs.orphan(blob, shop.facts(), 60, has_instance=False) is None


@pytest.mark.parametrize(("name", "work"), [(START, False), (WORK, True)])
def test_a_message_that_names_its_blob_may_be_hidden_in_its_queue(
    shop: Shop, name: str, *, work: bool
) -> None:
    shop.hides("shop-workitems" if work else shop.queue_of("a/b"))
    assert blobs.orphan(Blob(name, 1, at(-3600)), shop.facts(), 60, has_instance=False) is None


def test_storage_keeps_a_backslash_as_a_slash(shop: Shop) -> None:
    r"""So the folder ``a/b`` of a message may be that of the instance ``a\b``, in whatever queue."""
    shop.has(*FINISHED, instance_id="a\\b")
    shop.change_row(
        "a\\b", Input=blob_url(URL, message_blob("a\\b", GUID, EventType.ExecutionStarted))
    )
    facts = shop.facts()
    (instance,) = shop.instances(facts)
    assert START in set(blobs.mentioned(instance, URL))
    assert set(blobs.keys_of(NamedBlob("a/b", is_message=True, is_activity=False))) & set(
        blobs.folder_keys(instance)
    )


@pytest.mark.parametrize("queue", ["shop-control-00", "shop-control-01"])
def test_the_message_of_a_folder_with_a_slash_may_be_hidden_in_any_queue(
    shop: Shop, queue: str
) -> None:
    shop.hides(queue)
    assert blobs.orphan(Blob(START, 1, at(-3600)), shop.facts(), 60, has_instance=False) is None


def test_a_blob_of_another_kind_is_not_touched(shop: Shop) -> None:
    blob = Blob("a/b/some.txt", 1, at(-3600))
    assert blobs.orphan(blob, shop.facts(), 60, has_instance=False) is None
