"""Entity IDs: ``@name@key``. The name has no ``@``; the key may, and may be empty.

Every SDK lower-cases the name when it builds an ID; what arrives is stored as it is.
"""

from typing import NamedTuple

from durahub.errors import BadInstanceId


class EntityId(NamedTuple):
    """The two parts of an entity's ID."""

    name: str
    key: str

    def __str__(self) -> str:
        """Return the ID: ``@name@key``."""
        return f"@{self.name}@{self.key}"


def is_entity(instance_id: str | None) -> bool:
    """Tell whether an instance is an entity: its ID begins with ``@``, as no orchestration's does."""
    return instance_id is not None and instance_id.startswith("@")


def parse_entity_id(instance_id: str) -> EntityId:
    """Return the parts of an entity's ID. Raises `BadInstanceId`."""
    name, separator, key = instance_id[1:].partition("@")
    if not is_entity(instance_id) or not name or not separator:
        raise BadInstanceId(instance_id, "an entity's is @name@key")
    return EntityId(name, key)


def check_entity_id(instance_id: str) -> None:
    """Raise `BadInstanceId` unless *instance_id* is an entity's."""
    parse_entity_id(instance_id)


def name_of(instance_id: str) -> str:
    """Return the name by which workers know an entity: in lower case."""
    return instance_id[1:].partition("@")[0].lower()
