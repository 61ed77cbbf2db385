"""What a chaos run runs: the kinds of orchestrations, and what must have come of each."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEDGERS = 12  # entities
EVENTS = 3  # that a client raises to an instance
STOP = "Stop"  # ends a wait for events; tells which must have come


@dataclass(frozen=True, slots=True)
class Kind:
    """An orchestration, by the number *n* of an instance.

    *steps* are the activities it must have run, *output* what it must answer (``None``: see the
    checker), *operations* which operations it asks of which ledger, *children* which instances it
    starts. *in_order* tells that a step runs only after the one before.
    """

    name: str
    steps: Callable[[int], Sequence[str]] = lambda n: ()
    output: Callable[[int], Any] | None = None
    operations: Callable[[int], Mapping[str, int]] = lambda n: {}
    children: Sequence[str] = ()
    in_order: bool = False


def ledgers(n: int) -> tuple[int, int]:
    """Return the two ledgers that instance *n* works on."""
    first = n % LEDGERS
    return first, (first + 1 + n % (LEDGERS - 1)) % LEDGERS


def numbered(count: int) -> list[str]:
    return [str(step) for step in range(count)]


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "sequence",
            steps=lambda n: numbered(3 + n % 4),
            output=lambda n: numbered(3 + n % 4),
            in_order=True,
        ),
        Kind("fan", steps=lambda n: numbered(4 + n % 6), output=lambda n: 4 + n % 6),
        Kind("timers", steps=lambda _: numbered(2), output=lambda _: numbered(2), in_order=True),
        Kind("events"),
        Kind("family", output=lambda _: [numbered(2)] * 2, children=("a", "b")),
        Kind("generations", steps=lambda _: numbered(4), output=lambda _: 3, in_order=True),
        Kind(
            "ledger",
            output=lambda _: "added",
            operations=lambda n: dict.fromkeys(("signal", "first", "second"), ledgers(n)[0]),
        ),
        Kind(
            "moves",
            output=lambda _: "moved",
            operations=lambda n: dict(zip(("from", "to"), ledgers(n), strict=True)),
        ),
    )
}


def kind_of(instance_id: str) -> Kind:
    """Return the kind of an instance: of ``sequence-7`` it is ``sequence``."""
    return KINDS[instance_id.partition("-")[0]]


def number_of(instance_id: str) -> int:
    """Return the number of an instance: of ``sequence-7`` it is 7."""
    return int(instance_id.split("-")[1])


def wanted(instance_id: str) -> str | None:
    """Return the output that an instance must have, as JSON; ``None`` where that depends."""
    output = kind_of(instance_id).output
    return None if output is None else json.dumps(output(number_of(instance_id)))
