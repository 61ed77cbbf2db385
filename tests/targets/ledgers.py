"""A ledger in memory that a test can let its process die at."""

from dataclasses import dataclass, field


class Killed(BaseException):
    """The process has died."""


@dataclass
class MemoryLedger:
    """Keeps the steps of one unit. *dies_at* counts what is written down; behind that much it dies."""

    state: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    dies_at: int = -1
    written: int = 0

    def is_done(self, step: str) -> bool:
        return self.state.get(step) == "done"

    def was_begun(self, step: str) -> bool:
        return self.state.get(step) == "begun"

    def note(self, step: str) -> str:
        return self.notes.get(step, "")

    async def begin(self, step: str, note: str = "") -> None:
        self._write(step, "begun", note)

    async def end(self, step: str, note: str = "") -> None:
        if self.written == self.dies_at:
            self.written += 1
            raise Killed  # the call is done, and that is not written down
        self._write(step, "done", note)

    def _write(self, step: str, state: str, note: str) -> None:
        self.state[step] = state
        self.notes[step] = note or self.notes.get(step, "")
        self.written += 1
        if self.written - 1 == self.dies_at:
            raise Killed  # it is written down, and nothing else has happened
