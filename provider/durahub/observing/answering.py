"""Whether storage answers, as the requests tell that are sent anyway."""

from dataclasses import dataclass

FAILURES = 3  # one after the other, with no answer between them: then storage counts as away


@dataclass(slots=True)
class Answering:
    """What was heard of storage. *heard_at* is of the last good answer, by the loop's clock."""

    heard_at: float | None = None
    failures: int = 0  # since then
    why: str = ""  # of the last of them, e.g. "no-answer"

    def answered(self, now: float) -> None:
        """Note an answer that shows that storage works, be it a conflict or a plea to slow down."""
        self.heard_at, self.failures, self.why = now, 0, ""

    def failed(self, why: str) -> None:
        """Note that there was no answer, or one that helps nobody."""
        self.failures += 1
        self.why = why

    @property
    def is_away(self) -> bool:
        """Whether storage does not answer."""
        return self.failures >= FAILURES

    def is_stale(self, now: float, after: float) -> bool:
        """Tell whether a look is due: something failed, or nothing was heard for *after* seconds."""
        return self.failures > 0 or self.heard_at is None or now - self.heard_at >= after
