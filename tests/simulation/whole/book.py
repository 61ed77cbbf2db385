"""What is noted of a run outside the hub: what clients were told, what activities did, what went wrong."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Told:
    """A call of a client: when it was sent and, if the client knows that it was done, when it was told so.

    ``identity`` is the execution ID of a start, the input of an event or a signal; ``count`` what a purge
    has deleted; ``server`` is who was asked last. One that was ``refused`` has had no effect.
    """

    what: str
    instance_id: str
    identity: str
    sent: float
    acked: float | None = None
    count: int = 0
    attempts: int = 0
    refused: bool = False
    server: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an activity, at whichever worker."""

    result: str
    at: float


@dataclass(slots=True)
class Book:
    """The record of a run. Times are seconds of the loop."""

    trace: list[tuple[float, str]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    calls: list[Told] = field(default_factory=list)
    runs: defaultdict[tuple[str, str, int], list[Run]] = field(
        default_factory=lambda: defaultdict(list)
    )
    turns: int = 0
    tolerates: Callable[[str], bool] = lambda what: False
    tolerated: list[str] = field(default_factory=list)

    def violated(self, at: float, what: str) -> None:
        """Note what must not happen, unless the storage is known for it; the first is what counts."""
        if self.tolerates(what):
            self.tolerated.append(what)
            return
        self.trace.append((at, f"VIOLATION {what}"))
        self.violations.append(what)

    def of(self, what: str, instance_id: str | None = None) -> list[Told]:
        """Return the calls of a kind that may have had an effect."""
        return [
            call
            for call in self.calls
            if call.what == what and not call.refused and instance_id in (None, call.instance_id)
        ]

    def story(self) -> str:
        """Return what happened, a line each."""
        return "\n".join(f"{at:10.4f}  {what}" for at, what in self.trace)
