"""What a move writes down of a unit, so that after any crash it goes on where it was."""

from typing import Protocol


class Ledger(Protocol):
    """The steps of one unit, on disk.

    A step is written down before its call and again behind it. After a crash, one that was begun and not
    ended may have happened or not: whoever carries it out looks at the target before doing it again.
    """

    def is_done(self, step: str) -> bool:
        """Tell whether *step* was ended."""

    def was_begun(self, step: str) -> bool:
        """Tell whether *step* was begun, also before a crash, and not ended."""

    def note(self, step: str) -> str:
        """Return what the last `begin` or `end` noted, ``""`` if nothing did."""

    async def begin(self, step: str, note: str = "") -> None:
        """Write down that *step* comes next; it is on the disk when this returns.

        Steps are named for what they do: ``create:order-7``, ``event:order-7:3``.
        """

    async def end(self, step: str, note: str = "") -> None:
        """Write down that *step* has happened."""
