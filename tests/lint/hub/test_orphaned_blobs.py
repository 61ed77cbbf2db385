"""Blobs are joined with what names them, however their folders are spelled."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.keys import escape
from durahub.classic.payloads import message_blob, property_blob, stored_name
from durahub.model.history import EventType
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.hubs import BlobFacts, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.hub_examples import a_blob, a_classic_hub
from tests.golden.recorded import HUBS, RecordedHub
from tests.lint.hub.judged import codes, judged, recorded
from tests.unit.classic.event_strategies import texts

GUID = "28e24086-8ac3-4166-bf08-db9dd74c063a"
each_hub = pytest.mark.parametrize("hub", HUBS, ids=str)


def found(*facts: Any) -> list[str]:
    """Return the blobs that are told."""
    hub = a_hub(classic=a_classic_hub())
    return [one.place.key for one in judged([hub, *facts]) if one.code == "HUB210"]


@given(texts, st.booleans())
def test_the_blob_of_a_message_is_kept_with_its_instance(instance_id: str, escaped: bool) -> None:
    folder = escape(instance_id) if escaped else instance_id
    name = stored_name(message_blob(folder, GUID, EventType.ExecutionStarted))
    assert found(a_blob(name)) == [name]
    assert found(an_instance(instance_id), a_blob(name)) == []


@given(texts, st.booleans())
def test_the_blob_of_a_column_is_kept_as_long_as_it_is_named(
    instance_id: str, is_named: bool
) -> None:
    name = stored_name(property_blob(instance_id, "0000000000000004", "TaskCompleted", "Result", 7))
    blobs = (name,) if is_named else ()
    kept = found(an_instance(instance_id, blobs=blobs), a_blob(name))
    assert kept == ([] if is_named else [name])


@each_hub
def test_no_blob_of_a_recorded_hub_is_an_orphan(hub: RecordedHub) -> None:
    assert "HUB210" not in codes(judged(recorded(hub.name)))


@each_hub
def test_what_a_purged_instance_leaves_is_an_orphan(hub: RecordedHub) -> None:
    facts = recorded(hub.name)
    large = [fact for fact in facts if isinstance(fact, InstanceFacts) and fact.blobs]
    for gone in large:
        left = [fact for fact in facts if fact is not gone]
        orphans = {one.place.key for one in judged(left) if one.code == "HUB210"}
        there = {fact.name for fact in facts if isinstance(fact, BlobFacts)}
        others = {name for fact in large if fact is not gone for name in fact.blobs}
        others |= {fact.blob for fact in facts if isinstance(fact, MessageFacts) and fact.blob}
        assert orphans >= (set(gone.blobs) & there) - others


def test_a_history_that_was_not_read_keeps_its_blobs() -> None:
    for fact in recorded("extended"):
        if isinstance(fact, InstanceFacts) and fact.blobs:
            unread = replace(fact, history_is_read=False, blobs=())
            assert found(unread, *map(a_blob, fact.blobs)) == []
