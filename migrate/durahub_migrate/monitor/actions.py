"""What can be done to instances, entities and hubs: one at a time, or many in a job."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from durahub.model.ticks import Ticks


class Verb(Enum):
    """An action. Grants, the audit log and the API name it so."""

    START = "start"
    RAISE_EVENT = "raise-event"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"
    RESTART = "restart"
    REWIND = "rewind"
    PURGE = "purge"
    SET_CUSTOM_STATUS = "set-custom-status"
    SIGNAL_ENTITY = "signal-entity"
    DELETE_ENTITY = "delete-entity"  # its row, history and payloads
    CLEAN_ENTITIES = "clean-entities"
    DELETE_BLOBS = "delete-blobs"  # orphaned ones
    DELETE_HUB = "delete-hub"


DESTROYS = frozenset({Verb.PURGE, Verb.DELETE_ENTITY, Verb.DELETE_BLOBS, Verb.DELETE_HUB})
"""After these something is gone: they have a dry run, and ask again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One action on one thing. *arguments* are by name, as the API and the command line have them.

    They are: ``start``: name, id, input, version, at, tags; ``raise-event``: name, data; ``terminate``:
    recursive; ``restart``: newId; ``purge``: recursive; ``set-custom-status``: value; ``signal-entity``:
    operation, data, at; ``clean-entities``: empty, locks. *target* is the instance, the
    entity (``@name@key``) or, for the hub's own actions, the hub's name as a confirmation.
    """

    verb: Verb
    hub: str
    target: str = ""
    arguments: Mapping[str, object] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """Whether an action can be done now; *why_not* says so in a sentence. *warning* is to be read before."""

    verb: Verb
    allowed: bool
    why_not: str | None = None
    warning: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What an action would do: instances, rows and blobs that go, their bytes, requests that it takes.

    *exact* tells that all were counted, not estimated from some. *reruns* are the activities that a rewind
    runs again. *examples* are a few of the instances.
    """

    instances: int = 0
    rows: int = 0
    blobs: int = 0
    bytes: int = 0
    requests: int = 0
    exact: bool = True
    skipped: Mapping[str, int] = field(default_factory=dict)  # by why
    reruns: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of an action. *instance_id* is that of what was started."""

    verb: Verb
    target: str
    instance_id: str | None = None
    instances: int = 0
    rows: int = 0
    sentence: str = ""


class JobState(Enum):
    """How a job stands."""

    COUNTING = "counting"
    READY = "ready"  # counted; waits to be confirmed
    RUNNING = "running"
    PAUSED = "paused"
    CANCELED = "canceled"
    DONE = "done"
    FAILED = "failed"  # it could not go on; the report says why


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """An action on all instances that a query finds. *rate* is instances a second.

    The instances are those that the query finds when the job is counted: later ones are not touched.
    *archive* is a folder into which each is written before it is purged, *most* a limit beyond which the job
    refuses.
    """

    command: Command  # its target is empty
    query: str
    rate: float = 5.0
    archive: str | None = None
    most: int | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job. *cost* was counted before it began; what became of each instance is in its report."""

    number: str
    request: JobRequest
    state: JobState
    made: Ticks
    by: str
    cost: Cost | None = None
    total: int = 0
    done: int = 0
    skipped: int = 0
    failed: int = 0
    started: Ticks | None = None
    ended: Ticks | None = None
    problem: str | None = None
    last_failures: tuple[str, ...] = ()
