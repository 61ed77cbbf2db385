"""What every screen has: where it is, how its hub stands, what is wrong, keys; it follows what changes."""

import contextlib
import time
from collections.abc import Iterable, Sequence

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import DataTable, Footer, Static

from durahub.errors import DurahubError
from durahub_migrate.monitor.seam import HubWatch
from durahub_migrate.tui import wording
from durahub_migrate.tui.desk import Desk
from durahub_migrate.tui.plain import visible
from durahub_migrate.tui.screens.help import Help


class Table(DataTable[Text]):
    """A list whose cells are texts that nothing parses."""


class Go(Message):
    """Asks the application for a screen, by its name, about a hub, and about an instance if it is of one."""

    def __init__(self, screen: str, hub: str, instance_id: str | None = None) -> None:
        super().__init__()
        self.screen, self.hub, self.instance_id = screen, hub, instance_id


class Act(Message):
    """Asks for an action on an instance, or on all that *query* finds."""

    def __init__(self, hub: str, instance_id: str = "", query: str | None = None) -> None:
        super().__init__()
        self.hub, self.instance_id, self.query = hub, instance_id, query


class Page(Screen[None]):
    """A screen. *hub* is the key of the hub that it is about, if it is about one.

    Every `EVERY` seconds it loads anew what is known by then, unless it is paused or still loading. What
    that costs is between the watch and the hub's budget.
    """

    EVERY = 2.0
    AUTO_FOCUS = "DataTable"
    BINDINGS = [
        Binding("q", "back", "Back"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("r", "again", "Refresh", show=False),
        Binding("space", "pause", "Pause", show=False),
        Binding("escape", "focus_list", "To the list", show=False),
    ]
    CSS = """
    Page > .line { height: 1; }
    Page > #place { text-style: bold; background: $panel; }
    Page > #problem { height: auto; max-height: 4; color: $error; display: none; }
    Page DataTable { height: 1fr; }
    """

    def __init__(self, desk: Desk, hub: str | None = None) -> None:
        super().__init__()
        self.desk = desk
        self.hub_key = hub
        self.paused = False
        self._loads = 0
        self._last = 0.0

    # -- what a screen says for itself ---------------------------------------------------------

    def where(self) -> Sequence[str]:
        """Return the parts of its title."""
        return () if self.hub_key is None else (self.hub_key,)

    def body(self) -> Iterable[Widget]:
        """Return its widgets."""
        return (Table(cursor_type="row", zebra_stripes=True),)

    async def load(self) -> str | None:
        """Read what it shows, and show it; return what is missing, if anything is. Raises `DurahubError`."""
        raise NotImplementedError

    # -- frame ---------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Yield the widgets."""
        yield Static(id="place", classes="line", markup=False)
        yield Static(id="standing", classes="line", markup=False)
        yield Static(id="problem", markup=False)
        yield from self.body()
        yield Footer()

    def on_mount(self) -> None:
        """Begin to follow."""
        self.show_place()
        self.set_interval(self.EVERY, self._tick)
        self.load_again()

    def on_screen_resume(self) -> None:
        """Show what has changed while another screen was on top."""
        if self._last:
            self.load_again()

    @property
    def key(self) -> str:
        """The key of the hub; empty where it is about none."""
        return self.hub_key or ""

    @property
    def hub(self) -> HubWatch:
        """The hub. Raises `HubNotFound`."""
        return self.desk.hub(self.key)

    @property
    def table(self) -> Table:
        """Its first table."""
        return self.query(Table).first()

    def show_place(self, more: str = "") -> None:
        """Write the title."""
        parts = ["durahub", *map(visible, self.where())]
        told = Text(" › ".join(parts), no_wrap=True, overflow="ellipsis", end="")
        told.append(f"  {more}" if more else "", style="not bold")
        told.append("  ‖ paused" if self.paused else "", style="yellow")
        self.query_one("#place", Static).update(told)

    def show_problem(self, text: str) -> None:
        """Tell what is wrong; an empty text that nothing is."""
        problem = self.query_one("#problem", Static)
        problem.update(Text(visible(text)))
        problem.display = bool(text)

    def show_standing(self) -> None:
        """Write how the hub stands."""
        if self.hub_key is None:
            return
        found = self.desk.sight.shown(self.hub.standing(), self.hub_key)
        self.query_one("#standing", Static).update(wording.standing(found, self.desk.now()))

    # -- following -----------------------------------------------------------------------------

    def _tick(self) -> None:
        if self.paused or self._loads or not self.is_current:
            return
        if time.monotonic() - self._last >= self.EVERY / 2:
            self.load_again()

    @work(exclusive=True, group="load")
    async def load_again(self) -> None:
        """Load, in the background; a load that is under way is given up."""
        self._loads += 1
        try:
            self.show_standing()
            self.show_problem(await self.load() or "")
        except DurahubError as error:
            self.show_problem(str(error))
        finally:
            self._loads -= 1
            self._last = time.monotonic()

    # -- keys ----------------------------------------------------------------------------------

    def action_back(self) -> None:
        """Leave the screen; the first one ends the program."""
        if len(self.app.screen_stack) > 2:
            self.app.pop_screen()
        else:
            self.app.exit()

    def action_pause(self) -> None:
        """Stop following, or go on."""
        self.paused = not self.paused
        self.show_place()
        if not self.paused:
            self.load_again()

    @work(exclusive=True, group="refresh")
    async def action_again(self) -> None:
        """Have the hub looked at now, within its budget."""
        hubs = self.desk.monitor.hubs() if self.hub_key is None else (self.hub,)
        for hub in hubs:
            with contextlib.suppress(DurahubError):  # its standing tells
                await hub.refresh()
        self.load_again()

    def action_focus_list(self) -> None:
        """Give the keys back to the list."""
        tables = self.query(Table)
        if tables:
            tables.first().focus()

    def action_help(self) -> None:
        """Tell the keys."""
        self.app.push_screen(Help(self.active_help()))

    def active_help(self) -> list[tuple[str, str]]:
        """Return the keys that do something here, with what they do."""
        told: dict[str, str] = {}
        for node, binding, enabled, tooltip in self.active_bindings.values():
            is_ours = node in (self, self.app) and not binding.key.startswith(("super", "ctrl+c"))
            if enabled and is_ours and binding.description:
                told.setdefault(self.app.get_key_display(binding), tooltip or binding.description)
        return list(told.items())


def fill(table: Table, rows: Iterable[Sequence[Text]], columns: Sequence[str]) -> None:
    """Show *rows* in a table; the cursor stays in its line."""
    if not table.columns:
        for name in columns:
            table.add_column(Text(name), key=name)
    row, column = table.cursor_row, table.scroll_x
    table.clear()
    for one in rows:
        table.add_row(*one)
    if table.row_count:
        table.move_cursor(row=min(row, table.row_count - 1), animate=False)
        table.scroll_to(x=column, animate=False)
