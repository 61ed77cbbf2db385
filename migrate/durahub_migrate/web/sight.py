"""What a user sees: hubs that he may read, rows of these alone, payloads if he may.

Every handler asks through it. A hub that is not granted does not exist: not in lists, counts, events,
exports, and not in the errors either.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from durahub.errors import HubNotFound, NotGranted
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.access import PAYLOADS, READ, User
from durahub_migrate.monitor.actions import Verb
from durahub_migrate.monitor.query import (
    AllOf,
    Condition,
    Node,
    Not,
    OneOf,
    Query,
    Relation,
)
from durahub_migrate.monitor.querying import condition
from durahub_migrate.monitor.querying.patterns import literal
from durahub_migrate.monitor.row import Sort
from durahub_migrate.monitor.seam import HubWatch, Monitor
from durahub_migrate.monitor.telling.payloads import SHOWN, Showing
from durahub_migrate.monitor.telling.redaction import Redact, RedactionPlace, nothing
from durahub_migrate.web.concealing import Veil, conceal

T = TypeVar("T")
TEXT = "text"
PAYLOAD_FIELDS = frozenset({"custom", "input", "output", "error"})
"""Fields of the query language by which payloads could be guessed, letter by letter."""


class Sight:
    """What *user* sees of a monitor. *redact* is done to every payload, whoever sees it."""

    def __init__(self, monitor: Monitor, user: User, redact: Redact | None = None) -> None:
        self.monitor = monitor
        self._redact = redact
        self.user = user

    def may(self, what: str | Verb, hub: str) -> bool:
        """Tell whether the user may do something at a hub."""
        return self.user.may(what, hub)

    def need(self, what: str | Verb, hub: str) -> None:
        """Raise `NotGranted` unless the user may."""
        if not self.may(what, hub):
            name = what.value if isinstance(what, Verb) else what
            told = "see payloads" if name == PAYLOADS else name
            raise NotGranted(self.user.name, told, hub)

    # -- hubs ----------------------------------------------------------------------------------

    def hubs(self, keys: Sequence[str] = ()) -> tuple[HubWatch, ...]:
        """Return the hubs that may be read, of *keys* if there are any. Raises `HubNotFound`."""
        if keys:
            return tuple(self.hub(key) for key in dict.fromkeys(keys))
        return tuple(one for one in self.monitor.hubs() if self.may(READ, one.ref.key))

    def hub(self, key: str) -> HubWatch:
        """Return a hub. Raises `HubNotFound`, as well if it may not be read."""
        if not self.may(READ, key):
            raise HubNotFound(key)
        return self.monitor.hub(key)

    # -- queries -------------------------------------------------------------------------------

    def restricted(self, query: Query, keys: Sequence[str] = ()) -> Query:
        """Return *query* for the hubs that may be read. Raises `HubNotFound`, `NotGranted`.

        Without the right to payloads nothing in them is searched: a bare word is then looked for in IDs and
        names alone, and conditions on payloads are refused.
        """
        hubs = [one.ref.key for one in self.hubs(keys)]
        node = query.node
        blind = next((key for key in hubs if not self.may(PAYLOADS, key)), None)
        if blind is not None:
            node = self._without_payloads(node, blind)
        if keys or len(hubs) < len(self.monitor.hubs()):
            node = AllOf((_at(hubs, query.now), node))
        return replace(query, node=node)

    def check_search(self, query: Query, hub: str) -> None:
        """Raise `NotGranted` if a query could tell of payloads at a hub where they are hidden."""
        if not self.may(PAYLOADS, hub) and self._without_payloads(query.node, hub) != query.node:
            self.need(PAYLOADS, hub)

    def sort(self, sort: Sort, keys: Sequence[str] = ()) -> Sort:
        """Return the order. Raises `NotGranted` if it would tell of payloads."""
        if sort.field in PAYLOAD_FIELDS:
            for one in self.hubs(keys):
                self.need(PAYLOADS, one.ref.key)
        return sort

    def _without_payloads(self, node: Node, hub: str) -> Node:
        match node:
            case Condition(field=name) if name in PAYLOAD_FIELDS:
                raise NotGranted(self.user.name, "see payloads, and so not search them,", hub)
            case Condition(field=name) if name == TEXT:
                return OneOf(
                    tuple(
                        replace(node, field=one, relation=Relation.CONTAINS)
                        for one in ("id", "name")
                    )
                )
            case Not(part):
                return Not(self._without_payloads(part, hub))
            case AllOf(parts):
                return AllOf(tuple(self._without_payloads(one, hub) for one in parts))
            case OneOf(parts):
                return OneOf(tuple(self._without_payloads(one, hub) for one in parts))
        return node

    # -- values --------------------------------------------------------------------------------

    def shown(self, value: T, hub: str = "") -> T:
        """Return *value* as the user may see it; *hub* is its hub, where it does not tell itself."""
        if self._redact is None and all(
            self.may(PAYLOADS, one.ref.key) for one in self.monitor.hubs()
        ):
            return value
        return conceal(value, self._veil, hub)

    def showing(self, text: int | None = SHOWN) -> Showing:
        """Return how texts of histories are shown, *text* characters of each at most."""
        return Showing(text, self._redact or nothing)

    def redacted(self, text: str, place: RedactionPlace) -> str:
        """Return the text of a payload as everybody may see it who may see payloads."""
        return self._redact(place, text) if self._redact is not None else text

    def _veil(self, hub: str) -> Veil:
        return Veil(not self.may(PAYLOADS, hub), self._redact)


def _at(hubs: Iterable[str], now: Ticks) -> Node:
    keys = tuple(map(literal, hubs))
    return condition("hub", Relation.EQUALS, keys, now) if keys else OneOf(())
