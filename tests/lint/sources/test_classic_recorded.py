"""The recorded .NET hubs as facts, read from a real Azurite."""

import pytest

from durahub_migrate.lint.facts.hubs import BlobFacts, Diagnosis, HubFacts, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.unread import Unread
from durahub_migrate.lint.sources.source import Read
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS, RecordedHub
from tests.golden.test_recorded_hubs_examined import counting, expected_of
from tests.lint.sources.reading_sources import classic_source, facts_among, reads_of

pytestmark = pytest.mark.azurite
RESUMED = ("crash-history", "waiting", "functions")


@pytest.mark.parametrize("hub", HUBS, ids=str)
async def test_a_recorded_hub_becomes_facts(
    hub: RecordedHub, azurite: Storage, hub_name: str
) -> None:
    await load(hub, azurite.connection_string, hub_name)
    source = classic_source(azurite.connection_string, hub_name)

    reads = await reads_of(source)

    assert isinstance(reads[0].fact, HubFacts)
    assert not facts_among(reads, Unread)
    instances = facts_among(reads, InstanceFacts)
    assert {one.instance_id for one in instances} == set(hub.expected)
    assert len(facts_among(reads, BlobFacts)) == len(hub.payloads)
    visible = [one for one in hub.messages if one.visible_in <= 0]
    assert len(facts_among(reads, MessageFacts)) >= len(visible)
    diagnosed = [one.diagnosed for one in facts_among(reads, Diagnosis)]
    assert counting(diagnosed) == expected_of(hub)


@pytest.mark.parametrize("hub", [one for one in HUBS if one.name in RESUMED], ids=str)
async def test_a_reading_goes_on_behind_its_positions(
    hub: RecordedHub, azurite: Storage, hub_name: str
) -> None:
    await load(hub, azurite.connection_string, hub_name)
    source = classic_source(azurite.connection_string, hub_name)
    reads = await reads_of(source)

    positioned = [number for number, read in enumerate(reads) if read.position is not None]
    assert positioned
    for number in {*positioned[::9], positioned[-1]}:  # each costs a whole reading
        rest = await reads_of(source, reads[number].position)
        assert isinstance(rest[0].fact, HubFacts)
        assert _told(rest[1:]) == _told(reads[number + 1 :])


def _told(reads: list[Read]) -> list[str]:
    return sorted(f"{type(read.fact).__name__} {read.fact.place}" for read in reads)
