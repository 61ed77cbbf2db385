"""What the simulated orchestrations do: a list of steps, which is their input, and what has been so far.

Kinds of steps, and what their fields mean in each ::

    act     an activity; it fails ``number`` times, and is tried again after ``seconds`` each time
    fan     ``number`` activities at once
    sleep   a timer of ``seconds``
    hear    an event of the name ``name``, for ``seconds`` at most
    child   a child that does ``steps``, under the ID ``name`` (empty: the hub chooses)
    again   the rest of the steps as a new execution
    call    an operation of the entity ``name``, and its answer
    signal  the same without one
    lock    ``steps`` while the entities ``name`` (with commas between) are locked
    tell    an event to the instance ``name``
    fail    the end, by a failure
    note    a custom status
"""

import json
from dataclasses import dataclass
from typing import Any

PROGRAM = "recipe"
"""The name of the one orchestrator."""

ENTITY = "diary"
"""The name of the entities: each keeps the IDs of its operations, in order."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step; the module says what its fields mean."""

    kind: str
    number: int = 0
    seconds: float = 0.0
    name: str = ""
    steps: tuple["Step", ...] = ()

    def __str__(self) -> str:
        said = [self.kind]
        said += [str(self.number)] if self.number else []
        said += [f"{self.seconds:.1f} s"] if self.seconds else []
        said += [self.name] if self.name else []
        inner = f" [{', '.join(map(str, self.steps))}]" if self.steps else ""
        return " ".join(said) + inner


@dataclass(frozen=True, slots=True)
class Task:
    """An orchestration's input: its steps, the inputs of the events it has heard, and where it began.

    ``origin`` names the start that it goes back to, through all continue-as-new.
    """

    steps: tuple[Step, ...]
    origin: str
    heard: tuple[str, ...] = ()

    def text(self) -> str:
        """Return it as an input."""
        return json.dumps([[_plain(s) for s in self.steps], self.origin, list(self.heard)])


def task_of(text: str | None) -> Task:
    """Return what `Task.text` has made."""
    steps, origin, heard = json.loads(text or "")
    return Task(tuple(map(_step, steps)), origin, tuple(heard))


def heard_in(output: str | None) -> tuple[str, ...]:
    """Return what an orchestration heard that has completed with *output*."""
    try:
        found = json.loads(output or "")
    except ValueError:
        return ()
    return tuple(found["heard"]) if isinstance(found, dict) and "heard" in found else ()


def _plain(step: Step) -> list[Any]:
    return [step.kind, step.number, step.seconds, step.name, [_plain(s) for s in step.steps]]


def _step(plain: list[Any]) -> Step:
    kind, number, seconds, name, steps = plain
    return Step(kind, number, seconds, name, tuple(map(_step, steps)))
