"""What was looked at, what came of it, and what to do."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from durahub.errors import DurahubError


@dataclass(frozen=True, slots=True)
class Checked:
    """A look: at *what*, whether it is *ok*, what was found, and if it is not, what to do.

    *exit_status* is that of the error behind a problem.
    """

    what: str
    ok: bool
    found: str = ""
    advice: str = ""
    exit_status: int = 0

    @property
    def outcome(self) -> str:
        """Return the word for a table."""
        return "ok" if self.ok else "problem"


def problem(what: str, error: DurahubError) -> Checked:
    """Return the look at *what* that ended with *error*."""
    return Checked(what, False, str(error), f"durahub explain {error.code}", error.exit_status)


async def look(what: str, work: Callable[[], Awaitable[str]]) -> Checked:
    """Return what *work* finds, which it tells or raises."""
    try:
        return Checked(what, True, await work())
    except DurahubError as error:
        return problem(what, error)


def exit_status(found: Iterable[Checked]) -> int:
    """Return 0 if all is well, else the status of the gravest problem: 2 before 4."""
    statuses = {one.exit_status or 1 for one in found if not one.ok}
    return min(statuses, default=0)
