"""Lists as files: all instances that a query finds, in the index, as a stream."""

from collections.abc import Iterator

from starlette.responses import StreamingResponse

from durahub_migrate.monitor.exporting.exporting import Format, exported
from durahub_migrate.monitor.query import Query
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.row import Row, Sort
from durahub_migrate.web.call import Call
from durahub_migrate.web.handlers.instances import HUBS, QUERY, SORT, sort_of
from durahub_migrate.web.operations import Media, Operation, Parameter

PAGE = 1_000  # rows that are read of the index at a time


def operations() -> list[Operation]:
    """Return what is answered here."""
    return [
        Operation(
            method="GET",
            path="api/export",
            about="All instances that a query finds, as CSV, JSON lines or Parquet.",
            handler=export,
            gives=Media(
                "a line an instance", tuple(one.media_type.partition(";")[0] for one in Format)
            ),
            parameters=(
                QUERY,
                SORT,
                HUBS,
                Parameter(
                    name="format",
                    about="the form of the file",
                    default="csv",
                    choices=tuple(one.value for one in Format),
                ),
                Parameter(name="columns", about="columns in their order, separated by commas"),
            ),
        )
    ]


async def export(call: Call) -> StreamingResponse:
    """Return the file."""
    given, sight = call.given, call.sight
    form = Format(given.text("format"))
    query = sight.restricted(parse(given.text("q"), call.now), given["hub"])
    sort = sight.sort(sort_of(given.text("sort")), given["hub"])
    names = given["columns"].split(",") if given["columns"] else None
    pieces = exported(_rows(call, query, sort), form, names)
    return StreamingResponse(
        pieces,
        media_type=form.media_type,
        headers={"content-disposition": f'attachment; filename="instances.{form.value}"'},
    )


def _rows(call: Call, query: Query, sort: Sort) -> Iterator[Row]:
    """Yield the rows page by page; the index is asked again for each, and nothing else is held."""
    after: str | None = None
    while True:
        page = call.sight.monitor.index.page(query, sort, count=PAGE, after=after)
        yield from call.sight.shown(page.rows)
        after = page.after
        if after is None:
            return
