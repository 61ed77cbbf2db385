"""A task hub as a whole: its name, whether it is there, who else works on it, whether it is frozen."""

from collections.abc import Sequence

from durahub.errors.tree import NotThere, Refused, UsageError
from durahub.secret_texts import hidden


class BadHubName(UsageError):
    """A hub name that storage would refuse."""

    code = "DH101"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"not a task hub name: {hidden(repr(name))}; use 3 to 45 letters and digits, a letter first"
        )
        self.name = name


class HubNotFound(NotThere):
    """No such task hub. *store* is what was looked into: ``storage account acme``, ``the file hub.db``."""

    code = "DH201"

    def __init__(self, name: str, hint: str = "", *, store: str = "") -> None:
        where = f" in {hidden(store)}" if store else ""
        super().__init__(f"Task hub not found: {name}{where}{'; ' if hint else ''}{hint}")
        self.name = name
        self.store = store


class SeveralServers(UsageError):
    """An address without a store, where several servers run, and it cannot be told which one is meant.

    *described* are the servers, each as an address that means it.
    """

    code = "DH140"

    def __init__(self, hub: str, described: Sequence[str]) -> None:
        about = f"and which one has the hub {hub!r} cannot be told" if hub else "and none was named"
        super().__init__(
            f"{len(described)} servers run here, {about}; name the store: {', '.join(described)}"
        )
        self.hub = hub


class HubMismatch(Refused):
    """The hub in storage differs from what the settings say; going on would split it."""

    code = "DH303"

    def __init__(self, hub: str, problem: str) -> None:
        super().__init__(f"task hub {hub} is not as configured: {problem}")
        self.hub = hub


class HubInUse(Refused):
    """Others work on the hub, beside whom this cannot be done."""

    code = "DH305"

    def __init__(self, hub: str, problem: str) -> None:
        super().__init__(f"task hub {hub} is in use: {problem}")
        self.hub = hub


class ForeignWriter(Refused):
    """Somebody writes to a hub that nobody else holds a partition of: an activity, or a client."""

    code = "DH306"
    exit_status = 3

    def __init__(self, hub: str, what: str) -> None:
        super().__init__(f"task hub {hub} cannot be frozen, for somebody writes to it: {what}")
        self.hub = hub


class NotFrozen(Refused):
    """The hub is not frozen, or is not any more."""

    code = "DH307"
    exit_status = 3

    def __init__(self, hub: str, why: str) -> None:
        super().__init__(f"task hub {hub} is not frozen: {why}")
        self.hub = hub


class HubBeingMoved(Refused):
    """A job moves instances into the hub; nothing in it may run before all are there."""

    code = "DH312"
    exit_status = 3

    def __init__(self, hub: str, job: str) -> None:
        super().__init__(
            f"job {job} is moving instances into task hub {hub} and has not handed it over"
        )
        self.hub = hub
        self.job = job
