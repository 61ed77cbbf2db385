"""Saved views: a query with its order, columns and hubs under a name."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from durahub.errors import BadRequest
from durahub.model.json_text import loads
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.querying.ordering import told
from durahub_migrate.monitor.row import Sort

FORMAT = "durahub.views/1"
"""What a file of views says of itself in its member ``format``."""

LONGEST_NAME = 80  # characters
MOST = 1_000  # views in a file, columns and hubs of a view
_COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:\..+)?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A view. *sort* is a field of the query language, ``-`` before it is descending.

    *columns* are members of rows in JSON, or ``tag.NAME``; none are the usual ones. *hubs* are keys; none are
    all. One that is not *shared* is seen by its *owner* alone. What is *built_in* cannot be changed.
    """

    name: str
    query: str = ""
    sort: str = "-created"
    columns: tuple[str, ...] = ()
    hubs: tuple[str, ...] = ()
    shared: bool = True
    owner: str | None = None
    built_in: bool = field(default=False, compare=False)

    @property
    def order(self) -> Sort:
        """The order of its list."""
        return sort_of(self.sort)


BUILT_IN = tuple(
    SavedView(name=name, query=query, sort=sort, built_in=True)
    for name, query, sort in (
        ("Running", "status:Running", "-created"),
        ("Failed today", "status:Failed updated>=today", "-updated"),
        (
            "Stuck candidates",
            "is:active kind:orchestration -status:Suspended -is:scheduled idle>15m",
            "updated",
        ),
        ("Parents only", "is:root", "-created"),
        ("Entities", "kind:entity", "-updated"),
        ("Last hour", "created>-1h", "-created"),
    )
)
"""Views that everybody has."""


def sort_of(text: str) -> Sort:
    """Return the order that ``created`` or ``-created`` is. Raises `BadRequest`."""
    sort = Sort(text.removeprefix("-"), text.startswith("-"))
    told(sort)
    return sort


def checked(view: SavedView, now: Ticks) -> SavedView:
    """Return *view* if all in it makes sense. Raises `BadRequest`, `BadQuery`."""
    is_name = view.name == view.name.strip() and view.name.isprintable()
    if not is_name or not 1 <= len(view.name) <= LONGEST_NAME:
        raise BadRequest(
            f"not the name of a view: {view.name[:LONGEST_NAME]!r}; it has 1 to {LONGEST_NAME} characters"
            " that can be printed, and no blanks around"
        )
    if any(view.name.casefold() == one.name.casefold() for one in BUILT_IN):
        raise BadRequest(f"the view {view.name!r} is built in and cannot be changed")
    if len(view.columns) > MOST or len(view.hubs) > MOST:
        raise BadRequest(f"the view {view.name!r} has more than {MOST} columns or hubs")
    for column in view.columns:
        if not _COLUMN.fullmatch(column):
            raise BadRequest(f"the view {view.name!r} has a column {column!r} that no row has")
    parse(view.query, now)
    sort_of(view.sort)
    return view


def to_text(views: Sequence[SavedView]) -> str:
    """Return *views* as a file that can be handed on: JSON, without those that are built in."""
    members = [
        {
            "name": view.name,
            "query": view.query,
            "sort": view.sort,
            "columns": list(view.columns),
            "hubs": list(view.hubs),
            "shared": view.shared,
            "owner": view.owner,
        }
        for view in views
        if not view.built_in
    ]
    return json.dumps({"format": FORMAT, "views": members}, ensure_ascii=False, indent=2) + "\n"


def from_text(text: str, now: Ticks) -> tuple[SavedView, ...]:
    """Return the views of a file. Raises `BadRequest` or `BadQuery` with what is wrong, and in which view."""
    try:
        found = loads(text)
    except (ValueError, RecursionError):
        raise BadRequest("the file of views is not JSON") from None
    if not isinstance(found, Mapping) or found.get("format") != FORMAT:
        raise BadRequest(f"the file of views does not say that its format is {FORMAT}")
    views = found.get("views")
    if not isinstance(views, list) or len(views) > MOST:
        raise BadRequest(f"the file of views has no list of views, or more than {MOST}")
    return tuple(checked(from_json(one), now) for one in views)


def from_json(given: Any) -> SavedView:
    """Return the view of its JSON members; missing ones are as in a new view. Raises `BadRequest`."""
    if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
        raise BadRequest("a view is an object with a name")
    name = given["name"]
    return SavedView(
        name=name,
        query=_member(given, "query", str, ""),
        sort=_member(given, "sort", str, "-created"),
        columns=_texts(given, "columns"),
        hubs=_texts(given, "hubs"),
        shared=_member(given, "shared", bool, True),
        owner=_member(given, "owner", str, None),
    )


def _member(given: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
    value = given.get(key)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise BadRequest(f"the view {given['name']!r} has a {key} that is no {kind.__name__}")
    return value


def _texts(given: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = _member(given, key, list, [])
    if not all(isinstance(one, str) for one in values):
        raise BadRequest(f"the view {given['name']!r} has {key} that are no texts")
    return tuple(values)
