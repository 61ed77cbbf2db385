"""Moves a bundle again and again in processes that are killed, and prints what became of it.

``python -m tests.interrupted.killed_move FOLDER KIND apply|abort|resync FIRST COUNT``: FOLDER has
``shop.hub`` and, for the KIND of target, ``KIND.plan``. Run number 0 is not disturbed; run N forks a process
for a fresh target, which is killed at a moment that N chooses: one half of them at a write of the journal, a
call or an answer, the others at a time. It is run again, killed by chance, until it comes to its end. One
that had ended before its moment is made anew, with an earlier one: each is killed, however long a run takes
on this machine just now. A line of JSON a run: how often it was killed, and what the target holds.
"""

import asyncio
import contextlib
import faulthandler
import json
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from durahub.classic.account import Account
from durahub.classic.transport import CountedTransport
from durahub.errors import HubNotFound
from durahub.model.ticks import Ticks
from durahub_migrate.applying.reporting import JsonTeller
from durahub_migrate.applying.resyncing import Repair, take_back
from durahub_migrate.applying.session import Session, Wanted, session
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.mover import Mover
from durahub_migrate.moving.pace import Pace
from durahub_migrate.moving.place import EndpointAddress, parse_place
from durahub_migrate.moving.plan import PlanHead
from durahub_migrate.targets import opening
from durahub_migrate.targets.opening import Ways
from tests.applying.forked import in_child
from tests.interrupted import held, shop
from tests.interrupted.served import Served

KILLS = 4  # of one run, at most
HUB = "shop"
STORAGE = "DURAHUB_TEST_CONNECTION"
AGAIN = ("after", "parent", "holder", "@tally@locked", "ended")
"""What a resync moves once more."""


def main() -> None:
    folder, kind, what = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    first, count = map(int, sys.argv[4:6])
    with serving(kind) as served:
        place = Place(folder, kind, served)
        long = one_run(place, what, 0, Length(0, 0.0))
        if first == 0:
            print(json.dumps(long), flush=True)
        length = Length(long["moments"], long["seconds"])
        for number in range(max(first, 1), first + count):
            while not (found := one_run(place, what, number, length))["killed"]:
                length = length.within(found)
            print(json.dumps(found), flush=True)


@contextlib.contextmanager
def serving(kind: str) -> Iterator[Served | None]:
    if kind in ("own", "foreign"):
        with Served() as served:
            yield served
    else:
        yield None


@dataclass(frozen=True)
class Length:
    """How long a run is that nobody disturbs."""

    moments: int
    seconds: float

    def within(self, run: dict[str, Any]) -> "Length":
        """Return the length, no longer than that of a *run* that was not killed either."""
        return Length(min(self.moments, run["moments"]), min(self.seconds, run["seconds"]))


@dataclass(frozen=True)
class Place:
    """Where targets of a kind are made; each run has one of its own."""

    folder: Path
    kind: str
    served: Served | None

    def made(self, copy: Path) -> str:
        match self.kind:
            case "file":
                return f"sqlite:{copy / 'new.db'}/{HUB}"
            case "classic":
                return f"env:{STORAGE}/Test{secrets.token_hex(6)}"
            case _:
                assert self.served is not None
                return self.served.begin(self.kind, copy / "new.db", HUB)

    async def held(self, target: str, copy: Path) -> dict[str, Any]:
        address = parse_place(target)
        try:
            match self.kind:
                case "file" | "own":
                    return await held.in_file(copy / "new.db", HUB, exact=self.kind == "file")
                case "classic":
                    return await held.in_account(os.environ[STORAGE], address.hub)
                case _:
                    assert isinstance(address, EndpointAddress)
                    return await held.at_endpoint(address)
        except HubNotFound:
            return {"instances": {}, "messages": {}}


def one_run(place: Place, what: str, number: int, length: Length) -> dict[str, Any]:
    """Have one move come to its end; return what there is then."""
    copy = place.folder / f"{place.kind}-{what}-{number}"
    copy.mkdir()
    (copy / shop.BUNDLE).symlink_to(place.folder / shop.BUNDLE)
    target = place.made(copy)
    plan = shop.aimed(place.folder / f"{place.kind}.plan", target, copy / shop.PLAN)
    if what != "apply":
        in_child(partial(start, plan, "apply", Moments()))
    chance = Random(number)
    began = time.monotonic()
    killed = 0
    doing = what
    while not in_child(partial(start, plan, doing, moments(chance, number, killed, length))):
        killed += 1
        doing = "apply" if doing == "resync" else doing
    seconds = time.monotonic() - began
    if place.kind == "own":
        assert place.served is not None
        place.served.stop()
    in_child(partial(look, place, target, copy))
    found = json.loads((copy / "held").read_text())
    if place.kind == "foreign":
        assert place.served is not None
        place.served.stop()
    passed = int((copy / "moments").read_text())
    shutil.rmtree(copy)
    return {
        "number": number,
        "killed": killed,
        "moments": passed,
        "seconds": seconds,
        "held": found,
    }


def moments(chance: Random, number: int, killed: int, length: Length) -> "Moments":
    """Return when the next process is killed: each number's first one at another moment."""
    if number == 0 or killed >= KILLS:
        return Moments()
    if number % 2:
        return Moments(after=chance.uniform(0.0, length.seconds))
    if killed:
        return Moments(left=chance.randint(1, length.moments))
    return Moments(left=1 + number * 7919 % length.moments)


@dataclass
class Moments:
    """Counts moments, and ends the process at one of them, or *after* so many seconds; 0 is never.

    An alarm that nobody handles ends a process as SIGKILL does: nothing of it runs any more.
    """

    left: int = 0
    after: float = 0.0
    passed: int = 0

    def begin(self) -> None:
        if self.after:
            signal.setitimer(signal.ITIMER_REAL, self.after)

    def end(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.0)

    def pass_by(self, *_: object) -> None:
        self.passed += 1
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class KillingPace:
    """A pace that every call is a moment for, and every answer."""

    pace: Pace
    moments: Moments

    async def take(self, actions: int = 1, size: int = 0) -> None:
        await self.pace.take(actions, size)
        self.moments.pass_by()

    def answered(self, seconds: float) -> None:
        self.moments.pass_by()
        self.pace.answered(seconds)

    def refused(self, retry_after: float | None = None) -> None:
        self.pace.refused(retry_after)


class KillingTransport(CountedTransport):
    """A way to storage on which every request is a moment, and every answer."""

    def __init__(self, *arguments: Any, moments: Moments, **others: Any) -> None:
        super().__init__(*arguments, **others)
        self.moments = moments

    async def send(self, request: Any, **others: Any) -> Any:
        self.moments.pass_by()
        answer = await super().send(request, **others)
        self.moments.pass_by()
        return answer

    async def ask(self, asked: Any) -> Any:
        self.moments.pass_by()
        answer = await super().ask(asked)
        self.moments.pass_by()
        return answer


@dataclass
class Opener:
    """Opens a plan's target so that what is asked of it are moments."""

    moments: Moments
    told: list[dict[str, Any]] = field(default_factory=list)

    def account(self, _: object) -> Account:
        return Account.from_connection_string(
            os.environ[STORAGE],
            "the test",
            make_transport=partial(KillingTransport, moments=self.moments),
        )

    @contextlib.asynccontextmanager
    async def __call__(
        self, head: PlanHead, job: str, content: Content, pace: Pace, clock: Callable[[], Ticks]
    ) -> AsyncIterator[Mover]:
        ways = Ways(resolve=lambda store: store, account=self.account)
        slow = KillingPace(pace, self.moments)
        async with opening.open_mover(head, job, content, slow, clock, ways=ways) as mover:
            yield mover


def start(plan: Path, what: str, moments: Moments) -> None:
    faulthandler.dump_traceback_later(180, exit=True)
    moments.begin()
    asyncio.run(run(plan, what, moments))
    moments.end()
    (plan.parent / "moments").write_text(str(moments.passed))


async def run(plan: Path, what: str, moments: Moments) -> None:
    opener = Opener(moments)
    teller = JsonTeller(opener.told.append, time.monotonic)
    wanted = Wanted(plan=plan)
    begins = what == "apply"
    async with session(
        wanted, asyncio.Event(), opener, teller, print, create=begins, on_write=moments.pass_by
    ) as job:
        status = await done(job, what)
    assert status == 0, opener.told[-3:]


async def done(job: Session, what: str) -> int:
    if what == "abort":
        return await job.abort(past_return=True)
    if what == "resync":
        kept = await take_back(job.running, [Repair(one, is_gone=True) for one in AGAIN])
        assert not kept or job.plan.head.target.startswith("env:"), kept
    return await job.apply()


def look(place: Place, target: str, copy: Path) -> None:
    found = asyncio.run(place.held(target, copy))
    (copy / "held").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
