"""One event of a history with its texts whole, as far as a terminal can be asked to show them."""

import asyncio

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from durahub.errors import DurahubError
from durahub_migrate.monitor.access import PAYLOADS
from durahub_migrate.monitor.seam import LiveHistory
from durahub_migrate.monitor.telling.event_views import event_page, whole_text
from durahub_migrate.monitor.telling.redaction import RedactionPlace
from durahub_migrate.tui import wording
from durahub_migrate.tui.desk import Desk
from durahub_migrate.tui.plain import block, line, visible

MEMBERS = ("input", "result", "failure")
MOST = 100_000
"""Characters of a text that are shown."""


class EventText(ModalScreen[None]):
    """Shows an event; a text that was too large to come along is read now."""

    BINDINGS = [Binding("escape,q,enter", "dismiss", "Close")]
    CSS = """
    EventText { align: center middle; }
    EventText > VerticalScroll { width: 96%; height: 90%; border: round $primary;
        background: $surface; padding: 0 1; }
    """

    def __init__(
        self, desk: Desk, hub: str, instance_id: str, history: LiveHistory, number: int
    ) -> None:
        super().__init__()
        self._desk = desk
        self._hub = hub
        self._instance_id = instance_id
        self._history = history
        self._number = number

    def compose(self) -> ComposeResult:
        """Yield the place of the text."""
        with VerticalScroll():
            yield Static("reading …", id="event-text", markup=False)

    def on_mount(self) -> None:
        """Read it."""
        self._read()

    @work(exclusive=True)
    async def _read(self) -> None:
        sight, number = self._desk.sight, self._number
        page = event_page(self._history, after=number - 1, count=1, showing=sight.showing(0))
        (view,) = sight.shown(page, self._hub).events
        told = Text(f"{number} {visible(view.type)} ", style="bold")
        told.append_text(line(view.name or "", 200)).append(f"\n{wording.time(view.timestamp)}\n")
        for name, value in view.facts.items():
            told.append(f"{visible(name)}: ", style="dim")
            told.append_text(line(str(value), 400)).append("\n")
        for member in MEMBERS:
            if getattr(view, member) is not None:
                told.append(f"{member}:\n", style="bold")
                told.append_text(await self._text(member)).append("\n")
        self.query_one("#event-text", Static).update(told)

    async def _text(self, member: str) -> Text:
        sight, number = self._desk.sight, self._number
        try:
            sight.need(PAYLOADS, self._hub)
            text = await asyncio.to_thread(
                whole_text, self._history, number, member, sight.showing(None)
            )
            if text is None:
                hub = self._desk.hub(self._hub)
                text = await hub.payload(self._instance_id, number, member) or ""
                place = RedactionPlace(self._instance_id, member, event=number)
                text = sight.redacted(text, place)
        except DurahubError as error:
            return Text(visible(str(error)), style="yellow")
        told = block(text[:MOST])
        if len(text) > MOST:
            told.append(f"\n… {len(text) - MOST:,} characters more", style="yellow")
        return told
