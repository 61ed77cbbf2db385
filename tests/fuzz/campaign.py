"""A run over many targets: turns in processes of their own, some at a time, and what came of them."""

import hashlib
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.judging import Finding
from tests.fuzz.tape import Tape
from tests.fuzz.target import Target
from tests.fuzz.turn import ENDED, Turn, at_random, findings_in, guided, is_guided, write

LONGEST_TURN = 20.0  # seconds; a long run goes over the targets several times
STUCK = 300.0  # seconds at one input, then a turn is ended: it is in C and hears no signal
Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: so many *inputs* of each target, or *seconds* of the whole run where these are not told.

    *folder* keeps corpora from run to run.
    """

    targets: Sequence[Target]
    seconds: float
    jobs: int
    seed: int
    folder: Path
    inputs: int | None = None

    def turns(self) -> list[Turn]:
        """Return the turns, in rounds over all targets, so that the last ones end with the time.

        What is bounded by inputs is one round.
        """
        findings = self.folder / "findings"
        if self.inputs is not None:
            return [
                Turn(one, 0.0, self.seed, self.folder / one.name, findings, self.inputs)
                for one in self.targets
            ]
        total = self.seconds * self.jobs
        rounds = max(1, round(total / (len(self.targets) * LONGEST_TURN)))
        share = total / (len(self.targets) * rounds)
        return [
            Turn(one, share, self.seed + number, self.folder / one.name, findings)
            for number in range(rounds)
            for one in self.targets
        ]


@dataclass
class Outcome:
    """What a run did."""

    executions: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)  # of the inputs of a target's last turn
    size: int = 0
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0  # of all processes together
    seeds: int = 0

    @property
    def digest(self) -> str:
        """A digest of all inputs that were judged: where it is the same, the same was tried."""
        told = "".join(f"{name} {digest}\n" for name, digest in sorted(self.digests.items()))
        return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


@dataclass
class _Process:
    pid: int
    turn: Turn
    tape: Tape
    begun: float
    _seen: tuple[int, float] = (0, 0.0)  # how many inputs were begun, and since when it is so many

    def is_stuck(self) -> bool:
        """Tell whether it has been at one input for too long."""
        now, executions = time.monotonic(), self.tape.executions
        if executions != self._seen[0]:
            self._seen = executions, now
        return now - max(self._seen[1], self.begun) > STUCK


def run(plan: Plan, tell: Tell) -> Outcome:
    """Take all turns. What was found stands in the outcome, and in ``findings/`` of the folder."""
    (plan.folder / "findings").mkdir(parents=True, exist_ok=True)
    outcome = Outcome()
    turns = plan.turns()
    outcome.seeds = len({turn.seed for turn in turns})
    for number, (turn, tape, took) in enumerate(_taken(turns, plan.jobs), 1):
        name = turn.target.name
        outcome.executions[name] = outcome.executions.get(name, 0) + tape.executions
        outcome.digests[name] = tape.digest
        outcome.size += tape.size
        outcome.seconds += took
        found = [one for one in findings_in(turn.findings) if one.target == name]
        told = f", {len(found)} findings" if found else ""
        read = f"{tape.executions} inputs, {tape.size} bytes, {tape.digest}"
        tell(f"[{number}/{len(turns)}] {name}: {read}{told}")
    names = {one.name for one in plan.targets}
    outcome.findings = [f for f in findings_in(plan.folder / "findings") if f.target in names]
    return outcome


def _taken(turns: Sequence[Turn], jobs: int) -> Iterator[tuple[Turn, Tape, float]]:
    """Take the turns, *jobs* at a time; return each when it has ended, with its tape and seconds."""
    for turn in turns:
        turn.grown.mkdir(parents=True, exist_ok=True)
    if not hasattr(os, "fork"):
        for turn in turns:
            begun, tape = time.monotonic(), Tape(turn.target.largest)
            at_random(turn, tape)
            yield turn, tape, time.monotonic() - begun
        return
    waiting, running = list(reversed(turns)), dict[int, _Process]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                started = _started(waiting.pop())
                running[started.pid] = started
            time.sleep(0.05)  # nothing tells of the end of one of several children and of the clock
            for process in list(running.values()):
                ended = _ended(process)
                if ended:
                    del running[process.pid]
                    yield process.turn, process.tape, time.monotonic() - process.begun
    finally:
        for process in running.values():
            os.kill(process.pid, 9)
            os.waitpid(process.pid, 0)


def _started(turn: Turn) -> _Process:
    tape = Tape(turn.target.largest)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return _Process(pid, turn, tape, time.monotonic())
    try:
        guided(turn, tape) if is_guided() else at_random(turn, tape)
        os._exit(ENDED)
    except BaseException:
        traceback.print_exc()
    os._exit(1)


def _ended(process: _Process) -> bool:
    """Tell whether a turn has ended; its death, or being stuck, is a finding with its last input."""
    is_stuck = process.is_stuck()
    if is_stuck:
        os.kill(process.pid, 9)
    pid, status = os.waitpid(process.pid, 0 if is_stuck else os.WNOHANG)
    if not pid:
        return False
    if os.waitstatus_to_exitcode(status) != ENDED:
        name = process.turn.target.name
        what = "hang" if is_stuck else "death"
        detail = f"the process ended with {os.waitstatus_to_exitcode(status)}"
        where = "native code, memory or the end of the process"
        last = process.tape.last
        write(
            Finding(target=name, what=what, where=where, detail=detail, data=last),
            process.turn.findings,
        )
    return True


def temporary_folder() -> Path:
    """Return a new folder for a run whose corpora nobody wants."""
    return Path(tempfile.mkdtemp(prefix="durahub-fuzz-"))
