"""A start that was sent once more finds by the stored history that its child has been here before."""

from durahub.classic.store import ClassicStore
from durahub.engine.actions import Action, Complete, CreateSubOrchestration, TurnResult
from durahub.engine.commit import Delivery
from durahub.engine.inbox import Verdict, judge
from durahub.engine.state import read
from durahub.engine.turn import Outcome, begin, finish
from durahub.model.history import Execution, ExecutionStarted, Parent, Status
from durahub.model.message import Message
from tests.simulation.account.scene import Scene, clock, run


def start_by(parent: str) -> ExecutionStarted:
    """Return the start of a child by the execution *parent*."""
    told = Parent(name="P", version="", execution=Execution("shop", parent), task_schedule_id=0)
    return ExecutionStarted(
        timestamp=clock(),
        execution=Execution("child", f"by-{parent}"),
        name="C",
        version="",
        parent=told,
    )


async def judged(store: ClassicStore, start: ExecutionStarted) -> Verdict:
    stored = await store.load("child")
    delivery = Delivery("m", "", Message(event=start, target=start.execution))
    return judge(
        stored.version,
        read(stored.events),
        [delivery],
        await store.row("child"),
        clock(),
        stored.consumed,
        stored.outlived,
    )


async def turn(store: ClassicStore, start: ExecutionStarted | None, *does: Action) -> None:
    """Write a turn, with *start* the first one of a child."""
    stored = await store.load("child")
    found = await judged(store, start) if start is not None else Verdict()
    made = begin(
        "child",
        stored.version,
        stored.events,
        read(stored.events),
        found.start,
        found.take,
        clock(),
        (),
        stored.outlived,
    )
    outcome = finish(made, TurnResult(actions=does), clock(), "next")
    assert isinstance(outcome, Outcome)
    await store.intervene(outcome.commit)


def test_who_reads_the_history_of_the_next_child_knows_the_one_before_it() -> None:
    async def play(scene: Scene) -> None:
        hub, store, _ = scene.hub("a:000000000001")
        other, theirs, _ = scene.hub("b:000000000002")
        await hub.open(create=True)
        await other.open(create=False)
        first, again = start_by("first"), start_by("first")
        never_ran = start_by("another")
        end = Complete(id=1, status=Status.Completed, result="1")
        await turn(store, first, end)
        await turn(store, start_by("second"), CreateSubOrchestration(id=0, name="D"))
        await turn(theirs, None, end)  # which names nothing, and leaves what is named

        stale = await judged(theirs, again)

        assert (len(stale.drop), stale.start) == (1, None)
        assert (await judged(theirs, never_ran)).start == never_ran

    run(play)
