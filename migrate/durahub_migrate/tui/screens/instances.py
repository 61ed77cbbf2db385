"""The instances of a hub that a query finds, a page at a time: a far one costs what the first does."""

import asyncio
from collections.abc import Iterable, Sequence

from rich.text import Text
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from durahub.errors import BadQuery
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.query import Query
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.row import Row, RowPage, Sort
from durahub_migrate.tui import wording
from durahub_migrate.tui.desk import Desk
from durahub_migrate.tui.plain import line
from durahub_migrate.tui.screens.page import Act, Go, Page, Table, fill

COUNT = 100
"""Rows of a page."""
SORTS = ("created", "updated", "completed", "id", "name", "status", "duration", "size")
COLUMNS = ("status", "id", "name", "created", "updated", "custom status")


class Instances(Page):
    """A list of instances. Its query is in the same language as everywhere."""

    BINDINGS = [
        Binding("slash", "query", "Query", key_display="/"),
        Binding("n", "next", "Next page"),
        Binding("b", "before", "Page before"),
        Binding("o", "sort", "Sort"),
        Binding("O", "turn", "Turn around", show=False),
        Binding("a", "act", "Act"),
        Binding("J", "job", "Job on all", show=False),
        Binding("s", "stuck", "Stuck"),
        Binding("p", "partitions", "Partitions", show=False),
    ]
    CSS = """
    Instances > Input { height: 1; border: none; padding: 0 1; }
    """

    def __init__(self, desk: Desk, hub: str, query: str = "") -> None:
        super().__init__(desk, hub)
        self.text = query
        self.sort = Sort()
        self._cursors: list[str | None] = [None]
        self._page = RowPage((), None)
        self._mistake: str | None = None  # of a query that was typed: it is told until the next one

    def where(self) -> Sequence[str]:
        """Return the title."""
        return (self.key, "instances")

    def body(self) -> Iterable[Widget]:
        """Return the query and the list."""
        query = Input(self.text, placeholder="/ query, such as status:Failed age>1h", compact=True)
        return (query, Table(cursor_type="row", zebra_stripes=True))

    async def load(self) -> str | None:
        """Read the page, from the index alone."""
        query = self._query(self.desk.now())
        page, total = await asyncio.to_thread(self._read, query)
        shown = self.desk.sight.shown(page, self.key)
        self._page = page
        fill(self.table, (_cells(one, query.now) for one in shown.rows), COLUMNS)
        first = (len(self._cursors) - 1) * COUNT
        numbers = f"{first + 1:,}-{first + len(page.rows):,}" if page.rows else "none"
        arrow = "↓" if self.sort.descending else "↑"
        self.show_place(f"{numbers} of {total:,}, by {self.sort.field} {arrow}")
        return self._mistake

    def _query(self, now: Ticks) -> Query:
        return self.desk.sight.restricted(parse(self.text, now), (self.key,))

    def _read(self, query: Query) -> tuple[RowPage, int]:
        index = self.hub.index
        page = index.page(query, self.sort, count=COUNT, after=self._cursors[-1])
        return page, sum(index.counts(query).values())

    # -- keys ----------------------------------------------------------------------------------

    def action_query(self) -> None:
        """Go to the query."""
        self.query_one(Input).focus()

    def on_input_submitted(self, asked: Input.Submitted) -> None:
        """Look for another query; one that cannot be read is told with its place."""
        try:
            parse(asked.value, self.desk.now())
        except BadQuery as error:
            self._mistake = str(error)
            self.show_problem(self._mistake)
            asked.input.cursor_position = error.position
            return
        self._mistake = None
        self.text = asked.value
        self._begin()
        self.table.focus()

    def action_next(self) -> None:
        """Go on to the next page."""
        if self._page.after is not None:
            self._cursors.append(self._page.after)
            self._turned()

    def action_before(self) -> None:
        """Go back a page."""
        if len(self._cursors) > 1:
            self._cursors.pop()
            self._turned()

    def action_sort(self) -> None:
        """Sort by the next field."""
        place = SORTS.index(self.sort.field)
        field = SORTS[(place + 1) % len(SORTS)]
        self.sort = Sort(field, descending=field not in ("id", "name", "status"))
        self._begin()

    def action_turn(self) -> None:
        """Turn the order around."""
        self.sort = Sort(self.sort.field, not self.sort.descending)
        self._begin()

    def _begin(self) -> None:
        self._cursors = [None]
        self._turned()

    def _turned(self) -> None:
        self.table.move_cursor(row=0, animate=False)
        self.load_again()

    @property
    def chosen(self) -> Row | None:
        """The row with the cursor."""
        place = self.table.cursor_row
        return self._page.rows[place] if 0 <= place < len(self._page.rows) else None

    def on_data_table_row_selected(self, _: Table.RowSelected) -> None:
        """Open the instance."""
        if self.chosen is not None:
            self.post_message(Go("instance", self.key, self.chosen.instance_id))

    def action_act(self) -> None:
        """Do something with the instance."""
        if self.chosen is not None:
            self.post_message(Act(self.key, self.chosen.instance_id))

    def action_job(self) -> None:
        """Make a job on all that the query finds."""
        self.post_message(Act(self.key, query=self.text))

    def action_stuck(self) -> None:
        """Show what is stuck."""
        self.post_message(Go("stuck", self.key))

    def action_partitions(self) -> None:
        """Show the partitions."""
        self.post_message(Go("partitions", self.key))


def _cells(row: Row, now: Ticks) -> tuple[Text, ...]:
    return (
        wording.status(row.status),
        line(row.instance_id, 36, "bold"),
        line(row.name, 24),
        Text(wording.age(row.created, now), end=""),
        Text(wording.age(row.updated, now), end=""),
        line(row.custom_status or "", 60),
    )
