"""What a soak runs: an orchestration of each kind, and what must come of the n-th."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.soak.mixed_kinds import (
    ACCOUNTS,
    Act,
    _raise,
    _soon,
    _suspend_and_resume,
    _terminate,
)

ENDED_BY_ITSELF = "COMPLETED"


@dataclass(frozen=True, slots=True)
class SoakKind:
    """An orchestration: the input of the n-th instance, its output, and what a client does to it.

    ``fails`` is a text that its failure tells; then there is no output.
    """

    name: str
    given: Callable[[int], Any]
    output: Callable[[int], Any]
    act: Act | None = None
    options: Callable[[], dict[str, Any]] = dict
    status: str = ENDED_BY_ITSELF
    fails: Callable[[int], str] | None = None


KINDS = (
    SoakKind(
        "py_greet_all",
        lambda n: [f"city {n}", "Lima"],
        lambda n: [f"Hello, city {n}!", "Hello, Lima!"],
    ),
    SoakKind("py_squares", lambda n: 1 + n % 7, lambda n: sum(i * i for i in range(1 + n % 7))),
    SoakKind("py_sleeps", lambda n: 0.1 + n % 3, lambda n: "slept"),
    SoakKind("py_deadline", lambda n: 90, lambda n: "yes", _raise(("approval", "yes"))),
    SoakKind("py_deadline", lambda n: 0.1, lambda n: "too late"),
    SoakKind(
        "py_collect",
        lambda n: ["a", "b", "a"],
        lambda n: [2, 1, 3],
        _raise(("b", 1), ("a", 2), ("a", 3)),
    ),
    SoakKind("py_names_its_child", lambda n: f"child-{n}", lambda n: ["Hello, Lima!"]),
    SoakKind(
        "py_activity_fails",
        lambda n: f"failure {n}",
        lambda n: None,
        status="FAILED",
        fails=lambda n: f"failure {n}",
    ),
    SoakKind("py_count_to", lambda n: {"now": 1, "end": 2 + n % 3}, lambda n: 2 + n % 3),
    SoakKind(
        "py_keeps_events",
        lambda n: 0,
        lambda n: 11,
        _raise(("add", 5), ("add", 6), ("add", 0)),
    ),
    SoakKind(
        "py_collect", lambda n: ["never"], lambda n: "enough", _terminate, status="TERMINATED"
    ),
    SoakKind("py_collect", lambda n: ["go"], lambda n: [1], _suspend_and_resume),
    SoakKind("py_greet_all", lambda n: ["Lima"], lambda n: ["Hello, Lima!"], options=_soon),
    SoakKind(
        "py_repeats",
        lambda n: {"letter": "x", "times": 100_000 if n % 100 == 13 else 100},
        lambda n: "x" * (100_000 if n % 100 == 13 else 100),
    ),
    SoakKind(
        "py_calls_counter",
        lambda n: {"key": f"own-{n}", "signals": [n], "calls": [1, 2]},
        lambda n: n + 3,
    ),
    SoakKind(
        "py_moves",
        lambda n: {
            "from": f"account-{n % ACCOUNTS}",
            "to": f"account-{(n * 7 + 1) % ACCOUNTS}",
            "amount": n,
        },
        # to itself the amount leaves before it comes
        lambda n: n if n % ACCOUNTS != (n * 7 + 1) % ACCOUNTS else 0,
    ),
)


def kind_of(number: int) -> SoakKind:
    """Return the kind of the n-th instance."""
    return KINDS[number % len(KINDS)]


def wrong_in(number: int, status: str, output: str | None, message: str | None) -> str | None:
    """Return what is wrong with the end of the n-th instance, ``None`` where it is as it must be."""
    kind = kind_of(number)
    if status != kind.status:
        return f"{kind.name} ended {status}, not {kind.status}: {message}"
    if kind.fails is not None:
        told = kind.fails(number)
        return None if told in (message or "") else f"{kind.name} failed without telling {told!r}"
    found = json.loads(output) if output is not None else None
    wanted = kind.output(number)
    return None if found == wanted else f"{kind.name} returned {found!r:.80}, not {wanted!r:.80}"
