"""A freeze of a hub: on what terms it is made, and what it says of itself, as JSON.

Leases keep workers from orchestrations and entities. They stop neither activities, which every worker takes
from one queue without a lease, nor clients, which put messages into queues. So a freeze also proves that
nobody writes: it counts twice, and whoever reads the hub under it counts once more behind.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from durahub.model.json_text import loads
from durahub.model.ticks import Ticks, parse, to_round_trip_text

FORMAT, VERSION = "durahub-freeze", 1
NOT_STOPPED = (
    "Leases stop neither activities nor clients: that nobody wrote is shown by counting queues and "
    "looking for rows that were written."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a hub is frozen; times in seconds.

    *lasting*: it stays so when the process has ended, until it is thawed. *wait* bounds the wait for workers
    and for messages that one may have taken, which are hidden for *hidden_for* at most. *apart* are the two
    counts. *lease* is how long leases outlast a process that is killed, 15 to 60.
    """

    lasting: bool = False
    wait: float = 900.0
    hidden_for: float = 300.0
    apart: float = 60.0
    lease: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A worker or an app that was there before the freeze, and what showed it."""

    who: str
    what: str
    at: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSample:
    """A queue: all its messages, about, and how often each of the visible ones was delivered, by its ID.

    At most 32 can be seen.
    """

    depth: int
    visible: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """All queues of a hub at about one moment."""

    at: Ticks
    queues: Mapping[str, QueueSample]


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A freeze: who holds the hub, by what, and what was counted.

    *leases* are named as ``row NAME``, ``blob FOLDER/NAME``, ``container NAME``, ``file NAME``. *frozen_at*
    is ``None`` until nobody was found to write. *rows_since*: since this moment, by the clock of storage, no
    row was written.
    """

    hub: str
    store: str  # "classic" or "scheduler"
    holder: str
    lasting: bool
    begun: Ticks
    frozen_at: Ticks | None = None
    rows_since: Ticks | None = None
    leases: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
    samples: tuple[Sample, ...] = ()
    process: int | None = None  # of a file: who has it
    not_stopped: str = NOT_STOPPED


Tell = Callable[[str], object]
"""Told a sentence about what is waited for."""


class Freezer(Protocol):
    """Freezes one hub, and thaws it."""

    async def freeze(self, terms: Terms, tell: Tell) -> Freeze:
        """Freeze the hub.

        Raises `HubInUse` if others are at work on it for longer than is waited, `ForeignWriter` if somebody
        writes all the same; then nothing is held any more.
        """

    async def hold(self) -> None:
        """Hold it until cancelled. Raises `NotFrozen` if it was thawed, or cannot be held any more."""

    async def release(self) -> None:
        """Let go of what `freeze` has taken. Doing it twice is fine."""

    async def thaw(self) -> tuple[str, ...]:
        """Let go of what any freeze has taken, also one whose process was killed; return what that was."""


def to_json(freeze: Freeze) -> dict[str, Any]:
    """Return the freeze as a JSON object; times as ISO texts with 7 digits."""
    written = asdict(freeze)
    for name in ("begun", "frozen_at", "rows_since"):
        written[name] = _text(written[name])
    for one in (*written["seen"], *written["samples"]):
        one["at"] = _text(one["at"])
    return {"format": FORMAT, "version": VERSION, **written}


def encode(freeze: Freeze) -> bytes:
    """Return the text of a freeze's report."""
    return (json.dumps(to_json(freeze), indent=1, ensure_ascii=True) + "\n").encode()


def decode(content: bytes) -> Freeze | None:
    """Return the freeze that *content* tells of; ``None`` for what is none."""
    try:
        found = loads(content)
        if found["format"] != FORMAT or found["version"] != VERSION:
            return None
        samples = tuple(
            Sample(
                at=parse(one["at"]),
                queues={name: QueueSample(**queue) for name, queue in one["queues"].items()},
            )
            for one in found["samples"]
        )
        return Freeze(
            hub=found["hub"],
            store=found["store"],
            holder=found["holder"],
            lasting=found["lasting"],
            begun=parse(found["begun"]),
            leases=tuple(found["leases"]),
            seen=tuple(Seen(**{**one, "at": parse(one["at"])}) for one in found["seen"]),
            samples=samples,
            process=found["process"],
            not_stopped=found["not_stopped"],
            frozen_at=_ticks(found["frozen_at"]),
            rows_since=_ticks(found["rows_since"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _text(ticks: Ticks | None) -> str | None:
    return to_round_trip_text(ticks) if ticks is not None else None


def _ticks(text: str | None) -> Ticks | None:
    return parse(text) if text is not None else None
