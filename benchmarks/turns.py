"""What engine and dispatch cost by themselves: turns without storage, wire or SDK.

    python benchmarks/turns.py [-n 1000] [--counting python|stored] [--profile FILE] [--json]

A task hub in this process, on a store that keeps nothing and answers at once, and a worker that does. So
nearly all of what is measured is the project's own; what the two stand-ins take is in it, too. Three loads:

sequence   five activities, one after the other: CPU per orchestration (6 turns, 5 activities)
length     one orchestration of many activities in sequence: CPU per turn by the length of its history
fan-in     100 activities at once, of a worker and a store that take the time real ones do: turns

CPU time is this process's, so what else runs on the machine hardly counts.
"""

import argparse
import asyncio
import cProfile
import json
import sys
import time
from collections import deque
from collections.abc import Iterator
from itertools import count
from typing import Any, cast

from durahub.dispatch.hub import TaskHub
from durahub.dispatch.starting import StartRequest
from durahub.dispatch.streams import WorkStream
from durahub.dispatch.work import ActivityWork, OrchestratorWork, StreamOptions, Work
from durahub.engine.actions import Action, Complete, ScheduleTask, TurnResult
from durahub.engine.commit import NO_HISTORY, Commit, Delivery, HistoryVersion
from durahub.engine.numbering import Counting
from durahub.model.history import Status, TaskCompleted
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import MINIMUM
from durahub.store import HubStore, Listener, StoredHistory

PARTITION = "turns-control-00"
COUNTINGS = {"stored": Counting.AS_STORED, "python": Counting.FROM_ONE_RETRIES_ALIKE}
LENGTHS = (50, 200, 800)  # activities in sequence
WIDTH = 100  # activities at once


class NullStore:
    """A hub whose messages are handed over as they are sent; a turn's write takes *commit_seconds*."""

    hub = "turns"
    set_aside_count = 0
    is_of_functions = False

    def __init__(self, commit_seconds: float = 0.0) -> None:
        """Begin empty."""
        self.commits = 0
        self._commit_seconds = commit_seconds
        self._keys: Iterator[int] = count()
        self._listener: Listener | None = None
        self._serving = asyncio.Event()

    async def serve(self, listener: Listener) -> None:
        """Hand messages over until cancelled."""
        self._listener = listener
        self._serving.set()
        await asyncio.Event().wait()

    async def ready(self) -> None:
        """Wait until messages are handed over."""
        await self._serving.wait()

    async def close(self) -> None:
        """Nothing is open."""

    def wake(self) -> None:
        """All is handed over at once."""

    def owns(self, instance_id: str) -> bool:  # noqa: ARG002 (of every instance the same)
        """Tell that every partition is this server's."""
        return True

    async def row(self, instance_id: str) -> Instance | None:
        """Return a row as a start leaves it."""
        return Instance(
            instance_id=instance_id,
            execution_id=None,
            version=None,
            name="O",
            status=Status.Pending,
            created=MINIMUM,
            last_updated=MINIMUM,
        )

    async def load(self, instance_id: str) -> StoredHistory:  # noqa: ARG002
        """Return no history: those of instances that run are in memory."""
        return StoredHistory(NO_HISTORY, ())

    async def start(
        self,
        message: Message,
        replaces: Instance | None,  # noqa: ARG002
        *,
        unread: bool = False,  # noqa: ARG002
    ) -> None:
        """Hand a start over."""
        self._hand_over(message)

    async def commit(self, commit: Commit) -> HistoryVersion:
        """Hand over what a turn sends."""
        self.commits += 1
        if self._commit_seconds:
            await asyncio.sleep(self._commit_seconds)
        for message in commit.outbound:
            self._hand_over(message)
        assert self._listener is not None
        self._listener.on_activities(
            [Delivery(str(next(self._keys)), "", message) for message in commit.activities]
        )
        before = 0 if commit.replaces else commit.base.length
        return HistoryVersion(commit.execution_id, before + len(commit.events), "token")

    async def complete_activity(self, activity: Delivery, result: Message) -> None:  # noqa: ARG002
        """Hand a result over."""
        self._hand_over(result)

    def _hand_over(self, message: Message) -> None:
        assert self._listener is not None
        self._listener.on_messages([Delivery(str(next(self._keys)), PARTITION, message)])


class NullWorker:
    """Answers turns and activities at once, or one every *item_seconds*.

    An orchestration calls *width* activities at once, *rounds* times.
    """

    def __init__(
        self,
        hub: TaskHub,
        counting: Counting,
        rounds: int,
        width: int = 1,
        item_seconds: float = 0.0,
    ) -> None:
        """Connect to *hub*."""
        self._hub = hub
        self._first = 0 if counting is Counting.AS_STORED else 1
        self._rounds, self._width, self._item_seconds = rounds, width, item_seconds
        self._had: dict[str, int] = {}  # answers, by instance
        self._lanes: tuple[deque[Work], deque[Work]] = deque(), deque()  # turns, activities
        self._come = asyncio.Event()
        self.ended = asyncio.Semaphore(0)
        self.turns = 0
        self._stream: WorkStream = hub.connect(
            StreamOptions(
                worker_id="w",
                max_orchestrations=100,
                max_activities=100,
                max_entities=0,
                counting=counting,
            )
        )

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            work = await self._stream.next()
            if self._item_seconds:
                self._lanes[isinstance(work, ActivityWork)].append(work)
                self._come.set()
            else:
                await self._do(work)

    async def run_slowly(self) -> None:
        """Do what `run` has taken: turns and activities by turns, each in its time, as an SDK's worker."""
        while True:
            if not any(self._lanes):
                self._come.clear()
                await self._come.wait()
            for lane in self._lanes:
                if lane:
                    await asyncio.sleep(self._item_seconds)
                    await self._do(lane.popleft())

    async def _do(self, work: Work) -> None:
        if isinstance(work, OrchestratorWork):
            await self._turn(work)
        elif isinstance(work, ActivityWork):
            await self._hub.complete_activity(
                work.token, work.instance_id, work.task.event_id, result='"x"', failure=None
            )

    async def _turn(self, work: OrchestratorWork) -> None:
        self.turns += 1
        answers = sum(isinstance(event, TaskCompleted) for event in work.new)
        had = self._had[work.instance_id] = self._had.get(work.instance_id, 0) + answers
        asked, rest = divmod(had, self._width)
        actions: tuple[Action, ...] = ()
        if not rest and asked == self._rounds:
            done = self._first + had
            actions = (Complete(id=done, status=Status.Completed, result='"done"'),)
            del self._had[work.instance_id]
            self.ended.release()
        elif not rest:
            numbers = range(self._first + had, self._first + had + self._width)
            actions = tuple(ScheduleTask(id=number, name="A", input='"x"') for number in numbers)
        await self._hub.complete_orchestration(
            work.token, work.instance_id, TurnResult(actions=actions)
        )


class Stand:
    """A hub with both stand-ins, for the time of one measurement."""

    def __init__(
        self,
        counting: Counting,
        rounds: int,
        width: int = 1,
        item_seconds: float = 0.0,
        commit_seconds: float = 0.0,
    ) -> None:
        """Make them."""
        self.store = NullStore(commit_seconds)
        self.hub = TaskHub(cast("HubStore", self.store))
        self.worker = NullWorker(self.hub, counting, rounds, width, item_seconds)

    async def __aenter__(self) -> "Stand":
        """Start working."""
        works = (self.hub.run(), self.worker.run(), self.worker.run_slowly())
        self._tasks = [asyncio.create_task(work) for work in works]
        await self.store.ready()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run(self, number: int, at_once: int = 16) -> None:
        """Run orchestrations."""
        for index in range(number + at_once):
            if index >= at_once:
                await self.worker.ended.acquire()
            if index < number:
                await self.hub.start(StartRequest(name="O", input='"x"'))


async def sequence(counting: Counting, number: int, profiler: cProfile.Profile | None) -> float:
    """Return the CPU seconds of an orchestration with five activities in sequence."""
    async with Stand(counting, rounds=5) as stand:
        await stand.run(max(number // 10, 20))
        began = time.process_time()
        if profiler is not None:
            profiler.enable()
        await stand.run(number)
        if profiler is not None:
            profiler.disable()
        return (time.process_time() - began) / number


async def by_length(counting: Counting, activities: int) -> float:
    """Return the CPU seconds of a turn in an orchestration of so many."""
    async with Stand(counting, rounds=activities) as stand:
        began = time.process_time()
        await stand.run(1)
        return (time.process_time() - began) / stand.worker.turns


async def fan_in(counting: Counting, instances: int) -> float:
    """Return the turns of an orchestration of `WIDTH` activities at once; *instances* run at once."""
    async with Stand(counting, 1, WIDTH, item_seconds=0.0006, commit_seconds=0.005) as stand:
        await stand.run(instances, at_once=instances)
        return stand.worker.turns / instances


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=1000, help="orchestrations of the first load")
    parser.add_argument("--counting", choices=COUNTINGS, default="python", help="the worker's SDK")
    parser.add_argument("--profile", metavar="FILE", help="write a cProfile of the first load")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    counting = COUNTINGS[options.counting]
    profiler = cProfile.Profile() if options.profile else None
    found: dict[str, Any] = {
        "sequence_ms": asyncio.run(sequence(counting, options.n, profiler)) * 1000,
        "turn_ms_by_activities": {
            str(length): asyncio.run(by_length(counting, length)) * 1000 for length in LENGTHS
        },
        "fan_in_turns_by_instances": {
            str(number): asyncio.run(fan_in(counting, number)) for number in (1, 10)
        },
    }
    if profiler is not None:
        profiler.dump_stats(options.profile)
    if options.json:
        json.dump(found, sys.stdout, indent=2)
        return
    print(f"five activities in sequence: {found['sequence_ms']:.3f} ms CPU an orchestration")
    for length, ms in found["turn_ms_by_activities"].items():
        print(f"{length:>5} activities in sequence: {ms:.3f} ms CPU a turn")
    for number, turns in found["fan_in_turns_by_instances"].items():
        print(f"{WIDTH} activities at once, {number} instances: {turns:.1f} turns an orchestration")


if __name__ == "__main__":
    main()
