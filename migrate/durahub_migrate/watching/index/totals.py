"""How many rows there are by kind, status and name: what is known without looking at any row."""

import sqlite3
from dataclasses import dataclass
from functools import partial

from durahub_migrate.monitor.query import Condition, Node, Relation
from durahub_migrate.monitor.querying.folding import fold
from durahub_migrate.monitor.querying.matching import is_hub
from durahub_migrate.monitor.querying.narrowing import verdict
from durahub_migrate.monitor.querying.patterns import contains, fits
from durahub_migrate.monitor.row import ENDED, Kind


@dataclass(frozen=True, slots=True)
class Total:
    """So many rows of a hub have this kind, status and name."""

    kind: str
    status: str
    name: str | None
    n: int


@dataclass(frozen=True, slots=True)
class Known:
    """A hub's totals that a query may find rows of. *is_decided* tells that it finds all rows of these."""

    possible: tuple[Total, ...]
    all: tuple[Total, ...]
    is_decided: bool

    @property
    def most(self) -> int:
        """How many rows the query finds at most."""
        return sum(one.n for one in self.possible)

    @property
    def rows(self) -> int:
        """How many rows the hub has."""
        return sum(one.n for one in self.all)


def totals_of(db: sqlite3.Connection, hub: int) -> tuple[Total, ...]:
    """Return the totals of a hub."""
    found = db.execute("SELECT kind, status, name, n FROM totals WHERE hub = ?", (hub,))
    return tuple(
        Total(kind, status, name[1:] if name else None, n) for kind, status, name, n in found
    )


def known(node: Node, hub: str, totals: tuple[Total, ...]) -> Known:
    """Return what the totals of a hub tell of a query."""
    verdicts = [(total, verdict(node, partial(_decide, hub=hub, total=total))) for total in totals]
    possible = tuple(total for total, found in verdicts if found is not False)
    return Known(possible, totals, all(found is not None for _, found in verdicts))


def _decide(one: Condition, *, hub: str, total: Total) -> bool | None:
    match one.field:
        case "hub":
            return is_hub(hub, one)
        case "kind":
            return total.kind in one.operands
        case "name":
            if total.name is None:
                return False
            compare = fits if one.relation is Relation.EQUALS else contains
            return any(compare(fold(total.name), str(pattern)) for pattern in one.operands)
        case "status" | "is":
            return _any(one.field, one.operands, total)
        case "error" if total.status != "Failed":
            return False
        case _:
            return None


def _any(field: str, words: tuple[object, ...], total: Total) -> bool | None:
    found = [_word(field, str(word), total) for word in words]
    return True if True in found else None if None in found else False


def _word(field: str, word: str, total: Total) -> bool | None:
    match word:
        case "ended":
            return total.status in ENDED
        case "active":
            return total.status not in ENDED
        case _ if field == "status":
            return total.status == word
        case "entity":
            return total.kind == Kind.ENTITY.value
        case "root" if total.kind == Kind.ENTITY.value:
            return False
        case "scheduled" if total.status != "Pending":
            return False
        case _:
            return None
