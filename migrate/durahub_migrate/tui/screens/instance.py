"""One instance: why it waits on top; its groups, history, timeline, family and payloads below."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence

from rich.text import Text
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static, TabbedContent, TabPane

from durahub.errors import DurahubError
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.access import PAYLOADS
from durahub_migrate.monitor.histories import FamilyNode, Group, Payload, Timeline
from durahub_migrate.monitor.row import Row
from durahub_migrate.monitor.seam import Detail, LiveHistory
from durahub_migrate.monitor.telling.event_views import event_page
from durahub_migrate.monitor.telling.grouping import groups_of
from durahub_migrate.monitor.telling.timeline import timeline_of
from durahub_migrate.tui import telling, wording
from durahub_migrate.tui.desk import Desk
from durahub_migrate.tui.plain import block, line, visible
from durahub_migrate.tui.screens.event import EventText
from durahub_migrate.tui.screens.page import Act, Go, Page, Table, fill

TABS = ("groups", "history", "timeline", "family", "payloads")
EVENTS = 200
"""Events, and groups, of a page."""
SPANS = 200
TEXT = 4_000
"""Characters of a payload that are shown at once."""
GROUP_COLUMNS = ("outcome", "kind", "name", "started", "took", "tries", "failure")
EVENT_COLUMNS = ("no", "event", "name", "at", "id", "payload")
FAMILY_COLUMNS = ("instance", "status", "name", "created")
_TEXTS = ("input", "output", "failure", "custom_status", "state")


class Instance(Page):
    """An instance or entity. It is read anew when the index has learned that it changed, or on request."""

    BINDINGS = [
        Binding("a", "act", "Act"),
        *(
            Binding(str(place), f"tab('{name}')", name.capitalize(), show=False)
            for place, name in enumerate(TABS, 1)
        ),
        Binding("right_square_bracket", "turn_tab(1)", "Next tab", key_display="]"),
        Binding("left_square_bracket", "turn_tab(-1)", "Tab before", key_display="[", show=False),
        Binding("n", "turn_page(1)", "More rows"),
        Binding("b", "turn_page(-1)", "Rows before", show=False),
        Binding("p", "parent", "Parent", show=False),
    ]
    CSS = """
    Instance > #why { height: auto; max-height: 35%; background: $boost; }
    Instance > TabbedContent { height: 1fr; }
    Instance TabPane { padding: 0; }
    """

    def __init__(self, desk: Desk, hub: str, instance_id: str) -> None:
        super().__init__(desk, hub)
        self.instance_id = instance_id
        self._seen: tuple[object, ...] | None = None
        self._problem: str | None = None
        self._first = {"groups": 0, "history": 0}
        self._events: tuple[int, ...] = ()
        self._family: tuple[FamilyNode, ...] = ()
        self._history: LiveHistory | None = None

    def where(self) -> Sequence[str]:
        """Return the title."""
        return (self.key, self.instance_id)

    def body(self) -> Iterable[Widget]:
        """Return why, and the tabs."""
        yield VerticalScroll(Static(id="why-text", markup=False), id="why")
        with TabbedContent(initial="groups"):
            for name in TABS:
                with TabPane(name.capitalize(), id=name):
                    if name in ("timeline", "payloads"):
                        text = Static(id=f"{name}-text", markup=False)
                        yield VerticalScroll(text, id=f"{name}-scroll")
                    else:
                        yield Table(cursor_type="row", zebra_stripes=True, id=f"{name}-table")

    # -- reading -------------------------------------------------------------------------------

    async def load(self) -> str | None:
        """Read the instance if it changed. What cannot be read of it does not keep the rest away."""
        known = await asyncio.to_thread(self._known)
        if self._seen is not None and self._seen == known:
            return self._problem
        hub, sight = self.hub, self.desk.sight
        detail = await hub.detail(self.instance_id)
        if detail is None:
            self._seen = known
            self._problem = "It is not there any more."
            return self._problem
        detail = sight.shown(detail, self.key)
        self._show_row(detail)
        problems = [
            problem
            for part in (self._load_why, self._load_history, self._load_family)
            if (problem := await _problem_of(part())) is not None
        ]
        self._seen = await asyncio.to_thread(self._known)
        self._problem = "; ".join(dict.fromkeys(problems)) or None
        return self._problem

    def _known(self) -> tuple[object, ...]:
        """Return what the index has of it: once that changes, it is worth a request to look."""
        row = getattr(self.hub.index, "row", None)
        found: Row | None = row(self.instance_id) if row is not None else None
        return () if found is None else (found.status, found.updated, found.custom_status)

    def action_again(self) -> None:  # type: ignore[override]
        """Read it anew."""
        self._seen = None
        self.load_again()

    async def _load_why(self) -> str | None:
        found = self.desk.sight.shown(await self.hub.why(self.instance_id), self.key)
        self.query_one("#why-text", Static).update(telling.why(found, self.desk.now()))
        return None

    async def _load_history(self) -> str | None:
        self._history = await self.hub.history(self.instance_id)
        await self._show_history()
        return "; ".join(self._history.problems[:3]) or None

    async def _load_family(self) -> str | None:
        root = await self.hub.family(self.instance_id)
        lines = list(telling.family(root))
        self._family = tuple(node for _, node in lines)
        now = self.desk.now()
        rows = [
            (
                text,
                wording.status(one.status or "not there"),
                line(one.name, 30),
                Text(wording.age(one.created, now), end=""),
            )
            for text, one in lines
        ]
        fill(self.query_one("#family-table", Table), rows, FAMILY_COLUMNS)
        return None

    # -- showing -------------------------------------------------------------------------------

    def _show_row(self, detail: Detail) -> None:
        row = detail.row
        self.show_place(wording.status(row.status).plain + (f" {visible(row.name or '')}"))
        told = Text()
        facts = (
            ("execution", row.execution_id),
            ("version", row.version),
            ("created", wording.time(row.created)),
            ("updated", wording.time(row.updated)),
            ("parent", row.parent_id),
            ("locked by", detail.locked_by),
            *((f"tag {name}", value) for name, value in row.tags.items()),
        )
        for name, value in facts:
            if value is not None and value != "-":
                told.append(f"{visible(name)}: ", style="dim")
                told.append_text(line(value, 200)).append("\n")
        if not self.desk.sight.may(PAYLOADS, self.key):
            told.append("payloads are hidden: they were not granted\n", style="yellow")
        for name in _TEXTS:
            text = getattr(detail, name)
            if text is not None:
                _payload(told, name.replace("_", " "), text)
        for operation in detail.operations:
            _payload(told, "waiting operation", operation)
        for name, why in detail.missing:
            told.append(f"{visible(name)} was not read: {visible(why)}\n", style="yellow")
        self.query_one("#payloads-text", Static).update(told)

    async def _show_history(self) -> None:
        history = self._history
        if history is None:
            return
        showing, now = self.desk.sight.showing(400), self.desk.now()
        groups, timeline = await asyncio.to_thread(self._told, history)
        first = self._first["groups"]
        fill(
            self.query_one("#groups-table", Table),
            (
                (
                    wording.outcome(one.outcome),
                    Text(one.kind, end=""),
                    line(one.name or one.instance_id, 30),
                    Text(wording.time(one.start)[11:], end=""),
                    Text(_took(one.start, one.end, now), end=""),
                    Text(str(len(one.attempts)), end=""),
                    line(one.failure or "", 120, "red"),
                )
                for one in groups[first : first + EVENTS]
            ),
            GROUP_COLUMNS,
        )
        page = event_page(history, after=self._first["history"] - 1, count=EVENTS, showing=showing)
        views = self.desk.sight.shown(page, self.key).events
        self._events = tuple(one.number for one in views)
        fill(
            self.query_one("#history-table", Table),
            (
                (
                    Text(str(one.number), end=""),
                    Text(visible(one.type), end=""),
                    line(one.name, 30),
                    Text(wording.time(one.timestamp)[11:], end=""),
                    Text(str(one.event_id) if one.event_id >= 0 else "", end=""),
                    _head(one.failure, one.result, one.input),
                )
                for one in views
            ),
            EVENT_COLUMNS,
        )
        width = self.size.width or 80
        self.query_one("#timeline-text", Static).update(telling.bars(timeline, width))
        tabs = self.query_one(TabbedContent)
        tabs.get_tab("history").label = f"History {page.total:,}"
        tabs.get_tab("groups").label = f"Groups {len(groups):,}"

    def _told(self, history: LiveHistory) -> tuple[tuple[Group, ...], Timeline]:
        redact = self.desk.sight.showing().redact
        groups = groups_of(history, redact=redact)
        timeline = timeline_of(history, now=self.desk.now(), most=SPANS, groups=groups)
        return self.desk.sight.shown((groups, timeline), self.key)

    # -- keys ----------------------------------------------------------------------------------

    def action_tab(self, name: str) -> None:
        """Show a tab."""
        self.query_one(TabbedContent).active = name
        tables = self.query(f"#{name}-table")
        (tables.first() if tables else self.query_one(f"#{name}-scroll")).focus()

    def action_turn_tab(self, step: int) -> None:
        """Show the next tab, or the one before."""
        place = TABS.index(self.query_one(TabbedContent).active)
        self.action_tab(TABS[(place + step) % len(TABS)])

    async def action_turn_page(self, step: int) -> None:
        """Show more events or groups, or those before."""
        tab, history = self.query_one(TabbedContent).active, self._history
        if tab in self._first and history is not None:
            first = self._first[tab] + step * EVENTS
            if 0 <= first < len(history.events):
                self._first[tab] = first
                await self._show_history()

    def on_data_table_row_selected(self, chosen: Table.RowSelected) -> None:
        """Show an event whole, or a member of the family."""
        place = chosen.cursor_row
        match chosen.data_table.id:
            case "history-table" if place < len(self._events) and self._history is not None:
                number = self._events[place]
                self.app.push_screen(
                    EventText(self.desk, self.key, self.instance_id, self._history, number)
                )
            case "family-table" if place < len(self._family):
                found = self._family[place].instance_id
                if found != self.instance_id:
                    self.post_message(Go("instance", self.key, found))

    def action_act(self) -> None:
        """Do something with it."""
        self.post_message(Act(self.key, self.instance_id))

    def action_parent(self) -> None:
        """Go to the topmost of its family."""
        if self._family and self._family[0].instance_id != self.instance_id:
            self.post_message(Go("instance", self.key, self._family[0].instance_id))


def _payload(told: Text, name: str, text: str) -> None:
    told.append(f"{name} ({len(text):,} characters):\n", style="bold")
    told.append_text(block(text[:TEXT])).append("\n")
    if len(text) > TEXT:
        told.append(f"… {len(text) - TEXT:,} characters more\n", style="yellow")


def _head(failure: str | None, *payloads: Payload | None) -> Text:
    if failure:
        return line(failure, 120, "red")
    for one in payloads:
        if one is not None:
            missing = f"(not here: {one.missing})" if one.missing else None
            return line(one.text if missing is None else missing, 120)
    return Text("", end="")


def _took(start: Ticks | None, end: Ticks | None, now: Ticks) -> str:
    if start is None:
        return "-"
    return wording.lasting(seconds_between(start, end if end is not None else now))


async def _problem_of(part: Awaitable[str | None]) -> str | None:
    """Return what is missing of a part; one that the hub cannot tell at all is no problem."""
    try:
        return await part
    except DurahubError as error:
        return str(error)
