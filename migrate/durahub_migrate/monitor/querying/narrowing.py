"""What of a query storage itself can filter, so that less is read without an index.

Whatever was read so has still to be judged by `matches`: a narrowed query finds more, never less.
"""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.query import AllOf, Condition, Node, Not, OneOf, Query, Relation
from durahub_migrate.monitor.querying.patterns import pieces
from durahub_migrate.monitor.row import ENDED, STATUSES

_STAND_IN = re.compile("[\u2400\u241f\ufffd]")  # `clean` may have put it there

Bounds = tuple[int | None, int | None]
"""From, and before."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What every row that a query finds has.

    One of *statuses* (``None``: any), created at *created_from* or later and before *created_before*, an ID
    that begins with *id_prefix* as it is written there, or is *instance_id*.
    """

    statuses: frozenset[str] | None = None
    created_from: Ticks | None = None
    created_before: Ticks | None = None
    id_prefix: str = ""
    instance_id: str | None = None


def narrow(query: Query) -> Narrowed:
    """Return what storage can filter of *query*."""
    statuses = frozenset(one for one in STATUSES if may_have_status(query.node, one))
    created_from, created_before = _created(query.node, query.now)
    ids = _ids(query.node)
    is_one = ids is not None and len(ids) == 1 and len(pieces(ids[0])) == 1
    starts = [_STAND_IN.split(pieces(one)[0])[0] for one in ids or ()]
    return Narrowed(
        None if len(statuses) == len(STATUSES) else statuses,
        None if created_from is None else Ticks(created_from),
        None if created_before is None else Ticks(created_before),
        _common_start(starts),
        starts[0] if is_one and starts[0] == pieces((ids or ("",))[0])[0] else None,
    )


def may_have_status(node: Node, status: str) -> bool:
    """Tell whether a row of that status can be one that *node* finds."""
    return verdict(node, lambda condition: _status_decides(condition, status)) is not False


def verdict(node: Node, decide: Callable[[Condition], bool | None]) -> bool | None:
    """Return what is known of *node*, if *decide* knows some conditions; ``None`` is: it depends."""
    match node:
        case Condition():
            return decide(node)
        case Not(part):
            found = verdict(part, decide)
            return None if found is None else not found
        case AllOf(parts):
            found_all = [verdict(part, decide) for part in parts]
            return False if False in found_all else None if None in found_all else True
        case OneOf(parts):
            found_all = [verdict(part, decide) for part in parts]
            return True if True in found_all else None if None in found_all else False


def _status_decides(condition: Condition, status: str) -> bool | None:
    words = {"active", "ended"} if condition.field == "is" else {*STATUSES, "active", "ended"}
    if condition.field not in ("status", "is"):
        return None
    own = {status, "ended" if status in ENDED else "active"}
    if own & words & set(condition.operands):
        return True
    return False if words >= set(condition.operands) else None


def _created(node: Node, now: Ticks) -> Bounds:
    match node:
        case Condition():
            return _bounds(node, now)
        case AllOf(parts):
            bounds = [_created(part, now) for part in parts]
            return (
                max((start for start, _ in bounds if start is not None), default=None),
                min((end for _, end in bounds if end is not None), default=None),
            )
        case OneOf(parts):
            bounds = [_created(part, now) for part in parts]
            starts = [start for start, _ in bounds]
            ends = [end for _, end in bounds]
            return (
                None if None in starts else min(cast("list[int]", starts)),
                None if None in ends else max(cast("list[int]", ends)),
            )
        case Not():  # it also finds rows that were created at no known time
            return None, None


def _bounds(condition: Condition, now: Ticks) -> Bounds:
    if condition.field not in ("created", "age"):
        return None, None
    operands = cast("tuple[int, ...]", condition.operands)
    if condition.relation is Relation.EQUALS:
        return min(operands[::2]), max(operands[1::2])
    (value,) = operands
    is_age = condition.field == "age"
    value = now - value if is_age else value
    match condition.relation:
        case Relation.LESS if not is_age:
            return None, value
        case Relation.MORE if is_age:
            return None, value
        case Relation.AT_MOST if not is_age:
            return None, value + 1
        case Relation.AT_LEAST if is_age:
            return None, value + 1
        case Relation.MORE | Relation.LESS:
            return value + 1, None
        case _:
            return value, None


def _ids(node: Node) -> tuple[str, ...] | None:
    """Return patterns of which every ID fits one, the narrowest that there are; ``None`` is: any."""
    match node:
        case Condition("id", Relation.EQUALS, _, operands):
            return tuple(map(str, operands))
        case AllOf(parts):
            found = [ids for ids in map(_ids, parts) if ids is not None]
            return max(found, key=_sharpness) if found else None
        case OneOf(parts):
            found_all = [_ids(part) for part in parts]
            if None in found_all:
                return None
            return tuple(one for ids in found_all for one in ids or ())
        case _:
            return None


def _sharpness(ids: tuple[str, ...]) -> tuple[bool, int]:
    is_one = len(ids) == 1 and len(pieces(ids[0])) == 1
    return is_one, len(_common_start([pieces(one)[0] for one in ids]))


def _common_start(texts: list[str]) -> str:
    if not texts:
        return ""
    first, last = min(texts), max(texts)
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(one for one, _ in same)
