"""What people tell a move; it is part of the plan and of its hash."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveSettings:
    """Choices for the whole hub; where one is not made, the plan does what its table calls the default.

    *prefer* is a strategy's letter for what is in flight, *ended* says ``move`` or ``archive``. *numbering*
    is the first number of an action in the app that will run at the target: 0 for .NET, Java and Go, 1 for
    Python and JavaScript. *id_map* is the SHA-256 of the file that renames instances, in hex, or empty.
    """

    prefer: str | None = None
    ended: str | None = None
    numbering: int | None = None
    sdk: str = ""  # of that app, where it was named: dotnet, java, go, python, javascript
    id_map: str = ""
    no_tags: bool = False
    allow_unfrozen: bool = False
    allow_unseen: bool = False
    only: tuple[str, ...] = ()  # patterns of root IDs; empty: all
    skip: tuple[str, ...] = ()
    drain: tuple[str, ...] = ()  # those that end on the old hub

    @property
    def retries_alike(self) -> bool:
        """Whether an SDK that counts from 1 gives a retry the number of its first try, as Python's does."""
        return self.sdk != "javascript"
