"""All hubs: how watching goes, how fresh the index is, what is in them, what was spent."""

from collections.abc import Sequence

from rich.text import Text
from textual.binding import Binding
from textual.widgets import Static

from durahub_migrate.tui import wording
from durahub_migrate.tui.desk import Desk
from durahub_migrate.tui.plain import line, visible
from durahub_migrate.tui.screens.page import Go, Page, Table, fill

COLUMNS = ("hub", "health", "index", "instances", "stuck", "requests", "problem")


class Hubs(Page):
    """The first screen."""

    BINDINGS = [
        Binding("s", "stuck", "Stuck"),
        Binding("p", "partitions", "Partitions"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._keys: tuple[str, ...] = ()

    def where(self) -> Sequence[str]:
        """Return the title."""
        return ("hubs",)

    async def load(self) -> str | None:
        """Show the hubs."""
        sight, now = self.desk.sight, self.desk.now()
        hubs = [one for one in self.desk.monitor.hubs() if sight.may("read", one.ref.key)]
        found = [sight.shown(one.standing(), one.ref.key) for one in hubs]
        self._keys = tuple(one.ref.key for one in found)
        rows = [
            (
                line(one.ref.key, 40, "bold"),
                wording.health(one.health),
                Text(wording.freshness(one.freshness, now), end=""),
                Text(f"{wording.counts(one.counts)}; {one.entities:,} entities", end=""),
                Text(str(one.stuck), style="bold red" if one.stuck else "", end=""),
                Text(wording.budget(one.budget), end=""),
                line(one.problem or "", 120, "yellow"),
            )
            for one in found
        ]
        fill(self.table, rows, COLUMNS)
        self.query_one("#standing", Static).update(Text(self._line(len(found))))
        return None

    def _line(self, count: int) -> str:
        user = visible(self.desk.sight.user.name)
        acts = "actions are allowed" if self.desk.jobs is not None else "read-only"
        return f"{count} hubs · {user}, {acts}" if count else "no hub was found yet"

    @property
    def _chosen(self) -> str | None:
        place = self.table.cursor_row
        return self._keys[place] if 0 <= place < len(self._keys) else None

    def on_data_table_row_selected(self, _: Table.RowSelected) -> None:
        """Open the hub."""
        self.action_open()

    def action_open(self) -> None:
        """Show the instances of the hub."""
        self._go("instances")

    def action_stuck(self) -> None:
        """Show what is stuck in the hub."""
        self._go("stuck")

    def action_partitions(self) -> None:
        """Show the partitions of the hub."""
        self._go("partitions")

    def _go(self, screen: str) -> None:
        if self._chosen is not None:
            self.post_message(Go(screen, self._chosen))
