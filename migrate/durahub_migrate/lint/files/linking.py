"""Resources of one deployment put together: each with its parent, and with the whole of its name."""

from collections.abc import Sequence
from dataclasses import replace

from durahub_migrate.lint.facts.templates import Resource
from durahub_migrate.lint.files.computed import text_of
from durahub_migrate.lint.files.document import Unknown

Names = tuple[str | Unknown, ...]


def linked(resources: Sequence[Resource]) -> tuple[Resource, ...]:
    """Return *resources* with their names, and with `Resource.within` where it follows from these."""
    by_key = {one.key: one for one in resources}
    by_key |= {one.key.partition("[")[0]: one for one in resources if one.key not in by_key}
    named = [replace(one, names=_names(one, by_key, 0)) for one in resources]
    return tuple(_with_parent(one, named) for one in named)


def _names(one: Resource, by_key: dict[str, Resource], depth: int) -> Names:
    text = text_of(one.name)
    own: Names = tuple(text.split("/")) if text is not None else (Unknown("name"),)
    wanted = one.type.count("/")
    parent = by_key.get(one.within) if one.within is not None else None
    if parent is not None and depth < 8 and len(own) < wanted:
        return (*_names(parent, by_key, depth + 1), *own)
    missing = max(wanted - len(own), 0)
    return (*(Unknown("name") for _ in range(missing)), *own)


def _with_parent(one: Resource, resources: Sequence[Resource]) -> Resource:
    if one.within is not None and any(other.key == one.within for other in resources):
        return one
    kind, _, _ = one.kind.rpartition("/")
    if kind.count("/") < 1:
        return one
    parents = [other for other in resources if other.kind == kind]
    same = [other for other in parents if _same(other.names, one.names[:-1])]
    found = same or parents
    return replace(one, within=found[0].key) if len(found) == 1 else one


def _same(one: Names, other: Names) -> bool:
    return one == other and not any(isinstance(name, Unknown) for name in one)
