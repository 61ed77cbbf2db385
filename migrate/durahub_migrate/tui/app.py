"""The application: which screen shows what, and commands by name."""

from collections.abc import Iterator
from functools import partial

from textual import on, work
from textual.app import App
from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from durahub.errors import DurahubError
from durahub_migrate.monitor.actions import Possible, Verb
from durahub_migrate.tui.desk import Desk
from durahub_migrate.tui.plain import visible
from durahub_migrate.tui.screens.acting import OF_MANY, Choose, Doing
from durahub_migrate.tui.screens.hubs import Hubs
from durahub_migrate.tui.screens.instance import Instance
from durahub_migrate.tui.screens.instances import Instances
from durahub_migrate.tui.screens.jobs import Jobs
from durahub_migrate.tui.screens.page import Act, Go, Page
from durahub_migrate.tui.screens.partitions import Partitions
from durahub_migrate.tui.screens.stuck import Stuck

OF_HUBS = ("instances", "stuck", "partitions")


class Places(Provider):
    """Every place by its name: jobs, and each hub's screens."""

    def _places(self) -> Iterator[tuple[str, partial[None]]]:
        app = self.app
        assert isinstance(app, MonitorInTerminal)  # noqa: S101 (for the types)
        yield "jobs", partial(app.show, "jobs")
        for one in app.desk.monitor.hubs():
            if app.desk.sight.may("read", one.ref.key):
                for name in OF_HUBS:
                    title = f"{name} of {visible(one.ref.key)}"
                    yield title, partial(app.show, name, one.ref.key)

    async def discover(self) -> Hits:
        """Yield all of them."""
        for title, go in self._places():
            yield DiscoveryHit(Content(title), go, title)

    async def search(self, query: str) -> Hits:
        """Yield those that fit."""
        matcher = self.matcher(query)
        for title, go in self._places():
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, matcher.highlight(title), go, title)


class MonitorInTerminal(App[None]):
    """The monitor of *desk*, in a terminal."""

    TITLE = "durahub monitor"
    COMMANDS = App.COMMANDS | {Places}
    BINDINGS = [
        Binding("ctrl+q", "quit", "Quit", show=False),
        Binding("j", "show('jobs')", "Jobs", show=False),
        Binding("ctrl+p", "command_palette", "Commands", show=False),
    ]
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def on_mount(self) -> None:
        """Show the hubs; with a single one its instances at once."""
        self.push_screen(Hubs(self.desk))

    def action_show(self, name: str) -> None:
        """Show a screen that is about no hub."""
        self.show(name)

    def show(self, name: str, hub: str = "", instance_id: str | None = None) -> None:
        """Show a screen; the same one is not put on top of itself."""
        screen = self._screen(name, hub, instance_id)
        now = self.screen
        if isinstance(now, Page) and type(now) is type(screen) and now.where() == screen.where():
            return
        self.push_screen(screen)

    def _screen(self, name: str, hub: str, instance_id: str | None) -> Page:
        match name:
            case "jobs":
                return Jobs(self.desk)
            case "stuck":
                return Stuck(self.desk, hub)
            case "partitions":
                return Partitions(self.desk, hub)
            case "instance" if instance_id is not None:
                return Instance(self.desk, hub, instance_id)
        return Instances(self.desk, hub)

    @on(Go)
    def _go(self, asked: Go) -> None:
        self.show(asked.screen, asked.hub, asked.instance_id)

    @on(Act)
    @work(exclusive=True, group="act")
    async def _act(self, asked: Act) -> None:
        """Let an action be chosen, and do it."""
        try:
            possible = (
                self._of_many(asked.hub)
                if asked.query is not None
                else await self.desk.possible(self.desk.hub(asked.hub), asked.instance_id)
            )
        except DurahubError as error:
            self.notify(visible(str(error)), severity="error", markup=False)
            return
        title = asked.instance_id if asked.query is None else f"all: {asked.query or '(all)'}"
        verb = await self.push_screen_wait(Choose(title, possible))
        if verb is None:
            return
        doing = Doing(self.desk, asked.hub, verb, asked.instance_id, asked.query)
        sentence = await self.push_screen_wait(doing)
        if sentence is not None:
            self.notify(visible(sentence), markup=False)
            if isinstance(self.screen, Page):
                self.screen.load_again()

    def _of_many(self, hub: str) -> tuple[Possible, ...]:
        allowed = self.desk.jobs is not None
        may = self.desk.sight.may
        return tuple(
            Possible(verb=Verb(one), allowed=True) for one in OF_MANY if allowed and may(one, hub)
        )
