"""Trees moved to endpoints without a replay: started anew, rewound, written. The app finishes them there."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from durahub.dispatch.clock import system_clock
from durahub.stored import StoredInstance
from durahub_migrate.bundle.semantics import semantic_digest
from durahub_migrate.bundle.writer import BundleWriter
from durahub_migrate.contents.indexed import IndexedContent, open_content
from durahub_migrate.endpoint import answers
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.taking import request_of, taking
from durahub_migrate.export.endpoint_outlet import open_outlet
from durahub_migrate.export.exporting import export
from durahub_migrate.export.scheduler_outlet import scheduler_outlet
from durahub_migrate.moving.mover import Moved, Outcome, Phase
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.endpoint.marks import Marks
from durahub_migrate.targets.endpoint.mover import DirectMover
from tests.bundle.bundles import GIVEN
from tests.endpoint import shop as app
from tests.endpoint.endpoints import client_of, endpoint, foreign_endpoint, own_endpoint
from tests.endpoint.shop import shop, start, until, until_waiting
from tests.targets.ledgers import Killed, MemoryLedger

COMPLETED = pb.ORCHESTRATION_STATUS_COMPLETED
ENDED = (COMPLETED, pb.ORCHESTRATION_STATUS_FAILED)
WAYS = ((Strategy.BACKEND, "own", 0), (Strategy.REWIND, "foreign", 1))
"""The ways that take histories over, where they are offered, and how the app's numbers begin there."""


async def fill(client: EndpointClient) -> None:
    await client.start_instance(start("order", "done", '"done"', tags={"colour": "red"}))
    await client.start_instance(start("order", "waits", '"waits"', tags={"colour": "red"}))
    await client.start_instance(start("order", "pauses", '"pauses"'))
    await client.start_instance(start("broken", "broken"))
    await client.raise_event("done", "Courier", '"Ann"')
    await until(client, "done", *ENDED)
    await until(client, "broken", *ENDED)
    await until_waiting(client, "waits", "subOrchestrationInstanceCompleted")
    await until_waiting(client, "pauses", "subOrchestrationInstanceCompleted")
    await client.suspend("pauses", "for lunch")
    await until(client, "pauses", pb.ORCHESTRATION_STATUS_SUSPENDED)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bundle of a shop: orders that are done, wait, pause, and have not begun."""
    import asyncio

    folder = tmp_path_factory.mktemp("source")

    async def make() -> None:
        place = str(folder / "shop.db")
        async with own_endpoint(place) as address, client_of(address) as client:
            async with shop(address):
                await fill(client)
            later = Timestamp(seconds=4_000_000_000)
            await client.start_instance(start("order", "new", '"new"', tags={"colour": "blue"}))
            await client.start_instance(
                start("order", "later", '"later"', scheduledStartTimestamp=later)
            )
            await client.raise_event("waits", "Courier", '"Bob"')
            await client.raise_event("new", "Other", "1")
            await client.raise_event("new", "Courier", '"Eve"')
        writer = BundleWriter(folder / "shop.hub", GIVEN)
        with scheduler_outlet(place, address.hub) as outlet, writer:
            await export(outlet, writer, system_clock)

    asyncio.run(make())
    return folder / "shop.hub"


@pytest.fixture
def content(bundle: Path) -> "Iterable[IndexedContent]":
    with open_content(bundle) as opened:
        yield opened


def unit_of(content: IndexedContent, root_id: str, strategy: Strategy) -> Unit:
    tree = next(one for one in content.trees() if one.root_id == root_id)
    return Unit(
        root_id=root_id,
        is_entity=False,
        strategy=strategy,
        why="",
        digest=tree.digest,
        members=tree.members,
        live=tree.live,
        events=tree.events,
        size=tree.size,
        actions=1,
    )


def mover_of(
    client: EndpointClient,
    content: IndexedContent,
    numbering: int | None = None,
    marks: Marks = Marks("job-1"),  # noqa: B008
) -> DirectMover:
    return DirectMover(client, MoveSettings(numbering=numbering), content, marks, patience=5.0)


async def moved(
    mover: DirectMover,
    content: IndexedContent,
    units: Iterable[Unit],
    ledger: MemoryLedger | None = None,
) -> list[Moved]:
    """Do all phases for all units; *ledger* is that of a single one."""
    found = []
    ledgers = {unit.root_id: ledger or MemoryLedger() for unit in units}
    for phase in Phase:
        for unit in units:
            found.append(await mover.carry_out(phase, unit, content, ledgers[unit.root_id]))
    await mover.hand_over()
    return found


async def read(client: EndpointClient) -> dict[str, StoredInstance]:
    outlet = await open_outlet(client)
    found = [one async for one in outlet.instances()]
    return {one.instance_id: one for one in found if isinstance(one, StoredInstance)}


@contextlib.asynccontextmanager
async def target(kind: str) -> AsyncIterator[tuple[EndpointClient, object]]:
    async with endpoint(kind) as address, client_of(address) as client:
        yield client, address


@pytest.mark.parametrize(("strategy", "kind", "numbering"), WAYS)
async def test_what_waited_goes_on_and_nothing_runs_again(
    content: IndexedContent, strategy: Strategy, kind: str, numbering: int
) -> None:
    app.RAN.clear()
    roots = ("done", "waits", "pauses", "broken")
    async with endpoint(kind) as address, client_of(address) as client:
        units = [unit_of(content, one, strategy) for one in roots]
        found = await moved(mover_of(client, content, numbering), content, units)
        assert {one.outcome for one in found} == {Outcome.DONE}
        assert sum(one.messages for one in found) == 1
        async with shop(address):
            waits = await until(client, "waits", *ENDED)
            assert waits.output.value == '["waits paid", "waits packed", "Bob"]'
            await until(client, "pauses", pb.ORCHESTRATION_STATUS_SUSPENDED)
            await client.raise_event("pauses", "Courier", '"Joe"')
            await client.resume("pauses")
            pauses = await until(client, "pauses", *ENDED)
            assert pauses.output.value == '["pauses paid", "pauses packed", "Joe"]'
        done = await client.get_instance("done")
        assert done is not None
        assert done.output.value == '["done paid", "done packed", "Ann"]'
        assert done.customStatus.value == '"done is paid"'
    assert app.RAN == []


@pytest.mark.parametrize(("strategy", "kind", "numbering"), WAYS)
async def test_histories_are_taken_over_with_their_times(
    content: IndexedContent, strategy: Strategy, kind: str, numbering: int
) -> None:
    roots = ("done", "waits", "broken")
    async with endpoint(kind) as address, client_of(address) as client:
        units = [unit_of(content, one, strategy) for one in roots]
        await moved(mover_of(client, content, numbering), content, units)
        found = await read(client)
    for root in roots:
        source = content.member(root)
        assert source is not None
        times = [
            stored.event.timestamp
            for stored in source.instance.history
            if type(stored.event).__name__ in ("TaskScheduled", "TaskCompleted", "TimerCreated")
        ]
        assert times
        assert times == [
            stored.event.timestamp
            for stored in found[root].history
            if type(stored.event).__name__ in ("TaskScheduled", "TaskCompleted", "TimerCreated")
        ]
    for root in ("done", "broken"):
        source = content.member(root)
        assert source is not None
        assert semantic_digest(found[root]) == semantic_digest(source.instance)


async def test_children_of_a_tree_that_was_written_know_their_parent(
    content: IndexedContent,
) -> None:
    async with own_endpoint() as address, client_of(address) as client:
        units = [unit_of(content, "waits", Strategy.BACKEND)]
        await moved(mover_of(client, content, 0), content, units)
        child = await client.get_instance("waits-pack")
        root = await client.get_instance("waits")
        assert child is not None
        assert root is not None
        assert child.parentInstanceId.value == "waits"
        source = content.member("waits")
        assert source is not None
        assert root.executionId.value == source.instance.execution_id
        assert root.tags == {
            "colour": "red",
            "durahub.job": "job-1",
            "durahub.digest": units[0].digest[:16],
        }


@pytest.mark.parametrize("kind", ["own", "foreign"])
async def test_what_has_not_begun_is_started_and_told_what_was_on_its_way(
    content: IndexedContent, kind: str
) -> None:
    async with endpoint(kind) as address, client_of(address) as client:
        units = [unit_of(content, one, Strategy.RECREATE) for one in ("new", "later")]
        found = await moved(mover_of(client, content), content, units)
        assert [one.messages for one in found if one.messages] == [2]
        async with shop(address):
            new = await until(client, "new", *ENDED)
        assert new.output.value == '["new paid", "new packed", "Eve"]'
        names = [
            event.eventRaised.name
            for event in await client.history("new")
            if event.HasField("eventRaised")
        ]
        assert names == ["Other", "Courier"]
        if kind == "own":
            later = await client.get_instance("later")
            assert later is not None
            assert later.scheduledStartTimestamp.seconds == 4_000_000_000
            assert later.orchestrationStatus == pb.ORCHESTRATION_STATUS_PENDING


@pytest.mark.slow
async def test_after_any_death_every_event_arrives_once(content: IndexedContent) -> None:
    unit = unit_of(content, "new", Strategy.RECREATE)
    point = 0
    while True:
        async with own_endpoint() as address, client_of(address) as client:
            ledger = MemoryLedger(dies_at=point)
            died = False
            try:
                await moved(mover_of(client, content), content, [unit], ledger)
            except Killed:
                died = True
                await moved(mover_of(client, content), content, [unit], ledger)
            async with shop(address):
                new = await until(client, "new", *ENDED)
            assert new.output.value == '["new paid", "new packed", "Eve"]'
            raised = [one for one in await client.history("new") if one.HasField("eventRaised")]
            assert len(raised) == 2
        if not died:
            break
        point += 1
    assert point == 6  # the start and two events, each begun and ended


@pytest.mark.slow
@pytest.mark.parametrize(("strategy", "kind", "numbering"), WAYS)
async def test_a_tree_that_was_half_done_is_done_again(
    content: IndexedContent, strategy: Strategy, kind: str, numbering: int
) -> None:
    unit = unit_of(content, "waits", strategy)
    for point in range(2):
        async with endpoint(kind) as address, client_of(address) as client:
            ledger = MemoryLedger(dies_at=point)
            mover = mover_of(client, content, numbering)
            with pytest.raises(Killed):
                await moved(mover, content, [unit], ledger)
            await mover.hand_over()  # a process that has died holds nothing
            found = await moved(mover_of(client, content, numbering), content, [unit], ledger)
            assert {one.outcome for one in found} == {Outcome.DONE}
            async with shop(address):
                waits = await until(client, "waits", *ENDED)
            assert waits.output.value == '["waits paid", "waits packed", "Bob"]'


@pytest.mark.parametrize(
    ("strategy", "kind"),
    [(Strategy.BACKEND, "own"), (Strategy.REWIND, "foreign"), (Strategy.RECREATE, "own")],
)
async def test_what_is_there_already_is_left_alone(
    content: IndexedContent, strategy: Strategy, kind: str
) -> None:
    root = "new" if strategy is Strategy.RECREATE else "waits"
    unit = unit_of(content, root, strategy)
    async with endpoint(kind) as address, client_of(address) as client:
        await client.start_instance(start("order", root, '"of the user"'))
        mover = mover_of(client, content)
        ledger = MemoryLedger()
        found = await mover.carry_out(Phase.PLACE, unit, content, ledger)
        assert (found.outcome, found.code) == (Outcome.REJECTED, "DH301")
        assert f"'{root}'" in found.reason
        await mover.withdraw(unit, content, ledger)
        state = await client.get_instance(root)
        assert state is not None
        assert state.input.value == '"of the user"'


@pytest.mark.parametrize(
    ("strategy", "kind", "numbering"), [*WAYS, (Strategy.RECREATE, "foreign", 1)]
)
async def test_what_was_placed_can_be_taken_back(
    content: IndexedContent, strategy: Strategy, kind: str, numbering: int
) -> None:
    root = "new" if strategy is Strategy.RECREATE else "waits"
    unit = unit_of(content, root, strategy)
    async with endpoint(kind) as address, client_of(address) as client:
        await client.start_instance(start("order", "of the user"))
        ledger = MemoryLedger()
        mover = mover_of(client, content, numbering)
        for phase in Phase:
            await mover.carry_out(phase, unit, content, ledger)
        taken = await mover.withdraw(unit, content, ledger)
        assert taken.instances == unit.members
        left = [one.instanceId async for one in client.query_instances()]
        assert left == ["of the user"]


async def test_a_start_that_was_ours_is_known_by_its_tags(content: IndexedContent) -> None:
    unit = unit_of(content, "new", Strategy.RECREATE)
    async with own_endpoint() as address, client_of(address) as client:
        await mover_of(client, content).carry_out(Phase.PLACE, unit, content, MemoryLedger())
        again = await mover_of(client, content).carry_out(
            Phase.PLACE, unit, content, MemoryLedger()
        )
        assert again.outcome is Outcome.DONE
        other = mover_of(client, content, marks=Marks("job-2"))
        found = await other.carry_out(Phase.PLACE, unit, content, MemoryLedger())
        assert found.outcome is Outcome.REJECTED


async def test_without_marks_nothing_is_added(content: IndexedContent) -> None:
    unit = unit_of(content, "new", Strategy.RECREATE)
    async with own_endpoint() as address, client_of(address) as client:
        mover = mover_of(client, content, marks=Marks())
        await mover.carry_out(Phase.PLACE, unit, content, MemoryLedger())
        state = await client.get_instance("new")
        assert state is not None
        assert state.tags == {"colour": "blue"}


@pytest.mark.slow
async def test_instances_can_have_other_ids(content: IndexedContent) -> None:
    unit = replace(
        unit_of(content, "waits", Strategy.BACKEND),
        ids={"waits": "waits-2", "waits-pack": "waits-2-pack"},
    )
    async with own_endpoint() as address, client_of(address) as client:
        await moved(mover_of(client, content, 0), content, [unit])
        found = {one.instanceId async for one in client.query_instances()}
        assert found == {"waits-2", "waits-2-pack"}
        async with shop(address):
            ended = await until(client, "waits-2", *ENDED)
        assert ended.output.value == '["waits paid", "waits packed", "Bob"]'


@pytest.mark.slow
async def test_an_endpoint_that_takes_no_history_fails_the_unit(content: IndexedContent) -> None:
    async with own_endpoint() as address, client_of(address) as client:
        mover = mover_of(client, content, 1)
        unit = unit_of(content, "waits", Strategy.REWIND)
        found = await mover.carry_out(Phase.PLACE, unit, content, MemoryLedger())
        await mover.hand_over()
    assert found.outcome is Outcome.FAILED
    assert "rewinds by itself" in found.reason


async def test_an_endpoint_without_the_service_is_told(content: IndexedContent) -> None:
    from durahub.errors import EndpointLacks

    async with foreign_endpoint() as address, client_of(address) as client:
        mover = mover_of(client, content, 1)
        unit = unit_of(content, "waits", Strategy.BACKEND)
        with pytest.raises(EndpointLacks, match="CreateInstance"):
            await mover.carry_out(Phase.PLACE, unit, content, MemoryLedger())
        await mover.hand_over()


async def open_shop(client: EndpointClient) -> None:
    """Leave an order in the middle of each thing that an app has to do, by a worker that answers by hand."""
    request = request_of(["order"], ["pay"])
    async with taking(client, request, lambda _: True) as worker:

        async def answer(instance_id: str, *actions: pb.OrchestratorAction) -> None:
            item = await worker.turn(instance_id, 10.0)
            assert item is not None
            await client.complete_orchestrator(answers.turn(item, actions))
            worker.done(item.completionToken)

        for name in ("pays", "turns", "packs"):
            await client.start_instance(start("order", name, f'"{name}"'))
            await answer(name, answers.task(0, "pay", f'"{name}"'))
        for name in ("turns", "packs"):
            activity = await worker.activity(name, 10.0)
            assert activity is not None
            done = pb.ActivityResponse(
                instanceId=name, taskId=0, completionToken=activity.completionToken
            )
            done.result.value = f'"{name} paid"'
            await client.complete_activity(done)
            worker.done(activity.completionToken)
            far = 4_000_000_000 if name == "turns" else 1_000_000_000
            await answer(name, answers.timer(1, far))
        child = pb.OrchestratorAction(id=2)
        child.createSubOrchestration.name = "pack"
        child.createSubOrchestration.instanceId = "packs-pack"
        child.createSubOrchestration.input.value = '"packs"'
        await answer("packs", child)


@pytest.mark.parametrize(("strategy", "kind", "numbering"), WAYS)
async def test_what_the_app_has_to_do_is_done_once(
    tmp_path: Path, strategy: Strategy, kind: str, numbering: int
) -> None:
    place = str(tmp_path / "shop.db")
    async with own_endpoint(place) as address, client_of(address) as client:
        await open_shop(client)
    writer = BundleWriter(tmp_path / "shop.hub", GIVEN)
    with scheduler_outlet(place, address.hub) as outlet, writer:
        await export(outlet, writer, system_clock)
    app.RAN.clear()
    async with endpoint(kind) as address, client_of(address) as client:
        with open_content(tmp_path / "shop.hub") as content:
            units = [unit_of(content, one, strategy) for one in ("pays", "turns", "packs")]
            found = await moved(mover_of(client, content, numbering), content, units)
        assert {one.outcome for one in found} == {Outcome.DONE}
        async with shop(address):
            for name in ("pays", "packs"):
                await client.raise_event(name, "Courier", '"Zoe"')
                ended = await until(client, name, *ENDED)
                assert ended.output.value == f'["{name} paid", "{name} packed", "Zoe"]'
            turns = await client.get_instance("turns")
            assert turns is not None
            if strategy is Strategy.BACKEND:  # the timer is handed over; else the app sets its own
                assert turns.orchestrationStatus == pb.ORCHESTRATION_STATUS_RUNNING
                times = [
                    event.timerCreated.fireAt.seconds
                    for event in await client.history("turns")
                    if event.HasField("timerCreated")
                ]
                assert times == [4_000_000_000]
    assert app.RAN == ["pay pays"]
