"""An instance as rules see it, whatever it was read from."""

from dataclasses import dataclass, field

from durahub.classic.doctor.snapshot import InstanceFacts as ClassicInstance
from durahub.engine.state import State
from durahub.model.history import Event
from durahub.model.ticks import Ticks
from durahub.stored import StoredInstance
from durahub_migrate.lint.facts.payloads import Payload
from durahub_migrate.lint.place import Place


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of an instance that could not be read: which piece, and why."""

    where: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityFacts:
    """What is known of an entity. *state* is JSON text, ``None`` where the entity does not exist.

    *backlog* are operations that wait for a lock's release, *held* those that the message sorter keeps back
    until one before them has come. *locked_by* is the instance that holds its lock. *sorts* tells that its
    message sorter is not empty, *sorted_last* when it last took note of a message. With a *problem*, and
    where it was not read (its blob may not be), the rest is not known.
    """

    name: str
    key: str
    state: str | None = None
    backlog: int = 0
    held: int = 0
    locked_by: str | None = None
    sorts: bool = False
    sorted_last: Ticks | None = None
    problem: str | None = None
    is_read: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFacts:
    """One instance: its row, its current history, what it carries.

    *row* has no history of its own and is ``None`` where there is a history without a row. In *history* large
    texts may be left out: sizes are those of *payloads*. Without *history_is_read* (a sample left it out)
    rules that need histories pass over the instance. *classic* is there for hubs in Azure Storage alone.
    *stored_bytes* is about what it takes in storage, *blobs* are the large payloads it names.
    """

    place: Place
    instance_id: str
    row: StoredInstance | None
    history: tuple[Event, ...] = ()
    history_is_read: bool = True
    state: State = field(default_factory=State)
    payloads: tuple[Payload, ...] = ()
    entity: EntityFacts | None = None
    problems: tuple[Problem, ...] = ()
    stored_bytes: int = 0
    blobs: tuple[str, ...] = ()
    classic: ClassicInstance | None = None

    @property
    def is_entity(self) -> bool:
        """Whether it is an entity."""
        return self.entity is not None

    @property
    def is_terminal(self) -> bool:
        """Whether its row says that it has ended."""
        ended = ("Completed", "Failed", "Terminated", "Canceled")
        return self.row is not None and self.row.status in ended
