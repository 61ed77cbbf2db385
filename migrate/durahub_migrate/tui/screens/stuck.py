"""What does not move though it should, and why."""

from collections.abc import Sequence

from rich.text import Text
from textual.binding import Binding

from durahub_migrate.monitor.waiting import Stuck as StuckOne
from durahub_migrate.tui import wording
from durahub_migrate.tui.desk import Desk
from durahub_migrate.tui.plain import line
from durahub_migrate.tui.screens.page import Act, Go, Page, Table, fill

COLUMNS = ("for", "status", "id", "reason", "why")


class Stuck(Page):
    """The stuck list of a hub. It looks into storage, and so not every two seconds."""

    EVERY = 15.0
    BINDINGS = [Binding("enter", "open", "Open"), Binding("a", "act", "Act")]

    def __init__(self, desk: Desk, hub: str) -> None:
        super().__init__(desk, hub)
        self._found: tuple[StuckOne, ...] = ()

    def where(self) -> Sequence[str]:
        """Return the title."""
        return (self.key, "stuck")

    async def load(self) -> str | None:
        """Show the list."""
        found = await self.hub.stuck(older_than=self.desk.stuck_after)
        self._found = found
        shown = self.desk.sight.shown(found, self.key)
        fill(self.table, map(_cells, shown), COLUMNS)
        longer = wording.lasting(self.desk.stuck_after)
        self.show_place(f"{len(found):,} stand for more than {longer}")
        return None

    def action_open(self) -> None:
        """Open the instance."""
        if self._chosen is not None:
            self.post_message(Go("instance", self.key, self._chosen.instance_id))

    def on_data_table_row_selected(self, _: Table.RowSelected) -> None:
        """Open the instance."""
        self.action_open()

    def action_act(self) -> None:
        """Do something about it."""
        if self._chosen is not None:
            self.post_message(Act(self.key, self._chosen.instance_id))

    @property
    def _chosen(self) -> StuckOne | None:
        place = self.table.cursor_row
        return self._found[place] if 0 <= place < len(self._found) else None


def _cells(one: StuckOne) -> tuple[Text, ...]:
    return (
        Text(wording.lasting(one.seconds), end=""),
        wording.status(one.status),
        line(one.instance_id, 36, "bold"),
        Text(one.reason.value, end=""),
        line(one.sentence, 160),
    )
