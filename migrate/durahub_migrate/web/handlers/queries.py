"""The query language for the box in which queries are typed: is it right, what may follow, what it says."""

from dataclasses import dataclass

from durahub.errors import BadQuery
from durahub_migrate.monitor.querying import Chip, Completion, complete, conditions, describe, parse
from durahub_migrate.web.call import Call
from durahub_migrate.web.handlers.instances import HUBS, QUERY
from durahub_migrate.web.operations import Kind, Operation, Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedQuery:
    """A query and what may stand at the cursor. *position* is where the *problem* is, from 0."""

    ok: bool
    problem: str | None
    position: int | None
    words: str | None
    completions: tuple[Completion, ...]
    conditions: tuple[Chip, ...]


def operations() -> list[Operation]:
    """Return what is answered here."""
    return [
        Operation(
            method="GET",
            path="api/query",
            about="Checks a query, completes it at the cursor, says it in words.",
            handler=checked,
            gives=CheckedQuery,
            parameters=(
                QUERY,
                HUBS,
                Parameter(
                    name="at",
                    about="where the cursor is, in characters from 0; at the end without it",
                    kind=Kind.WHOLE,
                    least=0,
                    most=1_000_000,
                ),
            ),
        )
    ]


async def checked(call: Call) -> CheckedQuery:
    """Return what a query is. A wrong one is no error here: it is being typed."""
    text = call.given.text("q")
    at = call.given["at"]
    problem, position, words = None, None, None
    try:
        query = parse(text, call.now)
        words = describe(query)
        call.sight.restricted(query, call.given["hub"])  # tells what may not be searched
    except BadQuery as error:
        problem, position = error.problem, error.position
    return CheckedQuery(
        ok=problem is None,
        problem=problem,
        position=position,
        words=words,
        completions=complete(text, len(text) if at is None else at, _known(call)),
        conditions=conditions(text),
    )


def _known(call: Call) -> dict[str, tuple[str, ...]]:
    """Return the values that there are, of the hubs that may be read."""
    hubs = call.sight.hubs(call.given["hub"])
    everything = call.sight.restricted(parse("", call.now), call.given["hub"])
    names = call.sight.monitor.index.names(everything)
    return {
        "hub": tuple(one.ref.key for one in hubs),
        "name": tuple(sorted(name for name in names if name)),
    }
