"""The recorded .NET hubs, exported from a real Azurite: nothing is lost, and linting finds the same."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from durahub.classic.account import Account
from durahub.classic.reader import ClassicReader
from durahub.model.ticks import Ticks
from durahub.stored import StoredInstance
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.export.exporting import Residue
from durahub_migrate.lint.facts.hubs import MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.sources.bundle import BundleSource
from durahub_migrate.lint.sources.large_texts import without_large_texts
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.views.writing import View, write_into
from tests.bundle.bundles import read
from tests.bundle.exports import exported
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS, RecordedHub
from tests.lint.recorded.linting import DAY, HIDDEN, PROFILES, Judged, day_after, judged
from tests.lint.sources.reading_sources import classic_source, facts_among, reads_of
from tests.moving.loaded import load as load_whole
from tests.moving.test_content import everything

pytestmark = pytest.mark.azurite

OF_STORAGE = frozenset({Need.STORAGE, Need.LEASES, Need.BLOBS, Need.SNAPSHOT})
PASSING = (
    "QUE604",
    "QUE605",
)  # information where workers may yet take the message; a bundle has none
NOWHERE = Place(source="", kind=PlaceKind.MESSAGE)


def not_replayed(instance: StoredInstance) -> StoredInstance:
    """Return an instance as a bundle has it: whether an event was replayed is not kept."""
    events = (
        replace(stored, event=replace(stored.event, is_played=False)) for stored in instance.history
    )
    return replace(instance, history=tuple(events))


@pytest.mark.parametrize("hub", HUBS, ids=str)
async def test_a_recorded_hub_comes_back_from_its_bundle(
    hub: RecordedHub, azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    await load(hub, azurite.connection_string, hub_name)
    async with Account.from_connection_string(azurite.connection_string, "the test") as account:
        reader = ClassicReader(hub_name, account)
        await reader.open()
        stored = {one.instance_id: one async for one in reader.instances()}  # type: ignore[union-attr]

    manifest = await exported(azurite.connection_string, hub_name, tmp_path / "first")
    again = await exported(azurite.connection_string, hub_name, tmp_path / "again")

    found = {one.instance_id: one for one in read(tmp_path / "first")}
    assert found.keys() == stored.keys()
    for instance_id, one in stored.items():
        assert found[instance_id] == not_replayed(one)  # type: ignore[arg-type]
    assert Residue.of(manifest) == Residue(0, 0)
    assert again.root == manifest.root
    assert again.counts == manifest.counts
    BundleReader(tmp_path / "first").verify()
    whole = load_whole(BundleReader(tmp_path / "first"))
    with open_content(tmp_path / "first") as content:
        assert everything(content) == everything(whole)
    views = write_into(tmp_path / "first", [View.DOTNET, View.PYTHON])
    for viewed in views.values():
        assert (viewed.ended + viewed.open, viewed.left_out) == (len(stored), 0)


@pytest.mark.parametrize("hub", HUBS, ids=str)
async def test_a_bundle_gives_the_facts_of_its_hub(
    hub: RecordedHub, azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    await load(hub, azurite.connection_string, hub_name)
    await exported(azurite.connection_string, hub_name, tmp_path / "bundle")
    live = classic_source(azurite.connection_string, hub_name)
    bundled = BundleSource("a bundle", tmp_path / "bundle", ReadingOptions())
    expected, found = await reads_of(live), await reads_of(bundled)

    for kind in (InstanceFacts, MessageFacts):
        of_hub, of_bundle = (
            {one.place.key: comparable(one) for one in facts_among(reads, kind)}
            for reads in (expected, found)
        )
        assert of_bundle == of_hub
    of_hub, of_bundle = expected[0].fact, found[0].fact
    for name in (
        "partitions",
        "task_hub_json",
        "parts",
        "queues",
        "apps",
        "is_of_functions",
        "name",
    ):
        assert getattr(of_bundle, name) == getattr(of_hub, name), name


@pytest.mark.parametrize("hub", HUBS, ids=str)
async def test_a_bundle_is_linted_as_its_hub_with_every_profile(
    hub: RecordedHub, azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    def clock() -> Ticks:
        return day_after(hub)

    await load(hub, azurite.connection_string, hub_name, hidden=HIDDEN, age=DAY)
    await exported(azurite.connection_string, hub_name, tmp_path / "bundle", clock=clock)
    live = classic_source(azurite.connection_string, hub_name, clock=clock)
    bundled = BundleSource("a bundle", tmp_path / "bundle", ReadingOptions())

    for profile in PROFILES:
        of_hub, of_bundle = [await judged(hub, one, profile) for one in (live, bundled)]
        assert outcomes(of_bundle, profile) == outcomes(of_hub, profile), profile
        assert not of_bundle.problems


def outcomes(found: Judged, profile: str) -> list[tuple[str, str, str, str]]:
    """Return what is found by rules that both a hub and its bundle have the evidence for.

    What of a live hub the doctor says is said in other words of a bundle, so sentences are not compared.
    """
    compared = {rule.code for rule in RULES if not rule.needs & OF_STORAGE}
    if profile == "strict":  # the user says that the hub is stopped
        compared |= {rule.code for rule in RULES if Need.SNAPSHOT in rule.needs}
    else:
        compared -= {"QUE603"}  # told where no lease is held, and a bundle has no leases
    return sorted(
        (
            one.code,
            "" if one.code in PASSING else one.severity.value,
            one.place.kind.value,
            one.place.key,
        )
        for one in found.findings
        if one.code in compared
    )


def comparable(fact: InstanceFacts | MessageFacts) -> object:
    """Return what rules may look at that need nothing of Azure Storage, in an order."""
    if isinstance(fact, MessageFacts):
        event = replace(fact.event, is_played=False) if fact.event is not None else None
        return replace(
            fact, place=NOWHERE, inserted=None, event=event and without_large_texts(event)
        )
    events = tuple(without_large_texts(replace(event, is_played=False)) for event in fact.history)
    row = without_large_texts(fact.row) if fact.row is not None else None
    row = row and replace(row, input=row.input or None, output=row.output or None)
    return (
        row,
        events,
        Counter(fact.payloads),
        fact.entity,
        fact.problems,
        fact.stored_bytes,
    )
