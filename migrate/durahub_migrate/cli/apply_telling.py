"""Tells a person how far a job is: a line that moves on a terminal, elsewhere lines from time to time."""

import json
import shlex
import sys
from collections.abc import Callable, Mapping
from typing import Any

import click
from rich.progress import Progress as Bar

from durahub.cli.output import print_facts, say
from durahub.errors import Unavailable
from durahub_migrate.applying import balance
from durahub_migrate.applying.events import Summary
from durahub_migrate.applying.progress import Progress
from durahub_migrate.applying.reporting import JsonTeller, Teller
from durahub_migrate.applying.states import JobState, UnitState
from durahub_migrate.cli.progress_bar import progress_bar, told_time
from durahub_migrate.moving.mover import STAY, Moved, Phase
from durahub_migrate.planning.steps import number

LINE_EVERY = 10.0  # seconds, where there is no terminal
TOLD_UNITS = 20  # of those that are lost; the others are in the file

_PHASES = {
    Phase.PLACE.value: JobState.PLACING.value,
    Phase.DELIVER.value: JobState.DELIVERING.value,
    Phase.SETTLE.value: JobState.SETTLING.value,
}
_DOING: Mapping[JobState, str] = {
    JobState.PLACING: "instances and entities are put where they stood",
    JobState.DELIVERING: "messages that were on their way are sent",
    JobState.SETTLING: "what had to wait for these",
    JobState.CHECKING: "what is at the target is counted",
    JobState.HANDING_OVER: "the target's app is let at it",
    JobState.ABORTING: "everything is taken back",
}
_SENTENCES: Mapping[JobState, str] = {
    JobState.READY: "ready: nothing that was moved runs before the cut-over",
    JobState.HANDED_OVER: "handed over: the app at the target may run",
    JobState.CONFIRMED: "confirmed: the job is over",
    JobState.ABORTING: "aborting: 'durahub job abort' goes on",
    JobState.ABORTED: "aborted: nothing of it is at the target; the old hub, thawed, goes on",
}


def teller(output: str, clock: Callable[[], float], *, quiet: bool = False) -> Teller:
    """Return who tells it, as ``text`` or ``json``."""
    if output == "json":
        return JsonTeller(_put, clock)
    return TextTeller(clock, quiet=quiet)


def _put(event: dict[str, Any]) -> None:
    click.echo(json.dumps(event, ensure_ascii=False))


class TextTeller:
    """Tells progress on stderr, the end on stdout."""

    def __init__(self, clock: Callable[[], float], *, quiet: bool) -> None:
        self._clock = clock
        self._quiet = quiet
        self._told: float | None = None
        self._lost = 0
        self._state = ""
        self._bar: Bar | None = None
        if not quiet and sys.stderr.isatty():
            self._bar = progress_bar()
            self._task = self._bar.add_task("opening", total=None, said="")
            self._bar.start()

    def state(self, state: JobState) -> None:
        """Tell that a job takes a state."""
        self._state = state.value
        if self._bar is not None:
            self._bar.update(self._task, description=state.value, said=_DOING.get(state, ""))
        elif not self._quiet:
            said = _DOING.get(state)
            say(f"{state.value}: {said}" if said else state.value)

    def progress(self, far: Progress) -> None:
        """Tell how far it is, in a phase that is not over."""
        doing = _PHASES.get(far.phase, far.phase)
        if self._state not in ("", doing):
            return
        if self._bar is not None:
            self._bar.update(
                self._task,
                description=doing,
                completed=far.done,
                total=max(far.total, 1),
                said=sentence(far),
            )
            return
        now = self._clock()
        if not self._quiet and (self._told is None or now - self._told >= LINE_EVERY):
            self._told = now
            say(f"{doing}: {sentence(far)}")

    def unit(self, root_id: str, phase: str, state: UnitState, moved: Moved) -> None:
        """Tell of the first units that are lost."""
        self._lost += 1
        if self._lost <= TOLD_UNITS:
            code = f"{moved.code}: " if moved.code else ""
            self._say(f"{root_id!r} {state.value} ({phase}): {code}{moved.reason}")

    def waiting(self, error: Unavailable, seconds: float) -> None:
        """Tell that the target does not answer."""
        self._say(f"{error}; asked again in {seconds:.0f} s")

    def ended(self, summary: Summary) -> None:
        """Print how the run has ended."""
        self.close()
        facts: dict[str, object] = {
            "job": summary.job,
            "target": summary.target,
            "state": _sentence_of(summary),
            "at the target": ", ".join(
                number(count, word)
                for count, word in (
                    (summary.instances, "instance"),
                    (summary.events, "event"),
                    (summary.messages, "message"),
                )
            ),
            "why not further": summary.reason,
        }
        for kind, counts in summary.balance.items():
            facts[kind] = balance.sentence(kind, counts)
        for name, found in (("left behind", summary.left), ("doubts", summary.doubts)):
            facts[name] = ", ".join(f"{count:,} {reason}" for reason, count in found.items())
        facts["failed"] = number(summary.failed, "unit") if summary.failed else None
        facts["rejected"] = number(summary.rejected, "unit") if summary.rejected else None
        facts["listed in"] = summary.lost_file
        facts["next"] = next_step(summary)
        print_facts(facts)
        for kind, count in summary.residue.items():
            if count:
                say(f"error: {count:,} {kind} are in no place of that sum")

    def close(self) -> None:
        """Take the moving line away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _say(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            say(line)


def _sentence_of(summary: Summary) -> str:
    if summary.state is JobState.ABORTED and STAY in summary.left:
        return "aborted: of it there is only what is left behind; the old hub, thawed, goes on"
    return _SENTENCES.get(summary.state, f"{summary.state.value}: durahub apply goes on")


def next_step(summary: Summary) -> str | None:
    """Return the commands that follow; none where *state* tells enough."""
    plan = shlex.quote(summary.plan)
    if summary.state is JobState.HANDED_OVER:
        compare = shlex.join(("durahub", "verify", summary.bundle, summary.target, "--plan"))
        return f"{compare} {plan}; start the app at the target; later durahub job confirm {plan}"
    if summary.state is not JobState.READY:
        return None
    again = f"durahub apply {plan} tries the failed units again; " if summary.failed else ""
    anyway = " --anyway hands over without these" if summary.reason else " hands over"
    return f"{again}durahub job cut-over {plan}{anyway}; durahub job abort {plan} takes everything back"


def sentence(far: Progress) -> str:
    """Return how far it is: ``120 of 4,000 units, 35.0 instances/s, about 0:01:50 left (…)``."""
    said = f"{far.done:,} of {far.total:,} units"
    for kind, noun in (("instances", "instances/s"), ("messages", "messages/s")):
        if far.rates.get(kind, 0) > 0:
            said += f", {far.rates[kind]:,.1f} {noun}"
    for count, word in ((far.failed, "failed"), (far.rejected, "rejected")):
        said += f", {count:,} {word}" if count else ""
    if far.actions_per_second is not None:
        said += f", at most {far.actions_per_second:,.1f} actions/s"
    if far.seconds_left is not None and far.done < far.total:
        likely, least, most = map(told_time, far.seconds_left)
        said += f", about {likely} left ({least} to {most})"
    return said
