"""Retention policies, wherever they are written."""

from dataclasses import dataclass
from enum import Enum

from durahub_migrate.lint.facts.templates import Resource
from durahub_migrate.lint.files.document import Node, Unknown
from durahub_migrate.lint.place import Place, PlaceKind

STATES = ("Completed", "Failed", "Terminated", "Canceled")


class Origin(Enum):
    """What a policy was read from."""

    ARM = "ARM template"
    BICEP = "Bicep template"
    JSON = "JSON file"
    SETTINGS = "durahub.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry: how long instances of a state are kept; of *all* states that have no entry without one.

    *days* is the length of time where it is a good one, ``inf`` for ever; *days_node* what is written,
    ``None`` if nothing is. *problem* says why durahub takes no such length.
    """

    node: Node
    path: str
    days_node: Node | None
    state_node: Node | None
    days: float | None = None
    state: str | Unknown | None = None
    problem: str | None = None

    @property
    def is_default(self) -> bool:
        """Whether it is the one for all states that have none of their own."""
        return self.state is None and self.state_node is None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFacts:
    """A retention policy. *entries* are not all there is if it is not *whole*: part of it is unknown.

    *place* is where it is declared, *list* the list of its entries. *sku* is that of its scheduler,
    *scheduler* its key, where the same template declares it. Policies of durahub's own settings belong to a
    *hub*, or to all hubs where that is ``None``.
    """

    place: Place
    origin: Origin
    entries: tuple[Entry, ...]
    whole: bool = True
    list: Node | None = None
    sku: str | None = None
    scheduler: str | None = None
    hub: str | None = None
    resource: Resource | None = None

    @property
    def is_of_azure(self) -> bool:
        """Whether it is for a scheduler in Azure, not for a hub of durahub."""
        return self.origin is not Origin.SETTINGS

    def at(self, node: Node | None, path: str = "") -> Place:
        """Return the place of *node*, at *path* of the policy."""
        span = node.span if node is not None else self.place.span
        key = ".".join(filter(None, (self.place.key, path)))
        return Place(source=self.file_of(node), kind=PlaceKind.FILE, key=key, span=span)

    def file_of(self, node: Node | None) -> str:
        """Return the file that *node*, a value of this policy, stands in."""
        return (node.file if node is not None else None) or self.place.source

    def days_of(self, state: str) -> float | None:
        """Return the days that instances of *state* are kept; ``None`` if nothing known says so."""
        if any(isinstance(one.state, Unknown) for one in self.entries):
            return None
        own = [one for one in self.entries if one.state == state]
        general = [one for one in self.entries if one.is_default]
        for one in own or general:
            return one.days
        return None
