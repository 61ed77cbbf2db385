r"""The query language: the same in the web, on the command line and in the API.

::

    status:Running name:Order* age>1h          conditions side by side all hold (``and`` may stand between)
    status:(Failed|Terminated) or -is:ended    or, not and brackets; ``or`` binds loosest
    created>=2026-11-01 created<2026-12-01     times: ISO 8601, or an age as in created>-24h
    id:order/7* tag.region:eu "out of stock"   a bare word or text is looked for in ID, name and texts

============  ==============================================================  ===================
field         what it is                                                      forms
============  ==============================================================  ===================
id            the instance's ID                                               ``:`` with ``*``, ``~``
name          the orchestration's, or the entity's                            ``:`` with ``*``, ``~``
version       the orchestration's version                                     ``:`` with ``*``, ``~``
status        a status, ``active`` (not ended) or ``ended``                   ``:``
kind          ``orchestration`` or ``entity``                                 ``:``
created       when it was created (updated, completed, scheduled the same)    ``: < <= > >=``
age           time since it was created: ``30s``, ``5m``, ``2h``, ``7d``      ``< <= > >=``
idle          time since its row changed                                      ``< <= > >=``
duration      from its creation to its end, or to now                         ``< <= > >=``
custom        its custom status (output and input the same)                   ``:`` with ``*``, ``~``
error         the output of one that failed                                   ``:`` with ``*``, ``~``
tag.NAME      a tag                                                           ``:`` with ``*``, ``~``
parent        its parent's ID; ``parent:none`` for those without one          ``:`` with ``*``, ``~``
execution     the execution's ID                                              ``:`` with ``*``, ``~``
partition     the number of its partition                                     ``: < <= > >=``
generation    how often it was continued as new                               ``: < <= > >=``
size          bytes: ``1MB``, ``60KB`` (of 1,024)                             ``< <= > >=``
hub           the hub's key or name                                           ``:`` with ``*``, ``~``
is            ``ended``, ``active``, ``entity``, ``child``, ``root`` (an      ``:``
              orchestration of which no parent is known), ``scheduled``
              (Pending until its time comes), ``locked``
============  ==============================================================  ===================

``:`` is equality, ``*`` stands for any characters, ``~`` means *contains*. Case makes no difference, except
for ``:`` with the IDs in ``id``, ``parent`` and ``execution``: to storage ``A`` and ``a`` are two instances,
and a command for one must not meet the other. A time stands for the whole day, minute or second that it
names: ``created:2026-11-01`` is that day in UTC, ``created>2026-11-01`` what came after it. ``-`` or ``not``
before a condition turns it around. What a row does not have, no condition finds: ``-name:*`` are those
without a name.

A value with blanks, brackets or ``|`` stands in double quotes. A ``\`` takes the ``*``, ``"`` or ``\`` behind
it literally, before anything else it stands for itself.
"""

from dataclasses import dataclass
from enum import Enum

from durahub.model.ticks import Ticks


class Relation(Enum):
    """How a field and a value are compared."""

    EQUALS = ":"
    CONTAINS = "~"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Condition:
    r"""A field compared with values, any of which will do. *field* is ``text`` for a bare word.

    *values* are as typed, without quotes; in one that is a pattern a literal ``*`` is ``\*`` and a ``\`` is
    ``\\``. What they mean is in *operands*: patterns in the case that is compared, `Ticks`, lengths in ticks,
    numbers, statuses as rows have them, ``None`` for ``none``. A time with ``:`` has two, from and before.
    Use `durahub_migrate.monitor.querying.condition` to make one.
    """

    field: str
    relation: Relation
    values: tuple[str, ...]
    operands: "tuple[str | int | float | Ticks | None, ...]" = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; without parts everything does."""

    parts: "tuple[Node, ...]" = ()


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of the parts holds."""

    parts: "tuple[Node, ...]"


Node = Condition | Not | AllOf | OneOf


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was read at *now*; ages and durations are relative to that."""

    text: str
    node: Node
    now: Ticks
