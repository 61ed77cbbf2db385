"""Lists of instances, and numbers about them: from the index alone, they cost no request to storage."""

import asyncio
import shlex

from durahub.errors import BadRequest
from durahub_migrate.monitor.query import Query
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.querying.fields import field_of
from durahub_migrate.monitor.row import Sort
from durahub_migrate.monitor.seam import Bucket
from durahub_migrate.web.call import Call
from durahub_migrate.web.operations import Kind, Operation, Parameter
from durahub_migrate.web.settings import WebSettings
from durahub_migrate.web.shapes import Counts, InstanceList

QUERY = Parameter(name="q", about="what to look for, in the query language", default="")
HUBS = Parameter(
    name="hub", about="the key of a hub; several may be given, none is all", kind=Kind.TEXTS
)
SORT = Parameter(
    name="sort",
    about="a field of the query language; with - before it descending",
    default="-created",
)
MOST_ROWS = 1_000


def sort_of(text: str) -> Sort:
    """Return the order that ``-created`` names. Raises `BadRequest`."""
    if field_of(text.removeprefix("-")) is None:
        raise BadRequest(f"there is no field {text[:40]!r} to sort by")
    return Sort(text.removeprefix("-"), text.startswith("-"))


class Instances:
    """Answers from the index."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings

    def operations(self) -> list[Operation]:
        """Return what it answers."""
        return [
            Operation(
                method="GET",
                path="api/instances",
                about="A page of the instances and entities that a query finds.",
                handler=self.page,
                gives=InstanceList,
                parameters=(
                    QUERY,
                    SORT,
                    Parameter(
                        name="count",
                        about="rows of a page",
                        kind=Kind.WHOLE,
                        default=100,
                        least=1,
                        most=MOST_ROWS,
                    ),
                    Parameter(name="after", about="the cursor of the page before"),
                    Parameter(name="total", about="count all", kind=Kind.FLAG, default=False),
                    HUBS,
                ),
            ),
            Operation(
                method="GET",
                path="api/counts",
                about="How many instances a query finds, by status and by name.",
                handler=self.counts,
                gives=Counts,
                parameters=(QUERY, HUBS),
            ),
            Operation(
                method="GET",
                path="api/histogram",
                about="How many of them were created when, by status.",
                handler=self.histogram,
                gives=tuple[Bucket, ...],
                parameters=(
                    QUERY,
                    HUBS,
                    Parameter(
                        name="buckets",
                        about="steps",
                        kind=Kind.WHOLE,
                        default=60,
                        least=1,
                        most=500,
                    ),
                ),
            ),
            Operation(
                method="GET",
                path="api/ids",
                about="IDs of instances that begin so.",
                handler=self.ids,
                gives=tuple[str, ...],
                parameters=(HUBS, Parameter(name="prefix", about="how they begin", default="")),
            ),
        ]

    def query(self, call: Call) -> Query:
        """Return the query of a call, for the hubs that it may see. Raises `BadQuery`."""
        read = parse(call.given.text("q"), call.now)
        return call.sight.restricted(read, call.given["hub"])

    async def page(self, call: Call) -> InstanceList:
        """Return a page."""
        given, sight = call.given, call.sight
        keys = given["hub"]
        found = await asyncio.to_thread(
            sight.monitor.index.page,
            self.query(call),
            sight.sort(sort_of(given["sort"]), keys),
            count=given["count"],
            after=given["after"],
            total=given["total"],
        )
        return InstanceList(
            rows=sight.shown(found.rows),
            after=found.after,
            total=found.total,
            freshness={one.ref.key: one.standing().freshness for one in sight.hubs(keys)},
            cli=self._command(
                given["q"], given["sort"], [one.ref.address for one in sight.hubs(keys) if keys]
            ),
        )

    async def counts(self, call: Call) -> Counts:
        """Return how many there are."""
        names = await asyncio.to_thread(call.sight.monitor.index.names, self.query(call))
        statuses: dict[str, int] = {}
        for by_status in names.values():
            for status, count in by_status.items():
                statuses[status] = statuses.get(status, 0) + count
        return Counts(statuses=statuses, total=sum(statuses.values()), names=names)

    async def histogram(self, call: Call) -> tuple[Bucket, ...]:
        """Return when they were created."""
        index = call.sight.monitor.index
        return await asyncio.to_thread(index.histogram, self.query(call), call.given["buckets"])

    async def ids(self, call: Call) -> tuple[str, ...]:
        """Return IDs."""
        hubs = call.sight.hubs(call.given["hub"])
        found = {key: None for one in hubs for key in one.index.ids(call.given["prefix"])}
        return tuple(sorted(found)[:20])

    def _command(self, query: str, sort: str, addresses: list[str]) -> str:
        hubs = [part for address in addresses for part in ("--hub", address)]
        words = [self._settings.command, "instance", "list", *hubs]
        if query:
            words += ["--query", query]
        if sort != SORT.default:
            words += ["--sort", sort]
        return shlex.join(words)
