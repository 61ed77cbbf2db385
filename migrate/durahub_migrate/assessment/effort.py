"""Pieces of work, made of findings and of what is in flight. Each finding of weight belongs to one.

A piece is listed once for all names and files that it is about; its size follows a stated rule, so that two
people who count get the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from durahub_migrate.assessment.assessment import When, WorkPackage
from durahub_migrate.assessment.rows import Row
from durahub_migrate.assessment.works import CODE, IN_FLIGHT, work_for
from durahub_migrate.lint.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How often a rule found something *about* a name, a file or a hub."""

    code: str
    severity: str
    about: str
    count: int
    live: int | None
    blocks: bool


def packages(
    found: Iterable[Found],
    in_flight: Mapping[Row, int | None],
    groups: Mapping[Row, tuple[str, ...]],
) -> tuple[WorkPackage, ...]:
    """Return the pieces of work by when they are due, the larger ones first.

    *in_flight* counts what is in each row, *groups* names whose it is.
    """
    made = [*_of_findings(found), *_of_rows(in_flight, groups)]
    return tuple(sorted(made, key=_due))


def _due(work: WorkPackage) -> tuple[int, int, str]:
    return list(When).index(work.when), -"SML".index(work.size.value), work.title


def _of_findings(found: Iterable[Found]) -> Iterator[WorkPackage]:
    by_work: dict[str, list[Found]] = {}
    for one in found:
        if one.severity != Severity.INFO.value:
            by_work.setdefault(work_for(one.code).title, []).append(one)
    for ones in by_work.values():
        work = work_for(ones[0].code)
        about = tuple(sorted({one.about for one in ones}))
        amount = sum(one.count for one in ones)
        yield WorkPackage(
            title=work.title,
            what=work.what,
            codes=tuple(sorted({one.code for one in ones})),
            about=about,
            amount=amount,
            live=_live(ones),
            size=work.kind.size(len(about) if work.kind is CODE else amount),
            who=work.who,
            when=When.BEFORE if any(one.blocks for one in ones) else work.due,
        )


def _live(found: Iterable[Found]) -> int | None:
    counted = [one.live for one in found if one.live is not None]
    return sum(counted) if counted else None


def _of_rows(
    in_flight: Mapping[Row, int | None], groups: Mapping[Row, tuple[str, ...]]
) -> Iterator[WorkPackage]:
    for row, work in IN_FLIGHT.items():
        amount = in_flight.get(row)
        if amount:
            yield WorkPackage(
                title=work.title,
                what=work.what,
                codes=(),
                about=groups.get(row, ()),
                amount=amount,
                live=amount,
                size=work.kind.size(amount),
                who=work.who,
                when=When.AT,
            )
