"""The roles of the Durable Task Scheduler, and what each lets its holder do."""

from enum import Enum


class Need(Enum):
    """What a call does to a task hub."""

    CONNECT = "call"
    """Ask whether the hub is there, and how much it has to do: whoever may do anything may."""
    READ = "read"
    WORK = "work for"
    """Receive work items and complete them."""
    WRITE = "change"
    """Start, steer and purge instances, signal entities, create and delete the hub."""


class Role(Enum):
    """A role, by the name that settings have for it."""

    READER = "reader"
    WORKER = "worker"
    CONTRIBUTOR = "contributor"

    @property
    def title(self) -> str:
        """The name that Azure has for it."""
        return _TITLES[self]

    def allows(self, needs: frozenset[Need]) -> bool:
        """Tell whether the role is enough for a call that needs one of *needs*."""
        return not needs.isdisjoint(_ALLOWS[self])


_TITLES = {
    Role.READER: "Durable Task Data Reader",
    Role.WORKER: "Durable Task Worker",
    Role.CONTRIBUTOR: "Durable Task Data Contributor",
}
_ALLOWS = {
    Role.READER: frozenset({Need.CONNECT, Need.READ}),
    Role.WORKER: frozenset({Need.CONNECT, Need.WORK}),
    Role.CONTRIBUTOR: frozenset(Need),
}


def titles_for(needs: frozenset[Need]) -> str:
    """Return which roles would do: ``"Durable Task Worker or Durable Task Data Contributor"``."""
    return " or ".join(role.title for role in Role if role.allows(needs))
