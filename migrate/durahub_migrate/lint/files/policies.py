"""Retention policies: of a template's resource, of a JSON file, of durahub's settings file.

As JSON the list is taken as well as ``properties``, the whole resource, and what the command line prints
(``az durabletask retention-policy show``).
"""

import math
from collections.abc import Iterator

from durahub.configuration import kinds
from durahub_migrate.lint.facts.policies import Entry, Origin, PolicyFacts
from durahub_migrate.lint.facts.templates import REST, Resource, TemplateFacts
from durahub_migrate.lint.files.computed import is_unknown, known, text_of, unknown
from durahub_migrate.lint.files.document import Document, Node, Unknown

DAYS = "retentionPeriodInDays"
STATE = "orchestrationState"
LIST = "retentionPolicies"
_DAY = 86_400.0
_STATUS = {
    "all": None,
    "completed": "Completed",
    "failed": "Failed",
    "terminated": "Terminated",
    "canceled": "Canceled",
}


def policy_of_resource(resource: Resource, template: TemplateFacts) -> PolicyFacts:
    """Return the policy that a template declares."""
    path = f"properties.{LIST}"
    listed = resource.look(path)
    scheduler = template.by_key(resource.within)
    sku = text_of(scheduler.look("properties.sku.name")) if scheduler is not None else None
    return PolicyFacts(
        place=resource.place(),
        origin=Origin.BICEP if template.format == "bicep" else Origin.ARM,
        entries=tuple(_entries(listed, path)),
        whole=_is_whole(listed),
        list=listed,
        sku=sku,
        scheduler=resource.within,
        resource=resource,
    )


def policy_in_json(document: Document) -> PolicyFacts | None:
    """Return the policy that a JSON file is, ``None`` if it is none."""
    root, path = document.root, ""
    for name in ("properties", LIST):
        inner = root.get(name)
        if inner is not None:
            root, path = inner, f"{path}.{name}" if path else name
    is_list = root.kind == "list" and any(item.get(DAYS) or item.get(STATE) for item in root.items)
    if not is_list and not path.endswith(LIST):
        return None
    return PolicyFacts(
        place=document.place(),
        origin=Origin.JSON,
        entries=tuple(_entries(root, path)),
        whole=_is_whole(root),
        list=root,
        resource=_resource(document),
    )


def policies_in_settings(document: Document) -> Iterator[PolicyFacts]:
    """Yield the policies in a ``durahub.toml``: that of all hubs, that of each hub that has its own."""
    tables: list[tuple[str | None, str, Node | None]] = [
        (None, "defaults.retention", document.root.at("defaults.retention"))
    ]
    hubs = document.root.get("hubs")
    for member in hubs.members if hubs is not None else ():
        table = member.value.get("retention")
        tables.append((member.name, f"hubs.{member.name}.retention", table))
    for hub, path, table in tables:
        if table is not None and table.kind == "object":
            yield PolicyFacts(
                place=document.place(table, path),
                origin=Origin.SETTINGS,
                entries=tuple(_settings(table)),
                list=table,
                hub=hub,
            )


def _resource(document: Document) -> Resource | None:
    root = document.root
    written, name, version = (root.get(part) for part in ("type", "name", "apiVersion"))
    kind = text_of(written)
    if written is None or kind is None:
        return None
    text = text_of(name)
    return Resource(
        file=document.path,
        key="",
        type=kind,
        api_version=text_of(version),
        declared=written.span,
        version=version.span if version is not None else None,
        name=name,
        names=tuple(text.split("/")) if text is not None else (),
        body=root,
    )


def _is_whole(listed: Node | None) -> bool:
    if listed is None:
        return True
    return not is_unknown(listed) and not any(map(is_unknown, listed.items))


def _entries(listed: Node | None, path: str) -> Iterator[Entry]:
    for number, item in enumerate(listed.items if listed is not None else ()):
        if item.kind != "object":
            continue
        rest = unknown(REST, item.span) if item.get(REST) is not None else None
        days, state = item.get(DAYS) or rest, item.get(STATE) or rest
        length, problem = _days(days)
        yield Entry(
            node=item,
            path=f"{path}[{number}]",
            days_node=days,
            state_node=state,
            days=length,
            problem=problem,
            state=_state(state),
        )


def _days(node: Node | None) -> tuple[float | None, str | None]:
    if node is None:
        return None, f"{DAYS} is missing"
    if is_unknown(node):
        return None, None
    value = known(node)
    if type(value) is int:
        return float(value), None
    if type(value) is float and value.is_integer():
        return value, None
    what = {"object": "an object", "list": "a list"}.get(node.kind) or repr(value)
    return None, f"{DAYS} is a whole number, found {what}"


def _state(node: Node | None) -> str | Unknown | None:
    if node is None or (node.kind == "scalar" and node.scalar is None):
        return None
    if isinstance(node.scalar, (str, Unknown)):
        return node.scalar
    return str(node.scalar) if node.kind == "scalar" else node.kind


def _settings(table: Node) -> Iterator[Entry]:
    for member in table.members:
        state = Node("scalar", member.name_span, scalar=member.name)
        length, problem = _length(member.value)
        is_all = member.name == "all"
        yield Entry(
            node=member.value,
            path=member.name,
            days_node=member.value,
            state_node=None if is_all else state,
            days=length,
            problem=problem,
            state=_STATUS.get(member.name, member.name),
        )


def _length(node: Node) -> tuple[float | None, str | None]:
    try:
        seconds = kinds.period(known(node))
    except kinds.Unfit as unfit:
        return None, f"expected {unfit}"
    return math.inf if seconds is None else float(str(seconds)) / _DAY, None
