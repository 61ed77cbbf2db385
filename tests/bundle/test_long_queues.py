"""A queue with more visible messages than storage shows: nobody loses those behind the first 32 unawares."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from durahub.classic.queues import Peeked
from durahub.errors import MoveBlocked, NotFrozen
from durahub.model.history import EventRaised, Execution
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from durahub_migrate.applying.checks import check_plan
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.cli.plan import plan
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.lint.sources.read_only import takes
from durahub_migrate.moving.capabilities import OWN_STORE
from durahub_migrate.moving.plan import PlanEnd, PlanHead
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.planning.plan_file import PlanFile
from tests.bundle.test_frozen_export import frozen, parts_of, run
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS

EVENTS = 100
TARGET = "order-7"


async def filled(azurite: Storage, hub: str) -> str:
    """Put more events into a control queue of a recorded hub than storage shows; return its name."""
    await load(HUBS[0], azurite.connection_string, hub)
    async with parts_of(azurite, hub) as parts:
        queue = parts.names.control_queue(0)
        for number in range(EVENTS):
            event = EventRaised(timestamp=Ticks(1), name=f"e{number}", input="1")
            message = Message(event=event, target=Execution(TARGET, None))
            ready = await parts.outbox.prepare(message, queue)
            await parts.queues.put(queue, ready.text, 0)
    return queue


async def visible(azurite: Storage, hub: str, queue: str) -> list[Peeked]:
    async with parts_of(azurite, hub) as parts:
        return await parts.queues.peek(queue)


def names_in(bundle: Path) -> set[str]:
    with open_content(bundle) as content:
        found = [*content.messages_to(TARGET), *content.strays()]
        return {one.event.eventRaised.name for one in found if one.event.HasField("eventRaised")}


def planned(bundle: Path, *options: str) -> Result:
    target = f"sqlite:{bundle.parent / 'new.db'}/orders"
    return CliRunner().invoke(plan, [str(bundle), target, *options])


@pytest.mark.azurite
def test_what_storage_does_not_show_is_told_and_neither_planned_nor_applied_as_if_it_were_nothing(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    queue = asyncio.run(filled(azurite, hub_name))
    asyncio.run(frozen(azurite, hub_name))

    done = run(azurite, hub_name, tmp_path / "b", "--frozen")

    assert f"messages of {queue} were not read" in done.stderr
    assert BundleReader(tmp_path / "b").manifest.source.partly_seen[queue] >= EVENTS - 32
    assert planned(tmp_path / "b").exit_code == 3
    assert "--take" in planned(tmp_path / "b").stderr
    assert planned(tmp_path / "b", "--allow-unseen").exit_code == 0
    assert PlanFile(tmp_path / "b.plan").end.unseen >= EVENTS - 32


@pytest.mark.azurite
def test_all_messages_of_a_frozen_hub_are_taken_and_put_back_as_they_were(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    queue = asyncio.run(filled(azurite, hub_name))
    refused = run(azurite, hub_name, tmp_path / "b", "--frozen", "--take")
    assert isinstance(refused.exception, NotFrozen)
    asyncio.run(frozen(azurite, hub_name))

    done = run(azurite, hub_name, tmp_path / "b", "--frozen", "--take")
    again = run(azurite, hub_name, tmp_path / "again", "--frozen", "--take")

    assert done.exit_code == 0, done.output
    assert again.exit_code == 0, again.output
    manifest = BundleReader(tmp_path / "b").manifest
    assert manifest.frozen
    assert manifest.counts.messages_read == sum(manifest.source.queues.values())
    assert names_in(tmp_path / "b") == {f"e{number}" for number in range(EVENTS)}
    assert BundleReader(tmp_path / "again").manifest.root == manifest.root
    assert planned(tmp_path / "b").exit_code == 0
    left = asyncio.run(visible(azurite, hub_name, queue))
    assert len(left) == 32
    assert {one.deliveries for one in left} <= {2, 3}  # a recorded one may have had one before


@pytest.mark.azurite
@pytest.mark.slow
def test_who_takes_a_message_between_two_takings_is_found_out(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    queue = asyncio.run(filled(azurite, hub_name))
    asyncio.run(frozen(azurite, hub_name))
    assert run(azurite, hub_name, tmp_path / "b", "--frozen", "--take").exit_code == 0

    async def steal() -> None:
        async with parts_of(azurite, hub_name) as parts:
            (one,) = await parts.queues.receive(queue, 1, 60)
            await parts.queues.delete(one.receipt)

    asyncio.run(steal())
    done = run(azurite, hub_name, tmp_path / "again", "--frozen", "--take")

    assert isinstance(done.exception, NotFrozen)
    assert "shrank" in str(done.exception)


def test_a_taking_export_can_neither_delete_nor_change_a_message() -> None:
    place = "https://a.queue.core.windows.net/orders-control-00/messages"
    receipt = f"{place}/1?popreceipt=x&visibilitytimeout=0"

    assert takes("GET", f"{place}?numofmessages=32&visibilitytimeout=900", has_content=False)
    assert takes("PUT", receipt, has_content=False)
    assert not takes("PUT", receipt, has_content=True)
    assert not takes("DELETE", receipt, has_content=False)
    assert not takes("POST", place, has_content=False)
    assert not takes("DELETE", place, has_content=False)


def test_a_plan_of_queues_that_were_read_in_part_is_applied_only_if_it_says_so() -> None:
    head = PlanHead(
        tool="t",
        bundle="b",
        bundle_root="r",
        frozen=True,
        source="classic hub orders",
        target="sqlite:new.db/orders",
        capabilities=OWN_STORE,
        settings=MoveSettings(),
    )
    end = PlanEnd(units={"a": 1}, unseen=68)

    with pytest.raises(MoveBlocked, match="68 messages were not read"):
        check_plan(head, end, skip_blocked=False)
    allowed = PlanHead(
        **{
            **{name: getattr(head, name) for name in head.__slots__},
            "settings": MoveSettings(allow_unseen=True),
        }
    )
    check_plan(allowed, end, skip_blocked=False)
